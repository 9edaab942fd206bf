import { html, type TemplateResult } from "lit";
import type { NetworkWords } from "../words/words.ts";
import type { NetworkTable } from "./rows.ts";

/** Whether a row of a table decided what happened at the chosen hop, and is the one that is asked for. */
export type Decided = (table: NetworkTable, index: number) => "here" | "wanted" | undefined;

const never: Decided = () => undefined;

/** A table whose first column heads its rows; those that decided carry a mark and the words for it. */
export function networkTable(table: NetworkTable, words: NetworkWords, decided: Decided = never): TemplateResult {
  const { caption, columns, numbers, rows } = table;
  const kind = (at: number) => (numbers.includes(at) ? "number" : "");
  return html`<table class="plain"><caption>${caption}</caption>
    <thead><tr>${columns.map((column, at) => html`<th scope="col" class=${kind(at)}>${column}</th>`)}</tr></thead>
    <tbody>${rows.map(({ index, cells: [head, ...cells] }) => {
      const mark = decided(table, index);
      return html`<tr class=${mark === "wanted" ? "here wanted" : (mark ?? "")} aria-current=${mark ? "true" : "false"}><th scope="row" class=${kind(0)}>${mark ? html`<span class="decided" title=${words.tables.decisive}><span aria-hidden="true">▸</span><span class="unseen">${words.tables.decisive}</span></span>` : ""}${head}</th>${cells.map(
        (cell, at) => html`<td class=${kind(at + 1)}>${cell}</td>`,
      )}</tr>`;
    })}</tbody></table>`;
}
