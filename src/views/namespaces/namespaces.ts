import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type Changes, compareReadings, hasChanges } from "../../probe/namespace-changes.ts";
import {
  differences,
  type Letters,
  letterNamespaces,
  processTree,
  withoutScripts,
} from "../../probe/namespace-sharing.ts";
import type { Kind, NamespaceReading, Process } from "../../probe/namespaces.ts";
import { copyText } from "../clipboard.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import type { Language } from "../language.ts";
import { base, buttons } from "../styles.ts";
import { inspector } from "./inspector.ts";
import { type Choice, COLUMNS, namespaceMap } from "./map.ts";
import { marksOf } from "./marks.ts";
import { type NamespaceWords, namespaceWords } from "./strings.ts";
import { namespaceStyles } from "./styles.ts";
import { summary } from "./summary.ts";
import { namespaceTables } from "./tables.ts";

/**
 * Who shares which namespace with whom in one machine, and what a chosen process sees beside what the machine does.
 *
 * Give it a new {@link reading} about once a second; it marks what changed since the last one, and since
 * {@link earlier}, the reading the student chose to keep.
 *
 * @fires ringside-select {pid, kind?} a process, or one of its namespaces, was chosen
 * @fires ringside-keep {reading?} the student kept this moment, or forgot the one kept
 */
export class RingsideNamespaces extends LitElement {
  static override properties = {
    language: {},
    reading: { attribute: false },
    earlier: { attribute: false },
    selected: { attribute: false },
    problem: {},
    kind: { state: true },
    numbers: { state: true },
    table: { state: true },
    copied: { state: true },
    cursor: { state: true },
  };

  declare language: Language;
  /** What `guest.namespaces` read last; undefined until there is one. */
  declare reading: NamespaceReading | undefined;
  declare earlier: NamespaceReading | undefined;
  /** The chosen process. Without one the view follows the newest process that differs from process 1. */
  declare selected: number | undefined;
  /** A sentence when the last attempt to read failed; the picture stays what it was. */
  declare problem: string | undefined;
  declare private kind: Kind | undefined;
  declare private numbers: boolean;
  declare private table: boolean;
  declare private copied: boolean | undefined;
  declare private cursor: { readonly row: number; readonly column: number };

  private shown: NamespaceReading | undefined;
  private letters: Letters | undefined;
  private changes: Changes | undefined;
  private since: Changes | undefined;
  private beat: 0 | 1 = 0;

  static override styles = [base, buttons, ...namespaceStyles];

  constructor() {
    super();
    this.language = "en";
    this.numbers = false;
    this.table = false;
    this.cursor = { row: 0, column: -1 };
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("reading")) this.take();
    if (changed.has("reading") || changed.has("earlier")) {
      this.since = this.earlier && this.shown ? compareReadings(withoutScripts(this.earlier), this.shown) : undefined;
    }
  }

  /** Sets a new reading beside the one before it. */
  private take() {
    const last = this.shown;
    this.shown = this.reading && withoutScripts(this.reading);
    this.changes = last && this.shown ? compareReadings(last, this.shown) : undefined;
    if (this.changes && hasChanges(this.changes)) this.beat = this.beat ? 0 : 1;
    this.letters = this.shown && letterNamespaces(this.shown, this.letters);
  }

  override render() {
    const words = namespaceWords(this.language);
    return html`<div class="bar">${this.controls(words)}</div>
      ${this.problem ? html`<p class="problem" role="status">${this.problem}</p>` : nothing}
      ${this.since ? this.sinceLine(this.since, words) : nothing}
      ${this.shown && this.letters ? this.picture(this.shown, this.letters, words) : html`<p class="quiet">${words.waiting}</p>`}`;
  }

  private controls(words: NamespaceWords): TemplateResult {
    const copied = this.copied === undefined ? words.copy : this.copied ? words.copied : words.notCopied;
    const none = this.shown === undefined;
    return html`<button aria-pressed=${this.earlier ? "true" : "false"} title=${words.pinHint} ?disabled=${none}
        @click=${this.keep}>${icon("save")}${this.earlier ? words.unpin : words.pin}</button>
      <button aria-pressed=${this.numbers ? "true" : "false"} title=${words.numbersHint}
        @click=${() => {
          this.numbers = !this.numbers;
        }}>${words.numbers}</button>
      <button aria-pressed=${this.table ? "true" : "false"}
        @click=${() => {
          this.table = !this.table;
        }}>${icon("table")}${words.table}</button>
      <button class="quiet" ?disabled=${none} @click=${this.copy}>${icon("copy")}${copied}</button>`;
  }

  private sinceLine(since: Changes, words: NamespaceWords): TemplateResult {
    return html`<p class="since-line"><b>${words.sincePin}</b> ${summary(since, words).map(
      (phrase) => html`<span>${phrase}</span>`,
    )}${since.vanished.map(({ name, pid }) => html`<s>${name} ${pid}</s>`)}</p>`;
  }

  private picture(reading: NamespaceReading, letters: Letters, words: NamespaceWords): TemplateResult {
    if (this.table) return namespaceTables(reading, letters, words);
    const rows = processTree(reading);
    const chosen = this.chosen(reading);
    const fresh = marksOf(this.changes);
    const { beat, numbers, earlier } = this;
    const model = { reading, letters, fresh, beat, numbers, words };
    const cursor = { ...this.cursor, row: Math.min(this.cursor.row, Math.max(0, rows.length - 1)) };
    return html`<div class="picture">
      <div class="left" @keydown=${(event: KeyboardEvent) => this.steer(event, rows.length)} @focusin=${this.follow}>
        ${namespaceMap({
          ...model,
          rows,
          since: marksOf(this.since),
          chosen: chosen && { pid: chosen.pid, kind: this.kind },
          cursor,
          choose: (choice) => this.choose(choice),
        })}
        <p class="note">${words.legend} ${words.leftOut(reading.kernelThreads, reading.leftOut)}
          ${keptNotes(reading, letters, words)}</p>
      </div>
      <div class="right">${
        chosen
          ? inspector({ ...model, before: earlier && withoutScripts(earlier), process: chosen, kind: this.kind })
          : html`<p class="quiet">${words.pickOne}</p>`
      }</div>
    </div>`;
  }

  /** The chosen process while it lives, else the newest one that is not as process 1 is. */
  private chosen(reading: NamespaceReading): Process | undefined {
    const own = reading.processes.find(({ pid }) => pid === this.selected);
    if (own) return own;
    const set = (process: Process) =>
      differences(reading, process).length > 0 || (process.root !== undefined && process.root !== "/");
    return reading.processes.filter(set).sort((a, b) => b.pid - a.pid)[0];
  }

  private choose(choice: Choice) {
    this.selected = choice.pid;
    this.kind = choice.kind;
    emit(this, "ringside-select", choice);
  }

  private keep() {
    this.earlier = this.earlier ? undefined : this.reading;
    emit(this, "ringside-keep", { reading: this.earlier });
  }

  private async copy() {
    this.copied = await copyText(JSON.stringify(this.reading, null, 2));
    setTimeout(() => {
      this.copied = undefined;
    }, 2000);
  }

  /** The cell that has the focus is the one the arrow keys go on from. */
  private follow(event: FocusEvent) {
    const { row, column } = (event.target as HTMLElement).dataset;
    if (row !== undefined && column !== undefined) this.cursor = { row: Number(row), column: Number(column) };
  }

  private steer(event: KeyboardEvent, rows: number) {
    const step: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = step[event.key];
    if (!move) return;
    event.preventDefault();
    const row = Math.max(0, Math.min(rows - 1, this.cursor.row + move[0]));
    const column = Math.max(-1, Math.min(COLUMNS.length - 1, this.cursor.column + move[1]));
    this.renderRoot.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`)?.focus();
  }
}

/** Namespaces that no row of the map can show. */
function keptNotes(reading: NamespaceReading, letters: Letters, words: NamespaceWords): readonly string[] {
  return reading.namespaces.flatMap(({ kind, inode, kept }) =>
    kept === undefined ? [] : [words.keptNamespace(kind, letters[kind].get(inode) ?? "?", kept)],
  );
}

customElements.define("ringside-namespaces", RingsideNamespaces);
