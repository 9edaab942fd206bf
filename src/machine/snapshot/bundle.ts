/**
 * Several pieces of state in one: a length, a JSON header that says what they are, and the pieces one after the other.
 * It is stored wrapped with a checksum (format.ts), so what is checked here is only that the pieces fit.
 */
import { concat } from "../bytes.ts";
import { SnapshotError } from "./format.ts";

export interface Bundle {
  /** Plain JSON data. */
  readonly header: unknown;
  readonly pieces: readonly Uint8Array[];
}

interface Written {
  readonly header: unknown;
  /** Bytes of each piece. */
  readonly sizes: readonly number[];
}

export function pack({ header, pieces }: Bundle): ArrayBuffer {
  const written: Written = { header, sizes: pieces.map(({ length }) => length) };
  const text = new TextEncoder().encode(JSON.stringify(written));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return concat([length, text, ...pieces]).buffer;
}

/** @returns the pieces not copied. @throws SnapshotError when they are not all there */
export function unpack(state: ArrayBuffer): Bundle {
  const bytes = new Uint8Array(state);
  const length = bytes.length < 4 ? -1 : new DataView(state).getUint32(0, true);
  const written = readHeader(bytes, length);
  let at = 4 + length;
  const pieces = written.sizes.map((size) => {
    const piece = bytes.subarray(at, at + size);
    at += size;
    return piece;
  });
  if (at !== bytes.length) throw new SnapshotError("the snapshot is cut short");
  return { header: written.header, pieces };
}

function readHeader(bytes: Uint8Array, length: number): Written {
  if (length < 0 || length > bytes.length - 4) throw new SnapshotError("the snapshot is cut short");
  try {
    const written = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Partial<Written> | null;
    const sizes = written?.sizes;
    if (Array.isArray(sizes) && sizes.every((size) => Number.isInteger(size) && size >= 0)) return written as Written;
  } catch {
    // reported below, like a header of another shape
  }
  throw new SnapshotError("the snapshot's header is damaged");
}
