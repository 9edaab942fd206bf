import type { Frame } from "../link.ts";
import type { LinkSpec, PortSpec } from "../link-spec.ts";
import { portName } from "../link-spec.ts";
import { formatMac } from "../mac.ts";
import { makeGood } from "../offload.ts";
import type { DropReason, FdbReport, LinkReport } from "../reports.ts";
import type { Agenda } from "./agenda.ts";
import type { Capture } from "./capture/capture.ts";
import { refusal } from "./check.ts";
import type { Delivery } from "./delivery.ts";
import { End, type EndOwner } from "./end.ts";
import { Fifo } from "./fifo.ts";
import type { Passage } from "./passage.ts";
import { Random } from "./random.ts";
import { type Relay, Repeater, Switch } from "./relay.ts";
import { reshaped, shapeOf } from "./shape.ts";
import { Shaper } from "./shaper.ts";
import { MOST_ADDRESSES } from "./switch/fdb.ts";
import { DropCounter, TrafficCounter } from "./traffic.ts";

/** Frames that wait while the wire is held, and their bytes. */
const MOST_HELD = 256;
const MOST_HELD_BYTES = 4 << 20;
/** Ends a link has room for. */
const MOST_ENDS = 64;

/** What the links of a fabric share. */
export interface Common {
  now(): number;
  readonly agenda: Agenda;
  readonly delivery: Delivery;
  readonly capture: Capture;
  readonly seed: number;
}

interface Held {
  readonly from: End;
  readonly passage: Passage;
}

/** One link: from what an end sends to what its others get. */
export class Link implements EndOwner {
  readonly name: string;
  readonly kind: LinkSpec["kind"];
  readonly #common: Common;
  readonly #relay: Relay;
  readonly #shaper: Shaper;
  readonly #random: Random;
  /** By name; of several with one name the last is plugged in, and the one before it is when that is closed. */
  readonly #ends = new Map<string, End[]>();
  /** Names of the ends whose cable is out: it stays out when a machine is switched off, and on again. */
  readonly #pulled = new Set<string>();
  /** Those with carrier. */
  #live: readonly End[] = [];
  #cut: boolean;
  #mirror: string | null;
  #held = false;
  readonly #waiting = new Fifo<Held>();
  #waitingBytes = 0;
  readonly #traffic = new TrafficCounter();
  readonly #dropped = new DropCounter();

  /** @throws Error with a sentence when the specification cannot be */
  constructor(name: string, spec: LinkSpec, common: Common) {
    this.name = name;
    this.kind = spec.kind;
    this.#common = common;
    this.#random = new Random(common.seed, name);
    this.#relay = spec.kind === "switch" ? new Switch() : new Repeater(spec.kind);
    this.#shaper = new Shaper(shapeOf(spec), common.agenda, common.delivery, this.#random);
    this.#cut = spec.cut ?? false;
    this.#mirror = spec.mirror ?? null;
  }

  get mtu(): number {
    return this.#shaper.shape.mtu;
  }

  /** Where captures are replayed from: an end beside those of the machines, also of a wire. */
  get player(): PortSpec {
    return { machine: `replay:${this.name}`, nic: 0, mac: "00:00:00:00:00:00" };
  }

  /** Ends that are plugged in. */
  get ends(): readonly End[] {
    return [...this.#ends.values()].map((ends) => ends.at(-1)!);
  }

  /**
   * Plugs a new end in. One of the same name that is there loses its carrier until the new one is closed: a machine that
   * is put back to a save point is made before its old self ends, and goes on if that fails.
   *
   * @throws Error with a sentence when there is no room for it
   */
  plug(spec: PortSpec): End {
    const name = portName(spec);
    const player = portName(this.player);
    const others = [...this.#ends.keys()].filter((other) => other !== name && other !== player);
    if (this.kind === "wire" && others.length >= 2 && name !== player) {
      throw new Error(
        `A wire has two ends: \`${name}\` finds both of \`${this.name}\` in use, ${others.join(" and ")}.`,
      );
    }
    if (others.length >= MOST_ENDS) throw new Error(`Link \`${this.name}\` has no room for a ${MOST_ENDS + 1}th end.`);
    const end = new End(spec, this);
    this.#ends.set(name, [...(this.#ends.get(name) ?? []), end]);
    this.#updateCarrier();
    return end;
  }

  unplug(end: End): void {
    const ends = (this.#ends.get(end.name) ?? []).filter((other) => other !== end);
    if (ends.length > 0) this.#ends.set(end.name, ends);
    else this.#ends.delete(end.name);
    this.#disconnect(end);
    this.#updateCarrier();
  }

  lost(why: DropReason, frames = 1): void {
    this.#dropped.add(why, frames);
  }

  /** A frame that an end sends. */
  enter(from: End, frame: Frame): void {
    const { shape } = this.#shaper;
    const now = this.#common.now();
    const refused = refusal(frame, shape.mtu) ?? (from.carrier ? undefined : "cut");
    if (refused) {
      this.#drop(this.#record(from, frame, now), from, refused);
      return;
    }
    // Where frames are lost or served one by one, a large segment is as many as it is on a wire.
    if (frame.segmentation && (shape.loss > 0 || shape.rate !== null)) {
      for (const piece of makeGood(frame)) this.#take(from, piece, now);
    } else {
      this.#take(from, frame, now);
    }
    this.#common.delivery.run();
  }

  #take(from: End, frame: Frame, now: number): void {
    const passage = this.#record(from, frame, now);
    const { length } = frame.bytes;
    from.sent.add(passage.cast, length);
    this.#traffic.add(passage.cast, length);
    if (!this.#held) this.#go(from, passage, now);
    else if (this.#waiting.length < MOST_HELD && this.#waitingBytes + length <= MOST_HELD_BYTES) {
      this.#waiting.push({ from, passage });
      this.#waitingBytes += length;
    } else this.#drop(passage, from, "held");
  }

  #record(from: End, frame: Frame, now: number): Passage {
    return this.#common.capture.record(this.name, now, from.name, frame);
  }

  /** The frame is on the link: lost, or sent on. */
  #go(from: End, passage: Passage, now: number): void {
    const lost = this.#isLost() ? "loss" : this.#shaper.hasRoom(from, passage) ? undefined : "queue";
    if (lost) {
      this.#drop(passage, from, lost);
      return;
    }
    const refused = this.#relay.relay(passage, from, this.#live, now);
    if (refused) this.#drop(passage, from, refused);
    if (this.#mirror !== null) this.#copyToMirror(passage, from);
    if (passage.copies.length > 0) this.#shaper.send(from, passage, now);
  }

  #isLost(): boolean {
    const { loss } = this.#shaper.shape;
    return loss > 0 && this.#random.next() < loss;
  }

  #copyToMirror(passage: Passage, from: End): void {
    const mirror = this.#live.find(({ name }) => name === this.#mirror);
    if (!mirror || mirror === from || passage.copies.some(({ end }) => end === mirror)) return;
    passage.copyTo(mirror, passage.frame, true);
  }

  #drop(passage: Passage, from: End, why: DropReason): void {
    passage.dropped(why);
    from.drops.add(why);
    this.lost(why);
  }

  /** Holds the wire, or lets all that waits go. @returns frames that wait */
  hold(on: boolean): number {
    this.#held = on;
    if (!on) while (this.#waiting.length > 0) this.#letGo();
    this.#common.delivery.run();
    return this.#waiting.length;
  }

  /** Lets the first of the frames that wait go. @returns how many are left. @throws Error when the wire is not held */
  step(): number {
    if (!this.#held) throw new Error(`Link \`${this.name}\` is not held: there is nothing to let go.`);
    if (this.#waiting.length > 0) this.#letGo();
    this.#common.delivery.run();
    return this.#waiting.length;
  }

  #letGo(): void {
    const { from, passage } = this.#waiting.shift()!;
    this.#waitingBytes -= passage.frame.bytes.length;
    if (from.carrier) this.#go(from, passage, this.#common.now());
    else this.#drop(passage, from, "cut");
  }

  /** Cuts the link or mends it; what is on it when it is cut is lost. */
  cut(on: boolean): void {
    this.#cut = on;
    if (on) {
      for (const { from, passage } of this.#waiting.drain()) this.#drop(passage, from, "cut");
      this.#waitingBytes = 0;
      this.#shaper.flush();
    }
    this.#updateCarrier();
  }

  /** @returns false when there is no such end */
  plugCable(name: string, plugged: boolean): boolean {
    if (!this.#ends.has(name) && !this.#pulled.has(name)) return false;
    if (plugged) this.#pulled.delete(name);
    else this.#pulled.add(name);
    this.#updateCarrier();
    return true;
  }

  #updateCarrier(): void {
    const changed: End[] = [];
    for (const ends of this.#ends.values()) {
      for (const end of ends) {
        const carrier = end === ends.at(-1) && this.#connected(end.name);
        if (carrier === end.carrier) continue;
        if (carrier) end.carrier = true;
        else this.#disconnect(end);
        changed.push(end);
      }
    }
    this.#live = this.ends.filter(({ carrier }) => carrier);
    for (const end of changed) end.onCarrier?.(end.carrier);
  }

  /** A wire is one cable: out at one end, it is out for both. */
  #connected(name: string): boolean {
    const out = this.kind === "wire" ? this.#pulled.size > 0 : this.#pulled.has(name);
    return !out && !this.#cut;
  }

  #disconnect(end: End): void {
    end.carrier = false;
    this.#shaper.flushEnd(end);
    this.#relay.fdb?.forgetPort(end);
  }

  /** @throws Error with a sentence when a value cannot be */
  reshape(change: Readonly<Record<string, unknown>>): void {
    this.#shaper.reshape(reshaped(this.#shaper.shape, change), this.ends, this.#common.now());
  }

  /** @throws Error with a sentence when there is no such end */
  mirrorTo(name: string | null): void {
    if (name !== null && !this.#ends.has(name)) throw new Error(`Link \`${this.name}\` has no end \`${name}\`.`);
    this.#mirror = name;
  }

  forget(): void {
    this.#relay.fdb?.forget();
  }

  reset(): void {
    this.#traffic.reset();
    this.#dropped.reset();
    this.#relay.reset();
    for (const end of this.ends) end.reset();
  }

  close(): void {
    for (const ends of [...this.#ends.values()]) for (const end of [...ends]) end.close();
  }

  fdb(): FdbReport {
    const { fdb } = this.#relay;
    if (!fdb) return { entries: [], limit: 0, evicted: 0 };
    const now = this.#common.now();
    const entries = fdb.entries(now).map(({ mac, vlan, port, at }) => {
      return { link: this.name, mac: macOf(mac), vlan, port: port.name, age: now - at };
    });
    return { entries, limit: MOST_ADDRESSES, evicted: fdb.evicted };
  }

  report(gateway: LinkReport["gateway"]): LinkReport {
    return {
      link: this.name,
      kind: this.kind,
      ...this.#traffic.report,
      ...this.#shaper.shape,
      cut: this.#cut,
      mirror: this.#mirror,
      held: this.#held,
      waiting: this.#waiting.length,
      flooded: this.#relay.flooded,
      filtered: this.#relay.filtered,
      dropped: this.#dropped.report,
      ports: this.ends.map((end) => end.report()),
      gateway,
    };
  }
}

/** The address that is this number. */
const macOf = (address: number): string =>
  formatMac(Uint8Array.from({ length: 6 }, (_, index) => Math.floor(address / 256 ** (5 - index)) % 256));
