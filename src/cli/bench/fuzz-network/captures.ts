import { type Capture, type CaptureFrame, openCapture, writeCapture } from "../../../network/pcapng/index.ts";
import type { Random } from "../fuzz/random.ts";
import { mutated } from "./mutate.ts";
import { mac } from "./packets/made.ts";
import type { Target } from "./target.ts";

/** Capture files. */
export const captureTargets = (): readonly Target[] => [
  { name: "capture", step: writtenAndRead },
  { name: "capture-mutated", step: (random) => opened(mutated(file(random), random)) },
];

/** 2100; far enough, and milliseconds are still told apart. */
const LAST_TIME = 4.1e12;
const TEXTS = ["", "eth0", "trunk", "桥接", "a\u0000b", "😀", "é".repeat(100)];

function capture(random: Random): Capture {
  const interfaces = Array.from({ length: 1 + random.below(4) }, () => ({
    name: random.pick(TEXTS),
    description: random.pick(TEXTS),
    mac: mac(random),
    linkType: 1,
    snaplen: random.below(2) * 65_535,
    received: random.word(),
    dropped: random.below(1000),
  }));
  const frames = Array.from({ length: random.below(6) }, (): CaptureFrame => {
    const bytes = random.bytes(random.below(100));
    const direction = random.pick(["in", "out", undefined] as const);
    return {
      interface: random.below(interfaces.length),
      at: random.below(LAST_TIME) + random.below(4) / 4,
      length: bytes.length + random.below(2) * random.below(2000),
      bytes,
      ...(direction && { direction }),
      ...(random.chance(2) && { comment: random.pick(TEXTS) }),
    };
  });
  return { application: "Ringside", interfaces, frames };
}

function writtenAndRead(random: Random): string | undefined {
  const written = capture(random);
  const read = openCapture(writeCapture(written));
  const [one, other] = [written, read].map(textOf);
  return one === other ? undefined : `${one} was read as ${other}`;
}

/** Keys in one order, bytes as digits. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Uint8Array) return Buffer.from(part).toString("hex");
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [another]) => (one < another ? -1 : 1)));
  });

/** A file of one of the two formats. */
function file(random: Random): Uint8Array {
  const made = capture(random);
  if (!random.chance(4)) return writeCapture(made);
  const little = random.chance(2);
  const parts = [classicHeader(little, random.chance(2))];
  for (const { bytes, length } of made.frames) {
    const head = new Uint8Array(16);
    const view = new DataView(head.buffer);
    for (const [index, value] of [random.word(), random.below(1e6), bytes.length, length].entries()) {
      view.setUint32(4 * index, value, little);
    }
    parts.push(head, bytes);
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function classicHeader(little: boolean, nanoseconds: boolean): Uint8Array {
  const head = new Uint8Array(24);
  const view = new DataView(head.buffer);
  view.setUint32(0, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, little);
  view.setUint16(4, 2, little);
  view.setUint16(6, 4, little);
  view.setUint32(16, 65_535, little);
  view.setUint32(20, 1, little);
  return head;
}

/** Any file gives frames that lie in it, or a sentence that says where it is wrong. */
function opened(bytes: Uint8Array): string | undefined {
  const read = openCapture(bytes);
  if ("error" in read) {
    const { error, block, offset } = read;
    const sentence = /^(Block \d+ at byte \d+.* |The file ).*\.$/.test(error);
    return sentence && block >= 0 && offset >= 0 && offset <= bytes.length ? undefined : `it says: ${error}`;
  }
  for (const { interface: number, bytes: frame, length, at } of read.frames) {
    if (!read.interfaces[number]) return `a frame of interface ${number} of ${read.interfaces.length}`;
    if (frame.buffer !== bytes.buffer || length < frame.length) return `a frame of ${length} bytes has ${frame.length}`;
    if (at !== undefined && !Number.isFinite(at)) return `a frame at ${at}`;
  }
  return undefined;
}
