import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { Hex } from "../../probe/hypervisor/memory.ts";
import type { Translation } from "../../probe/hypervisor/paging/translate.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import { type CellKey, changedCells } from "./changes.ts";
import { HypervisorPanel } from "./panel.ts";
import { address, digits, parseAddress } from "./parts.ts";
import { chainRow } from "./translation-picture.ts";
import { bitFields, chainRows, isAlarm } from "./translation-rows.ts";
import { translationStyles } from "./translation-styles.ts";
import type { HypervisorWords } from "./words/words.ts";

/**
 * The way of one address: guest-virtual, the guest's entries, guest-physical, p2m, machine; and beside it the entries
 * of the shadow the processor walks.
 *
 * @fires ringside-address {gva} the student asks for an address, 32 bits
 */
export class RingsideTranslation extends HypervisorPanel {
  static override properties: PropertyDeclarations = {
    translation: { attribute: false },
    asked: { state: true },
    wrong: { state: true },
  };

  /** What `paging.walk` read last. */
  declare translation: Translation | undefined;
  /** What is in the field while the student writes. */
  declare private asked: string | undefined;
  declare private wrong: boolean;
  private fresh: ReadonlySet<CellKey> = new Set();
  private beat: 0 | 1 = 0;

  static override styles = [...HypervisorPanel.styles, translationStyles];

  constructor() {
    super();
    this.wrong = false;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (!changed.has("translation")) return;
    // Readings come while the student writes: what was written stays until an answer to another address is here.
    if (changed.get("translation")?.gva !== this.translation?.gva) this.asked = undefined;
    this.fresh = this.translation ? changedCells(changed.get("translation"), this.translation) : new Set();
    this.beat = this.beat ? 0 : 1;
  }

  protected override data() {
    return this.translation;
  }

  protected override controls(words: HypervisorWords): TemplateResult {
    const text = words.translation;
    const value = this.asked ?? (this.translation ? digits(this.translation.gva) : "");
    return html`<form @submit=${this.ask}>
      <label for="gva">${text.address}</label>
      <input id="gva" class="address" autocomplete="off" spellcheck="false" maxlength="16" .value=${value} title=${text.addressHint}
        aria-invalid=${this.wrong ? "true" : "false"} aria-describedby=${this.wrong ? "wrong" : nothing}
        @input=${(event: Event) => {
          this.asked = (event.target as HTMLInputElement).value;
          this.wrong = false;
        }}>
      <button class="primary">${text.go}</button>
      ${this.wrong ? html`<span id="wrong" class="wrong" role="alert">${text.badAddress}</span>` : nothing}
    </form>`;
  }

  /** The address is what one works with here: the next one is typed over it. */
  override focus(options?: FocusOptions) {
    const input = this.renderRoot.querySelector("input");
    input?.focus(options);
    input?.select();
  }

  protected override updated(changed: PropertyValues<this>) {
    const input = this.renderRoot.querySelector("input");
    const other = changed.has("translation") && changed.get("translation")?.gva !== this.translation?.gva;
    if (other && (this.renderRoot as ShadowRoot).activeElement === input) input?.select();
  }

  private ask(event: Event) {
    event.preventDefault();
    const gva = parseAddress(this.asked ?? this.translation?.gva ?? "");
    this.wrong = gva === undefined;
    if (gva !== undefined) emit(this, "ringside-address", { gva });
  }

  protected override picture(words: HypervisorWords): TemplateResult {
    const translation = this.translation!;
    const { verdict } = translation;
    const one = translation.shadow === undefined || translation.mode === "pv";
    return html`<div class="verdict" data-kind=${verdict.kind} role=${isAlarm(verdict) ? "alert" : "status"}>
        ${icon(isAlarm(verdict) ? "warning" : verdict.kind === "agrees" ? "check" : "hint")}
        <div><b>${words.verdicts[verdict.kind]}</b>
          ${verdict.why.length > 0 ? html`<ul>${verdict.why.map((why) => html`<li>${words.reasons[why]}</li>`)}</ul>` : nothing}</div>
      </div>
      <div class="body">
        <div class="bits" role="img" aria-label=${words.translation.bits}>${bitFields(translation).map(
          ({ name, text }) => html`<span>${text}<small>${words.translation[name]}</small></span>`,
        )}</div>
        <table class="chain">
          <thead><tr><td></td><th scope="col">${words.translation.guestSide} · ${words.modes[translation.mode]} · ${words.translation.paging[translation.guest.paging]}</th>
            <th scope="col">${one ? words.translation.guestOnly : words.translation.shadowSide}</th></tr></thead>
          <tbody>${chainRows(translation).map((row) => chainRow(row, words, (key) => this.mark(key)))}</tbody>
        </table>
      </div>`;
  }

  /** The class of a cell that shows something else than it did. */
  private mark(key: CellKey): string {
    return this.fresh.has(key) ? `fresh-${this.beat}` : "";
  }

  protected override table(words: HypervisorWords): TemplateResult {
    const translation = this.translation!;
    const text = words.translation;
    const entries = [
      ...translation.guest.steps.map((step) => ({ side: text.guest, ...step })),
      ...(translation.mode === "pv" ? [] : (translation.shadow?.steps ?? [])).map((step) => ({
        side: text.shadow,
        ...step,
      })),
    ];
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.translation.title)}><table class="plain">
        <caption>va:${digits(translation.gva)}: ${words.verdicts[translation.verdict.kind]}</caption>
        <thead><tr>${Object.values(text.columns).map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
        <tbody>${entries.map(
          (entry) => html`<tr><td>${entry.side}</td><td>${entry.level}</td><td class="number">${entry.index}</td>
            <td>${entry.gpa ? address("pa", entry.gpa) : nothing}</td><td>${entry.ma ? address("ma", entry.ma) : text.noMemory}</td>
            <td>${entry.value ? digits(entry.value) : nothing}</td><td>${entry.flags.join(" ")}</td></tr>`,
        )}
        ${this.ends(translation, words)}</tbody>
      </table>
      ${translation.verdict.why.map((why) => html`<p>${words.reasons[why]}</p>`)}</div>`;
  }

  /** Where each side ends up, as the table's last rows. */
  private ends(translation: Translation, words: HypervisorWords): TemplateResult[] {
    const text = words.translation;
    const shadow = translation.mode === "pv" ? undefined : translation.shadow;
    const row = (
      side: string,
      gpa: Hex | undefined,
      ma: Hex | undefined,
    ) => html`<tr class=${isAlarm(translation.verdict) ? "bad" : "here"}>
      <td>${side}</td><th scope="row">${text.machine}</th><td></td><td>${gpa ? address("pa", gpa) : nothing}</td>
      <td>${ma ? address("ma", ma) : "–"}</td><td></td><td>${words.verdictNames[translation.verdict.kind]}</td></tr>`;
    return [
      row(text.guest, translation.guest.page?.gpa, translation.ma),
      ...(shadow ? [row(text.shadow, undefined, shadow.ma)] : []),
    ];
  }
}

customElements.define("ringside-translation", RingsideTranslation);
