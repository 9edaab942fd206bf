import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import type { Letters } from "../io/parties.ts";
import type { Language } from "../language.ts";
import { Panel } from "../panel/panel.ts";
import { holdControls } from "./map/controls.ts";
import "./map/map.ts";
import type { DecidedBy, Id, NetworkPicture, Passing, Trail } from "./picture.ts";
import { networkTable } from "./tables/drawing.ts";
import { objectTables } from "./tables/objects.ts";
import { hopTable, packetTable } from "./tables/packets.ts";
import { placesOf, tablesAt } from "./tables/rows.ts";
import "./tables/tables.ts";
import "./way/trail.ts";
import { hex } from "./way/bytes.ts";
import { type NetworkWords, networkWords } from "./words/words.ts";

const PARTS = ["all", "map", "packets", "tables"] as const;
type Part = (typeof PARTS)[number];

/** From this width on the map and the packets stand side by side, and from this height on the tables below the map. */
const WIDE = 700;
const HIGH = 460;

const NOTHING: Passing = { trails: [], leftOut: 0, rate: 0 };

/**
 * The network of a lab: a map of it, the packets that passed with their ways, and the tables that decided.
 *
 * @fires network-hold {link, on} network-step {link} network-cable {machine, nic, plugged} network-cut {link, on}
 * @fires network-shape {link, latency, jitter, loss, rate} (null: none) network-mirror {link, to} network-forget {link}
 * @fires network-reset {link} network-save {link?} network-replay {link, file} network-clear
 */
export class NetworkView extends Panel<NetworkWords> {
  static override properties: PropertyDeclarations = {
    letters: { attribute: false },
    network: { attribute: false },
    passing: { attribute: false },
    section: { state: true },
    trail: { state: true },
    hop: { state: true },
    chosen: { state: true },
    row: { state: true },
    room: { state: true },
  };

  declare letters: Letters;
  /** What was read last. */
  declare network: NetworkPicture | undefined;
  declare passing: Passing;
  /** What the student wants to see of it. */
  declare private section: Part;
  /** The packet whose way is looked at, which stays when it leaves the list, and the index of a hop of it. */
  declare private trail: Trail | undefined;
  declare private hop: number | undefined;
  /** The row of a table that is asked for. */
  declare private row: DecidedBy | undefined;
  /** The thing on the map that is looked at. */
  declare private chosen: Id | undefined;
  declare private room: { readonly width: number; readonly height: number };
  private readonly observer = new ResizeObserver(([entry]) => {
    const { width = 0, height = 0 } = entry?.contentRect ?? {};
    this.room = { width: Math.floor(width), height: Math.floor(height) };
  });

  static override styles = [
    ...Panel.styles,
    css`
    .parts {
      display: inline-flex;
      gap: 4px;
    }
    .holding {
      display: inline-flex;
      gap: var(--space-1);
      align-items: center;
      min-width: 0;
    }
    .holding b {
      font-family: var(--mono);
    }
    .waits {
      color: var(--warn);
      font-weight: 600;
      white-space: nowrap;
    }
    .body {
      display: grid;
      flex: 1 1 0;
      min-height: 200px;
      padding: 0;
      border-top: 1px solid var(--line);
    }
    .body > * {
      min-width: 0;
      min-height: 0;
      overflow: hidden;
    }
    .body.wide {
      grid-template: minmax(0, 1fr) / minmax(0, 1.25fr) minmax(310px, 1fr);
    }
    .body.wide.high {
      grid-template: fit-content(calc(100% - 170px)) minmax(0, 1fr) / minmax(0, 1.25fr) minmax(310px, 1fr);
    }
    .body.wide network-trail {
      grid-row: 1 / -1;
      grid-column: 2;
      border-left: 1px solid var(--line);
    }
    .body.wide network-tables {
      border-top: 1px solid var(--line);
    }
    @container (max-width: 520px) {
      .holding .waits {
        display: none;
      }
    }
    @container (max-width: 920px) {
      .bar > button .word {
        display: none;
      }
      .bar > button {
        width: var(--tap);
        padding: 0;
      }
    }
    .objects {
      display: grid;
      gap: var(--space-2);
    }
    .objects h2 {
      padding-top: var(--space-2);
    }
  `,
  ];

  constructor() {
    super();
    this.letters = {};
    this.passing = NOTHING;
    this.section = "all";
    this.room = { width: 0, height: 0 };
  }

  override connectedCallback() {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  protected override willUpdate() {
    // a packet is seen at more places as guests are read
    const { trail } = this;
    if (trail) this.trail = this.passing.trails.find(({ id }) => id === trail.id) ?? trail;
  }

  protected override wordsIn(language: Language): NetworkWords {
    return networkWords(language);
  }

  protected override get hasData(): boolean {
    return this.network !== undefined;
  }

  protected override data() {
    if (!this.network) return undefined;
    const { trails, leftOut, rate } = this.passing;
    const plain = trails.map(({ hops, ...trail }) => ({
      ...trail,
      hops: hops.map(({ bytes, source, ...hop }) => ({ ...hop, bytes: hexadecimal(bytes) })),
    }));
    return { picture: this.network, packets: plain, leftOut, rate };
  }

  private get wide(): boolean {
    return this.room.width >= WIDE;
  }

  /** Where there is room for one part only, it is the map at first. */
  private get shown(): Part {
    return this.section === "all" && !this.wide ? "map" : this.section;
  }

  protected override controls(words: NetworkWords): TemplateResult | typeof nothing {
    if (!this.network) return nothing;
    const parts = this.wide ? PARTS : PARTS.slice(1);
    const { clear, clearTitle, save, saveTitle } = words.controls;
    return html`<span class="parts" role="group" aria-label=${words.part}>${parts.map(
      (part) =>
        html`<button aria-pressed=${this.shown === part && !this.asTable ? "true" : "false"} @click=${() => this.show(part)}>${words.parts[part]}</button>`,
    )}</span>
      ${this.holding(words)}
      <button class="quiet" title=${saveTitle} aria-label=${save} @click=${() => emit(this, "network-save", {})}>${icon("save")}<span class="word">${save}</span></button>
      <button class="quiet" title=${clearTitle} aria-label=${clear} ?disabled=${this.passing.trails.length === 0} @click=${this.clear}>${icon("cross")}<span class="word">${clear}</span></button>`;
  }

  /** Links that are held, with what lets their frames go. */
  private holding(words: NetworkWords) {
    return this.network!.fabric.filter(({ report }) => report.held).map(
      ({
        report,
      }) => html`<span class="holding" role="group" aria-label=${words.controls.title(report.link)}><b>${report.link}</b>
          ${holdControls(report, words, (name, detail) => emit(this, `network-${name}`, detail))}</span>`,
    );
  }

  private show(part: Part) {
    this.section = part;
    this.asTable = false;
  }

  private clear() {
    this.trail = undefined;
    this.hop = undefined;
    emit(this, "network-clear", {});
  }

  protected override picture(): TemplateResult {
    const { shown, wide } = this;
    const all = shown === "all";
    const high = this.room.height >= HIGH;
    const shows = (part: Part) => shown === part || (all && (part !== "tables" || high));
    return html`<div class="body ${all && wide ? "wide" : ""} ${high ? "high" : ""}" @network-choose=${this.take} @network-look=${this.look} @network-row=${this.showRow}>
      ${shows("map") ? this.map() : nothing}
      ${shows("packets") ? this.packets() : nothing}
      ${shows("tables") ? this.tables() : nothing}</div>`;
  }

  private map(): TemplateResult {
    const { trails, rate, leftOut } = this.passing;
    return html`<network-map ?compact=${this.room.height < HIGH} .language=${this.language} .letters=${this.letters} .picture=${this.network} .trails=${trails}
      .trail=${this.trail} .hop=${this.hop} .chosen=${this.chosen} .rate=${rate} .leftOut=${leftOut}></network-map>`;
  }

  private packets(): TemplateResult {
    const { trails, leftOut } = this.passing;
    return html`<network-trail .language=${this.language} .letters=${this.letters} .picture=${this.network} .trails=${trails}
      .leftOut=${leftOut} .chosen=${this.trail} .hop=${this.hop}></network-trail>`;
  }

  private tables(): TemplateResult {
    const hop = this.trail?.hops[this.hop ?? -1];
    return html`<network-tables .language=${this.language} .picture=${this.network} .decided=${hop?.decided ?? UNDECIDED}
      .at=${hop?.at ?? this.chosen} .row=${this.row}></network-tables>`;
  }

  /** Something on the map. */
  private take(event: CustomEvent<{ id: Id | undefined }>) {
    event.stopPropagation();
    this.chosen = event.detail.id;
  }

  /** A packet, or a hop of it. */
  private look(event: CustomEvent<{ trail: Id; hop: number | undefined }>) {
    event.stopPropagation();
    const { trail, hop } = event.detail;
    this.trail = this.passing.trails.find(({ id }) => id === trail) ?? this.trail;
    this.hop = hop;
    this.row = undefined;
  }

  /** A row of a table, which is brought into sight where it is not. */
  private showRow(event: CustomEvent<{ row: DecidedBy }>) {
    event.stopPropagation();
    const { row } = event.detail;
    const hop = this.trail?.hops.findIndex(({ decided }) => decided.includes(row)) ?? -1;
    if (hop >= 0) this.hop = hop;
    this.row = row;
    if (this.shown !== "all" || this.room.height < HIGH) this.section = "tables";
  }

  protected override table(words: NetworkWords): TemplateResult {
    const picture = this.network!;
    const { trails } = this.passing;
    return html`<div class="scroll objects" role="region" tabindex="0" aria-label=${words.tableOf(words.title)}>
      ${objectTables(picture, words).map((table) => networkTable(table, words))}
      ${networkTable(packetTable(picture, trails, words), words)}
      ${this.trail ? networkTable(hopTable(picture, this.trail, words), words) : nothing}
      ${placesOf(picture).map(({ id, name }) => {
        const tables = tablesAt(picture, id, words);
        return tables.length === 0
          ? nothing
          : html`<h2>${name}</h2>${tables.map((table) => networkTable(table, words))}`;
      })}</div>`;
  }
}

const UNDECIDED: readonly DecidedBy[] = [];

const hexadecimal = (bytes: Uint8Array): string => [...bytes].map(hex).join("");

customElements.define("network-view", NetworkView);
