import type { LayerName } from "../../../../network/codec/index.ts";
import type { Random } from "../../fuzz/random.ts";

/** What a layer is to be read as. */
export interface Expected {
  readonly layer: LayerName;
  /** Values of some of its fields, by name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Bytes, and what they say, outermost first. */
export interface Made {
  readonly bytes: Uint8Array;
  readonly expected: readonly Expected[];
  /** Everything is here that its checksums cover. */
  readonly whole: boolean;
}

export const word = (random: Random): number => random.below(0x10000);

export const someBytes = (random: Random, most = 64): Uint8Array => random.bytes(random.below(most + 1));

export const mac = (random: Random): string =>
  [2 + 4 * random.below(64), ...random.bytes(5)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");

export const ipv4Address = (random: Random): string => [...random.bytes(4)].join(".");

/** Many zeros, as real ones have. */
export const ipv6Bytes = (random: Random): Uint8Array =>
  Uint8Array.from({ length: 16 }, () => (random.chance(3) ? random.below(256) : 0));

/** A host name of one to four labels. */
export function hostName(random: Random): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  const label = () => Array.from({ length: 1 + random.below(12) }, () => random.pick([...letters])).join("");
  return Array.from({ length: 1 + random.below(4) }, label).join(".");
}

export const hex = (value: number, digits = 4): string => `0x${value.toString(16).padStart(digits, "0")}`;
