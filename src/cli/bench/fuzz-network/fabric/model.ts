/**
 * A link as the standards tell it, with nothing done quickly: IEEE 802.1D-2004, 7.7 to 7.9 and 7.12.6, IEEE 802.1Q-2018,
 * 6.9 and 8.6 to 8.8. It shares nothing with the fabric but the meaning of a port's specification.
 */
import type { DropReason } from "../../../../network/reports.ts";

const ADDRESSES = 1024;
const AGEING = 300_000;
const MOST_HELD = 256;

export interface ModelEnd {
  readonly name: string;
  readonly vlan?: number;
  readonly vlans?: readonly number[];
}

/** What an end gets. */
export interface Arrival {
  readonly to: string;
  readonly bytes: Uint8Array;
}

interface Heard {
  readonly mac: string;
  readonly vlan: number;
  readonly end: string;
  readonly at: number;
}

export interface ModelCounts {
  sent: number;
  received: number;
  readonly dropped: Partial<Record<DropReason, number>>;
}

export class ModelLink {
  readonly kind: "switch" | "hub" | "wire";
  readonly mtu: number;
  readonly ends: ModelEnd[] = [];
  readonly pulled = new Set<string>();
  readonly counts = new Map<string, ModelCounts>();
  mirror: string | null = null;
  isCut = false;
  held = false;
  waiting: { readonly from: string; readonly bytes: Uint8Array }[] = [];
  /** What was heard, the last at the end; none of it twice. */
  heard: Heard[] = [];
  /** Ends something was heard from, in the order they were first, since they were last forgotten. */
  #speakers: string[] = [];
  flooded = 0;
  filtered = 0;
  evicted = 0;

  constructor(kind: "switch" | "hub" | "wire", mtu: number) {
    this.kind = kind;
    this.mtu = mtu;
  }

  plug(end: ModelEnd): void {
    this.ends.push(end);
    this.counts.set(end.name, { sent: 0, received: 0, dropped: {} });
  }

  unplug(name: string): void {
    this.ends.splice(
      this.ends.findIndex((end) => end.name === name),
      1,
    );
    this.#forgetEnd(name);
  }

  carrier(name: string): boolean {
    const plugged = this.ends.some((end) => end.name === name);
    const out = this.kind === "wire" ? this.pulled.size > 0 : this.pulled.has(name);
    return plugged && !out && !this.isCut;
  }

  cable(name: string, plugged: boolean): void {
    if (plugged) this.pulled.delete(name);
    else this.pulled.add(name);
    this.#forgetSilent();
  }

  cut(on: boolean): void {
    this.isCut = on;
    if (on) {
      for (const { from } of this.waiting) this.#drop(from, "cut");
      this.waiting = [];
    }
    this.#forgetSilent();
  }

  send(from: string, bytes: Uint8Array, now: number): Arrival[] {
    const refused = this.#refusal(bytes) ?? (this.carrier(from) ? undefined : "cut");
    if (refused) return this.#drop(from, refused);
    this.counts.get(from)!.sent++;
    if (!this.held) return this.#go(from, bytes, now);
    if (this.waiting.length >= MOST_HELD) return this.#drop(from, "held");
    this.waiting.push({ from, bytes });
    return [];
  }

  /** Lets go one of those that wait, or all. */
  letGo(count: number, now: number): Arrival[] {
    return this.waiting.splice(0, count).flatMap(({ from, bytes }) => {
      return this.carrier(from) ? this.#go(from, bytes, now) : this.#drop(from, "cut");
    });
  }

  forget(): void {
    this.heard = [];
    this.#speakers = [];
  }

  remembered(now: number): readonly Heard[] {
    return this.heard.filter(({ at }) => now - at < AGEING);
  }

  #refusal(bytes: Uint8Array): DropReason | undefined {
    if (bytes.length < 14) return "malformed";
    let packet = 14;
    for (const at of [12, 16]) if (packet === at + 2 && isTagType(bytes, at)) packet += 4;
    return bytes.length - packet > this.mtu ? "mtu" : undefined;
  }

  #go(from: string, bytes: Uint8Array, now: number): Arrival[] {
    const arrivals = this.kind === "switch" ? this.#switch(from, bytes, now) : this.#repeat(from, bytes);
    const { mirror } = this;
    if (mirror !== null && mirror !== from && this.carrier(mirror) && !arrivals.some(({ to }) => to === mirror)) {
      arrivals.push({ to: mirror, bytes });
    }
    for (const { to } of arrivals) this.counts.get(to)!.received++;
    return arrivals;
  }

  #repeat(from: string, bytes: Uint8Array): Arrival[] {
    return this.#others(from).map(({ name }) => ({ to: name, bytes }));
  }

  #switch(from: string, bytes: Uint8Array, now: number): Arrival[] {
    const sender = this.#end(from);
    const vlan = vlanOf(sender, bytes);
    if (typeof vlan === "string") return this.#drop(from, vlan);
    this.heard = this.heard.filter(({ at }) => now - at < AGEING);
    if ((bytes[6]! & 1) === 0) this.#learn({ mac: macAt(bytes, 6), vlan, end: from, at: now });
    const destination = macAt(bytes, 0);
    if (/^0180c200000/.test(destination)) {
      this.filtered++;
      return [];
    }
    const everybody = this.#others(from).filter((end) => isMember(end, vlan));
    const leaving = (ends: readonly ModelEnd[]) =>
      ends.map((end) => ({ to: end.name, bytes: leave(bytes, vlan, leavesUntagged(end, vlan)) }));
    if ((bytes[0]! & 1) === 1) return leaving(everybody);
    const known = this.heard.find((one) => one.mac === destination && one.vlan === vlan);
    if (!known) {
      this.flooded++;
      return leaving(everybody);
    }
    if (known.end === from) {
      this.filtered++;
      return [];
    }
    return leaving([this.#end(known.end)]);
  }

  #learn(one: Heard): void {
    const known = this.heard.findIndex(({ mac, vlan }) => mac === one.mac && vlan === one.vlan);
    if (known >= 0) this.heard.splice(known, 1);
    else if (this.heard.length === ADDRESSES) this.#makeRoom(one.end);
    if (!this.#speakers.includes(one.end)) this.#speakers.push(one.end);
    this.heard.push(one);
  }

  /** The end with the most addresses gives up the one unheard of for longest; where the learner has as many, it does. */
  #makeRoom(learner: string): void {
    const share = (name: string) => this.heard.filter(({ end }) => end === name).length;
    const most = Math.max(...this.#speakers.map(share));
    const loser = share(learner) === most ? learner : this.#speakers.find((name) => share(name) === most)!;
    this.heard.splice(
      this.heard.findIndex(({ end }) => end === loser),
      1,
    );
    this.evicted++;
  }

  #end(name: string): ModelEnd {
    return this.ends.find((end) => end.name === name)!;
  }

  #others(from: string): ModelEnd[] {
    return this.ends.filter(({ name }) => name !== from && this.carrier(name));
  }

  #forgetSilent(): void {
    for (const { name } of this.ends) if (!this.carrier(name)) this.#forgetEnd(name);
  }

  #forgetEnd(name: string): void {
    this.heard = this.heard.filter(({ end }) => end !== name);
    this.#speakers = this.#speakers.filter((end) => end !== name);
  }

  #drop(from: string, why: DropReason): Arrival[] {
    const dropped = this.counts.get(from)!.dropped;
    dropped[why] = (dropped[why] ?? 0) + 1;
    return [];
  }
}

/** VLAN of a frame that comes in at an end, or why it has none there. */
export function vlanOf(end: ModelEnd, bytes: Uint8Array): number | "vlan" | "malformed" {
  const own = end.vlan ?? (end.vlans ? "vlan" : 1);
  if (bytes[12] !== 0x81 || bytes[13] !== 0x00) return own;
  if (bytes.length < 18) return "malformed";
  const vid = (bytes[14]! * 256 + bytes[15]!) % 4096;
  if (vid === 0) return own;
  const accessPort = end.vlan !== undefined && end.vlans === undefined;
  return accessPort || vid === 4095 || !isMember(end, vid) ? "vlan" : vid;
}

export function isMember({ vlan, vlans }: ModelEnd, vid: number): boolean {
  if (vlan === undefined && vlans === undefined) return true;
  return vid === vlan || (vlans?.includes(vid) ?? false);
}

export function leavesUntagged({ vlan, vlans }: ModelEnd, vid: number): boolean {
  return vid === (vlan ?? (vlans ? undefined : 1));
}

/** A frame as it leaves: its addresses, a tag or none, and all that was behind the tag it came with. */
export function leave(bytes: Uint8Array, vlan: number, untagged: boolean): Uint8Array {
  const cameTagged = bytes[12] === 0x81 && bytes[13] === 0x00;
  const rest = bytes.slice(cameTagged ? 16 : 12);
  const priority = cameTagged ? bytes[14]! >> 4 : 0;
  const tag = untagged ? [] : [0x81, 0x00, priority * 16 + Math.floor(vlan / 256), vlan % 256];
  return Uint8Array.of(...bytes.slice(0, 12), ...tag, ...rest);
}

const isTagType = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at] === 0x81 && bytes[at + 1] === 0x00) || (bytes[at] === 0x88 && bytes[at + 1] === 0xa8);

export const macAt = (bytes: Uint8Array, at: number): string =>
  [...bytes.slice(at, at + 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
