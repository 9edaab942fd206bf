import { html, nothing, type TemplateResult } from "lit";
import type { Assembly } from "../../probe/hypervisor/assembly/assemble.ts";
import { hexAddress, hexBytes } from "./editor.ts";
import type { ProgramWords } from "./strings.ts";

type Program = Extract<Assembly, { ok: true }>;

/** What the program became, line by line, and its names. */
export function listing({ lines, symbols }: Program, source: string, words: ProgramWords): TemplateResult {
  const { columns, kinds } = words;
  const texts = source.split("\n");
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${words.listing}>
    <table>
      <thead><tr>
        <th scope="col" class="number">${columns.line}</th><th scope="col">${columns.address}</th>
        <th scope="col">${columns.bytes}</th><th scope="col">${columns.source}</th>
      </tr></thead>
      <tbody>${lines.map(
        ({ line, address, bytes }) => html`<tr>
          <td class="number">${line}</td><td class="va">va:${hexAddress(address)}</td>
          <td class="all">${hexBytes(bytes)}</td><td class="source">${texts[line - 1]}</td>
        </tr>`,
      )}</tbody>
    </table>
    ${
      symbols.length > 0
        ? html`<table>
            <caption>${words.symbols}</caption>
            <thead><tr>
              <th scope="col">${columns.name}</th><th scope="col">${columns.kind}</th><th scope="col">${columns.value}</th>
            </tr></thead>
            <tbody>${symbols.map(
              ({ name, kind, value }) => html`<tr>
                <th scope="row">${name}</th><td class="words">${kinds[kind]}</td>
                ${kind === "label" ? html`<td class="va">va:${hexAddress(value)}</td>` : html`<td>${value}</td>`}
              </tr>`,
            )}</tbody>
          </table>`
        : nothing
    }
  </div>`;
}

/** The same as data: addresses and bytes in hexadecimal, as probes give them. */
export function listingData({ bytes, lines, symbols }: Program, origin: number): unknown {
  const hex = (value: number) => `0x${value.toString(16)}`;
  return {
    origin: hex(origin),
    bytes: hexBytes([...bytes]),
    lines: lines.map((line) => ({ line: line.line, address: hex(line.address), bytes: hexBytes(line.bytes) })),
    symbols: symbols.map(({ name, kind, value }) => ({ name, kind, value: kind === "label" ? hex(value) : value })),
  };
}
