import { html, nothing, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { NotifyCondition, Pace, RingCounters, RingState } from "../../../probe/io/types.ts";
import { grouped } from "../../quantities.ts";
import { sign } from "../glyphs.ts";
import { figure, type IoWords } from "../words/words.ts";
import { barsOf, ratiosOf } from "./batches.ts";
import { writeCondition } from "./condition.ts";

/** What stands beside the picture of a ring: its conditions, its counters, its batches, and its slow motion. */

/**
 * Both notify conditions with the numbers they were last asked with.
 *
 * @param party how a side is written
 */
export function conditionsPicture(
  { notify, front, back }: RingState,
  words: IoWords,
  party: (name: string) => TemplateResult,
): TemplateResult {
  const text = words.condition;
  if (notify.length === 0) return html`<p class="note">${text.never}</p>`;
  return html`<h2>${text.title} <span class="note">${text.titleNow}</span></h2>
    <ul class="conditions">${notify.map((condition) => {
      const [one, other] = condition.direction === "front-to-back" ? [front, back] : [back, front];
      return html`<li title=${text.rules[condition.rule]}><span class="direction">${party(one)} <span aria-hidden="true">→</span> ${party(other)}</span>
        ${formula(condition, words)}</li>`;
    })}</ul>`;
}

function formula(condition: NotifyCondition, words: IoWords): TemplateResult {
  const { named, worked, modulo } = writeCondition(condition);
  const { notify, quiet, modulo: left } = words.condition;
  return html`<code>${named}</code> <span><code class="worked">${worked}</code>${
    modulo ? html` <span class="note">${left[modulo]}</span>` : nothing
  }</span>
    <span class=${condition.holds ? "verdict rings" : "verdict"}>${condition.holds ? sign("notify") : nothing}${condition.holds ? notify : quiet}</span>`;
}

const COUNTED = [
  "requests",
  "responses",
  "notifications",
  "interrupts",
  "full",
  "bytes",
  "copied",
  "grantsMapped",
  "grantsCopied",
] as const satisfies readonly (keyof RingCounters)[];

/** The counters as name and value; those of grants are Xen's. */
export function countersOf({ counters, design }: RingState): readonly (readonly [(typeof COUNTED)[number], number])[] {
  return COUNTED.filter((name) => design === "xen" || !name.startsWith("grants")).map((name) => [name, counters[name]]);
}

/** The three ratios a student comes for, with their words. */
export function ratioLines({ counters }: RingState, words: IoWords): readonly (readonly [string, string])[] {
  const { requestsPerNotification, responsesPerInterrupt, copiesPerByte } = ratiosOf(counters);
  const text = words.counters;
  const written = (value: number | undefined) =>
    value === undefined ? text.unknown : value < 100 ? value.toFixed(2) : figure(value);
  return [
    [text.perNotification, written(requestsPerNotification)],
    [text.perInterrupt, written(responsesPerInterrupt)],
    [text.copies, written(copiesPerByte)],
  ];
}

export function countersPicture(state: RingState, words: IoWords): TemplateResult {
  return html`<h2>${words.counters.title}</h2>
    <dl class="ratios">${ratioLines(state, words).map(([name, value]) => html`<div><dd>${value}</dd><dt>${name}</dt></div>`)}</dl>
    <dl class="counters">${countersOf(state).map(
      ([name, value]) => html`<div><dt>${words.counters[name]}</dt><dd>${grouped(value)}</dd></div>`,
    )}</dl>`;
}

const BATCHES_HEIGHT = 76;

/** The strip of the last batches; filled bars were told to the other side. */
export function batchesPicture({ batches }: RingState, width: number, words: IoWords): TemplateResult {
  const text = words.batches;
  if (batches.length === 0) return html`<h2>${text.title}</h2><p class="note">${text.none}</p>`;
  const { bars, most, middle } = barsOf(batches, width, BATCHES_HEIGHT);
  return html`<h2>${text.title} <span class="note">${text.sides} · ${text.most(most)} · ${text.filled}</span></h2>
    <svg class="batches" viewBox="0 0 ${width} ${BATCHES_HEIGHT}" width=${width} height=${BATCHES_HEIGHT} role="img" aria-label=${text.label(bars.length, most)}>
      <line class="middle" x1="0" x2=${width} y1=${middle} y2=${middle}/>
      ${bars.map((bar): SVGTemplateResult => {
        const { batch, x, y, width: wide, height } = bar;
        const kind = batch.direction === "front-to-back" ? "request" : "response";
        const title = text.bar(
          text.directions[batch.direction],
          batch.entries,
          grouped(Math.round(batch.at)),
          batch.notified ? words.condition.notify : words.condition.quiet,
        );
        const dot = kind === "request" ? y - 4 : y + height + 4;
        return svg`<g class="batch ${kind} ${batch.notified ? "notified" : ""}"><title>${title}</title><rect x=${x} y=${y} width=${wide} height=${height}/>${
          batch.notified ? svg`<circle cx=${x + wide / 2} cy=${dot} r="2"/>` : nothing
        }</g>`;
      })}
    </svg>`;
}

export interface PaceActions {
  change(pace: Pick<Pace, "latency" | "batch" | "stepping">): void;
  step(by: "slot" | "notification"): void;
}

/** Most milliseconds a request may be made to take, and most requests at a time. */
const MOST_LATENCY = 60_000;
const MOST_BATCH = 65_536;

/** Slow motion: how long a request takes, how many at a time, and one at a time by hand. */
export function pacePicture(
  { pace, back }: RingState,
  isMachine: boolean,
  words: IoWords,
  actions: PaceActions,
): TemplateResult {
  const text = words.pace;
  const { latency, batch, stepping, available } = pace;
  const number = (event: Event, most: number) => {
    const { valueAsNumber } = event.target as HTMLInputElement;
    return Number.isFinite(valueAsNumber) ? Math.min(most, Math.max(0, Math.round(valueAsNumber))) : 0;
  };
  const change = (part: Partial<Pace>) => actions.change({ latency, batch, stepping, ...part });
  return html`<fieldset class="pace" ?disabled=${!available}><legend>${text.title}</legend>
    <label>${text.latency} <input type="number" min="0" max=${MOST_LATENCY} step="1" .value=${String(latency)}
      @change=${(event: Event) => change({ latency: number(event, MOST_LATENCY) })}> ${text.latencyUnit}</label>
    <label>${text.batch} <input type="number" min="0" max=${MOST_BATCH} step="1" title=${text.batchHint} .value=${String(batch)}
      @change=${(event: Event) => change({ batch: number(event, MOST_BATCH) })}> <span class="note">${text.batchHint}</span></label>
    <span class="steps">
      <button aria-pressed=${stepping ? "true" : "false"} title=${text.steppingTitle} @click=${() => change({ stepping: !stepping })}>${text.stepping}</button>
      <button title=${text.slotTitle} ?disabled=${!stepping} @click=${() => actions.step("slot")}>${text.slot}</button>
      <button title=${text.notificationTitle} ?disabled=${!stepping} @click=${() => actions.step("notification")}>${sign("notify")}${text.notification}</button>
    </span></fieldset>
    ${available ? nothing : html`<p class="note">${isMachine ? text.unavailable(back) : text.none}</p>`}`;
}
