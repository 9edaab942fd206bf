import type { Localized } from "./language.ts";

/** What happened to the machines over time: samples of their meters and marks. Bounded: the oldest go first. */

export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly machine: string;
  /** Guest instructions in a second. */
  readonly instructions: number;
  /** Share of the host's time, 0 to 1. */
  readonly busy: number;
}

export type MarkKind = "machine" | "task" | "failure" | "save" | "step";

export interface Mark {
  readonly at: number;
  readonly kind: MarkKind;
  /** Undefined for what concerns the whole lab. */
  readonly machine: string | undefined;
  readonly what: Localized;
}

export interface Timeline {
  readonly samples: readonly Sample[];
  readonly marks: readonly Mark[];
  /** Marks that were dropped because there were too many. */
  readonly dropped: number;
}

export const EMPTY_TIMELINE: Timeline = { samples: [], marks: [], dropped: 0 };

/** Ten minutes of one machine, a sample a second. */
const MOST_SAMPLES = 600;
const MOST_MARKS = 200;

export function addSample(timeline: Timeline, sample: Sample): Timeline {
  return { ...timeline, samples: [...timeline.samples, sample].slice(-MOST_SAMPLES) };
}

export function addMark(timeline: Timeline, mark: Mark): Timeline {
  const marks = [...timeline.marks, mark];
  const over = Math.max(0, marks.length - MOST_MARKS);
  return { ...timeline, marks: marks.slice(over), dropped: timeline.dropped + over };
}

/** A picture's window over time, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Shorter than this the strip is not filled to its right edge yet. */
const LEAST_SPAN_MS = 120_000;

/** From the first thing known, but at least two minutes, to the last one. */
export function span(timeline: Timeline, now: number): Span {
  const first = Math.min(timeline.samples[0]?.at ?? now, timeline.marks[0]?.at ?? now);
  return { from: first, to: Math.max(now, first + LEAST_SPAN_MS) };
}

/**
 * The instructions of one machine over time as an SVG path, `busy` likewise as a line.
 *
 * @param width, height size of the picture in its own units
 * @param top instructions per second at the picture's upper edge
 */
export function samplePath(
  samples: readonly Sample[],
  window: Span,
  width: number,
  height: number,
  top: number,
): string {
  const x = (at: number) => (((at - window.from) / (window.to - window.from)) * width).toFixed(1);
  const y = (instructions: number) => (height - Math.min(1, instructions / top) * height).toFixed(1);
  const points = samples.map((sample) => `${x(sample.at)} ${y(sample.instructions)}`);
  const [first, last] = [samples[0], samples[samples.length - 1]];
  if (!first || !last) return "";
  return `M${x(first.at)} ${height}L${points.join("L")}L${x(last.at)} ${height}Z`;
}

/** Between two ticks of the time axis: the first of these that gives at most twelve of them; milliseconds. */
const TICKS = [10_000, 30_000, 60_000, 120_000];

/** The ticks of the time axis as an SVG path, from the lower edge up. Sizes as in {@link samplePath}. */
export function tickPath(window: Span, width: number, height: number): string {
  const length = window.to - window.from;
  const every = TICKS.find((tick) => length / tick <= 12) ?? length / 12;
  const count = Math.floor(length / every);
  return Array.from({ length: count }, (_, index) => {
    const x = (((index + 1) * every * width) / length).toFixed(1);
    return `M${x} ${height}V${height - 4}`;
  }).join("");
}

const NICE = [1, 2, 5];

/** A round number of instructions per second that the highest sample stays under. */
export function scaleTop(samples: readonly Sample[]): number {
  const highest = Math.max(1e6, ...samples.map((sample) => sample.instructions));
  const power = 10 ** Math.floor(Math.log10(highest));
  return (NICE.find((step) => step * power >= highest) ?? 10) * power;
}
