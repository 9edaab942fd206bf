import { html, nothing, svg, type TemplateResult } from "lit";
import type { RingState, Virtqueue } from "../../../probe/io/types.ts";
import type { IoWords } from "../words/words.ts";
import { runsOf } from "./dial.ts";
import { type Cell, chainOf, type RingModel } from "./model.ts";

/** The third area of a virtqueue: the descriptors, and which of them hang together. */

const HEIGHT = 16;
const ARC = 14;

/** Every descriptor that is in a chain, filled as its chain is in `avail` or `used`. */
export function descriptorCells(model: RingModel, queue: Virtqueue): readonly Cell[] {
  const chains = model.tracks.flatMap(({ cells }) => [...cells.values()]);
  const cells = chains.flatMap((cell) => chainOf(queue, cell.slot.slot).map((position) => ({ ...cell, position })));
  return [...new Map(cells.map((cell) => [cell.position, cell])).values()];
}

/** Arcs from each descriptor of a chain to the next. */
export function chainArcs(chain: readonly number[], step: number): string {
  return chain
    .slice(1)
    .map((to, at) => {
      const [x1, x2] = [(chain[at]! + 0.5) * step, (to + 0.5) * step];
      const deep = HEIGHT + Math.min(ARC * 1.8, Math.max(8, Math.abs(x2 - x1) / 2));
      return `M${x1.toFixed(1)} ${HEIGHT}Q${((x1 + x2) / 2).toFixed(1)} ${deep} ${x2.toFixed(1)} ${HEIGHT}`;
    })
    .join("");
}

/** The descriptor table as a strip as wide as the band; below it the chain that is looked at. */
export function descriptorStrip(
  state: RingState,
  model: RingModel,
  selected: number | undefined,
  width: number,
  words: IoWords,
): TemplateResult | typeof nothing {
  const queue = state.virtqueue;
  if (!queue || width <= 0) return nothing;
  const cells = descriptorCells(model, queue).filter(({ position }) => position < state.capacity);
  const step = width / state.capacity;
  const chain = selected === undefined ? [] : chainOf(queue, selected).filter((index) => index < state.capacity);
  const title = words.queue.table(String(cells.length), String(state.capacity));
  return html`<figure class="descriptors"><figcaption>${title}${
    chain.length > 0 ? html` · <span class="note">${words.slot.chainOf(chain.join(" → "))}</span>` : nothing
  }</figcaption>
    <svg viewBox="0 0 ${width} ${HEIGHT + ARC}" width=${width} height=${HEIGHT + ARC} role="img" aria-label=${title}>
      <rect class="ground" x="0" y="0" width=${width} height=${HEIGHT}/>
      ${runsOf(cells).map(({ from, count, fill }) => {
        const half = HEIGHT / 2;
        const [y, height] = [fill === "inner" ? half : 0, fill === "whole" ? HEIGHT : half];
        return svg`<rect class="fill ${fill}" x=${from * step} y=${y} width=${count * step} height=${height}/>`;
      })}
      ${chain.map((index) => svg`<rect class="chosen" x=${index * step} y="0" width=${Math.max(1.5, step)} height=${HEIGHT}/>`)}
      <path class="arc" d=${chainArcs(chain, step)}/>
    </svg></figure>`;
}
