import { html, LitElement, nothing, type PropertyValues } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import type { Block, Lab, Section, SessionState } from "../../lab/index.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import { type Language, strings } from "../language.ts";
import { safeHtml } from "../markdown.ts";
import { proseStyles } from "../prose-styles.ts";
import { base, buttons } from "../styles.ts";
import "./command.ts";
import { finishPanel } from "./finish.ts";
import { type Place, placesOf, plainTaskName } from "./places.ts";
import "./question.ts";
import { stepsStyles } from "./styles.ts";
import "./task.ts";

/**
 * The steps of a lab: rail, prose, commands, predictions, tasks.
 *
 * @fires ringside-goto {place} @fires ringside-command {machine, text} @fires ringside-answer {task, text}
 * @fires ringside-hint {task} @fires ringside-retry {task} @fires ringside-finish @fires ringside-reset
 */
export class RingsideSteps extends LitElement {
  static override properties = {
    language: {},
    lab: { attribute: false },
    state: { attribute: false },
    letters: { attribute: false },
    confirming: { state: true },
    said: { state: true },
  };

  declare language: Language;
  declare lab: Lab;
  declare state: SessionState;
  /** Letters by machine name. */
  declare letters: Readonly<Record<string, string>>;
  declare private confirming: boolean;
  declare private said: string;

  static override styles = [base, buttons, proseStyles, stepsStyles];

  constructor() {
    super();
    this.language = "en";
    this.letters = {};
    this.confirming = false;
    this.said = "";
  }

  /** What changed since the last state is said once, for those who do not see the mark turn. */
  protected override willUpdate(changed: PropertyValues<this>) {
    const before = changed.get("state");
    if (!before) return;
    const text = strings(this.language).task;
    for (const [id, now] of Object.entries(this.state.tasks)) {
      const then = before.tasks[id];
      if (!then || then.status === now.status) continue;
      if (now.status === "done" && then.status === "open") this.said = text.becameDone(this.taskName(id));
      if (now.status === "failed") this.said = text.becameFailed(this.taskName(id));
    }
    if (before.place !== this.state.place) this.confirming = false;
  }

  protected override updated(changed: PropertyValues<this>) {
    const before = changed.get("state");
    if (before && before.place !== this.state.place) this.renderRoot.querySelector(".scroll")?.scrollTo({ top: 0 });
  }

  override render() {
    const text = strings(this.language);
    const places = placesOf(this.lab, this.state, this.language);
    const index = Math.max(
      0,
      places.findIndex((place) => place.id === this.state.place),
    );
    const section = this.lab.prose[this.language][this.state.place];
    return html`
      <div class="scroll" tabindex="-1" aria-label=${text.steps.label} role="region">
        ${this.rail(places, index)}
        ${keyed(
          this.state.place,
          html`<article>
            <h1 tabindex="-1">${places[index]?.title ?? ""}</h1>
            <p class="where">${this.where(index, places.length)}</p>
            ${this.lab.foreign && this.state.place === "intro" ? html`<p class="foreign">${icon("warning")}<span>${text.steps.foreign(this.lab.address)}</span></p>` : nothing}
            ${section ? this.section(section) : nothing}
            ${this.state.place === "finish" ? this.finish() : nothing}
          </article>`,
        )}
      </div>
      ${this.footer(places, index)}
      <p class="unseen" role="status" aria-live="polite">${this.said}</p>`;
  }

  private where(index: number, count: number) {
    const text = strings(this.language);
    const title = this.lab.title[this.language];
    if (this.state.place === "intro") return text.minutes(this.lab.minutes);
    if (this.state.place === "finish") return title;
    const step = text.steps.of(index, count - 2);
    return this.lab.foreign ? text.steps.from(step, new URL(this.lab.address).host) : step;
  }

  private rail(places: readonly Place[], now: number) {
    const text = strings(this.language).steps;
    return html`<nav aria-label=${text.label}><ol class="rail">${places.map((place, index) => {
      const label =
        place.kind === "step"
          ? place.done
            ? text.goDone(index, place.title)
            : text.go(index, place.title)
          : place.title;
      return html`<li><button aria-label=${label} title=${label} data-done=${place.done} aria-current=${
        index === now ? "step" : nothing
      } @click=${() => this.go(place.id)}></button></li>`;
    })}</ol></nav>`;
  }

  private section({ blocks }: Section) {
    const placed = new Set(blocks.flatMap((block) => (block.kind === "task" ? [block.task] : [])));
    const step = this.lab.steps.find(({ id }) => id === this.state.place);
    const rest = (step?.tasks ?? []).filter((task) => !placed.has(task));
    const all: readonly Block[] = [...blocks, ...rest.map((task) => ({ kind: "task", task }) as const)];
    return repeat(
      all,
      (block, index) => (block.kind === "task" ? block.task : index),
      (block) => this.block(block),
    );
  }

  private block(block: Block) {
    if (block.kind === "markdown") return html`<div class="prose">${unsafeHTML(safeHtml(block.text))}</div>`;
    if (block.kind === "command") {
      const several = this.lab.machines.length > 1;
      return html`<ringside-command .language=${this.language} .machine=${block.machine} .text=${block.text}
        .letter=${several ? (this.letters[block.machine] ?? "") : ""} ?runnable=${block.run}
        ?ready=${this.state.machines[block.machine]?.status === "running"}></ringside-command>`;
    }
    return this.task(block.task);
  }

  private task(id: string) {
    const task = this.lab.tasks[id];
    const state = this.state.tasks[id];
    if (!task || !state) return nothing;
    if (task.kind === "ask") {
      return html`<ringside-question .language=${this.language} .task=${task} .state=${state}></ringside-question>`;
    }
    const needs = task.needs
      .filter((need) => this.state.tasks[need]?.status !== "done")
      .map((need) => this.taskName(need));
    return html`<ringside-task .language=${this.language} .task=${task} .state=${state} .needs=${needs}></ringside-task>`;
  }

  private taskName(id: string): string {
    return plainTaskName(this.lab, id, this.language);
  }

  private finish() {
    return finishPanel({
      language: this.language,
      result: this.state.result,
      confirming: this.confirming,
      ask: (confirming) => {
        this.confirming = confirming;
      },
      finish: () => emit(this, "ringside-finish", {}),
      reset: () => {
        this.confirming = false;
        emit(this, "ringside-reset", {});
      },
    });
  }

  private footer(places: readonly Place[], index: number) {
    const text = strings(this.language).steps;
    const previous = places[index - 1];
    const next = places[index + 1];
    const finished = places[index]?.done ?? false;
    const label = index === 0 ? text.begin : next ? text.nextTitle(next.title) : "";
    return html`<div class="foot">
      <button ?disabled=${!previous} title=${previous?.title ?? nothing} @click=${() => previous && this.go(previous.id)}
        >${icon("left")}${text.previous}</button>
      ${next ? html`<button class="next ${finished || index === 0 ? "primary" : ""}" @click=${() => this.go(next.id)}><span>${label}</span>${icon("right")}</button>` : nothing}
    </div>`;
  }

  private async go(place: string) {
    emit(this, "ringside-goto", { place });
    await this.updateComplete;
    this.renderRoot.querySelector("h1")?.focus({ preventScroll: true });
  }
}

customElements.define("ringside-steps", RingsideSteps);
