import type { LinkSpec } from "../link-spec.ts";

/** How a link treats what passes; times in milliseconds. */
export interface Shape {
  readonly latency: number;
  readonly jitter: number;
  /** 0 to 1. */
  readonly loss: number;
  /** Bits a second; null for as fast as the computer goes. */
  readonly rate: number | null;
  /** Frames that wait for an end. */
  readonly queue: number;
  /** Bytes of the largest IP packet. */
  readonly mtu: number;
}

const PLAIN: Shape = { latency: 0, jitter: 0, loss: 0, rate: null, queue: 512, mtu: 1500 };

/** A minute: longer than any wire, and short enough to be waited for. */
const LONGEST = 60_000;
const LIMITS: Readonly<Record<keyof Shape, { least: number; most: number; whole?: true; what: string }>> = {
  latency: { least: 0, most: LONGEST, what: "milliseconds from 0 to 60000" },
  jitter: { least: 0, most: LONGEST, what: "milliseconds from 0 to 60000" },
  loss: { least: 0, most: 1, what: "a share from 0 to 1" },
  rate: { least: 1, most: 1e12, what: "bits a second from 1 to 10¹²" },
  queue: { least: 1, most: 65_536, whole: true, what: "a number of frames from 1 to 65536" },
  // The least MTU of IPv4 (RFC 791, 3.2), and what is usual for jumbo frames.
  mtu: { least: 68, most: 9000, whole: true, what: "a number of bytes from 68 to 9000" },
};

export const SHAPES = Object.keys(LIMITS) as readonly (keyof Shape)[];

/** @throws Error with a sentence when a value cannot be */
export const shapeOf = (spec: LinkSpec): Shape => reshaped(PLAIN, { ...spec });

/**
 * @param change values by name: null for none, or the usual one; what is absent stays
 * @throws Error with a sentence when a value cannot be
 */
export function reshaped(shape: Shape, change: Readonly<Record<string, unknown>>): Shape {
  const made: Record<string, number | null> = { ...shape };
  for (const name of SHAPES) {
    const value = change[name];
    if (value === undefined) continue;
    if (value === null) made[name] = PLAIN[name];
    else if (fits(name, value)) made[name] = value;
    else throw new Error(`A link's ${name} is ${LIMITS[name].what}, not ${JSON.stringify(value)}.`);
  }
  return made as unknown as Shape;
}

function fits(name: keyof Shape, value: unknown): value is number {
  const { least, most, whole } = LIMITS[name];
  return typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value));
}
