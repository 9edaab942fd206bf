import type { LayerReader } from "./reading.ts";
import { bytesText } from "./texts.ts";

/** How one protocol's options are told. */
export interface OptionWords {
  name(kind: number): string;
  /** @param at offset of the option's kind  @param length of all of it, kind and length included */
  value(kind: number, at: number, length: number): { readonly value: string; readonly note?: string };
}

/**
 * Options of IPv4 (RFC 791, 3.1) and TCP (RFC 9293, 3.2), which have one form: 0 ends them, 1 is one byte of nothing,
 * all others have a length. Reads up to `end`, all of which is here.
 */
export function kindLengthOptions(layer: LayerReader, end: number, words: OptionWords): void {
  const { bytes } = layer;
  while (layer.whole && layer.at < end) {
    const { at } = layer;
    const kind = bytes[at]!;
    if (kind === 0) {
      layer.field("Option: end", at, end, bytesText(end - at));
      layer.at = end;
      return;
    }
    const length = kind === 1 ? 1 : at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 1 || (kind !== 1 && length < 2) || at + length > end) {
      layer.mark("an option that does not fit");
      layer.field("Option", at, end, words.name(kind));
      layer.at = end;
      return;
    }
    layer.at += length;
    if (kind === 1) layer.field("Option: no operation", at, at + 1, "");
    else {
      const { value, note } = words.value(kind, at, length);
      layer.field(`Option: ${words.name(kind)}`, at, at + length, value, note === undefined ? {} : { note });
    }
  }
}
