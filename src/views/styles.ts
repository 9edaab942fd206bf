import { css } from "lit";

/** What every element of ours starts from: box model, focus, text for screen readers only. */
export const base = css`
  :host {
    display: block;
    box-sizing: border-box;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  code,
  kbd,
  .mono {
    font-family: var(--mono);
    font-size: 0.92em;
    font-variant-numeric: tabular-nums;
  }
  kbd {
    padding: 0 5px;
    border: 1px solid var(--line);
    border-bottom-width: 2px;
    border-radius: 4px;
    background: var(--surface-1);
    white-space: nowrap;
  }
  svg.icon {
    width: 16px;
    height: 16px;
    display: block;
    flex: none;
  }
  a {
    color: var(--accent);
    text-underline-offset: 2px;
  }
`;

/** Buttons: `button` plain, `.primary` the one next thing to do, `.quiet` without a frame until it is pointed at. */
export const buttons = css`
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: var(--tap);
    padding: 0 10px;
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-1);
    color: var(--text);
    font: var(--size-small) / 1.2 var(--sans);
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
    transition:
      background var(--quick),
      border-color var(--quick);
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--surface-2);
  }
  button:disabled {
    color: var(--text-2);
    border-color: var(--line);
    cursor: default;
  }
  .primary {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 600;
  }
  .primary:hover:not(:disabled) {
    background: color-mix(in srgb, var(--accent) 86%, var(--text));
  }
  .primary:disabled {
    border-color: var(--line);
    background: var(--surface-2);
    color: var(--text-2);
  }
  .quiet {
    border-color: transparent;
    background: none;
    color: var(--text-2);
  }
  .quiet:hover:not(:disabled) {
    color: var(--text);
  }
  .quiet:disabled {
    border-color: transparent;
    opacity: 0.55;
  }
  .icon-only {
    width: var(--tap);
    padding: 0;
  }
  button[aria-pressed="true"] {
    border-color: var(--accent);
    color: var(--accent);
    background: var(--accent-soft);
  }
  @media (forced-colors: active) {
    button[aria-pressed="true"] {
      outline: 2px solid Highlight;
    }
  }
`;
