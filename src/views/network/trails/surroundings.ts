import type { GuestNetwork, NetNamespace } from "../../../probe/network/types.ts";
import { FABRIC_CLOCK, type Sighting } from "./sighting.ts";
import type { Topology } from "./topology.ts";

/** How far a guest's clock is off, and how well that is known (clock.ts). */
export interface Offset {
  readonly offset: number;
  readonly uncertainty: number;
}

/** Over which time a machine's frames were listened to, in milliseconds of the page's clock. */
export interface Watched {
  readonly from: number;
  readonly to: number;
  /** When frames were last lost or passed over; undefined for never. */
  readonly lost?: number;
}

/** A reading of a guest, and when it was made by the page's clock. */
export interface PastReading {
  readonly at: number;
  readonly network: GuestNetwork;
}

/** What ways are made out with, besides what was seen of them. */
export interface SurroundingsInput {
  readonly topology: Topology;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly offsets: ReadonlyMap<string, Offset>;
  readonly watched: ReadonlyMap<string, Watched>;
  /** By machine, oldest first. */
  readonly readings: ReadonlyMap<string, readonly PastReading[]>;
}

/** Between clocks of one computer: two workers' times of one moment differ by less. */
const CLOCK_ERROR = 5;
/** Two times by one clock, in milliseconds: some are taken where a frame is queued, some where it is served. */
const SAME_CLOCK = 2;
/** A packet may wait inside a guest or a link for as long, in milliseconds: for an ARP answer, in a queue. */
const WAITS = 3000;
/** From one end of a cable to the other, in milliseconds: the computer may be busy with other guests. */
const CROSSES = 400;
/** A guest's clock is read no worse than this, or it is of no use for telling what came first. */
const MOST_UNCERTAIN = 1000;

export class Surroundings {
  readonly topology: Topology;
  readonly now: number;
  readonly #input: SurroundingsInput;

  constructor(input: SurroundingsInput) {
    this.topology = input.topology;
    this.now = input.now;
    this.#input = input;
  }

  /** When a frame was seen, by the fabric's clock. */
  timeOf({ clock, raw }: Sighting): number {
    return clock === FABRIC_CLOCK ? raw : raw - (this.#offset(clock)?.offset ?? 0);
  }

  /** Whether one sighting may have been before another, as far as their clocks can tell. */
  mayPrecede(one: Sighting, other: Sighting): boolean {
    // a guest numbers what one namespace saw in its order; two namespaces it listens to in turns
    if (one.tap !== undefined && one.tap === other.tap) return one.order < other.order;
    if (one.clock === other.clock) return one.raw <= other.raw + SAME_CLOCK;
    return this.timeOf(one) <= this.timeOf(other) + this.#error(one.clock) + this.#error(other.clock);
  }

  /** Whether two sightings may be of one packet, as far as their times tell. */
  mayBelong(one: Sighting, other: Sighting): boolean {
    const apart = Math.abs(this.timeOf(one) - this.timeOf(other));
    if (one.clock === other.clock) return apart <= WAITS;
    return apart <= CROSSES + this.#error(one.clock) + this.#error(other.clock);
  }

  watched(machine: string): Watched | undefined {
    return this.#input.watched.get(machine);
  }

  /**
   * A namespace's tables as they were read around a moment. First the reading that followed it, which has what was set up
   * before the packet came and the entries it made itself; then the others, the nearest first.
   */
  tablesAt(machine: string, namespace: number, time: number): readonly NetNamespace[] {
    const readings = this.#input.readings.get(machine) ?? [];
    const next = readings.find(({ at }) => at >= time);
    const others = readings.filter((reading) => reading !== next);
    others.sort((a, b) => Math.abs(a.at - time) - Math.abs(b.at - time));
    return [...(next ? [next] : []), ...others]
      .slice(0, LOOKED_AT)
      .flatMap(({ network }) => network.namespaces.find(({ id }) => id === namespace) ?? []);
  }

  #offset(clock: string): Offset | undefined {
    return this.#input.offsets.get(clock.slice(clock.indexOf(":") + 1));
  }

  #error(clock: string): number {
    if (clock === FABRIC_CLOCK) return CLOCK_ERROR;
    return Math.min(MOST_UNCERTAIN, CLOCK_ERROR + (this.#offset(clock)?.uncertainty ?? MOST_UNCERTAIN));
  }
}

/** Readings around a moment that are looked at. */
const LOOKED_AT = 3;
