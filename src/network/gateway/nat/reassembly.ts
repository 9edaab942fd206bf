/**
 * Fragments put together before they are translated, in whatever order they come (RFC 4787, REQ-14; RFC 815), with
 * bounds so that fragments of nothing cost nothing. A fragment that overlaps another ends the packet (RFC 5722's rule,
 * as Linux has it for IPv4 too).
 */
import { onesSum } from "../../checksum.ts";
import { type PacketHeaders, setWord, word } from "../../headers.ts";

/** Packets that wait at once, fragments of each, and milliseconds they wait (RFC 1122, 3.3.2 asks for 60 to 120 s; Linux takes 30). */
const MOST_PACKETS = 32;
const MOST_FRAGMENTS = 64;
const LIFE = 30_000;
const LARGEST = 65_535;

interface Part {
  readonly from: number;
  readonly bytes: Uint8Array;
}

interface Waiting {
  readonly parts: Part[];
  /** Ethernet and IP header of the first fragment. */
  head: Uint8Array | undefined;
  total: number | undefined;
  readonly at: number;
}

export class Reassembly {
  readonly #now: () => number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns the whole frame once its last missing fragment has come */
  add(bytes: Uint8Array, { network, transport, end }: PacketHeaders): Uint8Array | undefined {
    this.#forget();
    const name = `${bytes.subarray(network + 12, network + 20).join(".")} ${bytes[network + 9]} ${word(bytes, network + 4)}`;
    const field = word(bytes, network + 6);
    const from = (field & 0x1fff) * 8;
    const part: Part = { from, bytes: bytes.slice(transport, end) };
    const more = (field & 0x2000) !== 0;
    const waiting = this.#waiting.get(name) ?? this.#begin(name);
    const to = from + part.bytes.length;
    if (!fits(waiting, part, more) || to + transport - network > LARGEST) {
      this.#waiting.delete(name);
      return undefined;
    }
    waiting.parts.push(part);
    if (from === 0) waiting.head = bytes.slice(0, transport);
    if (!more) waiting.total = to;
    const have = waiting.parts.reduce((sum, { bytes: { length } }) => sum + length, 0);
    if (have !== waiting.total || !waiting.head) return undefined;
    this.#waiting.delete(name);
    return together(waiting.head, network, waiting.parts, have);
  }

  #begin(name: string): Waiting {
    const fresh: Waiting = { parts: [], head: undefined, total: undefined, at: this.#now() };
    this.#waiting.set(name, fresh);
    if (this.#waiting.size > MOST_PACKETS) this.#waiting.delete(this.#waiting.keys().next().value!);
    return fresh;
  }

  #forget(): void {
    for (const [name, { at }] of this.#waiting) {
      if (this.#now() - at < LIFE) return;
      this.#waiting.delete(name);
    }
  }
}

function fits({ parts, total }: Waiting, { from, bytes }: Part, more: boolean): boolean {
  const to = from + bytes.length;
  if (bytes.length === 0 || (more && bytes.length % 8 !== 0) || parts.length >= MOST_FRAGMENTS) return false;
  if (total !== undefined && (to > total || !more)) return false;
  if (!more && parts.some((part) => part.from + part.bytes.length > to)) return false;
  return parts.every((part) => to <= part.from || from >= part.from + part.bytes.length);
}

function together(head: Uint8Array, network: number, parts: readonly Part[], bytes: number): Uint8Array {
  const frame = new Uint8Array(head.length + bytes);
  frame.set(head);
  for (const part of parts) frame.set(part.bytes, head.length + part.from);
  setWord(frame, network + 2, frame.length - network);
  setWord(frame, network + 6, 0);
  setWord(frame, network + 10, 0);
  setWord(frame, network + 10, ~onesSum(frame, network, head.length));
  return frame;
}
