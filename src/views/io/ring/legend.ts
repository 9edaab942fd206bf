import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { RingSlot } from "../../../probe/io/types.ts";
import type { IoWords } from "../words/words.ts";
import { tipPath } from "./band-picture.ts";
import type { Kind } from "./kinds.ts";

const STATES: readonly RingSlot["state"][] = ["free", "requested", "serving", "answered"];
const POINTERS: readonly Kind[] = ["shared", "private", "threshold"];

const BOXES: Readonly<Record<RingSlot["state"], SVGTemplateResult>> = {
  free: svg``,
  requested: svg`<rect class="fill outer" x="2" y="1" width="12" height="7"/>`,
  serving: svg`<rect class="fill whole" x="2" y="1" width="12" height="14"/>`,
  answered: svg`<rect class="fill inner" x="2" y="8" width="12" height="7"/>`,
};

/** The signs of the dial and the band. */
export function ringLegend(words: IoWords): TemplateResult {
  const text = words.ring;
  return html`<ul class="legend" aria-label=${text.legend}>
    ${STATES.map(
      (state) =>
        html`<li title=${text.meanings[state]}><svg viewBox="0 0 16 16" aria-hidden="true">${BOXES[state]}<rect class="ground" fill="none" style="fill:none" x="2" y="1" width="12" height="14"/></svg>${text.states[state]}</li>`,
    )}
    ${POINTERS.map(
      (kind) =>
        html`<li><svg viewBox="0 0 16 16" aria-hidden="true"><g class="flag ${kind}"><path class="pole" d="M8 14V1"/><path class="tip" d=${tipPath(8, 15, true, kind)}/></g></svg>${text.pointers[kind]}</li>`,
    )}</ul>`;
}
