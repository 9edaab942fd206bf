/** Frames between the host and the agent in a guest: images/linux/agent/PROTOCOL.md, version 1. */
import { concat } from "../bytes.ts";

export const AGENT_VERSION = 1;

export const Kind = {
  RUN: 0x01,
  PUT: 0x02,
  DATA: 0x03,
  END: 0x04,
  GET: 0x05,
  KILL: 0x06,
  IDENTITY: 0x07,
  CONSOLE: 0x08,
  SUPPLIED: 0x09,
  PING: 0x0a,
  HELLO: 0x81,
  STDOUT: 0x82,
  STDERR: 0x83,
  CONTENT: 0x84,
  EXIT: 0x85,
  ERROR: 0x86,
  DIED: 0x87,
  WANT: 0x88,
  PONG: 0x8a,
} as const;

export interface Frame {
  readonly call: number;
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** Bytes of call number and kind, which the length counts with the payload. */
const FIXED = 5;
/** The largest value of a frame's length word. */
const LONGEST = 65536;
/** Bytes of payload that fit one frame. */
export const MAX_PAYLOAD = LONGEST - FIXED;

/** Thrown when bytes from the guest cannot be frames: the stream is lost and has to be opened anew. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** @param payload at most {@link MAX_PAYLOAD} bytes */
export function encodeFrame({ call, kind, payload }: Frame): Uint8Array {
  const bytes = new Uint8Array(4 + FIXED + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FIXED + payload.length, true);
  view.setUint32(4, call, true);
  view.setUint8(8, kind);
  bytes.set(payload, 9);
  return bytes;
}

/** Cuts a byte stream, arriving in any pieces, into frames. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(0);

  /**
   * @returns the frames that are complete now
   * @throws ProtocolError when a length is out of range; the reader is of no use after it
   */
  push(bytes: Uint8Array): Frame[] {
    const stream = this.#pending.length === 0 ? bytes : concat([this.#pending, bytes]);
    const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
    const frames: Frame[] = [];
    let at = 0;
    while (stream.length - at >= 4) {
      const length = view.getUint32(at, true);
      if (length < FIXED || length > LONGEST) throw new ProtocolError(`a frame of ${length} bytes was announced`);
      if (stream.length - at - 4 < length) break;
      const payload = stream.slice(at + 4 + FIXED, at + 4 + length);
      frames.push({ call: view.getUint32(at + 4, true), kind: view.getUint8(at + 8), payload });
      at += 4 + length;
    }
    this.#pending = stream.slice(at);
    return frames;
  }

  /** Forgets a frame half read: the stream starts anew. */
  reset(): void {
    this.#pending = new Uint8Array(0);
  }
}

const utf8 = new TextEncoder();

/** @param limit milliseconds, 0 for none */
export function runPayload(script: string, limit: number): Uint8Array {
  return wordAndText(limit, script);
}

/** @param mode permission bits */
export function putPayload(path: string, mode: number): Uint8Array {
  return wordAndText(mode, path);
}

/** @param status 0 when the layer is there */
export function suppliedPayload(status: number, sentence: string): Uint8Array {
  return wordAndText(status, sentence);
}

function wordAndText(word: number, text: string): Uint8Array {
  const tail = utf8.encode(text);
  const bytes = new Uint8Array(4 + tail.length);
  new DataView(bytes.buffer).setUint32(0, word, true);
  bytes.set(tail, 4);
  return bytes;
}

/** What makes one machine of several started from one snapshot itself. */
export interface Identity {
  readonly hostname?: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time?: number;
  readonly macs?: readonly { readonly card: string; readonly mac: string }[];
  readonly entropy?: Uint8Array;
}

export function identityPayload({ hostname, time, macs = [], entropy }: Identity): Uint8Array {
  const fields: Uint8Array[] = [];
  const field = (tag: number, value: Uint8Array) => {
    fields.push(Uint8Array.of(tag, value.length & 0xff, value.length >> 8), value);
  };
  if (hostname !== undefined) field(1, utf8.encode(hostname));
  if (time !== undefined) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.round(time)), true);
    field(2, bytes);
  }
  for (const { card, mac } of macs) field(3, utf8.encode(`${card}=${mac}`));
  if (entropy) field(4, entropy);
  return concat(fields);
}

/** The environment of the console's shell: `NAME=value`, each ended by a zero byte. */
export function environmentPayload(environment: Readonly<Record<string, string>>): Uint8Array {
  const pairs = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`);
  return utf8.encode(pairs.join(""));
}
