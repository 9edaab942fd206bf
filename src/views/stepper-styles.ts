import { css } from "lit";

/** The row below the stage that runs one machine to its next exit, or one ring to its next event. */
export const stepperStyles = css`
  :host {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px var(--space-3);
    padding: var(--space-2) var(--space-3);
    background: var(--surface-1);
    font-size: var(--size-small);
    font-variant-numeric: tabular-nums;
  }
  .group {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .play {
    min-width: 84px;
  }
  select {
    min-height: var(--tap);
    max-width: 18em;
    border: 1px solid var(--control-line);
    border-radius: var(--radius);
    background: var(--surface-1);
    color: var(--text);
    font: var(--size-small) / 1.2 var(--sans);
  }
  .letter {
    padding: 0 6px;
    border: 1px solid currentColor;
    border-radius: 4px;
    font: 600 11px/16px var(--mono);
  }
  .letter:empty {
    display: none;
  }
  .where {
    color: var(--text-2);
  }
  .where b {
    color: var(--text);
  }
  .kind {
    flex: 0 1 auto;
    min-width: 0;
  }
  .kind select {
    flex: 0 1 18em;
    min-width: 0;
  }
  @media (max-width: 520px) {
    :host {
      gap: 6px;
    }
    .play {
      min-width: var(--tap);
      padding: 0;
    }
    .play .word,
    .instructions {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    .group button {
      padding: 0 8px;
    }
    .group button:not(.play) svg {
      display: none;
    }
    .where {
      order: 1;
      margin-left: auto;
    }
    .kind {
      order: 2;
      flex: 1 1 55%;
    }
    .speed {
      order: 3;
      flex: 0 1 8em;
      min-width: 0;
    }
  }
`;
