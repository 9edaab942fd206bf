import {
  css,
  html,
  LitElement,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { type Check, decode, type Field, type Layer, type Packet } from "../../../network/codec/index.ts";
import type { Language } from "../../language.ts";
import { base } from "../../styles.ts";
import type { FieldChange } from "../picture.ts";
import { reveal } from "../reveal.ts";
import { type NetworkWords, networkWords } from "../words/words.ts";
import { hex, type Part, partAt, partsOf, printable } from "./bytes.ts";

/** From this width on lines of the dump have 16 bytes. */
const WIDE = 470;
/** Bytes shown at most: a large segment has 64 KiB, of which nobody reads the data. */
const SHOWN = 512;

/** A frame at one place: its layers, field by field, and its bytes. What is chosen in one is marked in the other. */
export class NetworkLayers extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    bytes: { attribute: false },
    length: { attribute: false },
    changes: { attribute: false },
    at: { state: true },
    byte: { state: true },
    width: { state: true },
  };

  declare language: Language;
  declare bytes: Uint8Array;
  /** Bytes the frame had; `bytes` may hold fewer. */
  declare length: number;
  /** Fields that were otherwise at the hop before. */
  declare changes: readonly FieldChange[];
  /** Index of the chosen part; -1 for none. */
  declare private at: number;
  /** The byte the arrow keys stand on. */
  declare private byte: number;
  declare private width: number;

  private packet: Packet = { length: 0, captured: 0, layers: [] };
  private parts: readonly Part[] = [];
  private readonly observer = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  static override styles = [
    base,
    css`
    :host {
      font-size: 12px;
      font-variant-numeric: tabular-nums;
    }
    ul {
      position: relative;
      max-height: 264px;
      margin: 0;
      overflow: auto;
      padding: 0;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--surface-0);
      list-style: none;
      cursor: pointer;
    }
    ul:focus-visible {
      outline-offset: 1px;
    }
    li {
      display: grid;
      grid-template-columns: minmax(8em, 11em) minmax(0, 1fr);
      gap: 0 8px;
      padding: 1px 6px 1px 16px;
      line-height: 17px;
    }
    li .value {
      font-family: var(--mono);
      overflow-wrap: anywhere;
    }
    li .name,
    li small {
      color: var(--text-2);
    }
    li small {
      font: 12px var(--sans);
    }
    li.layer {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: 0 8px;
      padding: 2px 6px;
      background: var(--surface-2);
    }
    li.layer.inner {
      border-left: 3px solid var(--control-line);
    }
    li.layer.quoted b {
      font-style: italic;
    }
    li[aria-selected="true"] {
      background: var(--accent-soft);
      box-shadow: inset 3px 0 var(--accent);
    }
    li.changed .value {
      padding: 0 3px;
      border-radius: 3px;
      background: var(--new);
      color: var(--text);
    }
    .wrong {
      color: var(--exit);
      font-weight: 600;
    }
    .right {
      color: var(--ok);
    }
    .dump {
      margin: 6px 0 0;
      padding: 4px 6px;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--surface-0);
      font: 12px/1.5 var(--mono);
      overflow-x: auto;
      cursor: pointer;
    }
    .dump .offset,
    .dump .text {
      color: var(--text-2);
    }
    .dump .in {
      background: color-mix(in srgb, var(--accent) 30%, var(--surface-0));
      color: var(--text);
    }
    .dump .cursor {
      outline: 2px solid var(--accent);
    }
    p {
      margin: 4px 0 0;
      color: var(--text-2);
    }
  `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.bytes = new Uint8Array(0);
    this.length = 0;
    this.changes = [];
    this.at = -1;
    this.byte = 0;
    this.width = 0;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  protected override willUpdate(changed: PropertyValues) {
    if (!changed.has("bytes") && !changed.has("length")) return;
    this.packet = decode(this.bytes, this.length);
    this.parts = partsOf(this.packet);
    if (this.at >= this.parts.length) this.at = -1;
    this.byte = Math.min(this.byte, Math.max(0, this.bytes.length - 1));
  }

  protected override updated(changed: PropertyValues) {
    if (changed.has("at"))
      reveal(this.renderRoot.querySelector("ul"), this.renderRoot.querySelector(`#part-${this.at}`));
  }

  override render() {
    const words = networkWords(this.language);
    const text = words.layers;
    const chosen = this.parts[this.at];
    return html`<ul role="listbox" tabindex="0" aria-label=${text.title} aria-activedescendant=${chosen ? `part-${this.at}` : nothing}
        @keydown=${this.steer} @focus=${this.enter}>${this.parts.map((part, at) => this.line(part, at, words))}</ul>
      ${this.dump(chosen, words)}
      ${this.bytes.length < this.length ? html`<p>${text.cut(this.bytes.length, this.length)}</p>` : nothing}`;
  }

  private line({ layer, field }: Part, at: number, words: NetworkWords): TemplateResult {
    const choose = () => this.choose(at);
    const selected = at === this.at ? "true" : "false";
    return field
      ? html`<li id="part-${at}" role="option" aria-selected=${selected} class=${this.isChanged(field, layer) ? "changed" : ""} @click=${choose}>
          <span class="name">${field.name}</span><span><span class="value">${field.value}</span> ${this.notes(field, layer, words)}</span></li>`
      : html`<li id="part-${at}" role="option" aria-selected=${selected} class="layer ${layer.depth > 0 ? "inner" : ""} ${layer.quoted ? "quoted" : ""}" @click=${choose}>
          <b>${words.layers.names[layer.name]}</b>${this.about(layer, words)}</li>`;
  }

  private about({ from, to, depth, quoted, malformed }: Layer, words: NetworkWords) {
    const text = words.layers;
    const whole = malformed === "not captured whole";
    return html`<small>${text.count(to - from)}</small>${quoted ? html`<small>${text.quoted}</small>` : depth > 0 ? html`<small>${text.inner}</small>` : nothing}
      ${malformed ? html`<span class=${whole ? "" : "wrong"}>${whole ? text.notWhole : text.malformed(text.malformations[malformed])}</span>` : nothing}`;
  }

  private notes({ note, check, ...field }: Field, layer: Layer, words: NetworkWords) {
    return html`${note ? html`<small>${note}</small>` : nothing} ${check ? checked(check, words) : nothing}
      ${this.isChanged(field, layer) ? html`<small>${words.layers.changed}</small>` : nothing}`;
  }

  /** Of a packet in a tunnel, or one that is quoted, nothing was compared. */
  private isChanged({ key }: Pick<Field, "key">, { depth }: Layer): boolean {
    return key !== undefined && depth === 0 && this.changes.some(({ field }) => field === key);
  }

  private dump(chosen: Part | undefined, words: NetworkWords): TemplateResult {
    const perLine = this.width >= WIDE ? 16 : 8;
    const shown = this.bytes.subarray(0, SHOWN);
    const inside = (at: number) => chosen !== undefined && at >= chosen.from && at < chosen.to;
    const lines = Array.from({ length: Math.ceil(shown.length / perLine) }, (_, line) => line * perLine);
    const part = this.parts[partAt(this.parts, this.byte)];
    const about = part?.field
      ? `${part.field.name} ${part.field.value}`
      : part
        ? words.layers.names[part.layer.name]
        : "";
    return html`<pre class="dump" tabindex="0" role="slider" aria-label=${words.layers.keys} aria-valuemin="0" aria-valuemax=${Math.max(0, shown.length - 1)}
      aria-valuenow=${this.byte} aria-valuetext="${words.layers.bytes(this.byte, this.byte + 1)}: ${hex(shown[this.byte] ?? 0)} ${about}"
      @keydown=${(event: KeyboardEvent) => this.move(event, perLine)} @click=${this.point}>${lines.map((from) => {
        const own = [...shown.subarray(from, from + perLine)];
        const gap = "   ".repeat(perLine - own.length);
        return html`<span class="offset">${from.toString(16).padStart(4, "0")}</span>  ${own.map(
          (byte, at) =>
            html`<span data-byte=${from + at} class="${inside(from + at) ? "in" : ""} ${from + at === this.byte ? "cursor" : ""}">${hex(byte)}</span> `,
        )}${gap} <span class="text">${own.map(printable).join("")}</span>\n`;
      })}</pre>`;
  }

  private choose(at: number) {
    this.at = at;
    const part = this.parts[at];
    if (part) this.byte = Math.min(part.from, Math.max(0, Math.min(this.bytes.length, SHOWN) - 1));
  }

  private chooseByte(byte: number) {
    this.byte = byte;
    this.at = partAt(this.parts, byte);
  }

  private enter() {
    if (this.at < 0 && this.parts.length > 0) this.choose(0);
  }

  private steer(event: KeyboardEvent) {
    const last = this.parts.length - 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowUp: this.at - 1,
      ArrowDown: this.at + 1,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.choose(Math.max(0, Math.min(last, to)));
  }

  private move(event: KeyboardEvent, perLine: number) {
    const last = Math.min(this.bytes.length, SHOWN) - 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: this.byte - 1,
      ArrowRight: this.byte + 1,
      ArrowUp: this.byte - perLine,
      ArrowDown: this.byte + perLine,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.chooseByte(Math.max(0, Math.min(last, to)));
  }

  private point(event: MouseEvent) {
    const byte = (event.target as HTMLElement).dataset.byte;
    if (byte !== undefined) this.chooseByte(Number(byte));
  }
}

function checked(check: Check, words: NetworkWords): TemplateResult {
  const { checks } = words.layers;
  return check.state === "incorrect"
    ? html`<span class="wrong">${checks.incorrect(check.expected)}</span>`
    : html`<small class=${check.state === "correct" ? "right" : ""}>${checks[check.state]}</small>`;
}

customElements.define("network-layers", NetworkLayers);
