/** The file format of libpcap before pcapng (draft-ietf-opsawg-pcap). */
import { FileBytes } from "./bytes.ts";
import type { Capture, CaptureFrame } from "./capture.ts";
import { Fault } from "./fault.ts";
import type { Progress } from "./open.ts";
import { MOST_FRAMES } from "./sections.ts";

/** The first four bytes, read big-endian: microseconds or nanoseconds, in either byte order. */
export const CLASSIC_MAGICS: ReadonlyMap<number, { readonly little: boolean; readonly perMillisecond: number }> =
  new Map([
    [0xa1b2c3d4, { little: false, perMillisecond: 1000 }],
    [0xd4c3b2a1, { little: true, perMillisecond: 1000 }],
    [0xa1b23c4d, { little: false, perMillisecond: 1_000_000 }],
    [0x4d3cb2a1, { little: true, perMillisecond: 1_000_000 }],
  ]);

const HEADER = 24;
const RECORD = 16;

/** @param file begins with one of {@link CLASSIC_MAGICS} */
export function readClassic(file: Uint8Array, progress: Progress): Capture {
  const magic = new DataView(file.buffer, file.byteOffset).getUint32(0);
  const { little, perMillisecond } = CLASSIC_MAGICS.get(magic)!;
  const bytes = new FileBytes(file, little);
  Object.assign(progress, { block: 1, offset: 0, name: "file header" });
  if (file.length < HEADER) throw new Fault("block cut short", "is cut short by the end of the file.");
  const [major, minor] = [bytes.word(4), bytes.word(6)];
  if (major !== 2) throw new Fault("version", `is of version ${major}.${minor}; 2.4 is read.`);
  const snaplen = bytes.long(16);
  // The high bits say whether frames have their FCS.
  const linkType = bytes.long(20) & 0xffff;
  const frames: CaptureFrame[] = [];
  for (let at = HEADER; at < file.length; ) {
    progress.block += 1;
    Object.assign(progress, { offset: at, name: "packet record" });
    if (at + RECORD > file.length) throw new Fault("block cut short", "is cut short by the end of the file.");
    const captured = bytes.long(at + 8);
    const end = at + RECORD + captured;
    if (end > file.length)
      throw new Fault("frame length", `says it has ${captured} bytes of a frame, more than the file.`);
    if (frames.length >= MOST_FRAMES)
      throw new Fault("too many frames", `is one more than the ${MOST_FRAMES} that are read.`);
    frames.push({
      interface: 0,
      at: bytes.long(at) * 1000 + bytes.long(at + 4) / perMillisecond,
      length: Math.max(captured, bytes.long(at + 12)),
      bytes: file.subarray(at + RECORD, end),
    });
    at = end;
  }
  return { interfaces: [{ linkType, snaplen }], frames };
}
