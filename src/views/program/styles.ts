import { css } from "lit";

const frame = css`
  :host {
    --row: 20px;
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
    container-type: inline-size;
    background: var(--surface-0);
    font-size: var(--size-small);
    font-variant-numeric: tabular-nums;
  }
  .bar {
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
  select {
    flex: 0 1 300px;
    min-width: 0;
    min-height: var(--tap);
    padding: 0 var(--space-2);
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-1);
    color: var(--text);
    font: var(--size-small) / 1.2 var(--sans);
  }
  p {
    margin: 0;
    padding: var(--space-1) var(--space-3);
  }
  .own {
    background: var(--accent-soft);
  }
  .va {
    color: var(--va);
  }
`;

const paper = css`
  .editor {
    flex: 1 1 0;
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    min-height: calc(3 * var(--row));
    overflow-y: auto;
    border-block: 1px solid var(--line);
    background: var(--surface-1);
    font: var(--size-small) / var(--row) var(--mono);
  }
  .gutter {
    min-height: max-content;
    padding: var(--space-2) 0;
    border-right: 1px solid var(--line);
    background: var(--surface-0);
    color: var(--text-2);
    user-select: none;
  }
  .row {
    display: grid;
    grid-template-columns: 3ch 8ch 20ch;
    gap: 1.5ch;
    height: var(--row);
    padding: 0 var(--space-2);
    white-space: pre;
  }
  .row .at {
    text-align: right;
  }
  .row .bytes {
    overflow: hidden;
    color: var(--text);
  }
  .row.wrong,
  .row.wrong .bytes {
    background: var(--exit-soft);
    color: var(--exit);
  }
  .paper {
    position: relative;
    min-height: max-content;
  }
  textarea {
    position: relative;
    display: block;
    width: 100%;
    min-height: 100%;
    margin: 0;
    padding: var(--space-2) var(--space-3);
    border: 0;
    overflow: auto hidden;
    resize: none;
    background: none;
    color: var(--text);
    font: inherit;
    tab-size: 8;
    white-space: pre;
  }
  .editor:focus-within {
    outline: 2px solid var(--accent);
    outline-offset: -2px;
  }
  textarea:focus-visible {
    outline: none;
  }
  .marks {
    position: absolute;
    inset: 0;
    overflow: hidden;
    padding: var(--space-2) var(--space-3);
    pointer-events: none;
  }
  .marks > div {
    position: relative;
    width: calc(var(--widest) * 1ch + 2 * var(--space-3));
    height: 1px;
  }
  .marks i {
    position: absolute;
    top: calc(var(--line) * var(--row));
    left: calc(var(--from) * 1ch);
    width: calc(var(--width) * 1ch);
    height: var(--row);
    border-radius: 2px;
    background: var(--exit-soft);
  }
  .marks i::after {
    content: "";
    position: absolute;
    inset: auto 0 1px 0;
    border-bottom: 2px dotted var(--exit);
  }
`;

const rest = css`
  .below {
    flex: none;
    max-height: 45%;
    overflow-y: auto;
    padding: var(--space-1) 0;
  }
  .state {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--space-4);
    color: var(--text-2);
  }
  .faults {
    margin: 0;
    padding: 0 var(--space-3);
    list-style: none;
  }
  .faults li {
    display: flex;
    align-items: baseline;
    gap: var(--space-2);
    padding: 1px 0;
    color: var(--exit);
    overflow-wrap: anywhere;
  }
  .faults button {
    flex: none;
    min-height: 26px;
    padding: 0 6px;
    color: var(--exit);
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .scroll {
    flex: 1 1 0;
    min-height: 0;
    padding: 0 var(--space-3) var(--space-3);
    overflow: auto;
    border-block: 1px solid var(--line);
    background: var(--surface-1);
  }
  table {
    border-collapse: collapse;
    margin-bottom: var(--space-3);
  }
  caption {
    padding: var(--space-2) 0;
    text-align: left;
    font-weight: 600;
  }
  th,
  td {
    padding: 3px var(--space-4) 3px 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
    font: 12px/1.45 var(--mono);
    white-space: nowrap;
  }
  thead th {
    color: var(--text-2);
  }
  .number {
    text-align: right;
  }
  td.all {
    max-width: 24ch;
    white-space: normal;
  }
  td.source {
    white-space: pre;
  }
  @container (max-width: 640px) {
    .row {
      grid-template-columns: 2ch 8ch;
      gap: 1ch;
    }
    .row .bytes {
      display: none;
    }
    .common .word:not([data-said]) {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    select {
      flex: 1 1 180px;
    }
  }
  @media (forced-colors: active) {
    .row.wrong {
      outline: 1px solid Mark;
    }
  }
`;

export const programStyles = [frame, paper, rest];
