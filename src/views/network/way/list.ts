import { html, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { grouped } from "../../quantities.ts";
import { packetGlyph } from "../glyphs.ts";
import type { Colour, Id, NetworkPicture, Trail } from "../picture.ts";
import { placeName } from "../things.ts";
import type { NetworkWords } from "../words/words.ts";

/** Packets listed; there may be more. */
export const LISTED = 200;

export interface PacketList {
  readonly picture: NetworkPicture | undefined;
  /** The newest last. */
  readonly trails: readonly Trail[];
  readonly chosen: Id | undefined;
  readonly words: NetworkWords;
  choose(trail: Id): void;
}

/**
 * Packets of the kinds that are wanted, with a text in their summary, whatever its case.
 *
 * @param hidden kinds that are not wanted
 */
export function matching(trails: readonly Trail[], hidden: ReadonlySet<Colour>, text: string): readonly Trail[] {
  const wanted = text.trim().toLowerCase();
  if (hidden.size === 0 && wanted === "") return trails;
  return trails.filter(({ colour, summary }) => !hidden.has(colour) && summary.toLowerCase().includes(wanted));
}

/** The newest packets, the last one first. */
export const listed = (trails: readonly Trail[]): readonly Trail[] => trails.slice(-LISTED).reverse();

/** The element's id of a packet in the list. */
export const optionId = (trail: Id): string => `packet-${trail}`;

export function packetOptions(list: PacketList): TemplateResult {
  return html`${repeat(
    listed(list.trails),
    ({ id }) => id,
    // most of a flood's packets are the same as a quarter of a second ago
    (trail) =>
      guard([trail, trail.id === list.chosen, list.words, trail.lost && list.picture], () => option(trail, list)),
  )}`;
}

function option(trail: Trail, { picture, chosen, words, choose }: PacketList): TemplateResult {
  const { id, colour, summary, hops, lost } = trail;
  const text = words.list;
  const kind = words.colours[colour];
  const place = lost && picture ? placeName(picture, lost.at) : undefined;
  const count = html`<span aria-hidden="true">${grouped(hops.length)}</span><span class="unseen">, ${text.hops(hops.length)}</span>`;
  return html`<li role="option" id=${optionId(id)} aria-selected=${id === chosen ? "true" : "false"} @click=${() => choose(id)}>
    <span class="time">${timeText(hops[0]?.time ?? 0)}</span> ${packetGlyph(colour)}<span class="summary" title=${summary}><span class="unseen">${kind}: </span>${summary}</span>
    ${place === undefined ? html`<span class="count">${count}</span>` : html`<span class="count lost" title=${text.lostAt(place)}><span aria-hidden="true">✕ </span>${count}<span class="unseen">, ${text.lostAt(place)}</span></span>`}</li>`;
}

/** The time of day of a sighting, to the millisecond: `14:02:09.123`. */
export function timeText(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
