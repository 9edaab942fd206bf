import { html, nothing, type TemplateResult } from "lit";
import type { Hex } from "../../probe/hypervisor/memory.ts";
import type { EntryReading } from "../../probe/hypervisor/paging/guest-walk.ts";
import type { CellKey } from "./changes.ts";
import { address, digits, flagRow, frameNumber, pageSize } from "./parts.ts";
import type { ChainRow } from "./translation-rows.ts";
import type { HypervisorWords } from "./words/words.ts";

type RowOf<Kind extends ChainRow["kind"]> = Extract<ChainRow, { readonly kind: Kind }>;

/** The class of a cell: it may carry a mark because it shows something else than it did. */
export type CellClass = (key: CellKey) => string;

/** One row of the chain from CR3 to the machine address, the guest's side and the shadow's. */
export function chainRow(row: ChainRow, words: HypervisorWords, mark: CellClass): TemplateResult {
  switch (row.kind) {
    case "root":
      return rootRow(row, words, mark);
    case "entry":
      return entryRow(row, words, mark);
    case "page":
      return pageRow(row, words);
    case "p2m":
      return p2mRow(row, words);
    case "rights":
      return rightsRow(row, words);
    case "end":
      return endRow(row, words, mark);
  }
}

function rootRow({ guest, guestKind, shadow }: RowOf<"root">, words: HypervisorWords, mark: CellClass): TemplateResult {
  return html`<tr><th scope="row">CR3</th>
    <td class=${mark("guest root")}>${address(guestKind, guest.value, words.readFrom(guest.from))}</td>
    <td class=${mark("shadow root")}>${shadow ? address("ma", shadow.value, words.readFrom(shadow.from)) : nothing}</td></tr>`;
}

function entryRow(row: RowOf<"entry">, words: HypervisorWords, mark: CellClass): TemplateResult {
  const absent = row.expected ? html`<span class="none">${words.translation.notPresent}</span>` : nothing;
  return html`<tr><th scope="row">${row.level}</th>
    <td class=${mark(`guest ${row.level}`)}>${row.guest ? entry(row.guest, words) : nothing}</td>
    <td class=${mark(`shadow ${row.level}`)}>${row.shadow ? entry(row.shadow, words) : absent}</td></tr>`;
}

function entry(reading: EntryReading, words: HypervisorWords): TemplateResult {
  const text = words.translation;
  const { value, ma, gpa, index, flags } = reading;
  if (value === undefined || ma === undefined) return html`<span class="none">${text.noMemory}</span>`;
  const place = words.readAt(`ma:${digits(ma)}`);
  return html`<span class="line">
      <small>${text.index(index)}</small><span class="value" title=${place}>${digits(value)}</span>${flagRow(flags)}
    </span>
    <span class="line">${gpa ? address("pa", gpa, place) : nothing}${address("ma", ma, place)}</span>`;
}

function pageRow({ gpa, size, reserved }: RowOf<"page">, words: HypervisorWords): TemplateResult {
  const text = words.translation;
  const missing = html`<span class="none">${reserved ? text.reserved : text.notPresent}</span>`;
  return html`<tr><th scope="row">${text.guestPhysical}</th>
    <td>${gpa ? address("pa", gpa) : missing} ${size ? html`<small>${text.pageSize(pageSize(size))}</small>` : nothing}</td><td></td></tr>`;
}

function p2mRow({ gfn, mfn, at }: RowOf<"p2m">, words: HypervisorWords): TemplateResult {
  const text = words.translation;
  const shown =
    mfn === undefined
      ? html`<span class="none">${text.noFrame(frameNumber(gfn))}</span>`
      : html`<span class="value">${text.frame(frameNumber(gfn), frameNumber(mfn))}</span>`;
  return html`<tr><th scope="row">${text.p2m}</th>
    <td title=${at ? words.readAt(`ma:${digits(at)}`) : nothing}>${shown}</td><td></td></tr>`;
}

function rightsRow({ guest, shadow }: RowOf<"rights">, words: HypervisorWords): TemplateResult {
  const text = words.translation;
  const cell = (rights: typeof guest) => {
    if (!rights) return html`<td></td>`;
    return html`<td>${rights.writable ? text.mayWrite : text.mayRead} · ${rights.user ? text.forUser : text.forKernel}</td>`;
  };
  return html`<tr><th scope="row">${text.rights}</th>${cell(guest)}${cell(shadow)}</tr>`;
}

/** Where both sides end up. That they differ is the one thing nobody may miss. */
function endRow({ guest, shadow, alarm }: RowOf<"end">, words: HypervisorWords, mark: CellClass): TemplateResult {
  const text = words.translation;
  const place = (ma: Hex | undefined) => (ma ? address("ma", ma) : html`<span class="none">–</span>`);
  const equal = guest !== undefined && guest === shadow;
  const sign = alarm
    ? html`<span class="mark differs">≠ ${text.differs}</span>`
    : equal
      ? html`<span class="mark same">= ${text.same}</span>`
      : nothing;
  return html`<tr class=${alarm ? "end alarm" : "end"}><th scope="row">${text.machine}</th>
    <td class=${mark("guest end")}>${place(guest)}</td>
    <td class=${mark("shadow end")}>${place(shadow)}${sign}</td></tr>`;
}
