/** Base64 (RFC 4648, 4), for a room that knows neither a page nor Node. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const LETTERS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const VALUES = new Map([...LETTERS].map((letter, value) => [letter, value]));
const PADDING = 0x3d;
/** Letters made into a string at once: as many as may be given as arguments anywhere. */
const CHUNK = 8192;

export function toBase64(bytes: Uint8Array): string {
  const letters = new Uint8Array(4 * Math.ceil(bytes.length / 3));
  for (let at = 0, out = 0; at < bytes.length; at += 3, out += 4) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    letters[out] = LETTERS[group >> 18]!;
    letters[out + 1] = LETTERS[(group >> 12) & 63]!;
    letters[out + 2] = LETTERS[(group >> 6) & 63]!;
    letters[out + 3] = LETTERS[group & 63]!;
  }
  letters.fill(PADDING, letters.length - ((3 - (bytes.length % 3)) % 3));
  let text = "";
  for (let at = 0; at < letters.length; at += CHUNK) text += String.fromCharCode(...letters.subarray(at, at + CHUNK));
  return text;
}

/** @returns undefined when the text is not Base64 with its padding */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, out = 0; at < text.length; at += 4) {
    let group = 0;
    for (let letter = at; letter < at + 4; letter++) {
      const value = letter < text.length - padding ? VALUES.get(text.charCodeAt(letter)) : 0;
      if (value === undefined) return undefined;
      group = (group << 6) | value;
    }
    // Bytes behind the last, which padding stands for, fall off the array's end.
    bytes[out++] = group >> 16;
    bytes[out++] = group >> 8;
    bytes[out++] = group;
  }
  return bytes;
}
