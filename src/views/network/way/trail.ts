import { html, LitElement, nothing, type PropertyDeclarations, type PropertyValues } from "lit";
import { emit } from "../../events.ts";
import type { Letters } from "../../io/parties.ts";
import type { Language } from "../../language.ts";
import { grouped } from "../../quantities.ts";
import { base, buttons } from "../../styles.ts";
import { COLOURS, packetGlyph } from "../glyphs.ts";
import { packetStyles } from "../packet-styles.ts";
import type { Colour, Id, NetworkPicture, Trail } from "../picture.ts";
import { reveal } from "../reveal.ts";
import { type NetworkWords, networkWords } from "../words/words.ts";
import { hopList } from "./hops.ts";
import { LISTED, listed, matching, optionId, packetOptions } from "./list.ts";
import { wayStyles } from "./styles.ts";

/**
 * The packets that passed lately, and the way of the one that is chosen: hop by hop, what changed, what decided, and the
 * layers and bytes of the frame at the chosen hop.
 *
 * @fires network-look {trail, hop} another packet or hop is looked at
 * @fires network-row {row} the row that decided is to be shown in its table
 */
export class NetworkTrail extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    letters: { attribute: false },
    picture: { attribute: false },
    trails: { attribute: false },
    leftOut: { attribute: false },
    chosen: { attribute: false },
    hop: { attribute: false },
    unwanted: { state: true },
    filter: { state: true },
  };

  declare language: Language;
  declare letters: Letters;
  declare picture: NetworkPicture | undefined;
  /** What passed lately, the newest last. */
  declare trails: readonly Trail[];
  /** Frames that are in none of them. */
  declare leftOut: number;
  /** The packet that is looked at, which may have left the list. */
  declare chosen: Trail | undefined;
  declare hop: number | undefined;
  /** Kinds of packets the student does not want to see, and what has to be in the summary of those that are listed. */
  declare private unwanted: ReadonlySet<Colour>;
  declare private filter: string;

  static override styles = [base, buttons, packetStyles, ...wayStyles];

  constructor() {
    super();
    this.language = "en";
    this.letters = {};
    this.trails = [];
    this.leftOut = 0;
    this.unwanted = new Set();
    this.filter = "";
  }

  protected override updated(changed: PropertyValues) {
    const way = this.renderRoot.querySelector(".way");
    if (changed.has("hop") && this.hop !== undefined) reveal(way, this.renderRoot.querySelector(".hops .open"));
  }

  /** The packets in the list. */
  private get shown(): readonly Trail[] {
    return matching(this.trails, this.unwanted, this.filter);
  }

  override render() {
    const words = networkWords(this.language);
    const { trails, chosen, leftOut, shown } = this;
    const text = words.list;
    const inList = chosen && listed(shown).some(({ id }) => id === chosen.id);
    const list = { picture: this.picture, trails: shown, chosen: chosen?.id, words, choose: (id: Id) => this.look(id) };
    return html`<div class="panes"><div class="left"><div class="head"><h2>${text.title}</h2>${trails.length > 0 ? this.choices(words) : nothing}</div>
      ${leftOut > 0 ? html`<p class="note">${text.leftOut(grouped(leftOut))}</p>` : nothing}
      ${
        shown.length === 0
          ? html`<p class="note">${trails.length === 0 ? text.none : text.noneLike}</p>`
          : html`<ul class="packets" role="listbox" tabindex="0" aria-label="${text.title}. ${text.keys}" aria-activedescendant=${inList ? optionId(chosen.id) : nothing}
              @keydown=${this.steer}>${packetOptions(list)}</ul>`
      }${shown.length > LISTED ? html`<p class="note">${text.older(grouped(shown.length - LISTED))}</p>` : nothing}</div>
      ${this.way()}</div>`;
  }

  /** Which packets are listed: kinds, pressed where they are, and a text. */
  private choices(words: NetworkWords) {
    return html`<span class="kinds" role="group" aria-label=${words.list.kinds}>${COLOURS.map(
      (
        colour,
      ) => html`<button class="quiet icon-only" aria-label=${words.colours[colour]} title=${words.colours[colour]}
        aria-pressed=${this.unwanted.has(colour) ? "false" : "true"} @click=${() => this.toggle(colour)}>${packetGlyph(colour)}</button>`,
    )}</span><input type="search" aria-label=${words.list.filter} placeholder=${words.list.filterHint} .value=${this.filter} @input=${this.narrow}>`;
  }

  private toggle(colour: Colour) {
    const unwanted = new Set(this.unwanted);
    if (!unwanted.delete(colour)) unwanted.add(colour);
    this.unwanted = unwanted;
  }

  private narrow(event: Event) {
    this.filter = (event.target as HTMLInputElement).value;
  }

  private way() {
    const { chosen, picture, trails } = this;
    const words = networkWords(this.language);
    if (!chosen || !picture) return trails.length > 0 ? html`<p class="note">${words.way.pick}</p>` : nothing;
    return html`<section class="way" aria-label=${words.way.title} @keydown=${this.climb}><p class="whole">${chosen.summary}</p>
      ${hopList({
        picture,
        trail: chosen,
        hop: this.hop,
        language: this.language,
        letters: this.letters,
        words,
        choose: (hop) => this.look(chosen.id, hop),
        show: (row) => emit(this, "network-row", { row }),
      })}</section>`;
  }

  private look(trail: Id, hop?: number) {
    emit(this, "network-look", { trail, hop });
  }

  private async steer(event: KeyboardEvent) {
    const shown = listed(this.shown);
    const at = shown.findIndex(({ id }) => id === this.chosen?.id);
    const steps: Readonly<Record<string, number>> = {
      ArrowUp: at < 0 ? 0 : at - 1,
      ArrowDown: at + 1,
      PageUp: at - 8,
      PageDown: at + 8,
      Home: 0,
      End: shown.length - 1,
    };
    const step = steps[event.key];
    if (step === undefined || shown.length === 0) return;
    event.preventDefault();
    const { id } = shown[Math.max(0, Math.min(shown.length - 1, step))]!;
    this.look(id);
    await this.updateComplete;
    reveal(
      this.renderRoot.querySelector(".packets"),
      this.renderRoot.querySelector(`[id="${CSS.escape(optionId(id))}"]`),
    );
  }

  /** From hop to hop, where no list or dump inside takes the key. */
  private climb(event: KeyboardEvent) {
    const hops = [...this.renderRoot.querySelectorAll<HTMLElement>(".hop")];
    const at = hops.indexOf(event.target as HTMLElement);
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const next = hops[at + by];
    if (at < 0 || by === 0 || !next) return;
    event.preventDefault();
    next.focus();
  }
}

customElements.define("network-trail", NetworkTrail);
