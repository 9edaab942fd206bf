import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { Hex } from "../../probe/hypervisor/memory.ts";
import type { EntryReading } from "../../probe/hypervisor/paging/guest-walk.ts";
import type { Translation } from "../../probe/hypervisor/paging/translate.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import { HypervisorPanel } from "./panel.ts";
import { address, digits, flagRow, frameNumber, pageSize, parseAddress } from "./parts.ts";
import { bitFields, type ChainRow, chainRows, isAlarm } from "./translation-rows.ts";
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

  static override styles = [
    ...HypervisorPanel.styles,
    css`
    form {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--space-2);
    }
    .wrong {
      color: var(--exit);
    }
    .verdict {
      display: flex;
      gap: var(--space-2);
      align-items: flex-start;
      margin: 0 var(--space-3) var(--space-3);
      padding: var(--space-2) var(--space-3);
      border-left: 4px solid var(--ok);
      border-radius: 0 var(--radius) var(--radius) 0;
      background: var(--ok-soft);
    }
    .verdict ul {
      margin: 0;
      padding-left: 1.2em;
    }
    .verdict b {
      display: block;
    }
    .verdict[data-kind="lazy"],
    .verdict[data-kind="stale"] {
      border-color: var(--warn);
      background: var(--warn-soft);
    }
    .verdict[data-kind="absent"],
    .verdict[data-kind="direct"],
    .verdict[data-kind="hypervisor"] {
      border-color: var(--control-line);
      background: var(--surface-2);
    }
    .verdict[data-kind="disagrees"] {
      border: 3px solid var(--exit);
      border-radius: var(--radius);
      background: var(--exit-soft);
      font-size: var(--size);
    }
    .bits {
      display: flex;
      gap: 2px;
      margin: 0 0 var(--space-3);
      font-family: var(--mono);
    }
    .bits span {
      padding: 2px var(--space-2);
      background: color-mix(in srgb, var(--va) 16%, var(--surface-0));
      text-align: center;
    }
    .bits small {
      display: block;
      color: var(--text-2);
      font: 11px / 1.3 var(--sans);
    }
    .chain {
      width: 100%;
      border-collapse: collapse;
    }
    .chain th,
    .chain td {
      padding: 5px var(--space-3);
      vertical-align: top;
      text-align: left;
      border-top: 1px solid var(--line);
      font-weight: 400;
    }
    .chain thead td {
      border: 0;
    }
    .chain thead th {
      border: 0;
      color: var(--text-2);
      font-size: 12px;
    }
    .chain tbody th {
      width: 9em;
      padding-left: 0;
      color: var(--text-2);
    }
    .chain td + td {
      border-left: 1px solid var(--line);
    }
    .chain .none {
      color: var(--text-2);
      font-style: italic;
    }
    .chain .line {
      display: flex;
      flex-wrap: wrap;
      gap: 2px var(--space-2);
      align-items: baseline;
    }
    .chain small {
      color: var(--text-2);
    }
    .chain tr.end td {
      font-size: 15px;
      font-weight: 700;
    }
    .chain tr.alarm td {
      background: var(--exit-soft);
      outline: 3px solid var(--exit);
      outline-offset: -3px;
    }
    .mark {
      display: inline-block;
      margin-left: var(--space-2);
      padding: 0 6px;
      border-radius: 4px;
      font: 700 12px / 1.6 var(--sans);
    }
    .mark.same {
      color: var(--ok);
      background: var(--ok-soft);
    }
    .mark.differs {
      color: var(--surface-0);
      background: var(--exit);
    }
    @container (max-width: 520px) {
      .chain,
      .chain tbody,
      .chain tr,
      .chain th,
      .chain td {
        display: block;
        width: auto;
      }
      .chain thead {
        display: none;
      }
      .chain td {
        border: 0;
        padding: 2px 0;
      }
      .chain tbody th {
        width: auto;
      }
      .chain td:empty {
        display: none;
      }
      .chain tr.alarm td {
        padding-left: var(--space-3);
      }
      .chain td + td {
        border: 0;
        padding: 2px 0 6px var(--space-3);
        border-left: 3px solid var(--ma);
      }
    }
  `,
  ];

  constructor() {
    super();
    this.wrong = false;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("translation")) this.asked = undefined;
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
          <tbody>${chainRows(translation).map((row) => this.row(row, words))}</tbody>
        </table>
      </div>`;
  }

  private row(row: ChainRow, words: HypervisorWords): TemplateResult {
    const text = words.translation;
    switch (row.kind) {
      case "root":
        return html`<tr><th scope="row">CR3</th>
          <td>${address(row.guestKind, row.guest.value, words.readFrom(row.guest.from))}</td>
          <td>${row.shadow ? address("ma", row.shadow.value, words.readFrom(row.shadow.from)) : nothing}</td></tr>`;
      case "entry":
        return html`<tr><th scope="row">${row.level}</th><td>${row.guest ? this.entry(row.guest, words) : nothing}</td>
          <td>${row.shadow ? this.entry(row.shadow, words) : row.expected ? html`<span class="none">${text.notPresent}</span>` : nothing}</td></tr>`;
      case "page":
        return html`<tr><th scope="row">${text.guestPhysical}</th>
          <td>${row.gpa ? address("pa", row.gpa) : html`<span class="none">${row.reserved ? text.reserved : text.notPresent}</span>`}
            ${row.size ? html`<small>${text.pageSize(pageSize(row.size))}</small>` : nothing}</td><td></td></tr>`;
      case "p2m":
        return html`<tr><th scope="row">${text.p2m}</th><td title=${row.at ? words.readAt(`ma:${digits(row.at)}`) : nothing}>${
          row.mfn === undefined
            ? html`<span class="none">${text.noFrame(frameNumber(row.gfn))}</span>`
            : html`<span class="value">${text.frame(frameNumber(row.gfn), frameNumber(row.mfn))}</span>`
        }</td><td></td></tr>`;
      case "rights":
        return html`<tr><th scope="row">${text.rights}</th>${[row.guest, row.shadow].map(
          (rights) =>
            html`<td>${rights ? html`${rights.writable ? text.mayWrite : text.mayRead} · ${rights.user ? text.forUser : text.forKernel}` : nothing}</td>`,
        )}</tr>`;
      case "end":
        return html`<tr class=${row.alarm ? "end alarm" : "end"}><th scope="row">${text.machine}</th>
          <td>${row.guest ? address("ma", row.guest) : html`<span class="none">–</span>`}</td>
          <td>${row.shadow ? address("ma", row.shadow) : html`<span class="none">–</span>`}${
            row.alarm
              ? html`<span class="mark differs">≠ ${text.differs}</span>`
              : row.guest && row.guest === row.shadow
                ? html`<span class="mark same">= ${text.same}</span>`
                : nothing
          }</td></tr>`;
    }
  }

  private entry(
    entry: EntryReading & { readonly shadow?: string | undefined },
    words: HypervisorWords,
  ): TemplateResult {
    const text = words.translation;
    const place = entry.ma ? words.readAt(`ma:${digits(entry.ma)}`) : text.noMemory;
    if (entry.value === undefined) return html`<span class="none">${text.noMemory}</span>`;
    return html`<span class="line">
        <small>${text.index(entry.index)}</small><span class="value" title=${place}>${digits(entry.value)}</span>${flagRow(entry.flags)}
      </span>
      <span class="line">${entry.gpa ? address("pa", entry.gpa, place) : nothing}${entry.ma ? address("ma", entry.ma, place) : nothing}</span>`;
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
    return html`<div class="scroll"><table class="plain">
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
