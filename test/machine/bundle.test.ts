import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pack, unpack } from "../../src/machine/snapshot/bundle.ts";
import { SnapshotError } from "../../src/machine/snapshot/format.ts";

describe("pieces of state in one", () => {
  it("come apart as they went in", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.uint8Array()), (header, pieces) => {
        const { header: back, pieces: apart } = unpack(pack({ header, pieces }));
        expect(apart.map((piece) => [...piece])).toEqual(pieces.map((piece) => [...piece]));
        expect(back).toEqual(JSON.parse(JSON.stringify(header)));
      }),
    );
  });

  it("are refused when cut short, or something else", () => {
    const whole = pack({ header: { a: 1 }, pieces: [Uint8Array.of(1, 2, 3), Uint8Array.of(4)] });
    for (let length = 0; length < whole.byteLength; length++) {
      expect(() => unpack(whole.slice(0, length))).toThrow(SnapshotError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(() => unpack(bytes.slice().buffer)).toThrow(SnapshotError);
      }),
    );
  });
});
