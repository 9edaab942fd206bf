import { css } from "lit";

export const stepsStyles = css`
  :host {
    display: grid;
    grid-template: minmax(0, 1fr) auto / minmax(0, 1fr);
    min-width: 0;
    min-height: 0;
  }
  .scroll {
    min-height: 0;
    padding: 12px 10px var(--space-5) 20px;
    overflow: auto;
    overscroll-behavior: contain;
    scrollbar-gutter: stable;
    scrollbar-width: thin;
  }
  .scroll:focus {
    outline: none;
  }
  .rail {
    display: flex;
    gap: 5px;
    margin: 0 0 8px;
    padding: 0;
    list-style: none;
  }
  .rail li {
    flex: 1;
    max-width: 56px;
  }
  .rail button {
    position: relative;
    width: 100%;
    height: 24px;
    min-height: 24px;
    padding: 0;
    border: 0;
    background: none;
  }
  .rail button::before {
    content: "";
    position: absolute;
    inset: 10px 0;
    border-radius: 2px;
    background: var(--line);
    transition: background var(--quick);
  }
  .rail button[data-done="true"]::before {
    background: var(--ok);
  }
  .rail button[aria-current]::before {
    inset: 8px 0;
    border-radius: 4px;
    background: var(--accent);
  }
  .rail button:hover::before {
    inset: 8px 0;
  }
  .rail button:hover {
    background: none;
  }
  @media (forced-colors: active) {
    .rail button::before {
      border: 1px solid ButtonText;
    }
    .rail button[data-done="true"]::before {
      background: ButtonText;
    }
    .rail button[aria-current]::before {
      background: Highlight;
    }
  }
  h1 {
    margin: 0;
    font-size: var(--size-title);
    font-weight: 640;
    line-height: 1.3;
    letter-spacing: -0.006em;
    text-wrap: balance;
  }
  h1:focus {
    outline: none;
  }
  .where {
    margin: 2px 0 16px;
    color: var(--text-2);
    font-size: var(--size-small);
  }
  .prose + .prose {
    margin-top: 0.8em;
  }
  ringside-task {
    margin-top: 14px;
  }
  ringside-task + ringside-task {
    margin-top: 0;
  }
  .foreign {
    display: flex;
    gap: 8px;
    margin: 0 0 14px;
    padding: 8px 12px;
    border: 1px solid var(--warn);
    border-radius: var(--radius);
    font-size: var(--size-small);
    overflow-wrap: anywhere;
  }
  .foreign svg {
    margin-top: 3px;
    color: var(--warn);
  }
  .foot {
    display: flex;
    gap: 8px;
    align-items: center;
    justify-content: space-between;
    padding: 8px 20px;
    border-top: 1px solid var(--line);
    background: var(--surface-0);
  }
  .foot button {
    flex: none;
  }
  .foot .next {
    flex: 0 1 auto;
    min-width: 0;
  }
  .foot .next span {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .result {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(96px, 1fr));
    gap: 1px;
    margin: 18px 0;
    border: 1px solid var(--line);
    border-radius: 8px;
    overflow: hidden;
    background: var(--line);
  }
  .result div {
    display: flex;
    flex-direction: column-reverse;
    padding: 12px 14px;
    background: var(--surface-1);
  }
  .result dt {
    color: var(--text-2);
    font-size: var(--size-small);
  }
  .result dd {
    margin: 0;
    font: 600 20px/1.3 var(--mono);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .sure {
    padding: 10px 14px 14px;
    border: 1px solid var(--exit);
    border-radius: var(--radius);
    background: var(--exit-soft);
  }
  .sure p {
    margin: 0 0 8px;
  }
  .again {
    margin: 16px 0 0;
  }
  @media (max-width: 760px) {
    .scroll {
      padding: 8px 16px var(--space-5);
    }
    .foot {
      padding: 8px 16px;
    }
  }
`;
