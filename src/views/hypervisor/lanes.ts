import type { Exit } from "../../probe/hypervisor/exits.ts";
import type { HypervisorWords } from "./words/words.ts";

/** How the strip of exits lies in its picture: lanes by reason, places by instructions. */

export type LaneName = keyof HypervisorWords["strip"]["lanes"];

/** Lanes from top to bottom. */
export const LANES: readonly LaneName[] = [
  "memory",
  "registers",
  "flags",
  "segments",
  "ports",
  "calls",
  "interrupts",
  "other",
];

const LANE_OF: Readonly<Record<string, LaneName>> = {
  EXIT_PF_GUEST: "memory",
  EXIT_PF_HIDDEN: "memory",
  EXIT_PF_PT_WRITE: "memory",
  EXIT_PF_UNSYNC: "memory",
  EXIT_PF_WATCHED: "memory",
  EXIT_PF_UNSHADOW: "memory",
  EXIT_PF_EMULATED: "memory",
  EXIT_CR_READ: "registers",
  EXIT_CR_WRITE: "registers",
  EXIT_CR3: "registers",
  EXIT_INVLPG: "registers",
  EXIT_HLT: "flags",
  EXIT_CLI: "flags",
  EXIT_STI: "flags",
  EXIT_IRET: "flags",
  EXIT_TABLE: "segments",
  EXIT_SEGMENT: "segments",
  EXIT_SOFT_INT: "segments",
  EXIT_IO_IN: "ports",
  EXIT_IO_OUT: "ports",
  EXIT_HYPERCALL: "calls",
  EXIT_TIMER: "interrupts",
  EXIT_DEVICE: "interrupts",
};

/** The lane of a reason; one that is not known here is among the others. */
export const laneOf = (reason: string): LaneName => LANE_OF[reason] ?? "other";

/** An exit and where it lies. */
export interface Placed {
  readonly exit: Exit;
  readonly lane: number;
  /** Instructions executed since the first exit of the strip, without those left out. */
  readonly at: number;
  /** Instructions were left out before it. */
  readonly broken: boolean;
}

/**
 * Places exits by the instructions executed before each. The counter has 32 bits and is taken on where it wraps.
 *
 * @param exits in order
 * @param leftOut numbers of exits that are not placed, nor the time up to whatever follows them
 */
export function placeExits(exits: readonly Exit[], leftOut: ReadonlySet<number> = new Set()): readonly Placed[] {
  const placed: Placed[] = [];
  let at = 0;
  let before: Exit | undefined;
  for (const exit of exits) {
    if (leftOut.has(exit.exit)) continue;
    // with exits left out, a gap in the numbers is one of them
    const broken = leftOut.size > 0 && before !== undefined && exit.exit !== before.exit + 1;
    if (before && !broken) at += (exit.entered - before.entered) >>> 0;
    placed.push({ exit, lane: LANES.indexOf(laneOf(exit.reason)), at, broken });
    before = exit;
  }
  return placed;
}

/** Instructions from the strip's left edge to its right one, at least 1. */
export const spanOf = (placed: readonly Placed[]) => Math.max(1, placed.at(-1)?.at ?? 1);

/**
 * Downward notches at places of one lane as one SVG path.
 *
 * @param width, lane size of the picture and of a lane, in its own units
 */
export function notchPath(placed: readonly Placed[], span: number, width: number, lane: number): string {
  return placed
    .map(({ at, lane: row }) => {
      const x = ((at / span) * width).toFixed(1);
      return `M${x} ${row * lane + lane * 0.85}l-3 -${(lane * 0.6).toFixed(1)}h6z`;
    })
    .join("");
}

/** Lines where time was left out, as one SVG path. @param height of the picture, in its own units */
export function breakPath(placed: readonly Placed[], span: number, width: number, height: number): string {
  return placed
    .filter(({ broken }) => broken)
    .map(({ at }) => `M${((at / span) * width).toFixed(1)} 0v${height}`)
    .join("");
}

/** The exit that lies nearest to a place of the picture; undefined without any. */
export function nearest(placed: readonly Placed[], at: number, lane: number): Placed | undefined {
  const inLane = placed.filter((exit) => exit.lane === lane);
  const among = inLane.length > 0 ? inLane : placed;
  return among.reduce<Placed | undefined>(
    (best, exit) => (best && Math.abs(best.at - at) <= Math.abs(exit.at - at) ? best : exit),
    undefined,
  );
}
