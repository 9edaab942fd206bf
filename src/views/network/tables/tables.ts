import {
  css,
  html,
  LitElement,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import type { Language } from "../../language.ts";
import { panelStyles } from "../../panel/styles.ts";
import { base, buttons } from "../../styles.ts";
import { linkId, namespaceOfInterface, portOf } from "../picture/ids.ts";
import type { DecidedBy, Id, NetworkPicture } from "../picture.ts";
import { reveal } from "../reveal.ts";
import { thingOf } from "../things.ts";
import { type NetworkWords, networkWords } from "../words/words.ts";
import { networkTable } from "./drawing.ts";
import { type NetworkTable, placesOf, tablesAt } from "./rows.ts";

/**
 * The tables of the place that is looked at: FDB, neighbours, routes, connections, rules, translations, ports. The rows
 * that decided what happened at the chosen hop are marked, and brought into sight.
 */
export class NetworkTables extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    picture: { attribute: false },
    decided: { attribute: false },
    at: { attribute: false },
    row: { attribute: false },
    place: { state: true },
  };

  declare language: Language;
  declare picture: NetworkPicture | undefined;
  /** What decided at the chosen hop. */
  declare decided: readonly DecidedBy[];
  /** The thing that is looked at on the map, or where the chosen hop is. */
  declare at: Id | undefined;
  /** The one of what decided that is asked for. */
  declare row: DecidedBy | undefined;
  /** A namespace or a link; undefined: all of them. */
  declare private place: Id | undefined;

  static override styles = [
    base,
    buttons,
    panelStyles,
    css`
    :host {
      height: auto;
      overflow: hidden;
    }
    .head {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 4px var(--space-2);
      padding: 4px var(--space-3);
    }
    .head select {
      min-height: 26px;
      font-size: 12px;
    }
    .head label {
      display: inline-flex;
      align-items: center;
      gap: 6px;
    }
    :host > .scroll {
      padding-bottom: var(--space-2);
    }
    h3 {
      padding-top: var(--space-2);
      color: var(--text-2);
    }
    .plain caption {
      padding: 4px 0 2px;
    }
    .plain tr.wanted > * {
      border-bottom: 2px solid var(--accent);
    }
    .plain tr.here > :first-child {
      box-shadow: inset 3px 0 var(--accent);
    }
    .decided {
      position: relative;
      margin: 0 4px 0 6px;
      color: var(--accent);
    }
    .gone {
      padding: 2px 0;
      color: var(--text-2);
    }
  `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.decided = [];
  }

  protected override willUpdate(changed: PropertyValues) {
    if (!changed.has("decided") && !changed.has("at") && !changed.has("row")) return;
    const [first] = this.decided;
    if (this.row && changed.has("row")) this.place = this.row.at;
    else if (first && changed.has("decided")) this.place = first.at;
    else if (this.at !== undefined && changed.has("at")) this.place = this.placeOf(this.at) ?? this.place;
  }

  /** The namespace or link a thing belongs to. */
  private placeOf(id: Id): Id | undefined {
    const thing = this.picture && thingOf(this.picture, id);
    if (thing?.kind === "machine") return thing.machine.namespaces?.[0]?.id;
    if (thing?.kind === "namespace" || thing?.kind === "link") return id;
    const port = portOf(id);
    return port ? linkId(port.link) : namespaceOfInterface(id);
  }

  protected override updated(changed: PropertyValues) {
    if (!changed.has("decided") && !changed.has("place") && !changed.has("row")) return;
    const list = this.renderRoot.querySelector(".scroll");
    const row = this.renderRoot.querySelector("tr.wanted") ?? this.renderRoot.querySelector("tr.here");
    reveal(list, row?.closest("table") ?? null);
    reveal(list, row);
  }

  override render() {
    const { picture } = this;
    const words = networkWords(this.language);
    if (!picture) return nothing;
    const places = placesOf(picture);
    const place = places.some(({ id }) => id === this.place) ? this.place : undefined;
    const shown = place === undefined ? places : places.filter(({ id }) => id === place);
    const text = words.tables;
    return html`<div class="head"><h2>${text.title}</h2><label>${text.place}<select @change=${this.choose}>
        <option value="" .selected=${place === undefined}>${text.all}</option>
        ${places.map(({ id, name }) => html`<option value=${id} .selected=${id === place}>${name}</option>`)}</select></label></div>
      <div class="scroll" role="region" tabindex="0" aria-label=${text.title}>
        ${this.gone(words)}
        ${shown.map(({ id, name }) => this.tablesOf(id, place === undefined ? name : undefined, words))}
      </div>`;
  }

  private tablesOf(place: Id, name: string | undefined, words: NetworkWords): TemplateResult | typeof nothing {
    const tables = tablesAt(this.picture!, place, words);
    if (tables.length === 0) return name === undefined ? html`<p class="gone">${words.tables.none}</p>` : nothing;
    const decided = (table: NetworkTable, index: number) => {
      const is = (one: DecidedBy | undefined) => one?.at === place && one.table === table.decides && one.row === index;
      return is(this.row) ? "wanted" : this.decided.some(is) ? "here" : undefined;
    };
    return html`${name === undefined ? nothing : html`<h3>${name}</h3>`}${tables.map((table) => networkTable(table, words, decided))}`;
  }

  /** Rows that decided and are there no more. */
  private gone(words: NetworkWords) {
    return this.decided
      .filter(({ row }) => row < 0)
      .map(({ text }) => html`<p class="gone">${words.tables.gone(text)}</p>`);
  }

  private choose(event: Event) {
    this.place = (event.target as HTMLSelectElement).value || undefined;
  }
}

customElements.define("network-tables", NetworkTables);
