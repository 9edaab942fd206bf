/** What may be wrong with a capture file. Fixed kinds, so that they can be said in another language. */
export type FaultKind =
  | "empty"
  | "too large"
  | "not a capture"
  | "byte order"
  | "version"
  | "block length"
  | "block cut short"
  | "block lengths differ"
  | "too many interfaces"
  | "too many frames"
  | "no such interface"
  | "frame length"
  | "option length"
  | "resolution";

export interface CaptureFault {
  readonly kind: FaultKind;
  /** Counted from 1; of a classic file its records. */
  readonly block: number;
  /** Bytes from the file's beginning to the block's. */
  readonly offset: number;
  /** What it is about, in one sentence. */
  readonly error: string;
}

/** Thrown inside the reader alone, and caught there. */
export class Fault extends Error {
  readonly kind: FaultKind;

  /** @param message goes on from `Block 3 at byte 128 (interface description) `, or is a sentence of its own for a whole file */
  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
