/** DNS messages (RFC 1035, 4): names with their pointers, and what is asked. */
import { word } from "../../headers.ts";

export const DNS_TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;

/** Bits of a header's flags (RFC 1035, 4.1.1). */
export const DNS_FLAG = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
} as const;

export const DNS_RCODE = { none: 0, format: 1, server: 2, name: 3, notImplemented: 4, refused: 5 } as const;

export const DNS_HEADER_BYTES = 12;
/** Bytes of the longest name as it is sent (RFC 1035, 2.3.4). */
const LONGEST_NAME = 255;
/** More than a name can use: each pointer follows a label, and 127 labels fill a name. */
const MOST_POINTERS = 128;
const MOST_QUESTIONS = 16;

export interface DnsName {
  /** Labels with dots between and none at the end, `.` for the root; bytes that are no printable ASCII as `\ddd`. */
  readonly text: string;
  /** Offset behind the name where it stands; what a pointer leads to is elsewhere. */
  readonly end: number;
}

/**
 * A name in a message that is `bytes[base, to)`. A pointer leads only to before where the name began (RFC 1035, 4.1.4),
 * each further back than the one before, so that none is followed for ever.
 *
 * @param least the first offset in the message that a pointer may lead to
 * @returns undefined when it is not whole, too long, or its pointers lead forward or nowhere
 */
export function readName(
  bytes: Uint8Array,
  base: number,
  at: number,
  to: number,
  least = DNS_HEADER_BYTES,
): DnsName | undefined {
  const labels: string[] = [];
  let end: number | undefined;
  let limit = at;
  let length = 1;
  let pointers = 0;
  for (let place = at; place < to; ) {
    const head = bytes[place]!;
    if (head === 0) return { text: labels.length > 0 ? labels.join(".") : ".", end: end ?? place + 1 };
    if (head >= 0xc0) {
      if (place + 2 > to) return undefined;
      end ??= place + 2;
      const target = base + (word(bytes, place) & 0x3fff);
      if (target >= limit || target < base + least || ++pointers > MOST_POINTERS) return undefined;
      limit = target;
      place = target;
      continue;
    }
    const next = place + 1 + head;
    length += 1 + head;
    if (head > 63 || next > to || length > LONGEST_NAME) return undefined;
    labels.push(labelText(bytes, place + 1, next));
    place = next;
  }
  return undefined;
}

/** RFC 4343, 2.1: dots and backslashes within a label are escaped too. */
function labelText(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}

export interface DnsQuestion {
  readonly name: string;
  /** One of DNS_TYPE, or another. */
  readonly type: number;
  /** 1 for the Internet. */
  readonly class: number;
}

/** What a server must know of a message to answer it. */
export interface DnsQuery {
  readonly id: number;
  /** All 16 bits: {@link DNS_FLAG}, the opcode in bits 14 to 11, the rcode in bits 3 to 0. */
  readonly flags: number;
  readonly questions: readonly DnsQuestion[];
}

/** @returns undefined when the header or a question is not whole, or there are more than 16 */
export function readDnsQuery(bytes: Uint8Array, from = 0, to = bytes.length): DnsQuery | undefined {
  if (to - from < DNS_HEADER_BYTES) return undefined;
  const count = word(bytes, from + 4);
  if (count > MOST_QUESTIONS) return undefined;
  const questions: DnsQuestion[] = [];
  let at = from + DNS_HEADER_BYTES;
  for (let index = 0; index < count; index++) {
    const name = readName(bytes, from, at, to);
    if (!name || name.end + 4 > to) return undefined;
    questions.push({ name: name.text, type: word(bytes, name.end), class: word(bytes, name.end + 2) });
    at = name.end + 4;
  }
  return { id: word(bytes, from), flags: word(bytes, from + 2), questions };
}
