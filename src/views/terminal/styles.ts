import { css } from "lit";

export const terminalStyles = css`
  :host {
    position: relative;
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    background: var(--term);
    color: var(--term-text);
    font: var(--size-small) / 1.5 var(--mono);
  }
  .screen {
    position: relative;
    flex: 1;
    min-width: 0;
    min-height: 0;
    margin: 8px 4px 6px 14px;
    overflow: hidden;
  }
  .xterm {
    height: 100%;
  }
  .xterm .xterm-viewport,
  .xterm .xterm-scrollable-element {
    background: none;
  }
  :host(:focus-within)::after {
    content: "";
    position: absolute;
    inset: 0;
    border: 2px solid transparent;
    pointer-events: none;
  }
  :host(:has(textarea:focus-visible))::after {
    border-color: var(--accent);
  }
  .arrival {
    position: absolute;
    inset: 10px 14px auto 14px;
    margin: 0;
    color: var(--term-2);
  }
  .arrival p {
    margin: 0 0 6px;
    color: var(--term-text);
  }
  .arrival ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .arrival li {
    display: grid;
    grid-template-columns: minmax(0, 250px) minmax(0, 220px);
    gap: 12px;
    align-items: center;
    font-variant-numeric: tabular-nums;
  }
  .bar {
    height: 3px;
    border-radius: 2px;
    background: var(--surface-2);
    overflow: hidden;
  }
  .bar i {
    display: block;
    height: 100%;
    background: var(--term-2);
  }
  .search {
    position: absolute;
    z-index: 2;
    top: 8px;
    right: 16px;
    display: flex;
    align-items: center;
    gap: 2px;
    padding: 4px 4px 4px 8px;
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-1);
    color: var(--text);
    font-family: var(--sans);
    box-shadow: 0 4px 16px rgb(0 0 0 / 0.18);
  }
  .search input {
    width: 150px;
    border: 0;
    background: none;
    color: inherit;
    font: var(--size-small) / 1.4 var(--mono);
  }
  .search input:focus-visible {
    outline-offset: 4px;
  }
  .count {
    min-width: 64px;
    color: var(--text-2);
    font-size: 12px;
    text-align: right;
    white-space: nowrap;
  }
  .stopped {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2) var(--space-3);
    padding: 10px 14px;
    border-top: 2px solid var(--exit);
    background: var(--exit-soft);
    color: var(--text);
    font-family: var(--sans);
  }
  .stopped p {
    flex: 1 1 260px;
    margin: 0;
  }
`;
