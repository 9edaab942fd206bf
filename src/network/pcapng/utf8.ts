/** UTF-8 (RFC 3629), where there is no TextEncoder. */

const REPLACEMENT = 0xfffd;
/** The least code point that needs so many bytes behind the first. */
const LEAST = [0, 0x80, 0x800, 0x10000];

/** Half of a surrogate pair becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const given = character.codePointAt(0)!;
    const code = isSurrogate(given) ? REPLACEMENT : given;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}

/** What is no UTF-8 becomes U+FFFD, a byte at a time. */
export function decodeUtf8(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { code, length } = sequence(bytes, at);
    parts.push(String.fromCodePoint(code));
    at += length;
  }
  return parts.join("");
}

function sequence(bytes: Uint8Array, at: number): { readonly code: number; readonly length: number } {
  const first = bytes[at]!;
  if (first < 0x80) return { code: first, length: 1 };
  const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  let code = first & (0x3f >> more);
  const whole = first >= 0xc0 && first < 0xf8 && at + more < bytes.length;
  for (let index = 1; whole && index <= more; index++) {
    const next = bytes[at + index]!;
    if (next >> 6 !== 2) return { code: REPLACEMENT, length: 1 };
    code = (code << 6) | (next & 63);
  }
  const valid = whole && code >= LEAST[more]! && code <= 0x10ffff && !isSurrogate(code);
  return valid ? { code, length: more + 1 } : { code: REPLACEMENT, length: 1 };
}

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
