/** Where a link sends a frame: to everybody, or as a switch does (IEEE 802.1D-2004, 7.7; 802.1Q-2018, 8.6). */
import type { End } from "./end.ts";
import type { Passage } from "./passage.ts";
import { FilteringDatabase } from "./switch/fdb.ts";
import { EgressForms, NO_VLAN, TRUNCATED } from "./switch/vlan.ts";
import { CAST } from "./traffic.ts";

/** Decides what becomes of a frame, and makes its copies. */
export interface Relay {
  readonly fdb?: FilteringDatabase<End>;
  /** Frames for addresses nobody was heard from. */
  readonly flooded: number;
  /** Frames that went nowhere, as they should. */
  readonly filtered: number;
  /**
   * @param ends all that have carrier, the sender among them
   * @returns why the frame goes nowhere, where that is not as it should be
   */
  relay(passage: Passage, from: End, ends: readonly End[], now: number): "vlan" | "malformed" | undefined;
  /** Sets counters to 0. */
  reset(): void;
}

/** A hub repeats to every other end; a wire has one. */
export class Repeater implements Relay {
  readonly flooded = 0;
  readonly filtered = 0;
  readonly #kind: "hub" | "wire";

  constructor(kind: "hub" | "wire") {
    this.#kind = kind;
  }

  relay(passage: Passage, from: End, ends: readonly End[]): undefined {
    passage.decided(this.#kind);
    for (const end of ends) if (end !== from) passage.copyTo(end);
  }

  reset(): void {}
}

export class Switch implements Relay {
  readonly fdb = new FilteringDatabase<End>();
  flooded = 0;
  filtered = 0;

  relay(passage: Passage, from: End, ends: readonly End[], now: number): "vlan" | "malformed" | undefined {
    const { bytes } = passage.frame;
    const vlan = from.membership.classify(bytes);
    if (vlan === NO_VLAN) return "vlan";
    if (vlan === TRUNCATED) return "malformed";
    // Sources are individual addresses: a group's is not learned (802.1D, 7.8).
    if ((bytes[6]! & 1) === 0) this.fdb.learn(addressAt(bytes, 6), vlan, from, now);
    if (passage.cast === CAST.unicast) this.#unicast(passage, from, ends, vlan, now);
    else if (isReserved(bytes)) this.#keep(passage, vlan);
    else this.#flood(passage, from, ends, vlan, passage.cast === CAST.broadcast ? "broadcast" : "multicast");
    return undefined;
  }

  reset(): void {
    this.flooded = this.filtered = 0;
    this.fdb.resetCounters();
  }

  #unicast(passage: Passage, from: End, ends: readonly End[], vlan: number, now: number): void {
    const known = this.fdb.find(addressAt(passage.frame.bytes, 0), vlan, now);
    if (!known) {
      this.flooded++;
      this.#flood(passage, from, ends, vlan, "unknown");
    } else if (known.port === from) {
      this.filtered++;
      passage.found("filtered", vlan, from.name, now - known.at);
    } else {
      passage.found("fdb", vlan, known.port.name, now - known.at);
      passage.copyTo(known.port, new EgressForms(passage.frame, vlan).at(known.port.membership));
    }
  }

  #keep(passage: Passage, vlan: number): void {
    this.filtered++;
    passage.reserved(vlan);
  }

  #flood(
    passage: Passage,
    from: End,
    ends: readonly End[],
    vlan: number,
    why: "unknown" | "broadcast" | "multicast",
  ): void {
    passage.flooded(vlan, why);
    const forms = new EgressForms(passage.frame, vlan);
    for (const end of ends) {
      if (end !== from && end.membership.carries(vlan)) passage.copyTo(end, forms.at(end.membership));
    }
  }
}

/** 01-80-C2-00-00-00 to -0F: bridges keep frames for these to themselves (802.1D, 7.12.6, table 7-10). */
const isReserved = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x01 && bytes[1] === 0x80 && bytes[2] === 0xc2 && !bytes[3] && !bytes[4] && bytes[5]! < 16;

/** Six bytes as one number below 2⁴⁸. */
const addressAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 8) | bytes[at + 1]!) * 2 ** 32 +
  (((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0);
