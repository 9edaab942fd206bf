import type { CapturedFrame } from "../../../network/reports.ts";
import type { GuestFrame } from "../../../probe/network/types.ts";
import type { Passing, Trail } from "../picture.ts";
import { type ByteRange, distance, identityOf, overlap } from "./identity.ts";
import { bytesOf, fabricSightings, guestSighting, type Sighting } from "./sighting.ts";
import type { Surroundings } from "./surroundings.ts";
import { buildTrail, refreshRows } from "./trail.ts";

/** Packets that are remembered; the oldest make room. */
const MOST_PACKETS = 200;
/** Sightings of one packet: a flood over every port of a lab stays below. */
const MOST_SIGHTINGS = 64;
/** How long a packet is looked at again as the picture changes and further sightings come, in milliseconds. */
const LIVELY = 6000;
/** And how often, in milliseconds. */
const AGAIN = 900;
/** A large segment and what belongs to it grow no further than this, in bytes. */
const MOST_BYTES = 0x1_0000;
/** Of the frames read in one go, only the newest begin packets; older ones may complete those that are known. */
const MOST_NEW = 64;

/** Sightings that are of one packet. */
interface Packet {
  readonly id: string;
  readonly sightings: Sighting[];
  /** The data they cover together. */
  range: ByteRange | undefined;
  trail: Trail | undefined;
  /** The newest sighting's time by the page's clock. */
  last: number;
  /** When its trail was made. */
  built: number;
  stale: boolean;
}

/**
 * What was seen of packets lately, put together packet by packet. It is given frames as they are read, in any order
 * between machines and links, and keeps a bounded number of them.
 */
export class TrailBook {
  readonly #byKey = new Map<string, Packet[]>();
  readonly #packets = new Set<Packet>();
  /** Frames of the fabric whose deliveries may still come, by link and number. */
  readonly #frames = new Map<string, { readonly packet: Packet; readonly seen: Set<string> }>();
  #count = 0;
  #leftOut = 0;
  #since = 0;
  #surroundings: Surroundings | undefined;

  /**
   * Adds frames of a link's capture, in its order. A frame that was given before adds where it arrived meanwhile.
   *
   * @param lost frames the capture no longer has
   */
  addFabric(frames: readonly CapturedFrame[], surroundings: Surroundings, lost = 0): void {
    this.#leftOut += lost;
    for (let at = 0; at < frames.length; ) {
      const frame = frames[at]!;
      const pieces = piecesFrom(frames, at);
      this.#addFrame(frame, lengthOf(pieces), surroundings, frames.length - at <= MOST_NEW);
      at += pieces.length;
    }
  }

  /** Adds frames that a guest saw. */
  addGuest(machine: string, frames: readonly GuestFrame[], surroundings: Surroundings, lost = 0): void {
    this.#leftOut += lost;
    for (const [at, frame] of frames.entries()) {
      this.#add(guestSighting(machine, frame), surroundings, frames.length - at <= MOST_NEW);
    }
  }

  /** @param now milliseconds since 1970: what was seen before is not taken in any more */
  clear(now: number): void {
    this.#since = now;
    this.#byKey.clear();
    this.#packets.clear();
    this.#frames.clear();
    this.#leftOut = 0;
  }

  /** A machine lives anew, or an earlier life again: its frames are counted from 1 again. */
  forget(machine: string): void {
    this.#dropThose(({ source }) => "guest" in source && source.machine === machine);
  }

  /** A link is another's now: its frames are counted from 1 again. */
  forgetLink(link: string): void {
    this.#dropThose(({ source }) => "fabric" in source && source.fabric.link === link);
  }

  #dropThose(has: (sighting: Sighting) => boolean): void {
    for (const packet of this.#packets) if (packet.sightings.some(has)) this.#drop(packet);
  }

  /** @returns the newest packets' ways, oldest first; one that did not change is the same object as before */
  read(surroundings: Surroundings): Pick<Passing, "trails" | "leftOut"> {
    const isNew = surroundings.topology.picture !== this.#surroundings?.topology.picture;
    this.#surroundings = surroundings;
    const trails: Trail[] = [];
    for (const packet of this.#packets) {
      const { stale, last, built } = packet;
      const isDue = surroundings.now - last < LIVELY && surroundings.now - built >= AGAIN;
      if (stale || isDue || !packet.trail) {
        packet.trail = unchanged(packet.trail, buildTrail(packet, surroundings));
        packet.built = surroundings.now;
      } else if (isNew) packet.trail = refreshRows(packet.trail, surroundings.topology);
      packet.stale = false;
      trails.push(packet.trail);
    }
    trails.sort((a, b) => a.hops[0]!.time - b.hops[0]!.time);
    return { trails, leftOut: this.#leftOut };
  }

  #addFrame(frame: CapturedFrame, whole: number, surroundings: Surroundings, begins: boolean): void {
    const name = `${frame.link}/${frame.seq}`;
    let known = this.#frames.get(name);
    const ports = surroundings.topology.portsOf(frame.link);
    for (const sighting of fabricSightings(frame, whole, ports)) {
      const place = `${sighting.at} ${sighting.direction}`;
      if (known?.seen.has(place)) continue;
      if (known) this.#put(known.packet, sighting, surroundings);
      else {
        const packet = this.#add(sighting, surroundings, begins);
        if (!packet) return;
        known = { packet, seen: new Set() };
        this.#frames.set(name, known);
      }
      known.seen.add(place);
    }
    if (known) renew(known.packet, frame);
  }

  #add(sighting: Sighting, surroundings: Surroundings, begins: boolean): Packet | undefined {
    if (surroundings.timeOf(sighting) < this.#since) return undefined;
    const packet = this.#find(sighting, surroundings) ?? (begins ? this.#open(sighting) : undefined);
    if (packet) this.#put(packet, sighting, surroundings);
    else this.#leftOut += 1;
    return packet;
  }

  /** The packet this is a sighting of: the nearest in time that was not seen here before. */
  #find(sighting: Sighting, surroundings: Surroundings): Packet | undefined {
    const { key, range } = sighting.identity;
    const exact = nearest(this.#byKey.get(key) ?? [], sighting, surroundings);
    if (exact || !range) return exact;
    const related = (this.#byKey.get(range.key) ?? []).filter(
      (packet) => packet.range && overlap(packet.range, range) && spanOf(packet.range, range).length <= MOST_BYTES,
    );
    const found = nearest(related, sighting, surroundings);
    if (found) for (const other of related) if (other !== found) this.#merge(found, other, surroundings);
    return found;
  }

  /** Pieces were seen before the whole they are of: they are one packet. */
  #merge(into: Packet, other: Packet, surroundings: Surroundings): void {
    if (other.sightings.some((sighting) => repeats(into, sighting))) return;
    for (const sighting of other.sightings) this.#put(into, sighting, surroundings);
    for (const [name, frame] of this.#frames) {
      if (frame.packet === other) this.#frames.set(name, { packet: into, seen: frame.seen });
    }
    this.#drop(other);
  }

  #open(first: Sighting): Packet {
    const packet: Packet = {
      id: `trail:${++this.#count}`,
      sightings: [],
      range: first.identity.range,
      trail: undefined,
      last: 0,
      built: 0,
      stale: true,
    };
    this.#packets.add(packet);
    for (const key of keysOf(first)) this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), packet]);
    if (this.#packets.size > MOST_PACKETS) this.#drop(this.#packets.values().next().value!);
    return packet;
  }

  #put(packet: Packet, sighting: Sighting, surroundings: Surroundings): void {
    const { range } = sighting.identity;
    const absorbed = packet.sightings.some(
      (one) => samePlace(one, sighting) && one.identity.ttl === sighting.identity.ttl,
    );
    if (range && packet.range) packet.range = spanOf(packet.range, range);
    if (absorbed || packet.sightings.length >= MOST_SIGHTINGS) return;
    packet.sightings.push(sighting);
    packet.last = Math.max(packet.last, surroundings.timeOf(sighting));
    packet.stale = true;
  }

  #drop(packet: Packet): void {
    this.#packets.delete(packet);
    const keys = new Set(packet.sightings.flatMap(keysOf));
    for (const key of keys) {
      const left = (this.#byKey.get(key) ?? []).filter((other) => other !== packet);
      if (left.length > 0) this.#byKey.set(key, left);
      else this.#byKey.delete(key);
    }
    for (const [name, frame] of this.#frames) if (frame.packet === packet) this.#frames.delete(name);
  }
}

/** The pieces a capture cut one segment into, from the first on. */
function piecesFrom(frames: readonly CapturedFrame[], at: number): readonly CapturedFrame[] {
  const first = frames[at]!;
  let end = at + 1;
  while (frames[end]?.seq === first.seq && frames[end]?.link === first.link) end += 1;
  return frames.slice(at, end);
}

/** Bytes of the segment before it was cut: the headers once, the data of all pieces. */
function lengthOf(pieces: readonly CapturedFrame[]): number {
  const [first, ...others] = pieces;
  const longest = first!.length;
  const last = others.at(-1);
  if (!last) return longest;
  // all pieces but the last are as long as the first; the headers of each are the same
  const { range } = identityOf(bytesOf(first!.bytes), longest);
  const headers = range ? longest - range.length : 0;
  return headers + pieces.reduce((sum, { length }) => sum + length - headers, 0);
}

/** Deliveries and the decision of a frame as they are known now. */
function renew(packet: Packet, frame: CapturedFrame): void {
  for (const [at, sighting] of packet.sightings.entries()) {
    const { source } = sighting;
    if (!("fabric" in source) || source.fabric.seq !== frame.seq || source.fabric.link !== frame.link) continue;
    packet.sightings[at] = { ...sighting, source: { fabric: frame } };
  }
  packet.stale = true;
}

const keysOf = ({ identity }: Sighting): string[] =>
  identity.range ? [identity.key, identity.range.key] : [identity.key];

const samePlace = (one: Sighting, other: Sighting): boolean =>
  one.at === other.at && one.direction === other.direction && one.identity.ttl === other.identity.ttl;

/** The packet was seen there before: this is another one that is like it, sent again. */
const repeats = (packet: Packet, sighting: Sighting): boolean =>
  packet.sightings.some((one) => {
    if (!samePlace(one, sighting)) return false;
    const [first, second] = [one.identity.range, sighting.identity.range];
    return !first || !second || overlap(first, second);
  });

/** Of packets that are alike, the one whose sightings are nearest in time. */
function nearest(packets: readonly Packet[], sighting: Sighting, surroundings: Surroundings): Packet | undefined {
  const time = surroundings.timeOf(sighting);
  let best: { packet: Packet; apart: number } | undefined;
  for (const packet of packets) {
    const possible = packet.sightings.filter((one) => surroundings.mayBelong(one, sighting));
    const apart = Math.min(...possible.map((one) => Math.abs(surroundings.timeOf(one) - time)));
    if (possible.length === 0 || (best && apart >= best.apart) || repeats(packet, sighting)) continue;
    best = { packet, apart };
  }
  return best?.packet;
}

/** The range from the first byte of two to the last. */
function spanOf(one: ByteRange, other: ByteRange): ByteRange {
  const first = distance(one.from, other.from) >= 0 ? one : other;
  const end = Math.max(distance(first.from, one.from) + one.length, distance(first.from, other.from) + other.length);
  return { ...first, length: end };
}

/** The trail as it was, where nothing of it changed: a view that holds it has nothing to do. */
function unchanged(before: Trail | undefined, now: Trail): Trail {
  return before && JSON.stringify(facts(before)) === JSON.stringify(facts(now)) ? before : now;
}

const facts = ({ hops, lost, summary }: Trail) => ({
  summary,
  lost,
  hops: hops.map(({ at, over, from, direction, time, decided }) => ({ at, over, from, direction, time, decided })),
});
