import type { Frame } from "../link.ts";
import { formatMac } from "../mac.ts";
import type { Decision, Delivery, DropReason } from "../reports.ts";
import type { End } from "./end.ts";
import { type Cast, castOf } from "./traffic.ts";

/** A frame's way to one end. */
export class Copy {
  readonly cast: Cast;
  readonly to: string;
  readonly mirror: boolean;
  /** Both are gone once the copy has arrived or is lost: captures keep it. */
  end: End | undefined;
  /** As it leaves the link there, with the tag it has there. */
  frame: Frame | undefined;
  /** Milliseconds of the fabric's clock when it left; NaN while it is on its way. */
  at = Number.NaN;
  dropped: DropReason | undefined;

  constructor(cast: Cast, end: End, frame: Frame, mirror: boolean) {
    this.cast = cast;
    this.to = end.name;
    this.end = end;
    this.frame = frame;
    this.mirror = mirror;
  }

  get settled(): boolean {
    return this.frame === undefined;
  }

  arrived(at: number): void {
    this.at = at;
    this.end = this.frame = undefined;
  }

  lost(why: DropReason): void {
    this.dropped = why;
    this.end = this.frame = undefined;
  }

  report(epoch: number): Delivery {
    const { to: port, at, dropped, mirror } = this;
    const arrived = Number.isNaN(at) ? null : epoch + at;
    return { port, at: arrived, ...(dropped && { dropped }), ...(mirror && { mirror }) };
  }
}

type Outcome = "held" | "drop" | "wire" | "hub" | "fdb" | "flood" | "filtered" | "reserved";

/**
 * A frame that entered a link, and what became of it. One is made for each frame: what a report says in words is kept as
 * it is at hand, and put into words when somebody asks.
 */
export class Passage {
  /** Counted from 1 in the fabric. */
  readonly seq: number;
  readonly link: string;
  /** Milliseconds of the fabric's clock when it entered. */
  readonly at: number;
  readonly from: string;
  readonly frame: Frame;
  readonly cast: Cast;
  readonly copies: Copy[] = [];
  /** When it was let into the link: later than {@link at} where the wire was held. */
  since: number;
  /** From −1 to 1: how much of the link's jitter it gets. */
  sway = 0;
  #outcome: Outcome = "held";
  #vlan = 0;
  /** Of `drop` and `flood` the reason; of `fdb` and `filtered` the end where the address is. */
  #detail = "";
  /** Of `fdb`: milliseconds since the address was last heard. */
  #age = 0;

  constructor(seq: number, link: string, at: number, from: string, frame: Frame) {
    this.seq = seq;
    this.link = link;
    this.at = this.since = at;
    this.from = from;
    this.frame = frame;
    this.cast = castOf(frame.bytes);
  }

  /** On its way to an end: as it came, or with the tag it has there. */
  copyTo(end: End, frame = this.frame, mirror = false): void {
    this.copies.push(new Copy(this.cast, end, frame, mirror));
  }

  dropped(why: DropReason): void {
    this.#outcome = "drop";
    this.#detail = why;
  }

  decided(outcome: "wire" | "hub"): void {
    this.#outcome = outcome;
  }

  flooded(vlan: number, why: "unknown" | "broadcast" | "multicast"): void {
    this.#outcome = "flood";
    this.#vlan = vlan;
    this.#detail = why;
  }

  reserved(vlan: number): void {
    this.#outcome = "reserved";
    this.#vlan = vlan;
  }

  /** The address it is for was last heard at that end, so many milliseconds ago. */
  found(outcome: "fdb" | "filtered", vlan: number, port: string, age: number): void {
    this.#outcome = outcome;
    this.#vlan = vlan;
    this.#detail = port;
    this.#age = age;
  }

  /** Nothing about it will change any more. */
  get settled(): boolean {
    return this.#outcome !== "held" && this.copies.every(({ settled }) => settled);
  }

  get decision(): Decision {
    const vlan = this.#vlan;
    const mac = () => formatMac(this.frame.bytes.subarray(0, 6));
    switch (this.#outcome) {
      case "fdb":
        return { kind: "fdb", vlan, mac: mac(), port: this.#detail, age: this.#age };
      case "filtered":
        return { kind: "filtered", vlan, mac: mac(), port: this.#detail };
      case "reserved":
        return { kind: "reserved", vlan, mac: mac() };
      case "flood":
        return { kind: "flood", vlan, why: this.#detail as "unknown" | "broadcast" | "multicast" };
      case "drop":
        return { kind: "drop", why: this.#detail as DropReason };
      default:
        return { kind: this.#outcome };
    }
  }
}
