import { css } from "lit";

/** What all panels share: bar, address hues, tables, flags, the sign of a computed thing, the fade of a change. */
export const panelStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
    overflow: auto;
    container-type: inline-size;
    background: var(--surface-0);
    font-size: var(--size-small);
    font-variant-numeric: tabular-nums;
  }
  :host > * {
    flex: none;
  }
  .bar {
    position: sticky;
    left: 0;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2);
    padding: 4px var(--space-3);
  }
  .common {
    display: inline-flex;
    gap: var(--space-1);
    margin-left: auto;
  }
  .detail {
    position: sticky;
    bottom: 0;
    border-top: 1px solid var(--line);
    background: var(--surface-0);
    line-height: 1.5;
  }
  p {
    margin: 0;
    padding: var(--space-2) var(--space-3);
  }
  p.quiet,
  .note {
    color: var(--text-2);
  }
  .note {
    max-width: 70ch;
    line-height: 1.45;
  }
  .problem {
    color: var(--exit);
    background: var(--exit-soft);
  }
  .body {
    padding: 0 var(--space-3) var(--space-3);
  }
  h2,
  h3 {
    margin: 0;
    font-size: var(--size-small);
    font-weight: 600;
  }
  select,
  input {
    min-height: var(--tap);
    padding: 0 var(--space-2);
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-1);
    color: var(--text);
    font: var(--size-small) / 1.2 var(--sans);
  }
  input.address {
    width: 12ch;
    font-family: var(--mono);
  }
  .va,
  .pa,
  .ma {
    font-family: var(--mono);
    white-space: nowrap;
  }
  .va {
    color: var(--va);
  }
  .pa {
    color: var(--pa);
  }
  .ma {
    color: var(--ma);
  }
  .value {
    font-family: var(--mono);
  }
  .flags {
    font-family: var(--mono);
    white-space: nowrap;
  }
  .flags i {
    display: inline-block;
    min-width: 1.9em;
    margin-right: 2px;
    padding: 0 3px;
    border: 1px solid var(--line);
    border-radius: 3px;
    font-size: 11px;
    font-style: normal;
    text-align: center;
    color: var(--text-2);
  }
  .flags i.on {
    border-color: var(--control-line);
    background: var(--surface-2);
    color: var(--text);
  }
  .computed {
    border: 1px dotted var(--control-line);
    border-radius: var(--radius);
  }
  .computed-word {
    padding: 0 6px;
    border: 1px dotted var(--text-2);
    border-radius: 4px;
    color: var(--text-2);
    font-size: 12px;
  }
  .stopped {
    border-left: 4px solid var(--warn);
    background: var(--warn-soft);
  }
  :host > .scroll {
    flex: 1 1 0;
    min-height: 8em;
    padding: 0 var(--space-3) var(--space-3);
    overflow: auto;
  }
  table.plain {
    width: 100%;
    border-collapse: collapse;
  }
  .plain caption {
    padding: var(--space-2) 0;
    text-align: left;
    font-weight: 600;
  }
  .plain th,
  .plain td {
    padding: 3px var(--space-3) 3px 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
    font: 12px/1.45 var(--mono);
    white-space: nowrap;
  }
  .plain td.words {
    font-family: var(--sans);
    white-space: normal;
  }
  .plain thead th {
    position: sticky;
    top: 0;
    background: var(--surface-0);
    color: var(--text-2);
  }
  .plain .number {
    text-align: right;
  }
  .plain tr.bad > * {
    background: var(--exit-soft);
    color: var(--text);
    font-weight: 700;
  }
  .plain tr.here > * {
    background: var(--accent-soft);
  }
  @container (max-width: 520px) {
    .common .word:not([data-said]) {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  }

  /* Two names for one fade: a mark set again while the old one is there has to start anew. */
  @keyframes fade-0 {
    from {
      background: var(--new);
      fill: var(--warn);
    }
  }
  @keyframes fade-1 {
    from {
      background: var(--new);
      fill: var(--warn);
    }
  }
  .fresh-0 {
    fill: transparent;
    animation: fade-0 1s ease-out;
  }
  .fresh-1 {
    fill: transparent;
    animation: fade-1 1s ease-out;
  }
  @media (prefers-reduced-motion: reduce) {
    .fresh-0,
    .fresh-1 {
      animation: none;
      outline: 2px solid var(--warn);
      outline-offset: -2px;
      stroke: var(--warn);
      stroke-width: 1.5;
    }
    svg .fresh-0,
    svg .fresh-1 {
      outline: none;
    }
  }
`;
