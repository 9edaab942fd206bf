import { word } from "../../headers.ts";
import { ipv4At } from "../address.ts";
import type { Check, Field, FieldKey, Layer, LayerName, Malformation, Packet } from "../packet.ts";
import { bytesText } from "./texts.ts";

/** Bounds on what one frame may cost; a real one stays far below. */
const MOST_FIELDS = 512;
const MOST_TEXT = 64;
/** Packets in packets that are read, in tunnels and in quotations. */
export const MOST_DEPTH = 4;

/** Where a layer lies, as far as the layers around it say. */
export interface Place {
  readonly at: number;
  /** Offset behind its last byte, which may lie behind what was captured. */
  readonly end: number;
  /** Offset behind the last byte that is here: a capture, a quotation or a fragment may hold fewer. */
  readonly here: number;
  readonly depth: number;
  readonly quoted: boolean;
  /** The first fragment of a packet, or the beginning that an ICMP error quotes: lengths reach further than its bytes. */
  readonly partial: boolean;
}

/** What may be said of a field besides its value. */
interface Extra {
  readonly note?: string;
  readonly key?: FieldKey;
  readonly check?: Check;
}

/** A number, as it is printed. */
type Show = (value: number) => string;

/** A frame while it is read. */
export class Reading {
  readonly bytes: Uint8Array;
  readonly #length: number;
  readonly #layers: Layer[] = [];

  constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes;
    this.#length = Math.max(bytes.length, length);
  }

  /** The frame itself. */
  get place(): Place {
    return { at: 0, end: this.#length, here: this.bytes.length, depth: 0, quoted: false, partial: false };
  }

  /** Some of it was not captured. */
  get cut(): boolean {
    return this.#length > this.bytes.length;
  }

  open(name: LayerName, place: Place): LayerReader {
    return new LayerReader(this, name, place, (layer) => this.#layers.push(layer));
  }

  /** Bytes nobody reads, if there are any. @param name `Data` unless told */
  payload(place: Place, name = "Data"): void {
    const here = Math.min(place.here, place.end);
    if (here <= place.at) return;
    const layer = this.open("payload", place);
    layer.field(name, place.at, here, bytesText(here - place.at), { note: printable(this.bytes, place.at, here) });
    if (place.end > here && !place.partial) layer.mark("not captured whole");
    layer.close(here);
  }

  /** What lies between the end of what a layer carries and the end of its own place. */
  rest(from: number, place: Place, name: string): void {
    this.payload({ ...place, at: from }, name);
  }

  done(): Packet {
    return { length: this.#length, captured: this.bytes.length, layers: this.#layers };
  }
}

/** One layer while it is read, from its first byte on. After {@link stop} nothing more is read, and numbers are 0. */
export class LayerReader {
  readonly bytes: Uint8Array;
  readonly place: Place;
  /** Offset of the next byte. */
  at: number;
  readonly #name: LayerName;
  readonly #fields: Field[] = [];
  readonly #closed: (layer: Layer) => void;
  /** The frame had more bytes than were captured. */
  readonly #cut: boolean;
  #malformed: Malformation | undefined;
  #stopped = false;

  constructor(reading: Reading, name: LayerName, place: Place, closed: (layer: Layer) => void) {
    this.bytes = reading.bytes;
    this.#cut = reading.cut;
    this.place = place;
    this.at = place.at;
    this.#name = name;
    this.#closed = closed;
  }

  /** Everything that was asked for was there. */
  get whole(): boolean {
    return !this.#stopped;
  }

  /** Bytes that are here from the next one on. */
  get left(): number {
    return Math.max(0, Math.min(this.place.here, this.place.end) - this.at);
  }

  /** The layer is not as it should be; the first reason stays. Reading goes on. */
  mark(why: Malformation): void {
    this.#malformed ??= why;
  }

  stop(why?: Malformation): void {
    if (why) this.mark(why);
    this.#stopped = true;
  }

  /** @returns whether so many more bytes are here; reading stops where they are not */
  has(count: number): boolean {
    if (this.#stopped) return false;
    if (count <= this.left) return true;
    if (this.at + count > this.place.end) this.stop("shorter than its header");
    else this.stopShort();
    return false;
  }

  /** The rest is not here; of a fragment or a quotation it need not be. */
  stopShort(): void {
    const { here, partial } = this.place;
    const captured = this.#cut && here >= this.bytes.length;
    this.stop(captured || !partial ? "not captured whole" : undefined);
  }

  /** Reads on without a field. @returns the number, big-endian, of at most four bytes */
  read(count: number): number {
    if (!this.has(count)) return 0;
    const { at } = this;
    this.at += count;
    if (count === 1) return this.bytes[at]!;
    return count === 2 ? word(this.bytes, at) : ipv4At(this.bytes, at);
  }

  byte(name: string, show: Show = String, extra?: Extra): number {
    return this.#number(name, 1, show, extra);
  }

  word(name: string, show: Show = String, extra?: Extra): number {
    return this.#number(name, 2, show, extra);
  }

  long(name: string, show: Show = String, extra?: Extra): number {
    return this.#number(name, 4, show, extra);
  }

  /** A field of so many bytes. @param show told the offset of the first */
  take(name: string, count: number, show: (bytes: Uint8Array, at: number) => string, extra?: Extra): void {
    if (!this.has(count)) return;
    const { at } = this;
    this.at += count;
    this.field(name, at, this.at, show(this.bytes, at), extra);
  }

  /** A field that lies in bytes already read. */
  field(name: string, from: number, to: number, value: string, extra: Extra = {}): void {
    if (this.#stopped) return;
    if (this.#fields.length >= MOST_FIELDS) {
      this.stop("more than is read here");
      return;
    }
    const { note, key, check } = extra;
    this.#fields.push({
      name,
      value,
      from,
      to,
      ...(note === undefined ? {} : { note }),
      ...(key && { key }),
      ...(check && { check }),
    });
  }

  /** @param to offset behind its last byte, where it is not the last one read */
  close(to = this.at): void {
    const { at: from, depth, quoted } = this.place;
    const malformed = this.#malformed;
    this.#closed({ name: this.#name, from, to, depth, quoted, fields: this.#fields, ...(malformed && { malformed }) });
  }

  /** Closes it, and makes a place of what follows. @param end where what it carries ends, when it says so itself */
  carries(end = this.place.end): Place {
    this.close();
    return { ...this.place, at: this.at, end, here: Math.min(this.place.here, Math.max(end, this.at)) };
  }

  #number(name: string, count: number, show: Show, extra?: Extra): number {
    const { at } = this;
    const value = this.read(count);
    if (this.whole) this.field(name, at, this.at, show(value), extra);
    return value;
  }
}

/** The text in `bytes[from, to)`, as far as its first line goes; undefined when it is no text. */
function printable(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = "";
  for (let at = from; at < Math.min(to, from + MOST_TEXT); at++) {
    const byte = bytes[at]!;
    if (byte === 0x0a || byte === 0x0d) return text || undefined;
    if (byte !== 0x09 && (byte < 0x20 || byte > 0x7e)) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
