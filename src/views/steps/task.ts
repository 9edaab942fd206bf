import { css, html, LitElement, nothing } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import type { Task, TaskState, Waiting } from "../../lab/index.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import { type Language, strings } from "../language.ts";
import { safeInlineHtml } from "../markdown.ts";
import { proseStyles } from "../prose-styles.ts";
import { base, buttons } from "../styles.ts";

/** A task and how it stands. The mark turns when the machine shows the work; the words say the same. */
export class RingsideTask extends LitElement {
  static override properties = {
    language: {},
    task: { attribute: false },
    state: { attribute: false },
    needs: { attribute: false },
  };

  declare language: Language;
  declare task: Task;
  declare state: TaskState;
  /** What the tasks it needs are called, those not done yet. */
  declare needs: readonly string[];

  static override styles = [
    base,
    buttons,
    proseStyles,
    css`
      :host {
        padding: 12px 0;
        border-top: 1px solid var(--line);
      }
      .task {
        display: grid;
        grid-template-columns: 20px minmax(0, 1fr);
        gap: 4px 10px;
      }
      .mark {
        display: grid;
        place-items: center;
        width: 20px;
        height: 20px;
        margin-top: 2px;
        border: 1.5px solid var(--control-line);
        border-radius: 50%;
        color: var(--text-2);
      }
      .mark svg {
        width: 12px;
        height: 12px;
      }
      [data-status="blocked"] .mark {
        border-style: dashed;
      }
      [data-status="done"] .mark {
        border-color: var(--ok);
        background: var(--ok-soft);
        color: var(--ok);
      }
      [data-status="failed"] .mark {
        border-color: var(--exit);
        background: var(--exit-soft);
        color: var(--exit);
      }
      .say {
        margin: 0;
      }
      [data-status="blocked"] .say {
        color: var(--text-2);
      }
      .below {
        grid-column: 2;
      }
      small,
      .hint {
        display: block;
        color: var(--text-2);
        font-size: var(--size-small);
      }
      .hint {
        margin: 6px 0 0;
        padding: 8px 12px;
        border-left: 3px solid var(--warn);
        border-radius: 0 var(--radius) var(--radius) 0;
        background: var(--warn-soft);
        color: var(--text);
        white-space: pre-line;
        overflow-wrap: anywhere;
      }
      .hint.failure {
        border-color: var(--exit);
        background: var(--exit-soft);
      }
      .actions {
        display: flex;
        gap: 6px;
      }
      .actions button {
        margin: 2px 0 0 -8px;
        min-height: 26px;
        padding: 0 8px;
      }
      .actions button.primary {
        margin: 8px 0 0;
        min-height: var(--tap);
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.needs = [];
  }

  override render() {
    const text = strings(this.language).task;
    const { status } = this.state;
    const say = this.task.say?.[this.language] ?? this.task.id;
    const words = { done: text.done, failed: text.failed, open: text.open, blocked: text.waiting }[status];
    return html`<div class="task" data-status=${status}>
      <span class="mark">${status === "done" ? icon("check") : status === "failed" ? icon("cross") : nothing}</span>
      <p class="say prose"><span class="unseen">${words}: </span>${unsafeHTML(safeInlineHtml(say))}</p>
      <div class="below">${this.remark()}${this.hint()}${this.actions()}</div>
    </div>`;
  }

  private remark() {
    const text = strings(this.language).task;
    const { status, holds, waiting } = this.state;
    if (status === "blocked")
      return html`<small>${text.needs(this.needs.join(this.language === "zh" ? "、" : ", "))}</small>`;
    if (status === "done" && holds === false) return html`<small>${text.slipped}</small>`;
    if (status === "open" && waiting) return html`<small>${waitingSentence(waiting, this.language)}</small>`;
    return nothing;
  }

  private hint() {
    const { hint, failure, status } = this.state;
    const text = strings(this.language).task;
    if (status === "failed") return html`<p class="hint failure">${failure || text.failed}</p>`;
    if (status !== "open" || !hint) return nothing;
    if (hint.text === "") return hint.asked ? html`<small role="status">${text.noHint}</small>` : nothing;
    return html`<p class="hint" role="status">${hint.text}</p>`;
  }

  private actions() {
    const text = strings(this.language).task;
    const { status, hasHint, hint } = this.state;
    if (status === "failed") {
      return html`<div class="actions"><button class="primary" @click=${() => emit(this, "ringside-retry", { task: this.task.id })}
        >${icon("restart")}${text.retry}</button></div>`;
    }
    if (status !== "open" || !hasHint || hint?.text) return nothing;
    return html`<div class="actions"><button class="quiet" @click=${() => emit(this, "ringside-hint", { task: this.task.id })}
      >${icon("hint")}${text.hint}</button></div>`;
  }
}

/** What a task waits for, in a sentence. */
export function waitingSentence(waiting: Waiting, language: Language): string {
  const text = strings(language).waiting;
  const machine = waiting.machine ?? "";
  switch (waiting.code) {
    case "machine-starting":
      return text.starting(machine);
    case "machine-paused":
      return text.paused(machine);
    case "machine-stopped":
      return text.stopped(machine);
    case "agent":
      return text.agent(machine);
    case "time-limit":
      return text.timeLimit(machine);
    case "reveal":
      return text.reveal;
    case "needs":
      return text.needs;
    case "no-result":
      return waiting.machine === undefined ? text.noResultOfLinks : text.noResult(machine);
  }
}

customElements.define("ringside-task", RingsideTask);
