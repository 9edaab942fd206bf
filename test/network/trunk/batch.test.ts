import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/network/link.ts";
import { type Batch, decodeBatch, encodeBatch, LARGEST_FRAME } from "../../../src/network/trunk/batch.ts";

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const frame: fc.Arbitrary<Frame> = fc
  .record(
    {
      bytes: fc.uint8Array({ maxLength: 200 }),
      checksum: fc.constantFrom("whole" as const, "partial" as const),
      place: fc.record({ checksumFrom: u16, checksumAt: u16 }),
      segmentation: fc.record({ kind: fc.constantFrom("tcp4" as const, "tcp6" as const), size: u16 }),
    },
    { requiredKeys: ["bytes", "checksum"] },
  )
  .map(({ place, ...given }) => ({ ...given, ...place }));
const batch: fc.Arbitrary<Batch> = fc.record({
  returns: fc.array(fc.record({ end: u32, frames: u32, bytes: u32, dropped: u32 }), { maxLength: 4 }),
  frames: fc.array(fc.record({ end: u32, frame }), { maxLength: 8 }),
});

describe("a batch", () => {
  it("is on the other side what it was on this", () => {
    fc.assert(
      fc.property(batch, (given) => {
        expect(decodeBatch(encodeBatch(given))).toEqual(given);
      }),
    );
  });

  it("of any bytes is nothing, or frames that fill it: never an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const decoded = decodeBatch(bytes.slice().buffer);
        const total = decoded?.frames.reduce((sum, one) => sum + one.frame.bytes.length, 0) ?? 0;
        expect(total).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  it("that was changed in one byte is still nothing, or frames within it", () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, change) => {
        const buffer = encodeBatch(given);
        const bytes = new Uint8Array(buffer);
        bytes[at % bytes.length]! ^= change;
        for (const { frame } of decodeBatch(buffer)?.frames ?? []) {
          expect(frame.bytes.length).toBeLessThanOrEqual(buffer.byteLength);
        }
      }),
    );
  });

  it("keeps no small frame in the memory of a large batch", () => {
    const small = { bytes: new Uint8Array(60), checksum: "whole" as const };
    const large = { bytes: new Uint8Array(60_000), checksum: "whole" as const };
    const buffer = encodeBatch({ returns: [], frames: [small, large].map((frame) => ({ end: 1, frame })) });
    const [first, second] = decodeBatch(buffer)!.frames;
    expect(first!.frame.bytes.buffer.byteLength).toBe(60);
    expect(second!.frame.bytes.buffer).toBe(buffer);
  });

  it("is refused when a frame in it is larger than any can be", () => {
    const bytes = new Uint8Array(LARGEST_FRAME + 1);
    expect(decodeBatch(encodeBatch({ returns: [], frames: [{ end: 1, frame: { bytes, checksum: "whole" } }] }))).toBe(
      undefined,
    );
  });
});
