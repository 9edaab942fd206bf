import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { emit } from "../../events.ts";
import { icon } from "../../icons.ts";
import { IoPanel } from "../panel.ts";
import type { IoWords } from "../words/words.ts";
import { type CostsPicture, costsTable, keptTime, portsPicture, sections } from "./pictures.ts";
import { type Choice, type CostMachine, type KeptRun, linesOf, machinesOf, PERS, type Per } from "./rows.ts";

/** The longest name of a run. */
const NAME_LENGTH = 40;

/**
 * What I/O cost on each device of each machine: exits, notifications, interrupts, bytes copied, of a request or of a
 * KB; and a notebook of runs to compare.
 *
 * @fires io-reset {} the devices are to count from 0 again
 * @fires io-keep {name, machines} what is counted now is to be kept under a name; an older one of that name goes
 * @fires io-forget {name} a kept run is to go
 */
export class IoCostsView extends IoPanel {
  static override properties: PropertyDeclarations = {
    machines: { attribute: false },
    kept: { attribute: false },
    per: { state: true },
    first: { state: true },
    second: { state: true },
  };

  /** Each machine's devices, as `io.costs` read them last. */
  declare machines: readonly CostMachine[];
  /** Runs that were kept, the oldest first. */
  declare kept: readonly KeptRun[];
  declare private per: Per;
  /** What is shown, and what beside it. */
  declare private first: Choice;
  declare private second: Choice;

  static override styles = [
    ...IoPanel.styles,
    css`
    .units {
      display: inline-flex;
      gap: var(--space-1);
    }
    .body > p,
    section > p {
      padding: var(--space-1) 0;
    }
    section {
      padding: var(--space-2) 0;
      border-top: 1px solid var(--line);
    }
    h2 {
      margin: 0 0 var(--space-1);
      font-size: var(--size-small);
      font-weight: 600;
    }
    h2 .note {
      font-weight: 400;
    }
    ul {
      margin: 0;
      padding: 0;
      list-style: none;
    }
    .bars {
      display: grid;
      grid-template-columns: minmax(9em, max-content) minmax(6em, 1fr) max-content;
      gap: 4px var(--space-3);
    }
    .bars li {
      display: grid;
      grid-column: 1 / -1;
      grid-template-columns: subgrid;
      align-items: center;
    }
    .who {
      display: inline-flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: 0 6px;
    }
    .pair {
      display: grid;
      gap: 2px;
      min-width: 0;
    }
    .bar-line {
      display: flex;
      align-items: center;
      gap: 6px;
      min-width: 0;
    }
    .bar-fill {
      flex: 0 1 auto;
      min-width: 1.5px;
      height: 13px;
      border: 1.5px solid var(--own);
      background: var(--own);
    }
    .bar-fill.second {
      background: repeating-linear-gradient(135deg, var(--own) 0 2px, var(--surface-0) 2px 5px);
    }
    .amount {
      flex: none;
      min-width: 4em;
      font-family: var(--mono);
      font-weight: 600;
    }
    .factor {
      font-family: var(--mono);
      text-align: right;
    }
    .reasons {
      grid-column: 2 / -1;
      color: var(--text-2);
      font-size: 12px;
      line-height: 1.35;
    }
    .reason {
      white-space: nowrap;
    }
    .work {
      float: right;
      padding-left: var(--space-3);
    }
    .reason b {
      color: var(--text);
      font: 600 12px var(--mono);
    }
    details {
      border-top: 1px solid var(--line);
    }
    summary {
      padding: 6px 0;
      cursor: pointer;
    }
    .ports {
      overflow-x: auto;
      padding-bottom: var(--space-2);
    }
    .ports caption {
      display: none;
    }
    .access {
      display: flex;
      width: 120px;
      height: 11px;
    }
    .access i {
      border: 1.5px solid var(--text-2);
    }
    .access .read {
      background: var(--text-2);
    }
    .notebook form,
    .choices {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--space-2);
    }
    .notebook input {
      flex: 1 1 10em;
      max-width: 22em;
    }
    .notebook li {
      display: flex;
      align-items: center;
      gap: var(--space-2);
    }
    .notebook li button {
      min-height: 24px;
      margin-left: auto;
    }
    .notebook ul {
      max-width: 34em;
      padding: var(--space-1) 0;
    }
    .key {
      display: inline-block;
      width: 22px;
      height: 11px;
      border: 1.5px solid var(--text-2);
    }
    .key.first {
      background: var(--text-2);
    }
    .key.second {
      background: repeating-linear-gradient(135deg, var(--text-2) 0 2px, var(--surface-0) 2px 5px);
    }
    @container (max-width: 560px) {
      .bars {
        grid-template-columns: minmax(0, 1fr) max-content;
      }
      .who,
      .reasons {
        grid-column: 1 / -1;
      }
      .work {
        float: none;
        display: block;
        padding: 0;
      }
    }
  `,
  ];

  constructor() {
    super();
    this.machines = [];
    this.kept = [];
    this.per = "request";
    this.first = "now";
    this.second = "none";
  }

  protected override data() {
    const some = [this.machines, ...this.kept.map(({ machines }) => machines)].some((machines) =>
      machines.some(({ costs }) => costs !== undefined),
    );
    return some ? { now: this.machines, kept: this.kept } : undefined;
  }

  protected override controls(words: IoWords): TemplateResult {
    const text = words.costs;
    return html`<span class="units" role="group" aria-label=${text.per}>${PERS.map(
      (per) =>
        html`<button aria-pressed=${this.per === per ? "true" : "false"} @click=${() => {
          this.per = per;
        }}>${text.units[per]}</button>`,
    )}</span>
      <button title=${text.resetTitle} @click=${() => emit(this, "io-reset", {})}>${icon("back")}${text.reset}</button>`;
  }

  private drawn(words: IoWords): CostsPicture {
    const { machines, kept } = this;
    const nameOf = (choice: Choice) => (choice === "now" ? words.costs.now : choice.slice("run ".length));
    const first = machinesOf(this.first, machines, kept);
    const second = machinesOf(this.second, machines, kept);
    return {
      lines: linesOf(first ?? machines, second),
      per: this.per,
      runs: [first ? nameOf(this.first) : words.costs.now, second && nameOf(this.second)],
      words,
      party: (machine) => this.party(machine, words),
      colourOf: (machine) => this.colourOf(machine),
    };
  }

  protected override picture(words: IoWords): TemplateResult {
    const picture = this.drawn(words);
    const text = words.costs;
    return html`<div class="body">
      ${this.kept.length > 0 ? this.choices(words) : nothing}
      ${picture.lines.length === 0 ? html`<p class="note">${text.none}</p>` : sections(picture)}
      ${portsPicture(picture)}${this.notebook(words)}<p class="note">${text.note}</p></div>`;
  }

  /** Which run is shown, and which beside it. */
  private choices(words: IoWords): TemplateResult {
    const text = words.costs;
    const runs = this.kept.map(({ name }) => [`run ${name}`, name] as const);
    const select = (chosen: Choice, options: readonly (readonly [string, string])[], take: (choice: Choice) => void) =>
      html`<select @change=${(event: Event) => take((event.target as HTMLSelectElement).value as Choice)}>${options.map(
        ([value, name]) => html`<option value=${value} .selected=${value === chosen}>${name}</option>`,
      )}</select>`;
    const first = select(this.first, [["now", text.now], ...runs], (choice) => {
      this.first = choice;
    });
    const second = select(this.second, [["none", text.nothing], ["now", text.now], ...runs], (choice) => {
      this.second = choice;
    });
    return html`<div class="choices"><label>${text.shown} ${first}</label><span class="key first" aria-hidden="true"></span>
      <label>${text.beside} ${second}</label><span class="key second" aria-hidden="true"></span></div>`;
  }

  private notebook(words: IoWords): TemplateResult {
    const text = words.costs;
    return html`<section class="notebook"><h2>${text.notebook}</h2>
      <form @submit=${this.keep}><input name="name" required maxlength=${NAME_LENGTH} aria-label=${text.name} placeholder=${text.nameHint}>
        <button title=${text.keepTitle}>${icon("save")}${text.keep}</button></form>
      ${
        this.kept.length === 0
          ? html`<p class="note">${text.empty}</p>`
          : html`<ul>${this.kept.map(
              (run) => html`<li><b>${run.name}</b> <span class="note">${text.kept(keptTime(run))}</span>
              <button class="quiet" aria-label=${text.forget(run.name)} title=${text.forget(run.name)} @click=${() => emit(this, "io-forget", { name: run.name })}>${icon("cross")}</button></li>`,
            )}</ul>`
      }</section>`;
  }

  private keep(event: SubmitEvent) {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const name = String(new FormData(form).get("name") ?? "").trim();
    if (name === "") return;
    emit(this, "io-keep", { name, machines: this.machines });
    form.reset();
  }

  protected override table(words: IoWords): TemplateResult {
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.costs.title)}>${costsTable(this.drawn(words))}</div>`;
  }
}

customElements.define("io-costs", IoCostsView);
