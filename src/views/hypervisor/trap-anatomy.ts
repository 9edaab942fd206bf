import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Exit } from "../../probe/hypervisor/exits.ts";
import { grouped } from "../quantities.ts";
import { argumentPart, argumentText } from "./arguments.ts";
import { HypervisorPanel } from "./panel.ts";
import { address, digits } from "./parts.ts";
import { type HypervisorWords, nameOf } from "./words/words.ts";

/** One exit taken apart: the instruction, why it left the guest, what the hypervisor did step by step, and the cost. */
export class RingsideTrapAnatomy extends HypervisorPanel {
  static override properties: PropertyDeclarations = { exit: { attribute: false } };

  /** One of the exits `exits.trace` read. */
  declare exit: Exit | undefined;

  static override styles = [
    ...HypervisorPanel.styles,
    css`
    h2 {
      flex: 1 1 14em;
      display: flex;
      flex-wrap: wrap;
      gap: var(--space-2);
      align-items: baseline;
      margin: 0;
      font-size: var(--size);
    }
    h2 .sign {
      color: var(--exit);
    }
    h2 small {
      color: var(--text-2);
      font-weight: 400;
    }
    .bytes {
      display: inline-flex;
      gap: 3px;
      font-family: var(--mono);
    }
    .bytes span {
      padding: 1px 5px;
      border: 1px solid var(--line);
      border-radius: 3px;
      background: var(--surface-1);
    }
    .instruction {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 6px var(--space-3);
      margin-bottom: var(--space-3);
    }
    .instruction code {
      font-size: var(--size);
      font-weight: 600;
    }
    section {
      margin-bottom: var(--space-3);
    }
    section p {
      padding: 2px 0;
      max-width: 70ch;
      line-height: 1.5;
    }
    ol {
      display: grid;
      gap: 4px;
      margin: 4px 0 0;
      padding-left: 1.8em;
    }
    li::marker {
      color: var(--text-2);
      font-variant-numeric: tabular-nums;
    }
    .argument {
      display: inline-block;
      margin-right: var(--space-2);
    }
    .argument small {
      color: var(--text-2);
    }
    .refused b {
      color: var(--exit);
    }
    .cost {
      font-size: var(--size);
      font-weight: 600;
    }
  `,
  ];

  protected override data() {
    return this.exit;
  }

  protected override empty(words: HypervisorWords): string {
    return words.anatomy.pick;
  }

  protected override controls(words: HypervisorWords): TemplateResult | typeof nothing {
    const { exit } = this;
    if (!exit) return nothing;
    const text = words.anatomy;
    const level = exit.level === 3 ? text.user : text.kernel;
    const who = exit.domain === undefined ? text.nobody : text.who(exit.domain, level);
    return html`<h2><span class="sign" aria-hidden="true">▼</span>${nameOf(words, exit.reason, exit.words)}
      <small title=${words.readAt(`ma:${digits(exit.at)}`)}>${text.exit(grouped(exit.exit))} · ${who}</small></h2>`;
  }

  protected override picture(words: HypervisorWords): TemplateResult {
    const exit = this.exit!;
    const text = words.anatomy;
    return html`<div class="body">
      <section class="instruction">${
        exit.bytes
          ? html`${address("va", exit.eip)}<span class="bytes">${exit.bytes.split(" ").map((byte) => html`<span>${byte}</span>`)}</span><code>${exit.instruction}</code>`
          : html`${address("va", exit.eip)} <span class="note">${text.noBytes}</span>`
      }</section>
      <section><h3>${text.why}</h3>
        <p>${words.why[exit.reason] ?? nothing}</p>
        <p>${exit.arguments.map((argument) => argumentPart(argument, words))}</p>
        <p class="note">${text.vector(String(exit.vector), digits(exit.error))}</p></section>
      <section><h3>${text.done}</h3>${exit.cut ? html`<p class="note">${text.cut}</p>` : nothing}${this.steps(exit, words)}</section>
      <section><h3>${text.cost}</h3><p class="cost">${text.costWords(grouped(exit.cost))}</p></section>
    </div>`;
  }

  private steps(exit: Exit, words: HypervisorWords): TemplateResult {
    if (exit.steps.length === 0) return html`<p class="note">${words.anatomy.nothing}</p>`;
    return html`<ol>${exit.steps.map(
      (step) => html`<li class=${step.kind === "STEP_REFUSE" || step.kind === "STEP_KILL" ? "refused" : ""}>
        <b>${nameOf(words, step.kind, step.words)}</b> ${step.arguments.map((argument) => argumentPart(argument, words))}</li>`,
    )}</ol>`;
  }

  protected override table(words: HypervisorWords): TemplateResult {
    const exit = this.exit!;
    const { columns } = words.anatomy;
    const list = (all: Exit["arguments"]) =>
      all.map((argument) => `${words.arguments[argument.name]} ${argumentText(argument, words)}`).join(", ");
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.anatomy.title)}><table class="plain">
      <caption>${words.strip.at(grouped(exit.exit), nameOf(words, exit.reason, exit.words))} · va:${digits(exit.eip)} · ${exit.instruction || words.none}</caption>
      <thead><tr><th scope="col">${columns.number}</th><th scope="col">${columns.what}</th><th scope="col">${columns.arguments}</th></tr></thead>
      <tbody><tr class="here"><td class="number">0</td><td>${nameOf(words, exit.reason, exit.words)}</td><td>${list(exit.arguments)}</td></tr>
      ${exit.steps.map(
        (step, index) =>
          html`<tr><td class="number">${index + 1}</td><td>${nameOf(words, step.kind, step.words)}</td><td>${list(step.arguments)}</td></tr>`,
      )}
      <tr><td></td><td>${words.anatomy.cost}</td><td>${words.anatomy.costWords(grouped(exit.cost))}</td></tr></tbody></table></div>`;
  }
}

customElements.define("ringside-trap-anatomy", RingsideTrapAnatomy);
