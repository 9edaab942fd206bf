import { css } from "lit";

const frame = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
    overflow: auto;
    background: var(--surface-0);
    font-size: var(--size-small);
  }
  .bar {
    position: sticky;
    left: 0;
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-2);
    padding: var(--space-2) var(--space-3);
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
    max-width: 60ch;
    line-height: 1.45;
  }
  .problem {
    color: var(--exit);
    background: var(--exit-soft);
  }
  .since-line {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-3);
    background: var(--accent-soft);
  }
  .picture {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-start;
    gap: var(--space-3) var(--space-4);
    padding: 0 0 var(--space-3);
  }
  .left {
    container-type: inline-size;
    flex: 1 1 340px;
    min-width: 0;
    overflow-x: auto;
  }
  .right {
    flex: 1 1 360px;
    min-width: 0;
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-variant-numeric: tabular-nums;
  }
`;

const map = css`
  .map {
    font-family: var(--mono);
  }
  .map th,
  .map td {
    padding: 0;
    text-align: center;
    font-weight: 400;
  }
  .map thead th {
    padding: 2px 3px;
    color: var(--text-2);
    font-size: 12px;
    border-bottom: 1px solid var(--line);
  }
  .map .name {
    padding-left: calc(var(--space-3) + var(--depth, 0) * 10px);
    text-align: left;
    min-width: 92px;
  }
  .map .number {
    padding: 0 4px;
    text-align: right;
    color: var(--text-2);
    white-space: nowrap;
  }
  .map .own {
    color: var(--text);
    font-weight: 700;
  }
  .map td button {
    width: 100%;
    min-width: 24px;
    min-height: 26px;
    padding: 1px 2px;
    flex-direction: column;
    gap: 0;
    border: 0;
    border-radius: 0;
    background: none;
    font: inherit;
    color: var(--text-2);
  }
  .map td button small {
    font-size: 11px;
    line-height: 1.2;
    color: var(--text-2);
  }
  .map td b {
    font-weight: 400;
  }
  .map td:not(.hue-0) b {
    font-weight: 700;
    color: var(--text);
  }
  .map td[class*="hue-"]:not(.hue-0) {
    background: color-mix(in srgb, var(--hue) 24%, var(--surface-0));
    box-shadow: inset 3px 0 var(--hue);
  }
  .map td:not(.hue-0) button small {
    color: var(--text);
  }
  .map td.since button {
    outline: 1px dashed var(--accent);
    outline-offset: -2px;
  }
  .map td button[aria-pressed="true"] {
    outline: 2px solid var(--accent);
    outline-offset: -2px;
  }
  .map td button:focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: -3px;
  }
  .map .time {
    border-left: 1px dotted var(--control-line);
  }
  .map th.time {
    font-style: italic;
  }
  .map tr[aria-selected="true"] .name {
    box-shadow: inset 3px 0 var(--accent);
  }
  .map tr[aria-selected="true"] > .name,
  .map tr[aria-selected="true"] > .number {
    background: var(--surface-2);
  }
  .process {
    min-height: 26px;
    padding: 0;
    border: 0;
    background: none;
    font: inherit;
    text-align: left;
    white-space: normal;
    overflow-wrap: anywhere;
  }
  .tag {
    display: inline-block;
    margin: 0 2px 2px 0;
    padding: 0 5px;
    border: 1px solid var(--warn);
    border-radius: 4px;
    color: var(--warn);
    background: var(--warn-soft);
    font-family: var(--sans);
    font-size: 12px;
    line-height: 1.4;
  }
  @container (max-width: 500px) {
    .map thead th:not(.name, .number) span {
      writing-mode: vertical-rl;
      transform: rotate(180deg);
    }
    .map .name {
      min-width: 74px;
      padding-left: calc(var(--space-2) + var(--depth, 0) * 5px);
    }
    .map td button {
      min-height: var(--tap);
    }
    .map td button small {
      writing-mode: vertical-rl;
    }
  }
`;

const facts = css`
  .facts th,
  .facts td {
    padding: 4px var(--space-2);
    text-align: left;
    vertical-align: top;
    border-bottom: 1px solid var(--line);
    font-weight: 400;
  }
  .facts thead th {
    color: var(--text-2);
    font-size: 12px;
  }
  .facts tbody th {
    color: var(--text-2);
    width: 26%;
  }
  .facts td {
    font-family: var(--mono);
    color: var(--text-2);
    overflow-wrap: anywhere;
  }
  .facts .differs .here {
    color: var(--text);
    font-weight: 600;
    box-shadow: inset 3px 0 var(--accent);
  }
  .facts .then.other {
    text-decoration: underline dotted;
    text-underline-offset: 3px;
  }
  .facts .chosen > * {
    background: var(--surface-2);
  }
  .chip {
    display: inline-block;
    padding: 0 5px;
    border-radius: 4px;
    font: 12px var(--mono);
    white-space: nowrap;
  }
  .chip:not(.hue-0) {
    color: var(--text);
    background: color-mix(in srgb, var(--hue) 24%, var(--surface-0));
    border-left: 3px solid var(--hue);
  }
  .origin {
    display: block;
    font-weight: 400;
    font-size: 12px;
    color: var(--text-2);
  }
  .tables {
    display: grid;
    gap: var(--space-4);
    padding: 0 var(--space-3) var(--space-3);
    overflow-x: auto;
  }
  .plain caption {
    padding: var(--space-2) 0;
    text-align: left;
    font-weight: 600;
  }
  .plain th,
  .plain td {
    padding: 3px var(--space-2) 3px 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
    font: 12px/1.45 var(--mono);
    white-space: nowrap;
  }
  .plain thead th {
    color: var(--text-2);
  }
`;

const hues = css`
  .hue-1 {
    --hue: var(--hue-1);
  }
  .hue-2 {
    --hue: var(--hue-2);
  }
  .hue-3 {
    --hue: var(--hue-3);
  }
  .hue-4 {
    --hue: var(--hue-4);
  }
  .hue-5 {
    --hue: var(--hue-5);
  }
  .hue-6 {
    --hue: var(--hue-6);
  }
  .hue-7 {
    --hue: var(--hue-7);
  }
`;

/* Two names for one fade: a mark set again while the old one is there has to start anew. */
const fading = css`
  @keyframes fade-0 {
    from {
      background: var(--new);
    }
  }
  @keyframes fade-1 {
    from {
      background: var(--new);
    }
  }
  tr.fresh-0 > *,
  td.fresh-0 {
    animation: fade-0 1s ease-out;
  }
  tr.fresh-1 > *,
  td.fresh-1 {
    animation: fade-1 1s ease-out;
  }
  @media (prefers-reduced-motion: reduce) {
    tr.fresh-0 > *,
    tr.fresh-1 > *,
    td.fresh-0,
    td.fresh-1 {
      animation: none;
      outline: 2px solid var(--warn);
      outline-offset: -2px;
    }
  }
`;

/** The view's own styles, by part. */
export const namespaceStyles = [frame, map, facts, hues, fading];
