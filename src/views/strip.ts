import { css, html, LitElement, nothing, svg } from "lit";
import { copyText } from "./clipboard.ts";
import { icon } from "./icons.ts";
import { inLanguage, type Language, strings } from "./language.ts";
import { machineColour } from "./machine.ts";
import { clock, millions, percent, timeOfDay } from "./quantities.ts";
import { base, buttons } from "./styles.ts";
import {
  EMPTY_TIMELINE,
  type Mark,
  type MarkKind,
  type Sample,
  samplePath,
  scaleTop,
  span,
  type Timeline,
  tickPath,
} from "./timeline.ts";

const WIDTH = 1000;
const HEIGHT = 40;

/** One sign for each kind of mark, never colour alone: drawn around (0, 0). */
const SIGNS: Readonly<Record<MarkKind, string>> = {
  machine: "M-4 -4H4V4H-4Z",
  task: "M-4 0L-1 3.5L5 -4",
  failure: "M-4 -4L4 4M4 -4L-4 4",
  save: "M-3.5 -5H3.5V5L0 2L-3.5 5Z",
  step: "M0 -5L4 0L0 5L-4 0Z",
};

/** The strip below the stage: what the machines executed and what happened, over time. */
export class RingsideStrip extends LitElement {
  static override properties = {
    language: {},
    timeline: { attribute: false },
    /** Letters by machine name. */
    letters: { attribute: false },
    now: { type: Number },
    asTable: { state: true },
    cursor: { state: true },
    copied: { state: true },
  };

  declare language: Language;
  declare timeline: Timeline;
  declare letters: Readonly<Record<string, string>>;
  declare now: number;
  declare private asTable: boolean;
  /** Index of the mark being looked at; undefined for now. */
  declare private cursor: number | undefined;
  declare private copied: boolean;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        position: relative;
        display: grid;
        grid-template-rows: minmax(0, 1fr) auto;
        grid-template-columns: minmax(0, 1fr);
        min-width: 0;
        padding: 8px 12px 2px 20px;
      }
      .chart {
        position: relative;
        min-width: 0;
        border-radius: 4px;
      }
      svg.plot {
        display: block;
        width: 100%;
        height: 100%;
        overflow: visible;
      }
      .area {
        opacity: 0.28;
      }
      .marks {
        position: absolute;
        inset: 0;
        pointer-events: none;
      }
      .sign {
        position: absolute;
        top: 2px;
        width: 16px;
        height: 16px;
        margin: 0 0 0 -8px;
        padding: 0;
        border: 0;
        min-height: 0;
        background: none;
        pointer-events: auto;
        cursor: pointer;
      }
      .sign::before {
        content: "";
        position: absolute;
        left: 7.5px;
        top: 15px;
        width: 1px;
        height: 30px;
        background: currentColor;
        opacity: 0.35;
      }
      .sign svg {
        display: block;
        width: 16px;
        height: 16px;
        overflow: visible;
        fill: none;
        stroke: currentColor;
        stroke-width: 1.6;
      }
      .sign[data-kind="task"] {
        color: var(--ok);
      }
      .sign[data-kind="failure"] {
        color: var(--exit);
      }
      .sign[data-kind="machine"],
      .sign[data-kind="step"] {
        color: var(--text-2);
      }
      .sign[data-kind="save"] {
        color: var(--accent);
      }
      .sign[data-current] {
        outline: 2px solid var(--accent);
        border-radius: 4px;
      }
      .line {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-height: 30px;
        color: var(--text-2);
        font-size: 12px;
        font-variant-numeric: tabular-nums;
      }
      .now {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .now b {
        color: var(--text);
        font-weight: 600;
      }
      .line button {
        min-height: 26px;
        font-size: 12px;
      }
      .scale {
        position: absolute;
        top: -2px;
        right: 8px;
        color: var(--text-2);
        font-size: 11px;
        font-variant-numeric: tabular-nums;
        pointer-events: none;
      }
      @media (max-width: 760px) {
        .line button span {
          display: none;
        }
      }
      .table {
        position: absolute;
        z-index: 3;
        right: 8px;
        bottom: 34px;
        width: min(620px, calc(100% - 16px));
        max-height: min(420px, 60dvh);
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--surface-1);
        box-shadow: 0 8px 32px rgb(0 0 0 / 0.2);
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: var(--size-small);
      }
      th,
      td {
        padding: 5px 12px;
        border-bottom: 1px solid var(--line);
        text-align: left;
        vertical-align: baseline;
      }
      th {
        position: sticky;
        top: 0;
        background: var(--surface-1);
        color: var(--text-2);
        font-weight: 600;
      }
      td:first-child {
        font-family: var(--mono);
        white-space: nowrap;
      }
      .table p {
        margin: 0;
        padding: 8px 12px;
        color: var(--text-2);
        font-size: var(--size-small);
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.timeline = EMPTY_TIMELINE;
    this.letters = {};
    this.now = 0;
    this.asTable = false;
    this.copied = false;
  }

  override render() {
    const text = strings(this.language).strip;
    return html`
      <div class="chart" tabindex="0" role="group" aria-label=${text.label} @keydown=${this.onKey}
        @blur=${() => this.look(undefined)}>${this.chart()}${this.marks()}</div>
      <div class="line">
        <span class="now" aria-live="off">${this.words()}</span>
        <button class="quiet" aria-expanded=${this.asTable} @click=${() => this.toggleTable()}>${icon("table")}<span>${text.table}</span></button>
        <button class="quiet" @click=${this.copy}>${icon(this.copied ? "check" : "copy")}<span>${this.copied ? text.copied : text.copy}</span></button>
      </div>
      ${this.asTable ? this.table() : nothing}
      <p class="unseen" role="status">${this.cursor === undefined ? "" : this.words()}</p>`;
  }

  private chart() {
    const window = span(this.timeline, this.now);
    const top = scaleTop(this.timeline.samples);
    const machines = [...new Set(this.timeline.samples.map((sample) => sample.machine))];
    return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
      <path d="M0 ${HEIGHT}H${WIDTH}${tickPath(window, WIDTH, HEIGHT)}" stroke="var(--line)" vector-effect="non-scaling-stroke"/>
      ${machines.map((machine) => {
        const samples = this.timeline.samples.filter((sample) => sample.machine === machine);
        const colour = machineColour(this.letters[machine] ?? "A");
        const path = samplePath(samples, window, WIDTH, HEIGHT, top);
        return svg`<path class="area" d=${path} fill=${colour}/><path d=${path} fill="none" stroke=${colour}
          stroke-width="1.2" vector-effect="non-scaling-stroke"/>`;
      })}</svg>
      <span class="scale" aria-hidden="true">${strings(this.language).strip.scale(String(top / 1e6), clock((window.to - window.from) / 1000))}</span>`;
  }

  private marks() {
    const window = span(this.timeline, this.now);
    return html`<div class="marks">${this.timeline.marks.map((mark, index) => {
      const left = (100 * (mark.at - window.from)) / (window.to - window.from);
      const words = this.markWords(mark);
      return html`<button class="sign" tabindex="-1" style="left:${left.toFixed(2)}%" data-kind=${mark.kind}
        ?data-current=${this.cursor === index} title=${words} aria-label=${words} @click=${() => this.look(index)}
        ><svg viewBox="-8 -8 16 16" aria-hidden="true"><path d=${SIGNS[mark.kind]}/></svg></button>`;
    })}</div>`;
  }

  private markWords(mark: Mark): string {
    return strings(this.language).strip.at(timeOfDay(new Date(mark.at)), inLanguage(mark.what, this.language));
  }

  /** The mark being looked at, or what the machines do now. */
  private words() {
    const text = strings(this.language).strip;
    const mark = this.cursor === undefined ? undefined : this.timeline.marks[this.cursor];
    if (mark) return html`<b>${timeOfDay(new Date(mark.at))}</b> ${inLanguage(mark.what, this.language)}`;
    const machines = [...new Set(this.timeline.samples.map((sample) => sample.machine))];
    if (machines.length === 0) return nothing;
    return machines.map((machine) => {
      const last = this.lastSample(machine)!;
      return html`<b>${this.letters[machine]}</b> <span title=${text.mips}>${text.summary(millions(last.instructions), percent(last.busy))}</span> `;
    });
  }

  private lastSample(machine: string): Sample | undefined {
    return this.timeline.samples.filter((sample) => sample.machine === machine).at(-1);
  }

  private table() {
    const text = strings(this.language).strip;
    const { marks, dropped } = this.timeline;
    return html`<div class="table" tabindex="0" role="region" aria-label=${text.title} @keydown=${this.onTableKey}>
      ${
        marks.length === 0
          ? html`<p>${text.none}</p>`
          : html`<table><thead><tr><th scope="col">${text.when}</th><th scope="col">${text.machine}</th><th scope="col">${text.what}</th></tr></thead>
            <tbody>${[...marks]
              .reverse()
              .map(
                (mark) =>
                  html`<tr><td>${timeOfDay(new Date(mark.at))}</td><td>${mark.machine ? this.letters[mark.machine] : nothing}</td><td>${inLanguage(mark.what, this.language)}</td></tr>`,
              )}</tbody></table>`
      }
      ${dropped > 0 ? html`<p>${text.earlier(dropped)}</p>` : nothing}
    </div>`;
  }

  private async toggleTable() {
    this.asTable = !this.asTable;
    await this.updateComplete;
    if (this.asTable) this.renderRoot.querySelector<HTMLElement>(".table")?.focus();
  }

  private onTableKey(event: KeyboardEvent) {
    if (event.key !== "Escape") return;
    this.asTable = false;
    this.renderRoot.querySelector<HTMLElement>(".line button")?.focus();
  }

  private onKey(event: KeyboardEvent) {
    const last = this.timeline.marks.length - 1;
    if (last < 0) return;
    const at = this.cursor ?? last + 1;
    if (event.key === "ArrowLeft") this.look(Math.max(0, at - 1));
    else if (event.key === "ArrowRight") this.look(at + 1 > last ? undefined : at + 1);
    else if (event.key === "Home") this.look(0);
    else if (event.key === "End" || event.key === "Escape") this.look(undefined);
    else return;
    event.preventDefault();
  }

  private look(index: number | undefined) {
    this.cursor = index;
  }

  private async copy() {
    const { samples, marks, dropped } = this.timeline;
    const time = <Item extends { readonly at: number }>(item: Item) => ({
      ...item,
      at: new Date(item.at).toISOString(),
    });
    const done = await copyText(
      JSON.stringify({ marks: marks.map(time), samples: samples.map(time), dropped }, null, 2),
    );
    if (!done) return;
    this.copied = true;
    setTimeout(() => {
      this.copied = false;
    }, 1500);
  }
}

customElements.define("ringside-strip", RingsideStrip);
