import { css, html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { IoEvent, IoTrace } from "../../probe/io/types.ts";
import type { Language } from "../language.ts";
import { machineColour } from "../machine.ts";
import { grouped } from "../quantities.ts";
import { base } from "../styles.ts";
import { sign } from "./glyphs.ts";
import type { Letters } from "./parties.ts";
import { type IoWords, ioWords } from "./words/words.ts";

/** Events listed; the trace itself may have more. */
const LISTED = 64;

/** The newest events, the last one first; only those of one ring when it is named, and those of no ring. */
export function eventsShown({ events }: IoTrace, ring: string | undefined): readonly IoEvent[] {
  const own = ring === undefined ? events : events.filter((event) => event.ring === undefined || event.ring === ring);
  return own.slice(-LISTED).reverse();
}

/** What happened between a front and a back, event by event, with a sign and a word for each kind. */
export class IoTraceList extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    trace: { attribute: false },
    ring: {},
    letters: { attribute: false },
  };

  declare language: Language;
  declare trace: IoTrace | undefined;
  /** Name of the ring whose events are shown; without one, those of all. */
  declare ring: string | undefined;
  declare letters: Letters;

  static override styles = [
    base,
    css`
    :host {
      container-type: inline-size;
      font-size: var(--size-small);
      font-variant-numeric: tabular-nums;
    }
    .scroll {
      max-height: 15em;
      overflow: auto;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--surface-1);
    }
    table {
      width: 100%;
      table-layout: fixed;
      border-collapse: collapse;
      font: 12px/1.45 var(--mono);
    }
    th {
      position: sticky;
      top: 0;
      background: var(--surface-1);
      color: var(--text-2);
      font-weight: 400;
    }
    th,
    td {
      padding: 2px 8px;
      border-bottom: 1px solid var(--line);
      text-align: left;
      white-space: nowrap;
      vertical-align: middle;
    }
    th.order {
      width: 5em;
    }
    th.at {
      width: 7em;
    }
    th.kind {
      width: 11em;
    }
    th.machine {
      width: 6em;
    }
    td.detail {
      white-space: normal;
      overflow-wrap: anywhere;
    }
    .number {
      text-align: right;
    }
    td.number {
      color: var(--text-2);
    }
    span.kind {
      display: inline-flex;
      align-items: center;
      gap: 5px;
      font-family: var(--sans);
    }
    svg.sign {
      flex: none;
      width: 15px;
      height: 15px;
    }
    .notify,
    .interrupt,
    .hypercall {
      font-weight: 600;
    }
    .notify svg,
    .interrupt svg {
      color: var(--warn);
    }
    .hypercall svg {
      color: var(--exit);
    }
    .letter {
      font-weight: 600;
    }
    @container (max-width: 460px) {
      .order {
        display: none;
      }
      th,
      td {
        padding: 2px 5px;
      }
      th.machine {
        width: 2.5em;
      }
      .heading {
        position: absolute;
        width: 1px;
        height: 1px;
        overflow: hidden;
        clip-path: inset(50%);
      }
    }
    p {
      margin: 0;
      padding: 4px 0;
      color: var(--text-2);
    }
  `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.letters = {};
  }

  override render() {
    const words = ioWords(this.language);
    const { columns, none, dropped, title } = words.trace;
    const events = this.trace ? eventsShown(this.trace, this.ring) : [];
    if (events.length === 0) return html`<p>${none}</p>`;
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${title}><table>
        <thead><tr><th scope="col" class="number order">${columns.number}</th><th scope="col" class="number at">${columns.at}</th><th scope="col" class="kind">${columns.kind}</th><th scope="col" class="machine"><span class="heading">${columns.machine}</span></th><th scope="col">${columns.detail}</th></tr></thead>
        <tbody>${repeat(
          events,
          ({ number }) => number,
          (event) => this.row(event, words),
        )}</tbody></table></div>
      ${this.trace && this.trace.dropped > 0 ? html`<p>${dropped(grouped(this.trace.dropped))}</p>` : nothing}`;
  }

  private row({ number, at, kind, machine, detail }: IoEvent, words: IoWords): TemplateResult {
    const letter = this.letters[machine];
    return html`<tr><td class="number order">${number}</td><td class="number">${at.toFixed(1)}</td>
      <td><span class="kind ${kind}">${sign(kind)}${words.trace.kinds[kind]}</span></td>
      <td>${letter === undefined ? machine : html`<span class="letter" style="color:${machineColour(letter)}" title=${machine}>${letter}</span>`}</td>
      <td class="detail">${detail}</td></tr>`;
  }
}

customElements.define("io-trace", IoTraceList);
