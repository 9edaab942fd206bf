import { css, html, LitElement, nothing } from "lit";
import { emit } from "./events.ts";
import { icon } from "./icons.ts";
import { type Language, languageTag, strings } from "./language.ts";
import type { MachineStatus } from "./machine.ts";
import { timeOfDay } from "./quantities.ts";
import "./strip.ts";
import { base, buttons } from "./styles.ts";
import { EMPTY_TIMELINE, type Timeline } from "./timeline.ts";

export type TransportAction = "run" | "pause" | "save" | "back" | "restart";

/** Divisors of full speed on offer. */
const SPEEDS = [1, 4, 16, 64];

/**
 * The controls below the stage, the same in every lab.
 *
 * @fires ringside-transport {action, machines}: what to do, and with which machines
 * @fires ringside-speed {speed, machines}: a share of full speed
 */
export class RingsideTransport extends LitElement {
  static override properties = {
    language: {},
    machines: { attribute: false },
    timeline: { attribute: false },
    now: { type: Number },
    busy: {},
    chosen: { state: true },
  };

  declare language: Language;
  declare machines: readonly MachineStatus[];
  declare timeline: Timeline;
  declare now: number;
  /** What is being done to machines at the moment, in words; empty when nothing is. */
  declare busy: string;
  /** Name of the machine the controls are for; empty for all. */
  declare private chosen: string;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(max-content, var(--controls, 0)) 1px minmax(0, 1fr);
        min-height: var(--transport);
        border-top: 1px solid var(--line);
        background: var(--surface-1);
      }
      .controls {
        display: grid;
        align-content: center;
        gap: 6px;
        padding: 10px 12px 10px 20px;
      }
      .row {
        display: flex;
        gap: 5px;
      }
      select.speed {
        min-height: 24px;
        font-size: 12px;
      }
      .note {
        display: flex;
        align-items: center;
        gap: 6px;
        margin: 0;
        color: var(--text-2);
        font-size: 12px;
        font-variant-numeric: tabular-nums;
      }
      .note:empty {
        display: none;
      }
      .rule {
        background: var(--line);
      }
      .row button {
        padding: 0 8px;
      }
      .play {
        min-width: 84px;
      }
      select {
        min-height: var(--tap);
        border: 1px solid var(--control-line);
        border-radius: var(--radius);
        background: var(--surface-1);
        color: var(--text);
        font: var(--size-small) / 1.2 var(--sans);
      }
      @media (max-width: 760px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
          grid-template-rows: auto auto 200px;
          align-content: start;
        }
        .controls {
          padding: 14px 16px;
        }
        .row {
          flex-wrap: wrap;
        }
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.machines = [];
    this.timeline = EMPTY_TIMELINE;
    this.now = 0;
    this.busy = "";
    this.chosen = "";
  }

  override render() {
    const letters = Object.fromEntries(this.machines.map(({ name, letter }) => [name, letter]));
    return html`
      <div class="controls" role="group" aria-label=${strings(this.language).transport.label}>
        <div class="row">${this.buttons()}</div>
        <div class="row">${this.speed()}<p class="note" role="status">${this.note()}</p></div>
      </div>
      <div class="rule"></div>
      <ringside-strip .language=${this.language} .timeline=${this.timeline} .letters=${letters} .now=${this.now}></ringside-strip>`;
  }

  private get subjects(): readonly MachineStatus[] {
    const one = this.machines.filter((machine) => machine.name === this.chosen);
    return one.length > 0 ? one : this.machines;
  }

  private buttons() {
    const text = strings(this.language).transport;
    const running = this.subjects.some((machine) => machine.phase === "running");
    const paused = this.subjects.some((machine) => machine.phase === "paused");
    const saved = this.subjects.some((machine) => machine.saved !== undefined);
    const starting = this.subjects.every((machine) => machine.phase === "starting");
    const still = this.busy !== "";
    const { together } = this;
    return html`
      ${this.machines.length > 1 ? this.chooser() : nothing}
      ${
        paused && !running
          ? html`<button class="play primary" @click=${() => this.act("run")}>${icon("play")}${text.run}</button>`
          : html`<button class="play" ?disabled=${!running} @click=${() => this.act("pause")}>${icon("pause")}${text.pause}</button>`
      }
      <button title=${together ? text.saveTogether(together) : text.saveTitle} ?disabled=${still || !(running || paused)} @click=${() => this.act("save")}>${icon("save")}${text.save}</button>
      <button title=${together ? text.backTogether(together) : text.backTitle} ?disabled=${still || !saved} @click=${() => this.act("back")}>${icon("back")}${text.back}</button>
      <button title=${text.restartTitle} ?disabled=${starting} @click=${() => this.act("restart")}>${icon("restart")}${text.restart}</button>`;
  }

  private chooser() {
    const text = strings(this.language).transport;
    return html`<select aria-label=${text.which} @change=${(event: Event) => {
      this.chosen = (event.target as HTMLSelectElement).value;
    }}>
      <option value="">${text.all}</option>
      ${this.machines.map(({ name, letter }) => html`<option value=${name} ?selected=${this.chosen === name}>${letter} ${name}</option>`)}
    </select>`;
  }

  private speed() {
    const text = strings(this.language).transport;
    const now = Math.round(1 / Math.min(...this.subjects.map((machine) => machine.speed)));
    const running = this.subjects.some((machine) => machine.phase === "running" || machine.phase === "paused");
    return html`<select class="speed" aria-label=${text.speed} title=${text.speedTitle} ?disabled=${!running} @change=${(
      event: Event,
    ) => this.setSpeed(1 / Number((event.target as HTMLSelectElement).value))}>
      ${SPEEDS.map((divisor) => html`<option value=${divisor} .selected=${divisor === now}>${divisor === 1 ? text.fullSpeed : text.slow(divisor)}</option>`)}
    </select>`;
  }

  private setSpeed(speed: number) {
    emit(this, "ringside-speed", { speed, machines: this.subjects.map((machine) => machine.name) });
  }

  private note() {
    if (this.busy) return this.busy;
    const saved = this.subjects.map((machine) => machine.saved ?? 0);
    const last = Math.max(0, ...saved);
    const text = strings(this.language).transport;
    const { together } = this;
    if (last === 0) return together ? text.together(together) : nothing;
    return html`${icon("save")}${text.savedAt(timeOfDay(new Date(last)))}${together ? html` · ${text.together(together)}` : nothing}`;
  }

  /** The machines that share a save point, as a list in the reader's language; undefined where each has its own. */
  private get together(): string | undefined {
    const names = this.subjects.find(({ savedWith }) => savedWith.length > 1)?.savedWith;
    return names && new Intl.ListFormat(languageTag(this.language)).format(names);
  }

  private act(action: TransportAction) {
    emit(this, "ringside-transport", { action, machines: this.subjects.map((machine) => machine.name) });
  }
}

customElements.define("ringside-transport", RingsideTransport);
