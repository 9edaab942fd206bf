import { html, LitElement, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { emit } from "../../events.ts";
import { icon } from "../../icons.ts";
import type { Letters } from "../../io/parties.ts";
import type { Language } from "../../language.ts";
import { grouped } from "../../quantities.ts";
import { base, buttons } from "../../styles.ts";
import { COLOURS, packetGlyph } from "../glyphs.ts";
import type { Id, NetworkPicture, Trail } from "../picture.ts";
import { placeName, thingOf } from "../things.ts";
import { type NetworkWords, networkWords } from "../words/words.ts";
import { controlsFor } from "./controls.ts";
import { mapDrawing } from "./drawing.ts";
import { factsOf } from "./facts.ts";
import { type MapLayout, middle } from "./geometry.ts";
import { widthsOf } from "./labels.ts";
import { layoutMap } from "./layout.ts";
import { changedThings, MARK } from "./marks.ts";
import { Motion } from "./motion.ts";
import { type Graph, graphOf, pathData, trailWays } from "./paths.ts";
import { mapStyles } from "./styles.ts";
import { type Direction, walk } from "./walk.ts";

const KEYS: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "inward",
  ArrowRight: "outward",
};

/** Frames a second from which on it is said how many of them are drawn. */
const MANY = 40;
const PADDING = 24;

/**
 * The network as a map: hosts, machines, their namespaces and interfaces, the links between them, packets on their way.
 *
 * @fires network-choose {id} the student looks at something; undefined: at nothing
 * @fires network-hold network-step network-cable network-cut network-shape network-mirror network-forget network-reset
 * @fires network-save network-replay what is to be done (controls.ts)
 */
export class NetworkMap extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    letters: { attribute: false },
    picture: { attribute: false },
    trails: { attribute: false },
    trail: { attribute: false },
    hop: { attribute: false },
    chosen: { attribute: false },
    rate: { attribute: false },
    leftOut: { attribute: false },
    width: { state: true },
    cursor: { state: true },
    drawn: { state: true },
  };

  declare language: Language;
  declare letters: Letters;
  declare picture: NetworkPicture | undefined;
  /** What passed lately, the newest last. */
  declare trails: readonly Trail[];
  /** The packet whose way is drawn, and which of its hops is looked at. */
  declare trail: Trail | undefined;
  declare hop: number | undefined;
  /** The thing that is looked at. */
  declare chosen: Id | undefined;
  /** Frames a second that enter the fabric's links, and frames nobody will hear of. */
  declare rate: number;
  declare leftOut: number;
  declare private width: number;
  declare private cursor: Id | undefined;
  /** Packets that were drawn in the last second. */
  declare private drawn: number;

  private layout: MapLayout | undefined;
  private graph: Graph | undefined;
  private readonly fresh = new Map<Id, { readonly beat: 0 | 1; readonly at: number }>();
  private readonly observer = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });
  private readonly motion: Motion;

  static override styles = [base, buttons, ...mapStyles];

  constructor() {
    super();
    this.language = "en";
    this.letters = {};
    this.trails = [];
    this.rate = 0;
    this.leftOut = 0;
    this.width = 0;
    this.drawn = 0;
    const map = this;
    this.motion = new Motion({
      get graph() {
        return map.graph;
      },
      get place() {
        return map.renderRoot.querySelector<HTMLElement>(".frames");
      },
      trail: (id) => map.trails.find((trail) => trail.id === id),
      drawn: (count) => {
        map.drawn = count;
      },
    });
  }

  override connectedCallback() {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.observer.disconnect();
    this.motion.stop();
  }

  protected override willUpdate(changed: PropertyValues) {
    const { picture } = this;
    if (!picture) return;
    const before = changed.get("picture") as NetworkPicture | undefined;
    if (before) this.markChanges(before, picture);
    if (changed.has("picture") || changed.has("width") || changed.has("language")) {
      const widths = widthsOf(picture, networkWords(this.language));
      this.layout = layoutMap(picture, Math.max(0, this.width - PADDING), widths);
      this.graph = graphOf(this.layout);
    }
    const { nodes } = this.layout!;
    if (!nodes.some(({ id }) => id === this.cursor)) this.cursor = nodes[0]?.id;
  }

  protected override updated(changed: PropertyValues) {
    if (changed.has("trails")) this.motion.see(this.trails);
    if (changed.has("chosen") || changed.has("trail") || changed.has("hop")) this.reveal();
  }

  private markChanges(before: NetworkPicture, after: NetworkPicture) {
    const now = performance.now();
    for (const [id, { at }] of this.fresh) if (now - at > MARK) this.fresh.delete(id);
    for (const id of changedThings(before, after)) {
      this.fresh.set(id, { beat: this.fresh.get(id)?.beat ? 0 : 1, at: now });
    }
    if (this.fresh.size > 0) setTimeout(() => this.requestUpdate(), MARK + 50);
  }

  /** Marks that have not faded; where nothing moves, they stand as long. */
  private get marks(): ReadonlyMap<Id, 0 | 1> {
    const now = performance.now();
    return new Map([...this.fresh].flatMap(([id, { beat, at }]) => (now - at > MARK ? [] : [[id, beat] as const])));
  }

  override render() {
    const { picture, layout } = this;
    if (!picture || !layout) return nothing;
    const words = networkWords(this.language);
    const hops = this.hopPlaces();
    const drawing = mapDrawing({
      picture,
      layout,
      words,
      letters: this.letters,
      chosen: this.chosen,
      cursor: this.cursor,
      fresh: this.marks,
      hops,
      tracks: this.tracks(),
      hop: this.trail?.hops[this.hop ?? -1]?.at,
      choose: (id) => this.choose(id),
    });
    return html`<div class="scroll"><div class="map ${this.trail?.colour ?? ""}" role="group" aria-label="${words.map.title}. ${words.map.keys}"
        style="width:${layout.width}px;height:${layout.height}px" @keydown=${this.steer} @focusin=${this.follow}>
        ${drawing}<div class="frames"></div></div></div>
      ${this.state(words)}${this.detail(words)}`;
  }

  private hopPlaces(): ReadonlyMap<Id, readonly number[]> {
    const places = new Map<Id, number[]>();
    for (const [at, hop] of this.trail?.hops.entries() ?? [])
      places.set(hop.at, [...(places.get(hop.at) ?? []), at + 1]);
    return places;
  }

  /** The chosen packet's way, and where it was lost. */
  private tracks() {
    const { trail, graph } = this;
    if (!trail || !graph) return nothing;
    const ways = trailWays(graph, trail);
    const end = trail.lost && ways.find((way) => way.end === trail.lost?.at)?.points.at(-1);
    return html`<svg class="tracks" width=${graph.layout.width} height=${graph.layout.height} aria-hidden="true">
      <path class="track" d=${ways.map(({ points }) => pathData(points)).join("")} />
      <path class="lost" d=${end ? `M${end.x - 5} ${end.y - 5}l10 10m0-10l-10 10` : ""} /></svg>`;
  }

  private choose(id: Id | undefined) {
    emit(this, "network-choose", { id: this.chosen === id ? undefined : id });
  }

  /** The node that has the focus is the one the arrow keys go on from. */
  private follow(event: FocusEvent) {
    const { id } = (event.target as HTMLElement).dataset;
    if (id !== undefined) this.cursor = id;
  }

  private async steer(event: KeyboardEvent) {
    const direction = KEYS[event.key];
    const nodes = this.layout?.nodes ?? [];
    if (event.key === "Escape" && this.chosen !== undefined) {
      event.preventDefault();
      this.choose(this.chosen);
      return;
    }
    const to =
      event.key === "Home"
        ? nodes[0]?.id
        : event.key === "End"
          ? nodes.at(-1)?.id
          : this.graph && direction && walk(this.graph, this.cursor ?? "", direction);
    if (!direction && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    if (to === undefined) return;
    this.cursor = to;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`[data-id="${CSS.escape(to)}"]`)?.focus();
  }

  /** Scrolls to the hop or thing that is looked at. */
  private reveal() {
    const id = this.trail?.hops[this.hop ?? -1]?.at ?? this.chosen;
    const node = this.layout?.nodes.find((one) => one.id === id);
    const scroll = this.renderRoot.querySelector(".scroll");
    if (!node || !scroll) return;
    const at = middle(node);
    if (at < scroll.scrollTop + 20 || at > scroll.scrollTop + scroll.clientHeight - 20) {
      scroll.scrollTo({ top: at - scroll.clientHeight / 2 });
    }
  }

  private state(words: NetworkWords): TemplateResult {
    const text = words.map;
    const rate = grouped(Math.round(this.rate));
    const many = this.rate >= MANY;
    return html`<div class="state ${this.rate >= 1 || this.leftOut > 0 ? "telling" : ""}"><ul class="legend" aria-label=${text.legend}>${COLOURS.map((colour) => html`<li>${packetGlyph(colour)}${words.colours[colour]}</li>`)}</ul>
      <span class=${many ? "flood" : ""}>${many ? text.flood(rate, grouped(this.drawn)) : this.rate >= 1 ? text.rateNow(rate) : nothing}</span>
      ${this.leftOut > 0 ? html`<span>${text.leftOut(grouped(this.leftOut))}</span>` : nothing}</div>`;
  }

  private detail(words: NetworkWords) {
    const picture = this.picture!;
    const thing = this.chosen === undefined ? undefined : thingOf(picture, this.chosen);
    if (!thing) return nothing;
    const close = words.detail.close;
    return html`<section class="detail" aria-label=${placeName(picture, this.chosen!)}>
      <header><h2>${placeName(picture, this.chosen!)}</h2><button class="quiet icon-only" title=${close} aria-label=${close} @click=${() => this.choose(undefined)}>${icon("cross")}</button></header>
      <dl class="facts">${factsOf(thing, picture, words).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
      ${controlsFor(thing, picture, words, (name, detail) => emit(this, `network-${name}`, detail))}</section>`;
  }
}

customElements.define("network-map", NetworkMap);
