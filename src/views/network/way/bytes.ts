import type { Field, Layer, Packet } from "../../../network/codec/index.ts";

/** Bytes of a frame, from the first to before the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A line of the list of layers: a layer, or a field of the layer before it. */
export interface Part extends Range {
  readonly layer: Layer;
  readonly field: Field | undefined;
}

/** Everything that can be chosen of a packet, in the order of its bytes' layers. */
export function partsOf({ layers }: Packet): readonly Part[] {
  return layers.flatMap((layer) => [
    { layer, field: undefined, from: layer.from, to: layer.to },
    ...layer.fields.map((field) => ({ layer, field, from: field.from, to: field.to })),
  ]);
}

/** Index of the part that says the most about a byte: the shortest field it is in, else its layer; -1 without one. */
export function partAt(parts: readonly Part[], byte: number): number {
  let best = -1;
  for (const [at, part] of parts.entries()) {
    if (byte < part.from || byte >= part.to) continue;
    const found = parts[best];
    if (!found || (found.field === undefined) === (part.field === undefined)) {
      if (found && found.to - found.from <= part.to - part.from) continue;
    } else if (part.field === undefined) continue;
    best = at;
  }
  return best;
}

/** Two digits, as everybody writes bytes. */
export const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

/** A printable ASCII character as it is, anything else as a dot. */
export const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·");
