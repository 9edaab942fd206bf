import { css } from "lit";

/** What stands below the map: signs, how much passes, the chosen thing and what can be done to it. */
export const detailStyles = css`
  .state {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-4);
    align-items: center;
    padding: 2px var(--space-3) 4px;
    color: var(--text-2);
  }
  .state .flood {
    color: var(--warn);
    font-weight: 600;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-3);
    margin: 0;
    padding: 0;
    list-style: none;
  }
  :host([compact]) .legend {
    display: none;
  }
  :host([compact]) .state:not(.telling) {
    display: none;
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  .legend .packet {
    width: 14px;
    height: 14px;
  }
  .detail {
    flex: none;
    max-height: 55%;
    padding: 6px var(--space-3) 8px;
    border-top: 1px solid var(--line);
    background: var(--surface-1);
    overflow: auto;
  }
  .detail header {
    display: flex;
    align-items: center;
    gap: var(--space-2);
    margin-bottom: 4px;
  }
  .detail h2 {
    margin: 0;
    font: 600 13px var(--sans);
  }
  .detail header button {
    min-height: 24px;
    margin-left: auto;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-4);
    margin: 0 0 4px;
  }
  .facts div {
    display: inline-flex;
    gap: 6px;
  }
  dt {
    color: var(--text-2);
    font-family: var(--sans);
  }
  dd {
    margin: 0;
    font-family: var(--mono);
    overflow-wrap: anywhere;
  }
  .controls {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    align-items: center;
    margin: 6px 0 0;
    padding: 0;
    border: 0;
  }
  .controls button,
  .controls input,
  .controls select {
    min-height: 26px;
    font-size: 12px;
  }
  .controls label {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    color: var(--text-2);
  }
  .controls input[type="text"] {
    width: 7ch;
    padding: 0 6px;
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-0);
    color: var(--text);
    font: 12px var(--mono);
  }
  .controls select {
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-0);
    color: var(--text);
  }
  .waits {
    color: var(--warn);
    font-weight: 600;
  }
  input[type="file"] {
    display: none;
  }
`;
