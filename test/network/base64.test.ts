import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "../../src/network/base64.ts";

describe("Base64 (RFC 4648, 4)", () => {
  it.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("of %j is %j (RFC 4648, 10)", (text, letters) => {
    const bytes = new TextEncoder().encode(text);
    expect(toBase64(bytes)).toBe(letters);
    expect(fromBase64(letters)).toEqual(bytes);
  });

  it("is what Node makes of any bytes, and read back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000, size: "max" }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64"));
        expect(fromBase64(text)).toEqual(bytes);
      }),
      { numRuns: 60 },
    );
  });

  it("is not read from what is none", () => {
    for (const wrong of ["A", "AA", "AAA", "AA=A", "====", "Zm9v\n", "Zm9-", "é===", "AAAA="]) {
      expect(fromBase64(wrong), wrong).toBeUndefined();
    }
  });
});
