import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { machineColour } from "../machine.ts";
import { grouped } from "../quantities.ts";
import {
  type Cost,
  type CostBar,
  type CostMachine,
  type CostRow,
  type Costs,
  costsOf,
  type Quantity,
  quantityOf,
  scalesOf,
} from "./costs-rows.ts";
import { HypervisorPanel } from "./panel.ts";
import type { HypervisorWords } from "./words/words.ts";

const QUANTITIES: readonly Quantity[] = ["exits", "instructions"];

/** What one operation costs on each of a lab's machines, as bars, beside what was published. */
export class RingsideCosts extends HypervisorPanel {
  static override properties: PropertyDeclarations = { machines: { attribute: false }, quantity: { state: true } };

  /** The lab's machines, with what was measured on each. */
  declare machines: readonly CostMachine[];
  declare private quantity: Quantity;

  static override styles = [
    ...HypervisorPanel.styles,
    css`
    .quantity {
      display: inline-flex;
      gap: var(--space-1);
    }
    section {
      padding: var(--space-2) 0;
      border-top: 1px solid var(--line);
    }
    h2 {
      margin: 0;
      font-size: var(--size-small);
      font-weight: 600;
    }
    section .note {
      margin-left: var(--space-2);
      font-weight: 400;
    }
    ul {
      display: grid;
      grid-template-columns: minmax(9em, max-content) minmax(4em, 1fr) minmax(4em, max-content);
      gap: 3px var(--space-2);
      margin: var(--space-1) 0 0;
      padding: 0;
      list-style: none;
    }
    li {
      display: grid;
      grid-column: 1 / -1;
      grid-template-columns: subgrid;
      align-items: center;
    }
    .letter {
      margin-right: 0.4em;
      font-weight: 700;
    }
    .bar-fill {
      display: block;
      height: 12px;
      border-radius: 0 3px 3px 0;
    }
    .bar-fill.published {
      border: 2px dotted var(--text-2);
    }
    .amount {
      text-align: right;
      white-space: nowrap;
    }
    .unmeasured {
      grid-column: 2 / -1;
      color: var(--text-2);
    }
    .body > p {
      padding: var(--space-1) 0;
    }
    @container (max-width: 460px) {
      ul {
        grid-template-columns: minmax(3em, 1fr) max-content;
      }
      .who,
      .unmeasured {
        grid-column: 1 / -1;
      }
    }
  `,
  ];

  constructor() {
    super();
    this.machines = [];
    this.quantity = "instructions";
  }

  protected override data(): Costs {
    return costsOf(this.machines);
  }

  protected override controls(words: HypervisorWords): TemplateResult {
    const text = words.costs;
    return html`<span class="quantity" role="group" aria-label=${text.quantity}>${QUANTITIES.map(
      (quantity) =>
        html`<button aria-pressed=${this.quantity === quantity ? "true" : "false"} @click=${() => {
          this.quantity = quantity;
        }}>${text.quantities[quantity]}</button>`,
    )}</span>`;
  }

  protected override picture(words: HypervisorWords): TemplateResult {
    const costs = this.data();
    const scales = scalesOf(costs, this.quantity);
    return html`<div class="body">${this.note(costs, words)}
      ${costs.rows.map((row, index) => this.row(row, scales[index]!, words))}
      ${this.remarks(costs, words)}</div>`;
  }

  private note({ base }: Costs, words: HypervisorWords): TemplateResult {
    return html`<p class="note">${words.costs.notes[this.quantity === "exits" ? "exits" : base]}</p>`;
  }

  /** Where the other figures come from, and why they are not ours. */
  private remarks({ base }: Costs, words: HypervisorWords): TemplateResult {
    const { source, differs, shape } = words.costs;
    const sentences = base === "native" ? [source, differs, shape] : [shape];
    return html`${sentences.map((sentence) => html`<p class="note">${sentence}</p>`)}`;
  }

  private row(row: CostRow, scale: number, words: HypervisorWords): TemplateResult {
    const text = words.costs;
    const { operation, bars, published } = row;
    return html`<section><h2>${text.names[operation]}<span class="note">${text.work[operation]}</span></h2>
      <ul>${bars.map((bar) => this.bar(bar, scale, words))}${
        published && this.quantity === "instructions"
          ? html`<li title=${text.publishedBy(published.native, published.xen)}><span class="who">${text.published}</span>
            <span class="bar-fill published" style="width:${share(published.relative, scale)}"></span>
            <span class="amount">${text.multiple(published.relative.toFixed(2))}</span></li>`
          : nothing
      }</ul></section>`;
  }

  private bar({ machine, letter, design, command, cost }: CostBar, scale: number, words: HypervisorWords) {
    const text = words.costs;
    const colour = machineColour(letter);
    const who = html`<span class="who"><span class="letter" style="color:${colour}">${letter}</span>${machine}
      ${machine === text.designs[design] ? nothing : html`<span class="note">${text.designs[design]}</span>`}</span>`;
    const value = cost && quantityOf(cost, this.quantity);
    if (!cost || value === undefined) {
      const why = cost ? text.noBase : text.unmeasured(command);
      return html`<li>${who}<span class="unmeasured">${why}</span></li>`;
    }
    return html`<li title=${fullCost(cost, words)}>${who}
      <span class="bar-fill" style="width:${share(value, scale)};background:${colour}"></span>
      <span class="amount">${this.quantity === "exits" ? decimal(value) : text.multiple(value.toFixed(2))}</span></li>`;
  }

  protected override table(words: HypervisorWords): TemplateResult {
    const costs = this.data();
    const { columns, title } = words.costs;
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(title)}><table class="plain">
      <thead><tr>${Object.values(columns).map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
      <tbody>${costs.rows.map((row) => this.lines(row, words))}</tbody></table>${this.remarks(costs, words)}</div>`;
  }

  private lines({ operation, bars, published }: CostRow, words: HypervisorWords): TemplateResult {
    const text = words.costs;
    const name = html`<th scope="row">${text.names[operation]}</th>`;
    return html`${bars.map(
      ({ machine, design, command, cost }) =>
        html`<tr>${name}<td>${machine}</td><td class="words">${text.designs[design]}</td>${
          cost
            ? html`<td class="number">${grouped(cost.operations)}</td><td class="number">${decimal(cost.exits)}</td>
            <td class="number">${rounded(cost.instructions)}</td><td class="number">${rounded(cost.hypervisorInstructions)}</td>
            <td class="number">${cost.relative === undefined ? nothing : text.multiple(cost.relative.toFixed(2))}</td>`
            : html`<td colspan="5" class="words">${text.unmeasured(command)}</td>`
        }</tr>`,
    )}${
      published
        ? html`<tr>${name}<td class="words">${text.published}</td><td colspan="5" class="words">${text.publishedBy(published.native, published.xen)}</td>
          <td class="number">${text.multiple(published.relative.toFixed(2))}</td></tr>`
        : nothing
    }`;
  }
}

const share = (value: number, scale: number) => `${((100 * value) / (scale || 1)).toFixed(1)}%`;
const rounded = (value: number) => grouped(Math.round(value));
/** Whole as it is, with one decimal otherwise. */
const decimal = (value: number) => (Number.isInteger(value) ? grouped(value) : value.toFixed(1));

function fullCost({ exits, instructions, hypervisorInstructions }: Cost, words: HypervisorWords): string {
  return words.costs.full(decimal(exits), rounded(instructions), rounded(hypervisorInstructions));
}

customElements.define("ringside-costs", RingsideCosts);
