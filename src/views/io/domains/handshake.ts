import { html, nothing, type TemplateResult } from "lit";
import type { Handshake, XenStoreTree } from "../../../probe/io/types.ts";
import type { IoWords } from "../words/words.ts";

/** How front and back come together, device by device: two lanes with the states each has written, in their order. */

/** A state a side was in, from one change to its next; `from` and `to` count the device's changes that are shown. */
export interface Segment {
  readonly side: Handshake["side"];
  readonly state: number;
  readonly from: number;
  readonly to: number;
  /** When it began, milliseconds; undefined when that is not shown any more. */
  readonly at: number | undefined;
}

export interface Lanes {
  readonly device: string;
  /** Times of the changes shown, one a column. */
  readonly times: readonly number[];
  readonly segments: readonly Segment[];
  /** Changes before those shown. */
  readonly older: number;
}

/** Changes of a device drawn at once. */
const SHOWN = 10;

/** The lanes of every device, in the order in which the devices first changed. */
export function lanesOf(handshake: readonly Handshake[]): readonly Lanes[] {
  const devices = new Map<string, Handshake[]>();
  for (const change of handshake) {
    const known = devices.get(change.device);
    if (known) known.push(change);
    else devices.set(change.device, [change]);
  }
  return [...devices].map(([device, changes]) => {
    const older = Math.max(0, changes.length - SHOWN);
    const shown = changes.slice(older);
    return {
      device,
      older,
      times: shown.map(({ at }) => at),
      segments: (["front", "back"] as const).flatMap((side) => segmentsOf(side, changes, older)),
    };
  });
}

function segmentsOf(side: Handshake["side"], changes: readonly Handshake[], older: number): readonly Segment[] {
  const before = changes
    .slice(0, older)
    .filter((change) => change.side === side)
    .at(-1);
  const own = changes.slice(older).flatMap((change, at) => (change.side === side ? [{ ...change, from: at }] : []));
  const begun = before ? [{ state: before.state, from: 0, at: undefined }] : [];
  const starts = [...begun, ...own.map(({ state, from, at }) => ({ state, from, at }))];
  const count = changes.length - older;
  return starts
    .map((start, index) => ({ side, ...start, to: starts[index + 1]?.from ?? count }))
    .filter(({ from, to }) => to > from);
}

/** What a state is about, for its looks; the words stand in it. */
export function stageOf(state: number): "coming" | "connected" | "going" {
  if (state === 4 || state === 7 || state === 8) return "connected";
  return state === 5 || state === 6 ? "going" : "coming";
}

const nameOf = (state: number, { states, state: written }: IoWords["handshake"]) =>
  written(state, states[state] ?? String(state));

/** The changes that the reading before did not have; none without one. */
export function newChanges(before: XenStoreTree | undefined, { handshake }: XenStoreTree): ReadonlySet<Handshake> {
  if (!before) return new Set();
  const last = before.handshake.at(-1);
  if (!last) return new Set(handshake);
  const same = (change: Handshake) =>
    change.at === last.at && change.device === last.device && change.side === last.side && change.state === last.state;
  const fresh = new Set<Handshake>();
  for (const change of [...handshake].reverse()) {
    if (same(change)) break;
    fresh.add(change);
  }
  return fresh;
}

export function handshakePicture(
  store: XenStoreTree,
  fresh: ReadonlySet<Handshake>,
  beat: 0 | 1,
  words: IoWords,
): TemplateResult {
  const text = words.handshake;
  const all = lanesOf(store.handshake);
  if (all.length === 0) return html`<p class="note">${text.none}</p>`;
  const first = store.handshake[0]?.at ?? 0;
  return html`<p class="note">${text.hint}</p>
    <div class="devices" role="region" tabindex="0" aria-label=${text.title}>${all.map(
      ({ device, times, segments, older }) => html`<section class="lanes" style="--changes:${times.length}">
        <h3>${device}${older > 0 ? html` <span class="note">${text.older(older)}</span>` : nothing}</h3>
        ${times.map((at, column) => html`<span class="time" style="grid-column:${column + 2}">${words.milliseconds(`+${(at - first).toFixed(1)}`)}</span>`)}
        ${(["front", "back"] as const).map((side) => html`<span class="side ${side}">${words.ring[side]}</span>`)}
        ${segments.map(({ side, state, from, to, at }) => {
          const isNew = [...fresh].some(
            (change) => change.device === device && change.side === side && change.at === at,
          );
          const title = text.change(
            words.ring[side],
            nameOf(state, text),
            at === undefined ? text.before : at.toFixed(1),
          );
          return html`<span class="segment ${side} ${stageOf(state)} ${isNew ? `fresh-${beat}` : ""}" style="grid-column:${from + 2} / ${to + 2}" title=${title}>${nameOf(state, text)}</span>`;
        })}</section>`,
    )}</div>`;
}
