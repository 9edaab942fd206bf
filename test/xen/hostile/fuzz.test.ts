import { describe, expect, it } from "vitest";
import { fuzz } from "../../../src/cli/bench/fuzz.ts";

/** As `ringside bench fuzz` runs it, which goes on for ten million cases; here every run has another seed. */
const SEED = Date.now() & 0x7fffffff;

describe("hostile neighbours", () => {
  it(`harm nobody and hold nobody up, whatever two of them try together (seed ${SEED})`, async () => {
    const report = await fuzz({ cases: 20_000, seed: SEED });
    expect(report.wrong).toBeUndefined();
    expect(report.beats).toBeGreaterThan(50);
    expect(Object.keys(report.attacks).length).toBeGreaterThan(25);
  });

  it(`change no memory and no disk of others, and not Xen, when one of them is domain 0 (seed ${SEED})`, async () => {
    const report = await fuzz({ cases: 5000, seed: SEED, driver: true });
    expect(report.wrong).toBeUndefined();
    expect(report.cases).toBeGreaterThanOrEqual(5000);
  });

  it("do the same from the same seed", async () => {
    const run = async () => ({ ...(await fuzz({ cases: 4000, seed: 3 })), milliseconds: 0 });
    expect(await run()).toEqual(await run());
  });
});
