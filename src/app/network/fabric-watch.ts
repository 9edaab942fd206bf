import type { CapturedFrame, CaptureReport, FdbReport, NatReport, NetworkCounters } from "../../network/reports.ts";
import type { Probe } from "./guest-watch.ts";

/** Frames of a link read in one go, and bytes of each: all headers there can be, as a guest's own tap keeps. */
const FRAMES = 256;
const BYTES = 320;
/** A rate is taken over this many milliseconds. */
const RATE_OVER = 900;

/** Frames of a link that were read, and how many were passed over. */
export interface LinkFrames {
  readonly frames: readonly CapturedFrame[];
  readonly lost: number;
  /** The fabric is another one than before, and counts from 1 again. */
  readonly restarted: boolean;
}

/** What the fabric says of itself, read again and again. */
export class FabricWatch {
  readonly #probe: Probe;
  readonly #gateways: boolean;
  /** By link: the number of the next frame to read, and how many had entered when that was found. */
  readonly #read = new Map<string, { readonly from: number; readonly entered: number }>();
  counters: NetworkCounters = {};
  fdb: FdbReport | undefined;
  nat: NatReport | undefined;
  /** Frames a second that entered links, over the last second or so. */
  rate = 0;
  #counted: { readonly at: number; readonly frames: number } | undefined;

  /** @param gateways some link has a gateway that translates */
  constructor(probe: Probe, gateways: boolean) {
    this.#probe = probe;
    this.#gateways = gateways;
  }

  /** @param now milliseconds on a steady clock */
  async count(now: number): Promise<void> {
    this.counters = (await this.#probe("network.counters", {})) as NetworkCounters;
    const frames = Object.values(this.counters).reduce((sum, report) => sum + report.frames, 0);
    const since = this.#counted;
    if (since && now - since.at < RATE_OVER) return;
    if (since) this.rate = (1000 * Math.max(0, frames - since.frames)) / (now - since.at);
    this.#counted = { at: now, frames };
  }

  async readTables(): Promise<void> {
    const [fdb, nat] = await Promise.all([
      this.#probe("network.fdb", {}),
      this.#gateways ? this.#probe("network.nat", {}) : undefined,
    ]);
    this.fdb = fdb as FdbReport;
    this.nat = nat as NatReport | undefined;
  }

  /** Reads the frames that entered a link since the last time, and again those that were still on their way. */
  async readFrames(link: string): Promise<LinkFrames> {
    const known = this.#read.get(link);
    const from = known?.from ?? 1;
    const query = { link, from, count: FRAMES, bytes: BYTES };
    const { frames, next, newest, settled, lost } = (await this.#probe("network.capture", query)) as CaptureReport;
    if (newest < from) {
      this.#read.delete(link);
      return { frames: [], lost: 0, restarted: true };
    }
    const entered = this.counters[link]?.frames ?? 0;
    // whoever fell behind a flood goes on from its newest frames
    const isBehind = next < newest && known !== undefined;
    this.#read.set(link, {
      from: next < newest ? Math.max(next, newest - FRAMES) : settled,
      entered,
    });
    if (!known || !(isBehind || lost > 0)) return { frames, lost: 0, restarted: false };
    return {
      frames,
      restarted: false,
      lost: Math.max(0, entered - known.entered - new Set(frames.map(({ seq }) => seq)).size),
    };
  }
}
