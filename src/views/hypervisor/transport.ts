import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { ReasonCount } from "../../probe/hypervisor/exits.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import type { Language } from "../language.ts";
import { machineColour } from "../machine.ts";
import { grouped } from "../quantities.ts";
import { stepperStyles } from "../stepper-styles.ts";
import { base, buttons } from "../styles.ts";
import { type HypervisorWords, hypervisorWords, nameOf } from "./words/words.ts";

/** Divisors of full speed on offer, as everywhere. */
const SPEEDS = [1, 4, 16, 64, 1024];

/** Where a machine is to go; the same as the host's own targets. */
export type Target =
  | { readonly to: "next" }
  | { readonly to: "previous" }
  | { readonly to: "kind"; readonly kinds: readonly string[] };

/** The machine as its controls show it. */
export interface TransportState {
  readonly phase: "starting" | "running" | "paused" | "stopped";
  /** Exits there have been, and instructions, since the start. */
  readonly exits: number;
  readonly instructions: number;
  /** Share of full speed, above 0 to 1. */
  readonly speed: number;
  /** It is on its way to a target. */
  readonly travelling: boolean;
}

/**
 * Run, pause, the next exit, the one before, run to a reason, speed. It holds no machine: it tells the page.
 *
 * @fires ringside-transport {action: "run" | "pause", machines}
 * @fires ringside-travel {machine, target}
 * @fires ringside-speed {speed, machines} a share of full speed
 */
export class RingsideHypervisorTransport extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    machine: {},
    letter: {},
    state: { attribute: false },
    reasons: { attribute: false },
    chosen: { state: true },
  };

  declare language: Language;
  /** The machine's name. */
  declare machine: string;
  /** Its sign. */
  declare letter: string;
  declare state: TransportState | undefined;
  /** Reasons on offer: those that have happened. */
  declare reasons: readonly ReasonCount[];
  declare private chosen: string;

  static override styles = [base, buttons, stepperStyles];

  constructor() {
    super();
    this.language = "en";
    this.machine = "";
    this.letter = "";
    this.reasons = [];
    this.chosen = "";
  }

  override render() {
    const words = hypervisorWords(this.language);
    const text = words.transport;
    const { state } = this;
    const running = state?.phase === "running";
    const still = !state || state.travelling || (state.phase !== "running" && state.phase !== "paused");
    return html`<span class="letter" style="color:${machineColour(this.letter || "A")}" title=${this.machine}>${this.letter}</span>
      <div class="group" role="group" aria-label=${text.label}>
        ${
          running
            ? html`<button class="play" title=${text.pauseTitle} @click=${() => this.act("pause")}>${icon("pause")}<span class="word">${text.pause}</span></button>`
            : html`<button class="play primary" title=${text.runTitle} ?disabled=${still} @click=${() => this.act("run")}>${icon("play")}<span class="word">${text.run}</span></button>`
        }
        <button title=${text.backTitle} ?disabled=${still || state.exits === 0} @click=${() => this.travel({ to: "previous" })}>${icon("left")}${text.back}</button>
        <button title=${text.stepTitle} ?disabled=${still} @click=${() => this.travel({ to: "next" })}>${text.step}${icon("right")}</button>
      </div>
      ${this.until(words, still)}
      ${this.speed(words)}
      <span class="where" role="status" aria-live=${running ? "off" : "polite"}>${state ? this.where(state, words) : nothing}</span>`;
  }

  private where(state: TransportState, words: HypervisorWords): TemplateResult {
    const text = words.transport;
    if (state.travelling) return html`${text.travelling}`;
    const phase = state.phase === "starting" || state.phase === "stopped" ? html`${text[state.phase]} · ` : nothing;
    return html`${phase}<b>${text.exits(grouped(state.exits))}</b><span class="instructions"> · ${text.instructions(grouped(state.instructions))}</span>`;
  }

  private until(words: HypervisorWords, still: boolean): TemplateResult {
    const text = words.transport;
    return html`<div class="group kind"><select aria-label=${text.untilWhat} ?disabled=${still} @change=${(
      event: Event,
    ) => {
      this.chosen = (event.target as HTMLSelectElement).value;
    }}>
        <option value="" .selected=${this.chosen === ""}>${text.anyReason}</option>
        ${this.reasons.map(
          ({ reason, words: given }) =>
            html`<option value=${reason} .selected=${this.chosen === reason}>${nameOf(words, reason, given)}</option>`,
        )}
      </select>
      <button title=${text.untilTitle} ?disabled=${still || this.chosen === ""} @click=${() => this.travel({ to: "kind", kinds: [this.chosen] })}>${text.until}</button></div>`;
  }

  private speed(words: HypervisorWords): TemplateResult {
    const text = words.transport;
    const now = Math.round(1 / (this.state?.speed ?? 1));
    const alive = this.state?.phase === "running" || this.state?.phase === "paused";
    return html`<select class="speed" aria-label=${text.speed} title=${text.speedTitle} ?disabled=${!alive} @change=${(
      event: Event,
    ) => {
      const speed = 1 / Number((event.target as HTMLSelectElement).value);
      emit(this, "ringside-speed", { speed, machines: [this.machine] });
    }}>${SPEEDS.map(
      (divisor) =>
        html`<option value=${divisor} .selected=${divisor === now}>${divisor === 1 ? text.fullSpeed : text.slow(divisor)}</option>`,
    )}</select>`;
  }

  private act(action: "run" | "pause") {
    emit(this, "ringside-transport", { action, machines: [this.machine] });
  }

  private travel(target: Target) {
    emit(this, "ringside-travel", { machine: this.machine, target });
  }
}

customElements.define("ringside-hypervisor-transport", RingsideHypervisorTransport);
