import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import type { AskTask, Choice, TaskState } from "../../lab/index.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import { type Language, strings } from "../language.ts";
import { safeHtml, safeInlineHtml } from "../markdown.ts";
import { proseStyles } from "../prose-styles.ts";
import { base, buttons } from "../styles.ts";
import { waitingSentence } from "./task.ts";

/**
 * A question to the student: a prediction, or one that has to be right. Once the machine has shown the true value,
 * the verdict stands beside the answer.
 *
 * @fires ringside-answer {task, text}: `preventDefault` says that the question cannot take this answer
 */
export class RingsideQuestion extends LitElement {
  static override properties = {
    language: {},
    task: { attribute: false },
    state: { attribute: false },
    refused: { state: true },
    draft: { state: true },
  };

  declare language: Language;
  declare task: AskTask;
  declare state: TaskState;
  declare private refused: boolean;
  /** What stands in the field; undefined until the student has written in it. */
  declare private draft: string | undefined;

  static override styles = [
    base,
    buttons,
    proseStyles,
    css`
      :host {
        margin: 14px 0;
      }
      fieldset {
        min-width: 0;
        margin: 0;
        padding: 10px 14px 12px;
        border: 1px solid var(--line);
        border-left: 3px solid var(--accent);
        border-radius: var(--radius);
        background: var(--surface-1);
      }
      [data-verdict="right"] {
        border-left-color: var(--ok);
      }
      [data-verdict="wrong"] {
        border-left-color: var(--warn);
      }
      legend {
        float: left;
        width: 100%;
        padding: 0;
      }
      .kind {
        display: block;
        color: var(--text-2);
        font-size: var(--size-small);
      }
      .answers {
        clear: both;
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        padding-top: 8px;
      }
      .chip {
        min-height: var(--tap);
        padding: 5px 12px;
        white-space: normal;
        text-align: left;
      }
      .chip code {
        background: none;
      }
      .chip[data-true] {
        border-color: var(--ok);
        color: var(--ok);
        background: var(--ok-soft);
        opacity: 1;
      }
      .chip[data-mine]:not([data-true]) {
        border-color: var(--accent);
        color: var(--accent);
      }
      input {
        flex: 1;
        min-width: 0;
        max-width: 240px;
        min-height: var(--tap);
        padding: 4px 10px;
        border: 1px solid var(--control-line);
        border-radius: var(--radius);
        background: var(--surface-0);
        color: var(--text);
        font: var(--size-small) / 1.4 var(--mono);
      }
      .verdict,
      .note {
        clear: both;
        margin: 8px 0 0;
        font-size: var(--size-small);
      }
      .note {
        color: var(--text-2);
      }
      .verdict svg {
        display: inline-block;
        margin-right: 5px;
        vertical-align: -3px;
      }
      .right b {
        color: var(--ok);
      }
      .wrong b {
        color: var(--warn);
      }
      .because {
        margin-top: 4px;
        font-size: 14px;
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.refused = false;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("task") && changed.get("task")?.id !== this.task.id) {
      this.draft = undefined;
      this.refused = false;
    }
  }

  /** The answer may still be given or changed. */
  private get open(): boolean {
    const { status, verdict } = this.state;
    return status !== "blocked" && (verdict === undefined || (this.task.must && !verdict.right));
  }

  override render() {
    const text = strings(this.language).ask;
    const { verdict } = this.state;
    const judged = verdict === undefined ? "" : verdict.right ? "right" : "wrong";
    return html`<fieldset data-verdict=${judged}>
      <legend><span class="kind">${this.task.must ? text.question : text.before}</span>
        <span class="prose">${unsafeHTML(safeInlineHtml(this.task.question[this.language]))}</span></legend>
      ${this.task.reply.kind === "choice" ? this.choices(this.task.reply.choices) : this.field(this.task.reply.kind)}
      ${this.outcome()}
    </fieldset>`;
  }

  private choices(choices: readonly Choice[]) {
    const { answer, verdict } = this.state;
    return html`<div class="answers" role="group">${choices.map(
      (choice) => html`<button class="chip" aria-pressed=${answer === choice.value} ?disabled=${!this.open}
        ?data-mine=${answer === choice.value} ?data-true=${verdict?.value === choice.value}
        @click=${() => this.give(choice.value)}>${
          verdict?.value === choice.value ? icon("check") : nothing
        }<span>${unsafeHTML(safeInlineHtml(choice.label[this.language]))}</span></button>`,
    )}</div>`;
  }

  private field(kind: "number" | "text") {
    const text = strings(this.language).ask;
    const value = this.draft ?? this.state.answer ?? "";
    if (!this.open) return nothing;
    return html`<form class="answers" @submit=${this.submit}>
      <input name="answer" autocomplete="off" autocapitalize="off" spellcheck="false" inputmode=${kind === "number" ? "decimal" : "text"}
        aria-label=${kind === "number" ? text.number : text.text} placeholder=${kind === "number" ? text.number : text.text}
        aria-invalid=${this.refused} .value=${value} @input=${(event: InputEvent) => {
          this.draft = (event.target as HTMLInputElement).value;
        }} />
      <button>${this.state.answer === undefined ? text.answer : text.change}</button>
    </form>`;
  }

  private outcome() {
    const text = strings(this.language).ask;
    const { answer, verdict, waiting } = this.state;
    if (this.refused)
      return html`<p class="note" role="alert">${this.task.reply.kind === "number" ? text.notNumber : text.wrongHidden}</p>`;
    if (verdict) return this.verdict(verdict);
    if (answer === undefined) return nothing;
    const later = waiting ? waitingSentence(waiting, this.language) : text.later;
    return html`<p class="note" role="status">${this.task.reply.kind === "choice" ? nothing : text.was(answer)} ${later}</p>`;
  }

  private verdict({ right, value, because }: NonNullable<TaskState["verdict"]>) {
    const text = strings(this.language).ask;
    const { answer } = this.state;
    const reply = this.task.reply;
    const choice = reply.kind === "choice" ? reply.choices.find((one) => one.value === value) : undefined;
    const shown = choice?.label[this.language] ?? value;
    return html`<div class="verdict ${right ? "right" : "wrong"}" role="status">
      <b>${icon(right ? "check" : "hint")}${right ? text.right : shown === undefined ? text.wrongHidden : nothing}</b>
      ${right || shown === undefined ? nothing : html`<span class="prose">${unsafeHTML(safeInlineHtml(text.wrong(shown)))}</span>`}
      ${answer !== undefined && reply.kind !== "choice" ? text.was(answer) : nothing}
      ${because ? html`<div class="because prose">${unsafeHTML(safeHtml(because[this.language]))}</div>` : nothing}
    </div>`;
  }

  private submit(event: SubmitEvent) {
    event.preventDefault();
    const answer = (this.draft ?? this.state.answer ?? "").trim();
    if (answer !== "") this.give(answer);
  }

  private give(text: string) {
    this.refused = !emit(this, "ringside-answer", { task: this.task.id, text });
  }
}

customElements.define("ringside-question", RingsideQuestion);
