import { type CSSResult, html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { copyText } from "../clipboard.ts";
import { icon } from "../icons.ts";
import type { Language } from "../language.ts";
import type { MachineStatus } from "../machine.ts";
import { base, buttons } from "../styles.ts";
import { panelStyles } from "./styles.ts";
import type { PanelWords } from "./words.ts";

/** How long a button says that something was copied, milliseconds. */
const SAID = 2000;

/**
 * What all views into a machine have in common: a picture, the same facts as a table, and a copy of them as JSON.
 * A view is given plain data and holds no machine.
 */
export abstract class Panel<Words extends PanelWords> extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    problem: {},
    phase: {},
    asTable: { state: true },
    copied: { state: true },
  };

  declare language: Language;
  /** A sentence when the last attempt to read failed; the picture stays what it was. */
  declare problem: string | undefined;
  /** What the machine does: one that has stopped, or is starting still, is said to. */
  declare phase: MachineStatus["phase"];
  declare protected asTable: boolean;
  declare private copied: boolean | undefined;

  static override styles: CSSResult[] = [base, buttons, panelStyles];

  constructor() {
    super();
    this.language = "en";
    this.phase = "running";
    this.asTable = false;
  }

  /** The view's words in a language. */
  protected abstract wordsIn(language: Language): Words;
  /** What is copied; undefined while there is nothing. */
  protected abstract data(): unknown;
  /** Whether there is anything to show and to copy. A view whose copy is dear to make says so without making it. */
  protected get hasData(): boolean {
    return this.data() !== undefined;
  }
  protected abstract picture(words: Words): TemplateResult;
  protected abstract table(words: Words): TemplateResult;

  /** Controls of the view's own, before the common ones. */
  protected controls(_words: Words): TemplateResult | typeof nothing {
    return nothing;
  }

  /** What stands where nothing has been read. */
  protected empty(words: Words): string {
    return this.phase === "starting" ? words.starting : words.waiting;
  }

  override render() {
    const words = this.wordsIn(this.language);
    const missing = !this.hasData;
    const copied = this.copied === undefined ? words.copy : this.copied ? words.copied : words.notCopied;
    return html`<div class="bar">
        ${this.controls(words)}
        <span class="common">
          <button aria-pressed=${this.asTable ? "true" : "false"} title=${words.tableTitle} ?disabled=${missing} @click=${this.toggleTable}
            >${icon("table")}<span class="word">${words.table}</span></button>
          <button class="quiet" title=${words.copyTitle} ?disabled=${missing} @click=${this.copy}>${icon("copy")}<span class="word" ?data-said=${this.copied !== undefined}>${copied}</span></button>
        </span>
      </div>
      ${this.phase === "stopped" ? html`<p class="stopped" role="status">${missing ? words.stopped : words.stoppedLast}</p>` : nothing}
      ${this.problem && this.phase !== "stopped" ? html`<p class="problem" role="status">${this.problem}</p>` : nothing}
      ${missing ? html`<p class="quiet">${this.empty(words)}</p>` : this.asTable ? this.table(words) : this.picture(words)}`;
  }

  /** Brings the keyboard into the view. */
  override focus(options?: FocusOptions) {
    this.renderRoot.querySelector("button")?.focus(options);
  }

  private toggleTable() {
    this.asTable = !this.asTable;
  }

  private async copy() {
    this.copied = await copyText(JSON.stringify(this.data(), null, 2));
    setTimeout(() => {
      this.copied = undefined;
    }, SAID);
  }
}
