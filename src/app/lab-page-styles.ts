import { css } from "lit";

export const labPageStyles = css`
  :host {
    position: relative;
    display: grid;
    grid-template-rows: minmax(0, 1fr) auto auto;
    grid-template-columns: minmax(0, 1fr);
    min-width: 0;
    min-height: 0;
  }
  :host(:focus) {
    outline: none;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: 0;
    overflow: hidden;
    clip-path: inset(50%);
  }
  [hidden] {
    display: none !important;
  }
  .body {
    display: grid;
    grid-template-columns: clamp(280px, var(--width), 60vw) auto minmax(0, 1fr);
    min-width: 0;
    min-height: 0;
  }
  .body > ringside-stage:first-child {
    grid-column: 1 / -1;
  }
  .body.narrow {
    grid-template-columns: minmax(0, 1fr);
  }
  ringside-steps {
    background: var(--surface-0);
  }
  .stepper {
    border-top: 1px solid var(--line);
  }
  .unknown {
    margin: 0;
    padding: var(--space-4);
    color: var(--text-2);
  }
  .toast {
    position: absolute;
    z-index: 8;
    right: 16px;
    bottom: calc(var(--transport) + 16px);
    max-width: min(440px, calc(100vw - 32px));
    margin: 0;
    padding: 10px 14px;
    border: 1px solid var(--control-line);
    border-radius: 8px;
    background: var(--surface-1);
    font-size: var(--size-small);
    box-shadow: 0 8px 32px rgb(0 0 0 / 0.2);
  }
  :host([narrow]) {
    display: flex;
    flex-direction: column;
  }
  .body.narrow,
  :host([narrow]) ringside-transport {
    flex: 1;
    min-height: 0;
  }
  :host([narrow]) .stepper {
    order: 1;
  }
  .toast.narrow {
    bottom: 16px;
  }
`;
