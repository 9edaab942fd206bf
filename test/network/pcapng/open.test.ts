import { describe, expect, it } from "vitest";
import {
  type CaptureFrame,
  frameBlock,
  interfaceBlock,
  LARGEST_FILE,
  openCapture,
  sectionBlock,
  writeCapture,
} from "../../../src/network/pcapng/index.ts";

const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const bytes = Uint8Array.from({ length: 61 }, (_, index) => index);
const frame: CaptureFrame = { interface: 0, at: 1_700_000_000_000.5, length: 61, bytes };
const file = writeCapture({ interfaces: [{ name: "trunk" }], frames: [frame] });
/** Where the blocks of `file` are. */
const INTERFACE = sectionBlock("Ringside").length;
const FRAME = INTERFACE + interfaceBlock({ name: "trunk" }).length;

const errorOf = (given: Uint8Array): string => {
  const opened = openCapture(given);
  return "error" in opened ? opened.error : "none";
};
/** The file with 32 bits of it changed. */
const changed = (at: number, value: number): Uint8Array => {
  const copy = file.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
};

/** A block of the other byte order. @param body of 32-bit numbers */
function bigEndian(type: number, ...body: readonly number[]): Uint8Array {
  const made = new Uint8Array(12 + 4 * body.length);
  const view = new DataView(made.buffer);
  [type, made.length, ...body, made.length].forEach((value, index) => {
    view.setUint32(4 * index, value);
  });
  return made;
}

describe("a capture that is no capture", () => {
  it.each([
    ["nothing", new Uint8Array(0), "The file is empty."],
    [
      "too large",
      new Uint8Array(LARGEST_FILE + 1),
      `The file has ${LARGEST_FILE + 1} bytes; captures of up to ${LARGEST_FILE} are read.`,
    ],
    [
      "text",
      Uint8Array.from("#!/bin/sh\n", (letter) => letter.charCodeAt(0)),
      "The file is no capture: it begins neither as pcapng nor as pcap does.",
    ],
    ["three bytes", file.subarray(0, 3), "The file is no capture: it begins neither as pcapng nor as pcap does."],
    [
      "cut in a block's head",
      file.subarray(0, INTERFACE + 8),
      `Block 2 at byte ${INTERFACE} is cut short by the end of the file.`,
    ],
    [
      "cut in a frame",
      file.subarray(0, FRAME + 40),
      `Block 3 at byte ${FRAME} (enhanced packet) says it is 96 bytes long; the file has 40 more.`,
    ],
    ["of version 2", changed(12, 2), "Block 1 at byte 0 (section header) is of version 2.0; 1.0 is read."],
    ["without a byte order", changed(8, 0), "Block 1 at byte 0 (section header) has no byte-order magic."],
    [
      "with a block of 7 bytes",
      changed(INTERFACE + 4, 7),
      `Block 2 at byte ${INTERFACE} (interface description) says it is 7 bytes long; a block is at least 12, and a multiple of 4.`,
    ],
    [
      "with a block whose lengths differ",
      changed(file.length - 4, 92),
      `Block 3 at byte ${FRAME} (enhanced packet) is 96 bytes long by its beginning, 92 by its end.`,
    ],
    [
      "with a frame of another interface",
      changed(FRAME + 8, 1),
      `Block 3 at byte ${FRAME} (enhanced packet) is of interface 1; 1 are described before it.`,
    ],
    [
      "with a frame larger than its block",
      changed(FRAME + 20, 65),
      `Block 3 at byte ${FRAME} (enhanced packet) says it has 65 bytes of a frame, more than the block.`,
    ],
    [
      "with an option larger than its block",
      changed(INTERFACE + 16, 0x00ff0002),
      `Block 2 at byte ${INTERFACE} (interface description) has an option of 255 bytes, more than the block.`,
    ],
    [
      "of frames before their interface",
      join(sectionBlock("x"), frameBlock(frame)),
      `Block 2 at byte ${sectionBlock("x").length} (enhanced packet) is of interface 0; 0 are described before it.`,
    ],
  ])("is told from one: %s", (_, given, sentence) => {
    expect(errorOf(given)).toBe(sentence);
  });

  it("says where and of which kind the fault is, for those who say it in another language", () => {
    expect(openCapture(changed(FRAME + 8, 1))).toMatchObject({ kind: "no such interface", block: 3, offset: FRAME });
  });
});

describe("a capture", () => {
  it("may be of the other byte order, with simple packets and obsolete ones", () => {
    const four = [0x01020304, 0x05060708] as const;
    const made = join(
      bigEndian(0x0a0d0d0a, 0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff),
      bigEndian(1, 0x00010000, 6),
      bigEndian(3, 100, ...four),
      bigEndian(2, 0x00000000, 0x00060a24, 0x181e4000, 7, 60, ...four, 0x00020004, 2, 0),
      bigEndian(6, 0, 0x00060a24, 0x181e4001, 8, 8, ...four),
    );
    const opened = openCapture(made);
    if ("error" in opened) throw new Error(opened.error);
    expect(opened.interfaces).toEqual([{ linkType: 1, snaplen: 6 }]);
    expect(opened.frames.map(({ bytes: kept, ...rest }) => ({ ...rest, kept: kept.length }))).toEqual([
      { interface: 0, length: 100, kept: 6 },
      { interface: 0, at: 1_700_000_000_000, length: 60, kept: 7, direction: "out" },
      { interface: 0, at: 1_700_000_000_000.001, length: 8, kept: 8 },
    ]);
    expect([...opened.frames[2]!.bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("may have blocks of unknown kinds, and several sections that count their own interfaces", () => {
    const unknown = Uint8Array.of(0xad, 0x0b, 0, 0, 16, 0, 0, 0, 1, 2, 3, 4, 16, 0, 0, 0);
    const opened = openCapture(join(file, unknown, file));
    expect(opened).toMatchObject({
      interfaces: [{ name: "trunk" }, { name: "trunk" }],
      frames: [{ interface: 0 }, { interface: 1 }],
    });
  });

  it.each([
    [0x83, 1000 / 8],
    [0x00, 1000],
    [0x03, 1],
    [0x09, 1e-6],
  ])("may count time in its own units: if_tsresol %d", (resolution, milliseconds) => {
    const described = Uint8Array.of(
      1,
      0,
      0,
      0,
      28,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      9,
      0,
      1,
      0,
      resolution,
      0,
      0,
      0,
      28,
      0,
      0,
      0,
    );
    const time = Uint8Array.of(
      6,
      0,
      0,
      0,
      32,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      5,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      32,
      0,
      0,
      0,
    );
    const opened = openCapture(join(sectionBlock("x"), described, time));
    if ("error" in opened) throw new Error(opened.error);
    expect(opened.frames[0]!.at).toBeCloseTo(5 * milliseconds, 9);
  });

  it("refuses units no clock has", () => {
    const described = Uint8Array.of(
      1,
      0,
      0,
      0,
      28,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      9,
      0,
      1,
      0,
      0x7f,
      0,
      0,
      0,
      28,
      0,
      0,
      0,
    );
    expect(errorOf(join(sectionBlock("x"), described))).toMatch(/counts time in units of 10 to the -127 seconds\.$/);
  });

  it("gives frames that are parts of the file, not copies", () => {
    const opened = openCapture(file);
    if ("error" in opened) throw new Error(opened.error);
    expect(opened.frames[0]!.bytes.buffer).toBe(file.buffer);
  });
});
