import { frameBlock, interfaceBlock, sectionBlock, statisticsBlock } from "./blocks.ts";
import type { Capture } from "./capture.ts";

/** The blocks of a file, one after the other: section, interfaces, frames, and what interfaces counted. */
export function* captureBlocks(capture: Capture): Generator<Uint8Array> {
  const { application = "Ringside", interfaces, frames } = capture;
  yield sectionBlock(application);
  for (const one of interfaces) yield interfaceBlock(one);
  let last = 0;
  for (const frame of frames) {
    last = Math.max(last, frame.at ?? 0);
    yield frameBlock(frame);
  }
  for (const [number, { received, dropped }] of interfaces.entries()) {
    if (received !== undefined || dropped !== undefined) yield statisticsBlock(number, last, { received, dropped });
  }
}

/** A whole pcapng file. */
export function writeCapture(capture: Capture): Uint8Array {
  const blocks = [...captureBlocks(capture)];
  const file = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const bytes of blocks) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
