import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { IoTrace, RingState, RingSummary } from "../../../probe/io/types.ts";
import { emit } from "../../events.ts";
import { icon } from "../../icons.ts";
import { grouped } from "../../quantities.ts";
import { IoPanel } from "../panel.ts";
import { HOST } from "../parties.ts";
import "../trace.ts";
import type { IoWords } from "../words/words.ts";
import { bandOf, cellUnder } from "./band.ts";
import { bandPicture } from "./band-picture.ts";
import { type RingChanges, ringChanges } from "./changes.ts";
import { detailStyles } from "./detail-styles.ts";
import { DIAL, DIAL_BOX, dialPicture, positionUnder } from "./dial.ts";
import { ringLegend } from "./legend.ts";
import { modulo, type Pointer, placeOf, type RingModel, ringModel, type TrackName, tally } from "./model.ts";
import { descriptorStrip } from "./queue.ts";
import { batchesPicture, conditionsPicture, countersPicture, type PaceActions, pacePicture } from "./side.ts";
import { slotName, slotPicture } from "./slot.ts";
import { ringStyles } from "./styles.ts";
import { ringTables } from "./tables.ts";
import { type Window, windowAround, windowOf } from "./window.ts";

/** From this width on the dial stands beside the band, and what is counted beside the slot. */
const WIDE = 720;
const PADDING = 24;
const DIAL_COLUMN = 176 + 12;

interface Cursor {
  readonly track: TrackName;
  readonly position: number;
}

/**
 * A shared ring of Xen or a virtqueue as it is in memory: the whole as a dial, the part in use cut open, the conditions
 * to notify with their numbers, one slot byte by byte, and what was counted.
 *
 * @fires ring-choose {ring} the student wants to see another ring
 * @fires ring-pace {ring, latency, batch, stepping} another slow motion is chosen; milliseconds, requests at a time
 * @fires ring-step {ring, by} the backend is to serve one slot, or up to the next notification
 */
export class RingView extends IoPanel {
  static override properties: PropertyDeclarations = {
    rings: { attribute: false },
    state: { attribute: false },
    previous: { attribute: false },
    trace: { attribute: false },
    cursor: { state: true },
    shift: { state: true },
  };

  /** What `ring.list` read last. */
  declare rings: readonly RingSummary[];
  /** What `ring.state` read last. */
  declare state: RingState | undefined;
  /** What it read before that: the differences carry a mark. */
  declare previous: RingState | undefined;
  /** What `io.trace` read last. */
  declare trace: IoTrace | undefined;
  /** The cell that is looked at. */
  declare private cursor: Cursor | undefined;
  /** Where the student has put the window; undefined while it follows the indices. */
  declare private shift: number | undefined;

  private model: RingModel = { capacity: 1, tracks: [], pointers: [] };
  private window: Window = { start: 0, count: 1 };
  private changes: RingChanges = { slots: new Set(), indices: new Set() };
  private beat: 0 | 1 = 0;

  static override styles = [...IoPanel.styles, ...ringStyles, ...detailStyles];

  constructor() {
    super();
    this.rings = [];
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    const { state } = this;
    if (!state) return;
    if (changed.get("state")?.ring !== state.ring && changed.has("state")) this.forget();
    if (changed.has("state")) {
      const looked = state.virtqueue && this.slotAtCursor?.slot;
      this.model = ringModel(state);
      this.followChain(looked);
      this.changes = ringChanges(this.previous, state);
      this.beat = this.beat ? 0 : 1;
    }
    const { capacity, pointers } = this.model;
    const positions = pointers.map(({ position }) => position);
    this.window =
      this.shift === undefined
        ? windowOf(capacity, positions, this.window.start)
        : { start: this.shift, count: this.window.count };
  }

  /** A chain that was answered has gone from `avail` to `used`: who looks at it sees it there. */
  private followChain(head: number | undefined) {
    if (head === undefined || this.slotAtCursor?.slot === head) return;
    const place = placeOf(this.model, head);
    if (place) this.cursor = { track: place.track.name, position: place.cell.position };
  }

  /** Another ring is shown. */
  private forget() {
    this.cursor = undefined;
    this.shift = undefined;
    this.window = { start: 0, count: 1 };
  }

  protected override data() {
    return this.state;
  }

  protected override empty(words: IoWords): string {
    if (this.phase === "starting") return words.starting;
    return this.rings.length > 0 ? words.ring.pick : words.ring.none;
  }

  protected override controls(words: IoWords): TemplateResult {
    const { state, rings } = this;
    const text = words.ring;
    return html`${
      rings.length > 0
        ? html`<select aria-label=${text.choose} @change=${this.choose}>
            ${state ? nothing : html`<option value="" .selected=${true}>${text.pick}</option>`}
            ${rings.map(({ ring }) => html`<option value=${ring} .selected=${ring === state?.ring}>${ring}</option>`)}</select>`
        : nothing
    }${state ? this.about(state, words) : nothing}`;
  }

  /** What kind of ring it is, between whom, and where it lies. */
  private about(state: RingState, words: IoWords): TemplateResult {
    const text = words.ring;
    const { design, device, front, back, connected, capacity, entryBytes, pages } = state;
    const size =
      design === "xen" ? text.size(grouped(capacity), String(entryBytes)) : text.queueSize(grouped(capacity));
    return html`<span class="about"><b>${text.designs[design]}</b><span>${text.devices[device]}</span>
      <span class="ways">${this.party(front, words)} <span aria-hidden="true">→</span> ${this.party(back, words)}</span>
      ${connected ? nothing : html`<b class="disconnected">${text.disconnected}</b>`}<span title=${text.lies(pages.join(", "))}>${size}</span></span>`;
  }

  private choose(event: Event) {
    const { value } = event.target as HTMLSelectElement;
    if (value) emit(this, "ring-choose", { ring: value });
  }

  protected override picture(words: IoWords): TemplateResult {
    const state = this.state!;
    const wide = this.width >= WIDE;
    const half = wide ? (this.width - PADDING - 24) / 2.2 : this.width - PADDING;
    return html`${state.fault ? html`<p class="problem" role="status">${words.ring.fault(state.fault)}</p>` : nothing}
      <div class="body" style="--front:${this.colourOf(state.front)};--back:${this.colourOf(state.back)}">
        <div class="top ${wide ? "" : "narrow"}">${this.dial(state, words)}${this.band(state, words, wide)}${ringLegend(words)}</div>
        ${descriptorStrip(state, this.model, this.slotAtCursor?.slot, this.width - PADDING, words)}
        <div>${conditionsPicture(state, words, (name) => this.party(name, words))}</div>
        <div class="columns ${wide ? "" : "narrow"}">
          <div><div class="slot">${this.detail(state, words, wide ? half * 1.2 : half)}</div>${wide ? this.happened(state, words) : nothing}</div>
          <div>${state.pace.available ? this.pace(state, words) : nothing}
            <div>${countersPicture(state, words)}</div>
            <div>${batchesPicture(state, Math.max(120, Math.floor(half) - 2), words)}</div>
            ${state.pace.available ? nothing : this.pace(state, words)}</div>
        </div>
        ${wide ? nothing : this.happened(state, words)}
      </div>`;
  }

  private pace(state: RingState, words: IoWords): TemplateResult {
    const { ring, back } = state;
    const actions: PaceActions = {
      change: (pace) => emit(this, "ring-pace", { ring, ...pace }),
      step: (by) => emit(this, "ring-step", { ring, by }),
    };
    return html`<div>${pacePicture(state, back !== HOST, words, actions)}</div>`;
  }

  private happened({ ring }: RingState, words: IoWords): TemplateResult {
    return html`<div><h2>${words.trace.title}</h2><io-trace .language=${this.language} .trace=${this.trace} .ring=${ring} .letters=${this.letters}></io-trace></div>`;
  }

  private dial(state: RingState, words: IoWords): TemplateResult {
    const { free } = tally(state);
    const busy = state.capacity - free;
    return html`<figure class="dial"><svg viewBox=${DIAL_BOX} role="img" aria-label=${words.ring.dial(String(busy), grouped(state.capacity))} @click=${this.pointDial}>
      ${dialPicture({ model: this.model, window: this.window, selected: this.cursor, busy, of: words.ring.of(grouped(state.capacity)) })}</svg></figure>`;
  }

  private bandWidth(wide: boolean): number {
    return Math.max(200, this.width - PADDING - (wide ? DIAL_COLUMN : 0));
  }

  private band(state: RingState, words: IoWords, wide: boolean): TemplateResult {
    const text = words.ring;
    const { window, model } = this;
    const { capacity } = state;
    const band = bandOf(model, window, this.bandWidth(wide));
    const last = modulo(window.start + window.count - 1, capacity);
    const name = (side: "front" | "back") => state[side];
    return html`<figure class="band">
      <figcaption><span>${text.band(window.start, last)}</span><span>${text.above(this.nameOf(name("front"), words))}</span><span>${text.below(this.nameOf(name("back"), words))}</span>
        ${window.count < capacity ? this.moves(capacity, words) : nothing}</figcaption>
      <svg viewBox="0 0 ${band.width} ${band.height}" width=${band.width} height=${band.height} tabindex="0" role="slider"
        aria-label="${text.band(window.start, last)}. ${text.keys}" aria-valuemin="0" aria-valuemax=${capacity - 1}
        aria-valuenow=${this.cursor?.position ?? 0} aria-valuetext=${this.cursorWords(state, words)} @keydown=${this.steer} @click=${this.pointBand}>
        ${bandPicture({
          band,
          window,
          capacity,
          selected: this.cursor,
          freshSlots: this.changes.slots,
          freshIndices: this.changes.indices,
          beat: this.beat,
          trackWords: text.tracks,
          titleOf: (pointer) => pointerTitle(pointer, words),
          colourOf: (side) => this.colourOf(name(side)),
        })}</svg></figure>`;
  }

  private nameOf(name: string, words: IoWords): string {
    return name === HOST ? words.program : name;
  }

  /** For rings larger than the window. */
  private moves(capacity: number, words: IoWords): TemplateResult {
    const text = words.ring;
    const by = (slots: number) => () => {
      this.shift = modulo(this.window.start + slots, capacity);
    };
    return html`<span class="moves">
      <button title=${text.earlier} aria-label=${text.earlier} @click=${by(-this.window.count / 2)}>${icon("left")}</button>
      <button title=${text.later} aria-label=${text.later} @click=${by(this.window.count / 2)}>${icon("right")}</button>
      <button title=${text.followTitle} aria-pressed=${this.shift === undefined ? "true" : "false"} @click=${this.follow}>${text.follow}</button></span>`;
  }

  private follow() {
    this.shift = this.shift === undefined ? this.window.start : undefined;
  }

  /** The slot at the cursor, wherever it stands now. */
  private get slotAtCursor() {
    const { cursor } = this;
    const track = cursor && this.model.tracks.find(({ name }) => name === cursor.track);
    const filled = track?.cells.get(cursor!.position)?.slot;
    if (filled || !cursor || this.state?.virtqueue) return filled;
    return this.state?.slots.find(({ slot }) => slot === cursor.position);
  }

  private cursorWords(state: RingState, words: IoWords): string {
    const slot = this.slotAtCursor;
    if (!this.cursor) return words.slot.pick;
    if (!slot) return words.ring.freeWords(this.cursor.position);
    const { states, slotWords, headWords } = words.ring;
    return state.virtqueue ? headWords(slot.slot, states[slot.state]) : slotWords(slot.slot, states[slot.state]);
  }

  private detail(state: RingState, words: IoWords, room: number): TemplateResult {
    const slot = this.slotAtCursor;
    if (!this.cursor) return html`<p class="note">${words.slot.pick}</p>`;
    if (!slot)
      return html`<h2>${state.virtqueue ? words.ring.freeWords(this.cursor.position) : slotName(state, this.cursor.position, words)}</h2><p class="note">${words.slot.free}</p>`;
    const before =
      this.previous?.ring === state.ring ? this.previous.slots.find((other) => other.slot === slot.slot) : undefined;
    return slotPicture({ state, slot, before, beat: this.beat, perLine: room >= 520 ? 16 : 8, words });
  }

  /** Looks at a cell; the window comes along. */
  private look(cursor: Cursor) {
    const { capacity } = this.model;
    this.cursor = cursor;
    const moved = windowAround(this.window, capacity, cursor.position);
    if (moved !== this.window) this.shift = moved.start;
  }

  private steer(event: KeyboardEvent) {
    const { capacity, tracks } = this.model;
    const { track, position } = this.cursor ?? {
      track: tracks[0]!.name,
      position: modulo(this.window.start - 1, capacity),
    };
    const at = (to: number) => this.look({ track, position: modulo(to, capacity) });
    const other = tracks.find(({ name }) => name !== track);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => at(position - 1),
      ArrowRight: () => at(position + 1),
      PageUp: () => at(position - 8),
      PageDown: () => at(position + 8),
      Home: () => at(0),
      End: () => at(capacity - 1),
      ArrowUp: () => other && this.look({ track: other.name, position }),
      ArrowDown: () => other && this.look({ track: other.name, position }),
      Escape: () => {
        this.cursor = undefined;
      },
    };
    const move = moves[event.key];
    if (!move) return;
    move();
    event.preventDefault();
  }

  private pointBand(event: MouseEvent) {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const band = bandOf(this.model, this.window, this.bandWidth(this.width >= WIDE));
    const { capacity } = this.model;
    const under = cellUnder(band, this.window, capacity, event.clientX - box.left, event.clientY - box.top);
    if (under) this.look(under);
  }

  private pointDial(event: MouseEvent) {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const scale = DIAL / box.width;
    const x = (event.clientX - box.left) * scale - DIAL / 2;
    const y = (event.clientY - box.top) * scale - DIAL / 2;
    const { capacity, tracks } = this.model;
    const track = tracks.length > 1 && Math.hypot(x, y) < 52 ? tracks[1]! : tracks[0]!;
    this.look({ track: track.name, position: positionUnder(x, y, capacity) });
  }

  protected override table(words: IoWords): TemplateResult {
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.ring.title)}>${ringTables(this.state!, words)}</div>`;
  }
}

function pointerTitle({ index, threshold, position }: Pointer, words: IoWords): string {
  const { name, value, from } = index;
  return threshold
    ? words.ring.thresholdTitle(name, String(value), from)
    : words.ring.pointerTitle(name, String(value), position, from);
}

customElements.define("ring-view", RingView);
