import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { Assembly } from "../../probe/hypervisor/assembly/assemble.ts";
import type { Fault } from "../../probe/hypervisor/assembly/fault.ts";
import { columnsOf } from "./columns.ts";
import { faultSentence, type ProgramWords } from "./strings.ts";

/** Bytes the gutter has room for; the listing has all of them. */
const GUTTER_BYTES = 7;

export const hexBytes = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
export const hexAddress = (address: number) => address.toString(16).padStart(8, "0");

interface EditorModel {
  readonly source: string;
  readonly assembly: Assembly;
  readonly words: ProgramWords;
  input(source: string): void;
  keys(event: KeyboardEvent): void;
}

/** Number, address and bytes of every line, and a mark where one is wrong. The listing says the same to all readers. */
function gutter({ assembly, words }: EditorModel, lines: readonly string[]): TemplateResult {
  const made = new Map(assembly.ok ? assembly.lines.map((line) => [line.line, line]) : []);
  const faults = new Map(assembly.ok ? [] : assembly.faults.map((fault) => [fault.line, fault]));
  return html`<div class="gutter" aria-hidden="true">${lines.map((_, index) => {
    const [one, fault] = [made.get(index + 1), faults.get(index + 1)];
    const all = one ? hexBytes(one.bytes) : "";
    const shown = one && one.bytes.length > GUTTER_BYTES ? `${hexBytes(one.bytes.slice(0, GUTTER_BYTES - 1))} …` : all;
    return html`<div class="row ${fault ? "wrong" : ""}"
        title=${fault ? faultSentence(fault.expected, fault.found, words) : all || nothing}>
      <span class="at">${index + 1}</span>
      <span class="va">${one ? hexAddress(one.address) : ""}</span>
      <span class="bytes">${fault ? "✗" : shown}</span>
    </div>`;
  })}</div>`;
}

/** A wavy line under what is wrong, at least one column of it. */
function mark(fault: Fault, lines: readonly string[]): TemplateResult {
  const before = columnsOf((lines[fault.line - 1] ?? "").slice(0, fault.column - 1));
  const width = Math.max(1, columnsOf(fault.found, before));
  return html`<i style="--line:${fault.line - 1};--from:${before};--width:${width}"></i>`;
}

/** Moves the marks as the text beside them is scrolled. */
function follow(event: Event) {
  const text = event.currentTarget as HTMLTextAreaElement;
  text.previousElementSibling?.scrollTo({ left: text.scrollLeft });
}

/** The text, with what its lines became on the left. */
export function editor(model: EditorModel): TemplateResult {
  const { source, assembly, words } = model;
  const lines = source.split("\n");
  const widest = Math.max(...lines.map((line) => columnsOf(line)));
  return html`<div class="editor">
    ${gutter(model, lines)}
    <div class="paper">
      <div class="marks" aria-hidden="true"><div style="--widest:${widest}">${
        assembly.ok ? nothing : assembly.faults.map((fault) => mark(fault, lines))
      }</div></div>
      <textarea rows=${lines.length + 1} wrap="off" spellcheck="false" autocapitalize="off" autocomplete="off"
        aria-label=${words.editor} aria-describedby="hint state" aria-invalid=${assembly.ok ? "false" : "true"}
        .value=${live(source)} @scroll=${follow} @keydown=${model.keys}
        @input=${(event: Event) => model.input((event.target as HTMLTextAreaElement).value)}></textarea>
    </div>
  </div>`;
}
