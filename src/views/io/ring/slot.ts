import { html, nothing, type TemplateResult } from "lit";
import type { RingEntry, RingSlot, RingState, SharedPage } from "../../../probe/io/types.ts";
import { grouped } from "../../quantities.ts";
import { dump } from "../bytes.ts";
import type { IoWords } from "../words/words.ts";
import { changedBytes } from "./changes.ts";
import { chainOf } from "./model.ts";

/** One slot of a Xen ring, or one chain of a virtqueue: what it says, and what it names. */
export interface SlotPicture {
  readonly state: RingState;
  readonly slot: RingSlot;
  /** The same slot at the last reading. */
  readonly before: RingSlot | undefined;
  readonly beat: 0 | 1;
  /** Bytes in a line of a dump. */
  readonly perLine: number;
  readonly words: IoWords;
}

/** The name a slot goes by: its number, or the head of its chain. */
export function slotName(state: RingState, slot: number, words: IoWords): string {
  return state.virtqueue ? words.slot.chain(slot) : words.slot.title(slot);
}

export function slotPicture(picture: SlotPicture): TemplateResult {
  const { state, slot, before, beat, perLine, words } = picture;
  const text = words.slot;
  return html`<h2>${slotName(state, slot.slot, words)}
      <span class="state ${slot.state}">${words.ring.states[slot.state]}</span>
      <span class="note">${text.owner(words.ring.owners[slot.state])}</span></h2>
    <div class="bytes"><span class="pa">${slot.address}</span>${dump(slot.bytes, perLine, changedBytes(before?.bytes, slot.bytes), beat)}</div>
    ${state.virtqueue ? chain(picture) : nothing}
    ${slot.request ? entry(text.request, slot.request, picture) : nothing}
    ${slot.response ? entry(text.response, slot.response, picture) : nothing}`;
}

/** The descriptors of a chain, each a piece of the front's memory. */
function chain({ state, slot, words }: SlotPicture): TemplateResult | typeof nothing {
  const queue = state.virtqueue;
  const indices = queue ? chainOf(queue, slot.slot) : [];
  if (!queue || indices.length === 0) return nothing;
  const descriptors = new Map(queue.descriptors.map((descriptor) => [descriptor.index, descriptor]));
  const { columns } = words.queue;
  return html`<div class="wide-table"><table class="plain"><caption>${words.slot.descriptors}</caption>
    <thead><tr><th scope="col">${columns.index}</th><th scope="col">${columns.address}</th><th scope="col" class="number">${columns.bytes}</th><th scope="col">${columns.writable}</th><th scope="col">${columns.next}</th></tr></thead>
    <tbody>${indices.map((index) => {
      const { address, bytes, writable, next, indirect } = descriptors.get(index)!;
      return html`<tr><th scope="row">${index}</th><td class="pa">${address}</td><td class="number">${grouped(bytes)}</td>
        <td>${writable ? words.yes : words.no}</td><td>${indirect ? columns.indirect : (next ?? words.none)}</td></tr>`;
    })}</tbody></table></div>`;
}

function entry(title: string, { operation, fields, pages }: RingEntry, picture: SlotPicture): TemplateResult {
  return html`<section><h3>${title} <b>${operation}</b></h3>
    <dl class="fields">${fields.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${pages.length > 0 ? html`<ul class="pages" aria-label=${pagesTitle(picture, pages.length)}>${pages.map((page) => pagePicture(page, picture))}</ul>` : nothing}
  </section>`;
}

/** What a reference is: a grant, a descriptor, or one of the table that an indirect descriptor names. */
function referenceName(reference: number, { state, slot, words }: SlotPicture): string {
  if (state.design === "xen") return words.slot.grant(reference);
  const head = state.virtqueue?.descriptors.find(({ index }) => index === slot.slot);
  return head?.indirect ? words.slot.indirect(reference) : words.slot.descriptor(reference);
}

const pagesTitle = ({ state, words }: SlotPicture, count: number) =>
  state.design === "virtio" ? words.slot.buffers(count) : words.slot.pages(count);

function pagePicture(page: SharedPage, picture: SlotPicture): TemplateResult {
  const { perLine, words } = picture;
  const text = words.slot;
  const name = referenceName(page.reference, picture);
  return html`<li><div class="page"><b>${name}</b> <span class="pa">${page.address}</span> <span class="mono">${text.length(grouped(page.bytes))}</span>
      <span class="note">${page.writable ? text.writable : text.readable}</span>
      ${page.grant ? html`<span class="grant ${page.grant}">${text.grants[page.grant]}</span>` : nothing}</div>
    ${page.head ? dump(page.head, perLine, new Set(), 0) : nothing}</li>`;
}
