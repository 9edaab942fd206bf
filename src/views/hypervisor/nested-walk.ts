import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { NestedWalk, Reference } from "../../probe/hypervisor/nested-walk.ts";
import { emit } from "../events.ts";
import { HypervisorPanel } from "./panel.ts";
import { address, digits } from "./parts.ts";
import type { HypervisorWords } from "./words/words.ts";

/**
 * The walk a processor with nested paging would make, as the two-dimensional figure of the manuals: guest levels down,
 * nested levels across, reads numbered. It is computed, and says so.
 *
 * @fires ringside-levels {levels} the student wants tables of 2 or of 4 levels
 */
export class RingsideNestedWalk extends HypervisorPanel {
  static override properties: PropertyDeclarations = { walk: { attribute: false }, levels: { type: Number } };

  /** What `paging.nested` computed last. */
  declare walk: NestedWalk | undefined;
  declare levels: 2 | 4;

  static override styles = [
    ...HypervisorPanel.styles,
    css`
    .computed {
      margin: 0 var(--space-3) var(--space-3);
      padding: var(--space-3);
      overflow-x: auto;
    }
    .figure {
      border-collapse: separate;
      border-spacing: 4px;
    }
    .figure th {
      padding: 2px 6px;
      color: var(--text-2);
      font-weight: 400;
      text-align: left;
      white-space: nowrap;
    }
    .figure td {
      padding: 3px 8px;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--surface-1);
      text-align: center;
      white-space: nowrap;
    }
    .figure td b {
      display: block;
      font-size: var(--size);
    }
    .figure td.nested {
      border-bottom: 3px solid var(--ma);
    }
    .figure td.guest {
      border-bottom: 3px solid var(--va);
      background: var(--surface-2);
    }
    .figure td.empty {
      border: 0;
      background: none;
    }
    .totals {
      display: flex;
      flex-wrap: wrap;
      gap: 2px var(--space-4);
      align-items: baseline;
      margin-bottom: var(--space-2);
    }
    .totals b {
      font-size: var(--size);
    }
    .ends {
      margin-top: var(--space-2);
    }
  `,
  ];

  constructor() {
    super();
    this.levels = 2;
  }

  protected override data() {
    return this.walk;
  }

  protected override controls(words: HypervisorWords): TemplateResult {
    const text = words.nested;
    return html`<label>${text.levels} <select @change=${(event: Event) => {
      this.levels = (event.target as HTMLSelectElement).value === "4" ? 4 : 2;
      emit(this, "ringside-levels", { levels: this.levels });
    }}>
        <option value="2" .selected=${this.levels === 2}>${text.two}</option>
        <option value="4" .selected=${this.levels === 4}>${text.four}</option>
      </select></label>
      <span class="computed-word">${words.computed}</span>`;
  }

  protected override picture(words: HypervisorWords): TemplateResult {
    const walk = this.walk!;
    const text = words.nested;
    const rows = Array.from({ length: Math.max(0, ...walk.references.map(({ row }) => row + 1)) }, (_, row) => row);
    const columns = Array.from({ length: walk.levels + 1 }, (_, column) => column);
    return html`<p class="note">${walk.levels === 4 ? text.noteFour : text.note}</p><div class="computed" role="region" tabindex="0" aria-label=${words.nested.title}>
      <div class="totals"><b>${text.references(walk.references.length)}</b>
        <span class="note">${text.native(walk.native)}</span>${address("va", walk.gva)}</div>
      <table class="figure"><thead><tr><td class="empty"></td>${columns.map(
        (column) => html`<th scope="col">${column === walk.levels ? text.ownEntry : nameAt(walk, column)}</th>`,
      )}</tr></thead>
      <tbody>${rows.map(
        (row) =>
          html`<tr><th scope="row">${this.rowName(walk, row, words)}</th>${columns.map((column) => this.cell(walk, row, column, words))}</tr>`,
      )}</tbody></table>
      <div class="ends">${walk.missing ? text.missing(walk.missing) : html`${walk.gpa ? address("pa", walk.gpa) : nothing} → ${walk.ma ? address("ma", walk.ma) : nothing}`}</div>
    </div>`;
  }

  private rowName(walk: NestedWalk, row: number, words: HypervisorWords): string {
    const own = walk.references.find((reference) => reference.row === row && reference.table === "guest");
    return own ? words.nested.guestRow(own.name) : words.nested.result;
  }

  private cell(walk: NestedWalk, row: number, column: number, words: HypervisorWords): TemplateResult {
    const found = walk.references.find((reference) => reference.row === row && reference.column === column);
    if (!found) return html`<td class="empty"></td>`;
    return html`<td class=${found.table} title=${cellTitle(found, words)}><b>${found.number}</b>${found.name}[${found.index}]</td>`;
  }

  protected override table(words: HypervisorWords): TemplateResult {
    const { columns } = words.nested;
    return html`<p class="note">${this.walk!.levels === 4 ? words.nested.noteFour : words.nested.note}</p><div class="computed" role="region" tabindex="0" aria-label=${words.nested.title}><table class="plain">
      <thead><tr>${Object.values(columns).map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
      <tbody>${this.walk!.references.map(
        (
          reference,
        ) => html`<tr><th scope="row" class="number">${reference.number}</th><td>${reference.name}</td><td class="number">${reference.index}</td>
          <td>${address("pa", reference.gpa)}</td><td>${address("ma", reference.ma)}</td><td>${reference.value ? digits(reference.value) : words.nested.made}</td></tr>`,
      )}</tbody></table></div>`;
  }
}

/** Name of a nested level, from any reference of it. */
function nameAt(walk: NestedWalk, column: number): string {
  return walk.references.find((reference) => reference.column === column)?.name ?? "";
}

function cellTitle(reference: Reference, words: HypervisorWords): string {
  const text = words.nested;
  const place = words.readAt(`ma:${digits(reference.ma)}`);
  const what = reference.value ? digits(reference.value) : text.made;
  return [text.cell(reference.number, reference.name, reference.index), place, what].join("\n");
}

customElements.define("ringside-nested-walk", RingsideNestedWalk);
