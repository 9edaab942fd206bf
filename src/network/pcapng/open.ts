import type { Capture } from "./capture.ts";
import { BLOCK } from "./capture.ts";
import { CLASSIC_MAGICS, readClassic } from "./classic.ts";
import { type CaptureFault, Fault } from "./fault.ts";
import { Sections } from "./sections.ts";

/** Bytes of the largest file that is read. */
export const LARGEST_FILE = 64 * 2 ** 20;

/** Where a reader is, for what it says when it cannot go on. */
export interface Progress {
  block: number;
  offset: number;
  /** What the block is called. */
  name: string;
}

/**
 * Reads a capture file: pcapng of either byte order, and classic pcap. Frames are views of the file's bytes.
 *
 * @returns for a file that is no such thing, or too large, a sentence naming the block and where it is
 */
export function openCapture(file: Uint8Array): Capture | CaptureFault {
  const progress: Progress = { block: 0, offset: 0, name: "" };
  try {
    return read(file, progress);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { block, offset, name } = progress;
    const where = block === 0 ? "" : `Block ${block} at byte ${offset}${name && ` (${name})`} `;
    return { kind: error.kind, block, offset, error: `${where}${error.message}` };
  }
}

function read(file: Uint8Array, progress: Progress): Capture {
  if (file.length === 0) throw new Fault("empty", "The file is empty.");
  if (file.length > LARGEST_FILE) {
    throw new Fault("too large", `The file has ${file.length} bytes; captures of up to ${LARGEST_FILE} are read.`);
  }
  const magic = file.length < 4 ? 0 : new DataView(file.buffer, file.byteOffset).getUint32(0);
  if (CLASSIC_MAGICS.has(magic)) return readClassic(file, progress);
  // The section header's type reads the same both ways round.
  if (magic !== BLOCK.section) {
    throw new Fault("not a capture", "The file is no capture: it begins neither as pcapng nor as pcap does.");
  }
  return new Sections(file, progress).read();
}
