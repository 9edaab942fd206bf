import { css } from "lit";

/** Hues and shapes of what a ring holds: requests are one hue, responses another, and where a cell is filled says whose. */
const cells = css`
  :host {
    --request: var(--hue-7);
    --response: var(--hue-6);
  }
  .ground {
    fill: var(--surface-1);
    stroke: var(--control-line);
    stroke-width: 1;
  }
  .division {
    fill: none;
    stroke: var(--line);
    stroke-width: 1;
  }
  .fill {
    stroke: none;
  }
  .fill.outer {
    fill: color-mix(in srgb, var(--request) 38%, var(--surface-1));
  }
  .fill.whole {
    fill: color-mix(in srgb, var(--request) 62%, var(--surface-1));
  }
  .fill.inner {
    fill: color-mix(in srgb, var(--response) 42%, var(--surface-1));
  }
  @keyframes ring-fade-0 {
    from {
      fill: var(--new);
      stroke: var(--warn);
    }
  }
  @keyframes ring-fade-1 {
    from {
      fill: var(--new);
      stroke: var(--warn);
    }
  }
  @media (prefers-reduced-motion: no-preference) {
    svg .fresh-0 {
      stroke: transparent;
      animation-name: ring-fade-0;
    }
    svg .fresh-1 {
      stroke: transparent;
      animation-name: ring-fade-1;
    }
  }
  .chosen {
    fill: none;
    stroke: var(--accent);
    stroke-width: 2.5;
  }
`;

const pictures = css`
  .body {
    display: flex;
    flex-direction: column;
    gap: var(--space-3);
    padding: 0 var(--space-3) var(--space-3);
  }
  .about {
    display: inline-flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px var(--space-3);
    color: var(--text-2);
  }
  .about .party {
    color: var(--text);
  }
  .disconnected {
    color: var(--warn);
  }
  select {
    max-width: 100%;
  }
  .common {
    order: 1;
  }
  @container (max-width: 760px) {
    .about {
      order: 2;
      flex-basis: 100%;
    }
  }
  .ways {
    display: inline-flex;
    gap: 6px;
    align-items: baseline;
  }
  .top {
    display: grid;
    grid-template: "dial band" auto "legend legend" auto / 176px minmax(0, 1fr);
    gap: var(--space-2) var(--space-3);
    align-items: center;
  }
  .top.narrow {
    grid-template: "dial legend" auto "band band" auto / 150px minmax(0, 1fr);
  }
  figure {
    min-width: 0;
    margin: 0;
  }
  figcaption {
    color: var(--text-2);
    font-size: 12px;
  }
  .dial {
    grid-area: dial;
  }
  .dial svg {
    display: block;
    width: 100%;
    cursor: pointer;
  }
  .dial .division {
    stroke: var(--surface-0);
  }
  .dial .window {
    fill: none;
    stroke: var(--text-2);
    stroke-width: 1.5;
  }
  .pointer {
    stroke-width: 1.4;
    stroke: currentColor;
    fill: currentColor;
  }
  .pointer.front {
    color: var(--front);
  }
  .pointer.back {
    color: var(--back);
  }
  .pointer.private {
    fill: var(--surface-0);
  }
  .pointer.threshold {
    stroke-width: 2.5;
  }
  .busy {
    fill: var(--text);
    font: 600 21px var(--mono);
  }
  .of {
    fill: var(--text-2);
    font: 12px var(--sans);
  }
  .band {
    grid-area: band;
  }
  .band svg {
    display: block;
    cursor: pointer;
  }
  .band figcaption {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px var(--space-3);
    min-height: 26px;
    margin-bottom: 6px;
  }
  .band figcaption button {
    min-height: 24px;
    padding: 0 7px;
    font-size: 12px;
  }
  .band figcaption .moves {
    display: inline-flex;
    gap: 4px;
    margin-left: auto;
  }
  .operation {
    fill: var(--text);
    font: 600 12px var(--mono);
    pointer-events: none;
  }
  .number {
    fill: var(--text-2);
    font: 11px var(--mono);
  }
  .number.first {
    fill: var(--text);
    font-weight: 700;
  }
  .track {
    fill: var(--text-2);
    font: 12px var(--mono);
  }
  .label {
    fill: currentColor;
    font: 12px var(--mono);
  }
  .label tspan {
    font-weight: 700;
  }
  .flag.private .label {
    font-style: italic;
  }
  .pole {
    fill: none;
    stroke: currentColor;
    stroke-width: 1;
  }
  .flag.private .pole {
    stroke-dasharray: 3 3;
  }
  .flag.threshold .pole {
    stroke-dasharray: 1 2.5;
  }
  .tip {
    fill: currentColor;
    stroke: currentColor;
    stroke-width: 1.4;
    stroke-linejoin: round;
  }
  .flag.private .tip {
    fill: var(--surface-0);
  }
  .flag.threshold .tip {
    fill: none;
    stroke-width: 2.2;
  }
  .descriptors svg {
    display: block;
    margin-top: 3px;
  }
  .descriptors .chosen {
    stroke-width: 1.5;
  }
  .descriptors .arc {
    fill: none;
    stroke: var(--accent);
    stroke-width: 1.5;
  }
`;

const legend = css`
  .legend {
    grid-area: legend;
    display: flex;
    flex-wrap: wrap;
    gap: 2px var(--space-4);
    margin: 0;
    padding: 0;
    color: var(--text-2);
    font-size: 12px;
    list-style: none;
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .legend svg {
    flex: none;
    width: 16px;
    height: 16px;
  }
  .legend svg .ground {
    stroke: var(--control-line);
  }
`;

/** The styles of a ring's picture: dial, band, descriptors, legend. */
export const ringStyles = [cells, pictures, legend];
