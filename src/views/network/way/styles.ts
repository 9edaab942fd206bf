import { css } from "lit";

const list = css`
  :host {
    min-width: 0;
    min-height: 0;
    container-type: inline-size;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  h2,
  h3 {
    margin: 0;
    font: 600 13px var(--sans);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-3);
    align-items: center;
    padding: 3px var(--space-3) 4px;
  }
  .kinds {
    display: inline-flex;
  }
  .kinds button {
    width: 26px;
    min-height: 26px;
  }
  .kinds button[aria-pressed="true"] {
    border-color: transparent;
    background: none;
  }
  .kinds button[aria-pressed="false"] svg {
    opacity: 0.3;
  }
  .kinds button[aria-pressed="false"] {
    border: 1px dashed var(--control-line);
  }
  input[type="search"] {
    flex: 1 1 6em;
    min-width: 0;
    max-width: 16em;
    min-height: 26px;
    padding: 0 8px;
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-1);
    color: var(--text);
    font: 12px var(--mono);
  }
  .panes {
    display: grid;
    grid-template: fit-content(40%) minmax(0, 1fr) / minmax(0, 1fr);
    height: 100%;
  }
  .left {
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  .packets {
    flex: 0 1 auto;
    min-height: 0;
    margin: 0;
    padding: 0;
    border-block: 1px solid var(--line);
    background: var(--surface-1);
    list-style: none;
    overflow: auto;
    cursor: pointer;
  }
  .packets:focus-visible {
    outline-offset: -2px;
  }
  .packets li {
    position: relative;
    display: grid;
    grid-template-columns: max-content 16px minmax(0, 1fr) max-content;
    gap: 8px;
    align-items: center;
    padding: 2px var(--space-3);
    line-height: 19px;
    font-family: var(--mono);
    content-visibility: auto;
    contain-intrinsic-height: 24px;
  }
  .packets li + li {
    border-top: 1px solid var(--line);
  }
  .packets li[aria-selected="true"] {
    background: var(--accent-soft);
    box-shadow: inset 3px 0 var(--accent);
  }
  .time,
  .count {
    color: var(--text-2);
  }
  .summary {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .count.lost {
    color: var(--exit);
    font-weight: 600;
  }
  @container (max-width: 460px) {
    .packets .time {
      display: none;
    }
    .packets li {
      grid-template-columns: 16px minmax(0, 1fr) max-content;
    }
  }
  @container (min-width: 760px) {
    .panes {
      grid-template: minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1.1fr);
    }
    .way {
      border-left: 1px solid var(--line);
    }
  }
  .note {
    margin: 0;
    padding: var(--space-2) var(--space-3);
    color: var(--text-2);
    font-size: 13px;
  }
`;

const way = css`
  .way {
    min-height: 0;
    padding: 4px var(--space-3) var(--space-3);
    overflow: auto;
  }
  .way .whole {
    margin: 0 0 6px;
    font: 12px/1.45 var(--mono);
    overflow-wrap: anywhere;
  }
  .hops,
  .hops ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .hops > li {
    position: relative;
    padding: 0 0 5px 30px;
  }
  .hops > li::before {
    position: absolute;
    top: 12px;
    bottom: -12px;
    left: 10px;
    width: 2px;
    background: var(--wire);
    content: "";
  }
  .hops > li:last-child::before {
    display: none;
  }
  .hop {
    justify-content: flex-start;
    gap: 7px;
    width: calc(100% + 30px);
    min-height: 24px;
    margin-left: -30px;
    padding: 0 4px 0 1px;
    border-color: transparent;
    background: none;
    font: 12px var(--mono);
    text-align: left;
  }
  .open > .hop {
    border-color: var(--wire);
    background: color-mix(in srgb, var(--wire) 14%, var(--surface-0));
  }
  .number {
    z-index: 1;
    flex: none;
    min-width: 20px;
    padding: 0 3px;
    border-radius: 10px;
    background: var(--wire);
    color: var(--surface-1);
    font-weight: 700;
    line-height: 18px;
    text-align: center;
  }
  .place {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .direction {
    color: var(--text-2);
    font-family: var(--sans);
  }
  .since {
    margin-left: auto;
    color: var(--text-2);
  }
  .from {
    margin: 0;
    color: var(--text-2);
  }
  .changes {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 12px;
  }
  .changes li {
    padding: 0 5px;
    border-radius: 4px;
    background: var(--new);
    font: 12px/18px var(--mono);
    overflow-wrap: anywhere;
  }
  .field {
    font-family: var(--sans);
  }
  .changes s {
    color: var(--text);
    text-decoration-color: var(--exit);
  }
  .decided {
    display: grid;
    gap: 2px;
    padding-top: 2px !important;
  }
  .decided li {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 8px;
    padding: 0 6px;
    border: 1px solid var(--line);
    border-radius: 4px;
    line-height: 18px;
  }
  .decided li.computed {
    border: 1px dotted var(--control-line);
  }
  .decided code {
    overflow-wrap: anywhere;
    font-size: 12px;
  }
  .decided small,
  .lost small {
    color: var(--text-2);
    font-size: 12px;
  }
  .decided .row {
    min-height: 0;
    padding: 0;
    border: 0;
    background: none;
    color: var(--accent);
    font: 12px/18px var(--sans);
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .table {
    color: var(--text-2);
    font-weight: 600;
  }
  .computed-word {
    padding: 0 5px;
    border: 1px dotted var(--text-2);
    border-radius: 4px;
    line-height: 15px;
  }
  .hops > li.lost {
    padding-left: 0;
  }
  .lost p {
    margin: 2px 0 0;
    padding: 3px 8px;
    border: 1px solid var(--exit);
    border-radius: 4px;
    background: var(--exit-soft);
    line-height: 1.45;
  }
  .lost.computed p {
    border-style: dotted;
  }
  .cross {
    margin-right: 6px;
    color: var(--exit);
    font-weight: 700;
  }
  network-layers {
    margin-top: 5px;
  }
`;

export const wayStyles = [list, way];
