import { html, nothing, type TemplateResult } from "lit";
import type { Letters } from "../../io/parties.ts";
import type { Language } from "../../language.ts";
import { machineColour } from "../../machine.ts";
import { interfaceOf } from "../picture/ids.ts";
import type { DecidedBy, FieldChange, Hop, NetworkPicture, Trail } from "../picture.ts";
import { placeName, thingOf } from "../things.ts";
import { lossWords } from "../words/losses.ts";
import type { NetworkWords } from "../words/words.ts";
import "./layers.ts";

export interface HopList {
  readonly picture: NetworkPicture;
  readonly trail: Trail;
  /** Index of the hop that is looked at. */
  readonly hop: number | undefined;
  readonly language: Language;
  readonly letters: Letters;
  readonly words: NetworkWords;
  choose(hop: number | undefined): void;
  /** The row that decided, in its table. */
  show(row: DecidedBy): void;
}

/** A packet's way as a sequence: where it was, what changed there, which row decided. */
export function hopList(list: HopList): TemplateResult {
  const { trail } = list;
  return html`<ol class="hops ${trail.colour}">${trail.hops.map((hop, at) => hopItem(hop, at, list))}${ending(list)}</ol>`;
}

function hopItem(hop: Hop, at: number, list: HopList): TemplateResult {
  const { trail, hop: chosen, words, choose } = list;
  const open = chosen === at;
  const since = hop.time - trail.hops[0]!.time;
  return html`<li class=${open ? "open" : ""}>
    <button class="hop" aria-expanded=${open ? "true" : "false"} @click=${() => choose(open ? undefined : at)}>
      <span class="unseen">${words.way.hop(at + 1)}: </span><span class="number" aria-hidden="true">${at + 1}</span>${placeWords(hop, list)} <span class="direction">${directionWord(hop, words)}</span>
      <span class="since">${words.way.since(since.toFixed(since < 100 ? 2 : 0))}</span></button>
    ${cameFrom(hop, at, words)}
    ${hop.changes.length > 0 ? html`<ul class="changes" aria-label=${words.way.changes}>${hop.changes.map((change) => changeItem(change, words))}</ul>` : nothing}
    ${hop.decided.length > 0 ? html`<ul class="decided" aria-label=${words.way.decided}>${hop.decided.map((one) => decidedItem(one, list))}</ul>` : nothing}
    ${open ? html`<network-layers .language=${list.language} .bytes=${hop.bytes} .length=${hop.length} .changes=${hop.changes}></network-layers>` : nothing}</li>`;
}

export function directionWord({ at, direction }: Hop, words: NetworkWords): string {
  return words.way.directions[at.startsWith("port:") ? "port" : "interface"][direction];
}

/** A machine's letter in its colour, and the place. */
function placeWords({ at }: Hop, { picture, letters }: HopList): TemplateResult {
  const thing = thingOf(picture, at);
  const machine =
    thing?.kind === "interface"
      ? thing.machine.name
      : thing?.kind === "machine"
        ? thing.machine.name
        : interfaceOf(at)?.machine;
  const letter = machine === undefined ? undefined : letters[machine];
  const name = placeName(picture, at);
  const cut = name.lastIndexOf(" ");
  return html`${letter === undefined ? nothing : html`<span class="letter" style="color:${machineColour(letter)}">${letter}</span> `}<span class="place">${name.slice(0, cut + 1)}<b>${name.slice(cut + 1)}</b></span>`;
}

/** Where a packet has several ways, each hop but the next says which it came from. */
function cameFrom({ from }: Hop, at: number, words: NetworkWords) {
  if (at === 0 || from === at - 1) return nothing;
  return html`<p class="from">${from === undefined ? words.way.unknown : words.way.after(from + 1)}</p>`;
}

function changeItem({ field, before, after }: FieldChange, words: NetworkWords): TemplateResult {
  return html`<li><span class="field">${words.way.fields[field]}</span> <s>${before}</s> <span aria-hidden="true">→</span> <b>${after}</b></li>`;
}

function decidedItem(decided: DecidedBy, { picture, words, show }: HopList): TemplateResult {
  const { table, at, row, text, how } = decided;
  const way = words.way;
  const computed = how === "computed";
  const place = placeName(picture, at);
  const found = html`<small>${words.tables.in(place)}</small>`;
  return html`<li class=${how}><span class="table">${way.tables[table]}</span><code>${text}</code>
    ${row < 0 ? html`${found}<small>${way.gone}</small>` : html`<button class="row" title=${way.goTo} @click=${() => show(decided)}>${words.tables.in(place)}</button>`}
    <small class=${computed ? "computed-word" : ""} title=${computed ? way.computedTitle : way.recordedTitle}>${computed ? words.computed : way.recorded}</small></li>`;
}

/** Where it was lost, and why as far as that is known. */
function ending({ trail, picture, language, words }: HopList) {
  const { lost } = trail;
  if (!lost) return nothing;
  const guess = lost.how === "computed" && lost.why.kind !== "unseen";
  return html`<li class="lost ${guess ? "computed" : ""}"><p><span class="cross" aria-hidden="true">✕</span><b>${words.list.lostAt(placeName(picture, lost.at))}</b>
    ${lossWords(language, lost.why)} ${guess ? html`<small class="computed-word" title=${words.way.computedTitle}>${words.computed}</small>` : nothing}</p></li>`;
}
