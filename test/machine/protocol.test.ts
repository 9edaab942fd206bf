import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame, FrameReader, MAX_PAYLOAD, ProtocolError } from "../../src/machine/agent/protocol.ts";
import { concat } from "../../src/machine/bytes.ts";

const frame = fc.record({
  call: fc.nat(0xffffffff),
  kind: fc.nat(255),
  payload: fc.uint8Array({ maxLength: 300 }),
});

describe("frames", () => {
  it("come out as they went in, however the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(200), { minLength: 1 }), (frames, cuts) => {
        const stream = concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const out = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const piece = 1 + cuts[turn % cuts.length]!;
          out.push(...reader.push(stream.subarray(at, at + piece)));
          at += piece;
        }
        expect(out).toEqual(frames);
      }),
    );
  });

  it("carry the longest payload the protocol allows", () => {
    const payload = new Uint8Array(MAX_PAYLOAD).fill(7);
    expect(new FrameReader().push(encodeFrame({ call: 1, kind: 2, payload }))).toEqual([{ call: 1, kind: 2, payload }]);
  });

  it("are read from any bytes without another error than ProtocolError", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (pieces) => {
        const reader = new FrameReader();
        try {
          for (const piece of pieces) reader.push(piece);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  it.each([0, 4, 65537, 0xffffffff])("with a length of %i are the end of the stream", (length) => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(0, length, true);
    expect(() => new FrameReader().push(bytes)).toThrow(ProtocolError);
  });
});
