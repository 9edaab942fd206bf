import { formatMac } from "../mac.ts";
import { FileBytes } from "./bytes.ts";
import {
  BLOCK,
  BYTE_ORDER_MAGIC,
  type Capture,
  type CaptureFrame,
  type CaptureInterface,
  DIRECTION,
  OPTION,
} from "./capture.ts";
import { Fault } from "./fault.ts";
import type { Progress } from "./open.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Frames of one file at most, and interfaces of one section. */
export const MOST_FRAMES = 2 ** 18;
const MOST_INTERFACES = 4096;
/** Type and length before a block's body, the length again behind it. */
const HEAD = 8;
const TAIL = 4;

const NAMES: Readonly<Record<number, string>> = {
  [BLOCK.section]: "section header",
  [BLOCK.interface]: "interface description",
  [BLOCK.packet]: "packet, obsolete",
  [BLOCK.simplePacket]: "simple packet",
  [BLOCK.statistics]: "interface statistics",
  [BLOCK.enhancedPacket]: "enhanced packet",
};

type Draft = { -readonly [Name in keyof CaptureInterface]: CaptureInterface[Name] };

interface Clock {
  /** Units of a second that times count. */
  readonly units: bigint;
  /** Seconds to add. */
  readonly offset: number;
}

/** Reads the sections of a pcapng file; each has its own byte order and counts its own interfaces. */
export class Sections {
  readonly #file: Uint8Array;
  readonly #progress: Progress;
  readonly #interfaces: Draft[] = [];
  readonly #clocks: Clock[] = [];
  readonly #frames: CaptureFrame[] = [];
  #application: string | undefined;
  #little = true;
  /** Index of the section's first interface among all. */
  #first = 0;

  constructor(file: Uint8Array, progress: Progress) {
    this.#file = file;
    this.#progress = progress;
  }

  /** @throws Fault */
  read(): Capture {
    for (let at = 0; at < this.#file.length; ) at += this.#block(at);
    const application = this.#application;
    return { ...(application !== undefined && { application }), interfaces: this.#interfaces, frames: this.#frames };
  }

  /** @returns its length */
  #block(at: number): number {
    this.#progress.block += 1;
    this.#progress.offset = at;
    const left = this.#file.length - at;
    this.#progress.name = "";
    if (left < HEAD + TAIL) throw new Fault("block cut short", "is cut short by the end of the file.");
    const isSection = new DataView(this.#file.buffer, this.#file.byteOffset + at).getUint32(0) === BLOCK.section;
    if (isSection) this.#order(at);
    const head = new FileBytes(this.#file.subarray(at), this.#little);
    const type = head.long(0);
    this.#progress.name = NAMES[type] ?? `type ${type}`;
    const length = head.long(4);
    if (length < HEAD + TAIL || length % 4 !== 0) {
      throw new Fault("block length", `says it is ${length} bytes long; a block is at least 12, and a multiple of 4.`);
    }
    if (length > left)
      throw new Fault("block cut short", `says it is ${length} bytes long; the file has ${left} more.`);
    const again = head.long(length - TAIL);
    if (again !== length)
      throw new Fault("block lengths differ", `is ${length} bytes long by its beginning, ${again} by its end.`);
    this.#body(type, head.part(HEAD, length - TAIL));
    return length;
  }

  /** The byte order is known from the magic number, which comes behind the length. */
  #order(at: number): void {
    this.#progress.name = NAMES[BLOCK.section]!;
    const magic = new DataView(this.#file.buffer, this.#file.byteOffset + at).getUint32(HEAD);
    if (magic === BYTE_ORDER_MAGIC) this.#little = false;
    else if (magic === 0x4d3c2b1a) this.#little = true;
    else throw new Fault("byte order", "has no byte-order magic.");
  }

  #body(type: number, body: FileBytes): void {
    if (type === BLOCK.section) this.#section(body);
    else if (type === BLOCK.interface) this.#interface(body);
    else if (type === BLOCK.enhancedPacket) this.#enhancedPacket(body);
    else if (type === BLOCK.simplePacket) this.#simplePacket(body);
    else if (type === BLOCK.packet) this.#oldPacket(body);
    else if (type === BLOCK.statistics) this.#statistics(body);
  }

  #section(body: FileBytes): void {
    atLeast(body, 16);
    const [major, minor] = [body.word(4), body.word(6)];
    if (major !== 1) throw new Fault("version", `is of version ${major}.${minor}; 1.0 is read.`);
    this.#first = this.#interfaces.length;
    const name = options(body, 16).get(OPTION.section.application);
    if (name) this.#application ??= decodeUtf8(name.bytes);
  }

  #interface(body: FileBytes): void {
    atLeast(body, 8);
    if (this.#interfaces.length >= MOST_INTERFACES) {
      throw new Fault("too many interfaces", `is one more than the ${MOST_INTERFACES} that are read.`);
    }
    const said = options(body, 8);
    const { name, description, mac, resolution, offset } = OPTION.interface;
    const [named, described, address] = [said.get(name), said.get(description), said.get(mac)];
    this.#interfaces.push({
      linkType: body.word(0),
      snaplen: body.long(4),
      ...(named && { name: decodeUtf8(named.bytes) }),
      ...(described && { description: decodeUtf8(described.bytes) }),
      ...(address && address.length >= 6 && { mac: formatMac(address.bytes.subarray(0, 6)) }),
    });
    this.#clocks.push({ units: unitsOf(said.get(resolution)), offset: secondsOf(said.get(offset)) });
  }

  #enhancedPacket(body: FileBytes): void {
    atLeast(body, 20);
    const number = this.#interfaceNumber(body.long(0));
    this.#frame(body, number, body.halves(4), body.long(12), body.long(16), 20);
  }

  #oldPacket(body: FileBytes): void {
    atLeast(body, 20);
    const number = this.#interfaceNumber(body.word(0));
    this.#frame(body, number, body.halves(4), body.long(12), body.long(16), 20);
  }

  /** Has no time, and is the first interface's, whose snaplen says how much of the frame is here. */
  #simplePacket(body: FileBytes): void {
    atLeast(body, 4);
    const number = this.#interfaceNumber(0);
    const length = body.long(0);
    const snaplen = this.#interfaces[number]!.snaplen || length;
    this.#add({ interface: number, length, bytes: frameBytes(body, 4, Math.min(length, snaplen)) });
  }

  #frame(body: FileBytes, number: number, time: bigint, captured: number, length: number, from: number): void {
    const bytes = frameBytes(body, from, captured);
    const said = options(body, from + ((captured + 3) & ~3));
    const comment = said.get(OPTION.comment);
    const flags = said.get(OPTION.packet.flags);
    const direction = flags && flags.length >= 4 ? directionOf(flags.long(0) & 3) : undefined;
    this.#add({
      interface: number,
      at: millisecondsOf(time, this.#clocks[number]!),
      length: Math.max(length, captured),
      bytes,
      ...(direction && { direction }),
      ...(comment && { comment: decodeUtf8(comment.bytes) }),
    });
  }

  #add(frame: CaptureFrame): void {
    if (this.#frames.length >= MOST_FRAMES) {
      throw new Fault("too many frames", `is one more than the ${MOST_FRAMES} that are read.`);
    }
    this.#frames.push(frame);
  }

  #statistics(body: FileBytes): void {
    atLeast(body, 12);
    const about = this.#interfaces[this.#interfaceNumber(body.long(0))]!;
    const said = options(body, 12);
    const [received, dropped] = [said.get(OPTION.statistics.received), said.get(OPTION.statistics.dropped)];
    if (received && received.length >= 8) about.received = received.count(0);
    if (dropped && dropped.length >= 8) about.dropped = dropped.count(0);
  }

  /** @param number in the section  @returns among all */
  #interfaceNumber(number: number): number {
    const count = this.#interfaces.length - this.#first;
    if (number < count) return this.#first + number;
    throw new Fault("no such interface", `is of interface ${number}; ${count} are described before it.`);
  }
}

function atLeast(body: FileBytes, length: number): void {
  if (body.length < length) throw new Fault("block length", `has ${body.length} bytes in it; ${length} are needed.`);
}

function frameBytes(body: FileBytes, from: number, captured: number): Uint8Array {
  if (captured <= body.length - from) return body.bytes.subarray(from, from + captured);
  throw new Fault("frame length", `says it has ${captured} bytes of a frame, more than the block.`);
}

/** The options from `at` on; of one that is there several times, the first. */
function options(body: FileBytes, at: number): ReadonlyMap<number, FileBytes> {
  const found = new Map<number, FileBytes>();
  for (let place = at; place + 4 <= body.length; ) {
    const code = body.word(place);
    const length = body.word(place + 2);
    if (code === OPTION.end) break;
    const end = place + 4 + length;
    if (end > body.length) throw new Fault("option length", `has an option of ${length} bytes, more than the block.`);
    if (!found.has(code)) found.set(code, body.part(place + 4, end));
    place = (end + 3) & ~3;
  }
  return found;
}

const directionOf = (bits: number): "in" | "out" | undefined =>
  bits === DIRECTION.in ? "in" : bits === DIRECTION.out ? "out" : undefined;

/** A power of 10, or with the highest bit set of 2; microseconds unless told (4.2, if_tsresol). */
function unitsOf(resolution: FileBytes | undefined): bigint {
  if (!resolution || resolution.length < 1) return 1_000_000n;
  const [value, exponent] = [resolution.bytes[0]!, BigInt(resolution.bytes[0]! & 0x7f)];
  if (exponent > 63n)
    throw new Fault("resolution", `counts time in units of ${value & 0x80 ? 2 : 10} to the -${exponent} seconds.`);
  return value & 0x80 ? 2n ** exponent : 10n ** exponent;
}

const secondsOf = (offset: FileBytes | undefined): number => (offset && offset.length >= 8 ? offset.signedCount(0) : 0);

function millisecondsOf(time: bigint, { units, offset }: Clock): number {
  const seconds = time / units;
  return (Number(seconds) + offset) * 1000 + (Number(time - seconds * units) * 1000) / Number(units);
}
