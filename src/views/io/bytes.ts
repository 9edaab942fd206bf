import { html, type TemplateResult } from "lit";
import { bytesOf } from "./ring/changes.ts";

/** A printable ASCII character as it is, anything else as a dot. */
export function character(byte: string): string {
  const code = Number.parseInt(byte, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "\u00b7";
}

/** One line of a dump: offset, bytes, and the same as characters. */
export interface DumpLine {
  readonly offset: number;
  readonly bytes: readonly string[];
  readonly text: string;
}

/** Cuts hexadecimal digits into lines. */
export function dumpLines(hexadecimal: string, perLine: number): readonly DumpLine[] {
  const bytes = bytesOf(hexadecimal);
  return Array.from({ length: Math.ceil(bytes.length / perLine) }, (_, line) => {
    const own = bytes.slice(line * perLine, (line + 1) * perLine);
    return { offset: line * perLine, bytes: own, text: own.map(character).join("") };
  });
}

/**
 * A dump as lines of text.
 *
 * @param fresh offsets of the bytes that carry the mark of a change
 */
export function dump(hexadecimal: string, perLine: number, fresh: ReadonlySet<number>, beat: 0 | 1): TemplateResult {
  const width = perLine * 3;
  return html`<pre class="dump">${dumpLines(hexadecimal, perLine).map(
    ({ offset, bytes, text }) =>
      html`<span class="offset">${offset.toString(16).padStart(2, "0")}</span>  ${bytes.map(
        (byte, at) => html`<span class=${fresh.has(offset + at) ? `fresh-${beat}` : ""}>${byte}</span> `,
      )}${" ".repeat(Math.max(1, width - bytes.length * 3 + 1))}<span class="text">${text}</span>\n`,
  )}</pre>`;
}
