import { describe, expect, it } from "vitest";
import { strings } from "../../src/views/language.ts";
import { bytes, clock, percent, seconds } from "../../src/views/quantities.ts";

describe("quantities", () => {
  it("of bytes share one unit in a pair", () => {
    expect(strings("en").part("kernel", 400_000, 2_352_460)).toBe("kernel 0.4 of 2.4 MB");
    expect(strings("zh").part("内核", 2_100_000, 2_352_460)).toBe("内核 2.1 / 2.4 MB");
    expect(bytes(95_180)).toBe("95 kB");
  });

  it("of time have as many digits as matter", () => {
    expect([55, 812, 4200, 12_400].map(seconds)).toEqual(["0.06 s", "0.8 s", "4.2 s", "12 s"]);
    expect([7, 247, 3765].map(clock)).toEqual(["0:07", "4:07", "1:02:45"]);
  });

  it("of shares keep a digit while it says something", () => {
    expect([0.0114, 0.0996, 0.5, 1].map(percent)).toEqual(["1.1", "10", "50", "100"]);
  });
});
