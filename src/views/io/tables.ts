import { html, nothing, type TemplateResult } from "lit";

/** What a cell of a table may hold; `nothing` leaves it empty. */
export type TableCell = TemplateResult | string | number | symbol;

/**
 * A table whose first column heads its rows; nothing without rows.
 *
 * @param numbers columns of numbers, from 0
 */
export function plainTable(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly TableCell[])[],
  numbers: readonly number[] = [],
): TemplateResult | typeof nothing {
  if (rows.length === 0) return nothing;
  const kind = (at: number) => (numbers.includes(at) ? "number" : "");
  return html`<table class="plain"><caption>${caption}</caption>
    <thead><tr>${columns.map((column, at) => html`<th scope="col" class=${kind(at)}>${column}</th>`)}</tr></thead>
    <tbody>${rows.map(
      ([head, ...cells]) =>
        html`<tr><th scope="row" class=${kind(0)}>${head}</th>${cells.map((cell, at) => html`<td class=${kind(at + 1)}>${cell}</td>`)}</tr>`,
    )}</tbody></table>`;
}
