import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { RingState, RingSummary } from "../probe/io/types.ts";
import { emit } from "./events.ts";
import { icon } from "./icons.ts";
import { HOST } from "./io/parties.ts";
import { ioWords } from "./io/words/words.ts";
import type { Language } from "./language.ts";
import { machineColour } from "./machine.ts";
import { grouped } from "./quantities.ts";
import { stepperStyles } from "./stepper-styles.ts";
import { base, buttons } from "./styles.ts";

/**
 * Below the stage: one machine's ring goes to its next slot or its next notification. It holds no machine: it tells the
 * page, in the words of the ring's own view.
 *
 * @fires ring-choose {ring}
 * @fires ring-pace {ring, stepping}
 * @fires ring-step {ring, by: "slot" | "notification"}
 */
export class RingsideRingTransport extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    machine: {},
    letter: {},
    rings: { attribute: false },
    state: { attribute: false },
  };

  declare language: Language;
  /** The machine's name. */
  declare machine: string;
  /** Its sign. */
  declare letter: string;
  declare rings: readonly RingSummary[];
  /** The ring that is stepped; undefined before one was read. */
  declare state: RingState | undefined;

  static override styles = [base, buttons, stepperStyles];

  constructor() {
    super();
    this.language = "en";
    this.machine = "";
    this.letter = "";
    this.rings = [];
  }

  override render() {
    const { pace, ring } = ioWords(this.language);
    const { state } = this;
    const able = state?.pace.available === true;
    const stands = able && state.pace.stepping;
    // the ring's own view has room for the sentence; here it is the buttons' title
    const unable = state && !able ? (state.back === HOST ? pace.none : pace.unavailable(state.back)) : undefined;
    return html`<span class="letter" style="color:${machineColour(this.letter || "A")}" title=${this.machine}>${this.letter}</span>
      <div class="group kind"><select aria-label=${ring.choose} ?disabled=${this.rings.length === 0} @change=${this.choose}>
        ${this.rings.map((one) => html`<option value=${one.ring} .selected=${one.ring === state?.ring}>${one.ring}</option>`)}
      </select></div>
      <div class="group" role="group" aria-label=${pace.title}>
        <button aria-pressed=${stands ? "true" : "false"} title=${unable ?? pace.steppingTitle} ?disabled=${!able} @click=${this.stand}>${icon(stands ? "play" : "pause")}${pace.stepping}</button>
        <button title=${unable ?? pace.slotTitle} ?disabled=${!stands} @click=${() => this.step("slot")}>${pace.slot}${icon("right")}</button>
        <button title=${unable ?? pace.notificationTitle} ?disabled=${!stands} @click=${() => this.step("notification")}>${pace.notification}${icon("right")}</button>
      </div>
      <span class="where" role="status" aria-live=${stands ? "polite" : "off"}>${state ? this.where(state) : nothing}</span>`;
  }

  private where(state: RingState): TemplateResult {
    const { counters } = ioWords(this.language);
    const { requests, notifications, interrupts } = state.counters;
    return html`${counters.requests} <b>${grouped(requests)}</b> · ${counters.notifications} <b>${grouped(notifications)}</b>
      · ${counters.interrupts} <b>${grouped(interrupts)}</b>`;
  }

  private choose(event: Event) {
    emit(this, "ring-choose", { ring: (event.target as HTMLSelectElement).value });
  }

  private stand() {
    const { state } = this;
    if (state) emit(this, "ring-pace", { ring: state.ring, stepping: !state.pace.stepping });
  }

  private step(by: "slot" | "notification") {
    const { state } = this;
    if (state) emit(this, "ring-step", { ring: state.ring, by });
  }
}

customElements.define("ringside-ring-transport", RingsideRingTransport);
