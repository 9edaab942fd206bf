import { fromBase64 } from "../../network/base64.ts";
import type { CapturedFrame } from "../../network/reports.ts";
import { identityOf } from "../../views/network/trails/identity.ts";
import type { FrameStretch } from "../../views/network-transport.ts";

/** Of one stretch, in milliseconds, and how many are kept. */
const STRETCH = 500;
const KEPT = 120;

const NONE: FrameStretch["frames"] = { arp: 0, icmp: 0, udp: 0, tcp: 0, other: 0 };

/** How many frames passed over the last minute. */
export class Activity {
  stretches: readonly FrameStretch[] = [];
  /** Frames of each link counted so far: one under way is read again. */
  readonly #counted = new Map<string, number>();

  add(frames: readonly CapturedFrame[]): void {
    const stretches = new Map(this.stretches.map((stretch) => [stretch.at, stretch]));
    for (const { link, seq, at, bytes, length } of frames) {
      if (seq <= (this.#counted.get(link) ?? 0)) continue;
      this.#counted.set(link, seq);
      const begin = Math.floor(at / STRETCH) * STRETCH;
      const { frames: before } = stretches.get(begin) ?? { frames: NONE };
      const { colour } = identityOf(fromBase64(bytes) ?? new Uint8Array(), length);
      stretches.set(begin, { at: begin, frames: { ...before, [colour]: before[colour] + 1 } });
    }
    if (frames.length > 0) this.stretches = [...stretches.values()].sort((a, b) => a.at - b.at).slice(-KEPT);
  }

  /** A link's frames are counted from 1 again. */
  forget(link: string): void {
    this.#counted.delete(link);
  }
}
