import { parseMac } from "../../mac.ts";
import { ipv4Bytes, parseAddress } from "../address.ts";

/** An address as builders take it: text of either family, or the 32 bits of IPv4. */
export type Address = string | number;

/** Bytes put one behind the other, numbers big-endian as networks have them. */
export class Writer {
  #bytes = new Uint8Array(128);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(...values: readonly number[]): this {
    const at = this.#grow(values.length);
    this.#bytes.set(values, at);
    return this;
  }

  /** 16 bits each. */
  word(...values: readonly number[]): this {
    for (const value of values) this.byte(value >>> 8, value);
    return this;
  }

  /** 32 bits each. */
  long(...values: readonly number[]): this {
    for (const value of values) this.word(value >>> 16, value & 0xffff);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  zeros(count: number): this {
    this.#grow(count);
    return this;
  }

  /** Writes over 16 bits that were written before. */
  setWord(at: number, value: number): this {
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  /** What was written so far, in bytes of its own. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

/** Four bytes or sixteen. @throws RangeError when the text is no address */
export function addressBytes(address: Address): Uint8Array {
  const bytes = typeof address === "number" ? ipv4Bytes(address) : parseAddress(address);
  if (!bytes) throw new RangeError(`\`${address}\` is not an IP address.`);
  return bytes;
}

/** @throws RangeError when the text is no MAC address */
export function macBytes(mac: string): Uint8Array {
  const bytes = parseMac(mac);
  if (!bytes) throw new RangeError(`\`${mac}\` is not a MAC address.`);
  return bytes;
}

/** One character a byte; those above U+007F become `?`. */
export const asciiBytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => (character <= "\x7f" ? character.charCodeAt(0) : 0x3f));
