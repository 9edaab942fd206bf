import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type Assembly, assemble } from "../../probe/hypervisor/assembly/assemble.ts";
import type { Fault } from "../../probe/hypervisor/assembly/fault.ts";
import { copyText } from "../clipboard.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import type { Language } from "../language.ts";
import { base, buttons } from "../styles.ts";
import { offsetOf } from "./columns.ts";
import { saveText } from "./download.ts";
import { editor, hexAddress } from "./editor.ts";
import { EXAMPLES, type Example, type ExampleGroup, exampleOf, exampleSource, USER_BASE } from "./examples.ts";
import { listing, listingData } from "./listing.ts";
import { faultSentence, type ProgramWords, programWords } from "./strings.ts";
import { programStyles } from "./styles.ts";

/** How long a button says that something was copied, milliseconds. */
const SAID = 2000;

const GROUPS: readonly ExampleGroup[] = ["first", "holes", "traps", "pages"];

export interface ProgramText {
  readonly source: string;
  /** Name of the program's file in the guest. */
  readonly name: string;
  /** What follows `run <file>` on the shell's line. */
  readonly tail: string;
}

/** What the page keeps for the student. */
export interface ProgramState extends ProgramText {
  /** The student's own text while an example stands in its place. */
  readonly own: ProgramText | undefined;
}

/** What the page puts into the guest, and runs there. */
export interface ProgramRun extends ProgramText {
  readonly bytes: Uint8Array;
}

/**
 * An editor for programs of ten lines: what the assembler makes of each line stands beside it, what it cannot make
 * stands below it. It holds the text only as long as it is on the page; the page keeps it.
 *
 * @fires ringside-program-change {source, name, tail, own} after every change, to be given back as properties
 * @fires ringside-program-run {name, bytes, source, tail} the student wants the program run
 */
export class RingsideProgram extends LitElement {
  static override properties = {
    language: {},
    source: {},
    name: {},
    tail: {},
    own: { attribute: false },
    ready: { type: Boolean },
    notice: {},
    assembly: { state: true },
    table: { state: true },
    refused: { state: true },
    copied: { state: true },
  };

  declare language: Language;
  declare source: string;
  declare name: string;
  declare tail: string;
  declare own: ProgramText | undefined;
  /** Whether the machine can take a program now. */
  declare ready: boolean;
  /** A sentence about the last run, from whoever ran it. */
  declare notice: string | undefined;
  declare private assembly: Assembly;
  declare private table: boolean;
  /** The student asked for a program that has faults to be run. */
  declare private refused: boolean;
  declare private copied: boolean | undefined;

  static override styles = [base, buttons, ...programStyles];

  constructor() {
    super();
    this.language = "en";
    this.source = "";
    this.name = "program";
    this.tail = "";
    this.ready = true;
    this.table = false;
    this.refused = false;
    this.assembly = { ok: true, bytes: new Uint8Array(), lines: [], symbols: [] };
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("language")) this.speak();
    if (!changed.has("source")) return;
    this.assembly = assemble(this.source, { origin: USER_BASE });
    if (this.assembly.ok) this.refused = false;
  }

  /** An example nobody has changed speaks the page's language. */
  private speak() {
    const example = exampleOf(this.source);
    if (example) this.source = exampleSource(example, this.language);
  }

  override render() {
    const words = programWords(this.language);
    const { assembly, source } = this;
    return html`<div class="bar">${this.controls(words)}</div>
      ${
        this.own === undefined
          ? nothing
          : html`<p class="own">${words.putAway} <button class="quiet" @click=${this.bringBack}>${icon("back")}${words.back}</button></p>`
      }
      ${
        this.table && assembly.ok
          ? listing(assembly, source, words)
          : editor({ source, assembly, words, input: (text) => this.write(text), keys: (event) => this.press(event) })
      }
      <div class="below">
        <p class="unseen" id="hint">${words.editorHint}</p>
        <p class="state" id="state">${this.summary(words)}</p>
        ${this.refused && !assembly.ok ? html`<p class="unseen" role="alert">${this.notRun(assembly.faults, words)}</p>` : nothing}
        ${assembly.ok ? nothing : this.faults(assembly.faults, words)}
        ${this.ready ? nothing : html`<p class="notice" role="status">${words.notReady}</p>`}
        ${this.notice ? html`<p class="notice" role="status">${this.notice}</p>` : nothing}
      </div>`;
  }

  private controls(words: ProgramWords): TemplateResult {
    const { assembly, table } = this;
    const copy = table && assembly.ok ? words.copyJson : words.copySource;
    const said = this.copied === undefined ? copy : this.copied ? words.copied : words.notCopied;
    const file = `${this.name}.s`;
    return html`${this.select(words)}
      <button class="primary" title=${this.ready ? words.runHint : words.notReady} aria-keyshortcuts="Control+Enter"
        ?disabled=${!this.ready || this.isEmpty} @click=${this.run}>${icon("play")}${words.run}</button>
      <span class="common">
        <button aria-pressed=${table ? "true" : "false"} title=${words.listingHint} ?disabled=${!assembly.ok || this.isEmpty}
          @click=${() => {
            this.table = !table;
          }}>${icon("table")}<span class="word">${words.listing}</span></button>
        <button class="quiet" title=${copy} ?disabled=${this.source === ""} @click=${this.copy}>${icon("copy")}<span class="word" ?data-said=${this.copied !== undefined}>${said}</span></button>
        <button class="quiet" title=${words.downloadHint(file)} ?disabled=${this.source === ""}
          @click=${() => saveText(file, this.source)}>${icon("save")}<span class="word">${words.download}</span></button>
      </span>`;
  }

  private select(words: ProgramWords): TemplateResult {
    const chosen = exampleOf(this.source)?.id;
    const option = ({ id, title }: Example) =>
      html`<option value=${id} ?selected=${id === chosen}>${title[this.language]}</option>`;
    return html`<select aria-label=${words.examples} @change=${(event: Event) => {
      const { value } = event.target as HTMLSelectElement;
      const example = EXAMPLES.find(({ id }) => id === value);
      if (example) this.show(example);
    }}>
      <option value="" ?selected=${chosen === undefined} disabled>${words.choose}</option>
      ${GROUPS.map(
        (group) =>
          html`<optgroup label=${words.groups[group]}>${EXAMPLES.filter((example) => example.group === group).map(
            option,
          )}</optgroup>`,
      )}
    </select>`;
  }

  private get isEmpty(): boolean {
    return this.assembly.ok && this.assembly.bytes.length === 0;
  }

  private summary(words: ProgramWords): TemplateResult | string {
    const { assembly } = this;
    if (!assembly.ok) return words.wrong(assembly.faults.length);
    if (this.isEmpty) return words.empty;
    const last = USER_BASE + assembly.bytes.length - 1;
    const command = `run ${this.name} ${this.tail}`.trim();
    return html`<span>${words.size(assembly.bytes.length, hexAddress(USER_BASE), hexAddress(last))}</span>
      <span>${words.typed(command)}</span>`;
  }

  private notRun([first]: readonly Fault[], words: ProgramWords): string {
    const { line, column, expected, found } = first!;
    return words.notRun(words.at(line, column), faultSentence(expected, found, words));
  }

  private faults(faults: readonly Fault[], words: ProgramWords): TemplateResult {
    return html`<ol class="faults">${faults.map(
      (
        fault,
      ) => html`<li><button class="quiet" title=${words.at(fault.line, fault.column)} @click=${() => this.goTo(fault)}
          >${words.line(fault.line)}</button><span>${faultSentence(fault.expected, fault.found, words)}</span></li>`,
    )}</ol>`;
  }

  private changed() {
    const { source, name, tail, own } = this;
    emit<ProgramState>(this, "ringside-program-change", { source, name, tail, own });
  }

  private write(source: string) {
    this.source = source;
    this.changed();
  }

  private show(example: Example) {
    const { source, name, tail } = this;
    if (source.trim() !== "" && !exampleOf(source)) this.own = { source, name, tail };
    this.source = exampleSource(example, this.language);
    this.name = example.id;
    this.tail = example.tail;
    this.changed();
  }

  private bringBack() {
    Object.assign(this, this.own);
    this.own = undefined;
    this.changed();
  }

  private press(event: KeyboardEvent) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.run();
  }

  private run() {
    const { assembly, name, source, tail } = this;
    if (!assembly.ok) {
      this.refused = true;
      this.goTo(assembly.faults[0]!);
    } else if (this.ready && !this.isEmpty) {
      emit<ProgramRun>(this, "ringside-program-run", { name, bytes: assembly.bytes, source, tail });
    }
  }

  /** Puts the cursor on what is wrong. */
  private goTo({ line, column, length }: Fault) {
    const text = this.renderRoot.querySelector("textarea");
    if (!text) return;
    const start = offsetOf(text.value, line, column);
    text.focus();
    text.setSelectionRange(start, start + length);
  }

  private async copy() {
    const { assembly } = this;
    const json = this.table && assembly.ok ? listingData(assembly, USER_BASE) : undefined;
    this.copied = await copyText(json ? JSON.stringify(json, null, 2) : this.source);
    setTimeout(() => {
      this.copied = undefined;
    }, SAID);
  }
}

customElements.define("ringside-program", RingsideProgram);
