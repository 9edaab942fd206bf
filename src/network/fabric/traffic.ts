import type { DropCounts, DropReason, Traffic } from "../reports.ts";

/** What a frame is addressed to (IEEE 802-2014, 8.2). */
export const CAST = { unicast: 0, multicast: 1, broadcast: 2 } as const;
export type Cast = (typeof CAST)[keyof typeof CAST];

/** @param bytes of a frame, 6 at least */
export function castOf(bytes: Uint8Array): Cast {
  if ((bytes[0]! & 1) === 0) return CAST.unicast;
  for (let at = 0; at < 6; at++) if (bytes[at] !== 0xff) return CAST.multicast;
  return CAST.broadcast;
}

export class TrafficCounter {
  unicast = 0;
  multicast = 0;
  broadcast = 0;
  bytes = 0;

  add(cast: Cast, bytes: number): void {
    if (cast === CAST.unicast) this.unicast++;
    else if (cast === CAST.multicast) this.multicast++;
    else this.broadcast++;
    this.bytes += bytes;
  }

  get report(): Traffic {
    const { unicast, multicast, broadcast, bytes } = this;
    return { frames: unicast + multicast + broadcast, bytes, broadcast, multicast, unicast };
  }

  reset(): void {
    this.unicast = this.multicast = this.broadcast = this.bytes = 0;
  }
}

/** Frames that did not get through, by reason. */
export class DropCounter {
  #counts: Partial<Record<DropReason, number>> = {};

  add(why: DropReason, frames = 1): void {
    this.#counts[why] = (this.#counts[why] ?? 0) + frames;
  }

  get report(): DropCounts {
    return { ...this.#counts };
  }

  reset(): void {
    this.#counts = {};
  }
}
