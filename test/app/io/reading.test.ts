import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOOK, Reading } from "../../../src/app/io/reading.ts";

const look = <T>(reading: Reading<T>, value: T, now = 0) => reading.look(async () => value, now, false);

describe("something read again and again", () => {
  it("keeps what it was before its last change, however often it is read", async () => {
    const reading = new Reading<{ req_prod: number }>();
    expect(await look(reading, { req_prod: 1 })).toBe(true);
    expect(reading.previous).toBeUndefined();
    expect(await look(reading, { req_prod: 2 })).toBe(true);
    expect(await look(reading, { req_prod: 2 })).toBe(false);
    expect([reading.previous, reading.value]).toEqual([{ req_prod: 1 }, { req_prod: 2 }]);
  });

  it("is the same object while nothing changes, so that nothing is drawn anew", async () => {
    const reading = new Reading<{ n: number }>();
    await look(reading, { n: 1 });
    const { value } = reading;
    await look(reading, { n: 1 });
    expect(reading.value).toBe(value);
  });

  it("is read seldom while it does not change and often once it did, within bounds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1), { minLength: 1, maxLength: 40 }), async (values) => {
        const reading = new Reading<number>();
        let now = 0;
        for (const value of values) {
          const isNew = await look(reading, value, now);
          let next = now;
          while (!reading.isDue(next)) next += 1;
          const wait = next - now;
          if (isNew) expect(wait).toBe(LOOK.quick);
          else expect(wait).toBeGreaterThan(LOOK.quick);
          expect(wait).toBeLessThanOrEqual(LOOK.slow);
          now = next;
        }
      }),
    );
  });

  it("is read at once when something probably changed", async () => {
    const reading = new Reading<number>();
    for (let now = 0; now < 20_000; now += LOOK.slow) await look(reading, 1, now);
    expect(reading.isDue(19_500)).toBe(false);
    reading.hurry();
    expect(reading.isDue(19_500)).toBe(true);
  });

  it("is read again when something changed while it was being read", async () => {
    const reading = new Reading<number>();
    const slow = reading.look(async () => 1, 0, false);
    reading.hurry();
    await slow;
    expect(reading.isDue(0)).toBe(true);
  });

  it("says why it cannot be read, and keeps what was read last", async () => {
    const reading = new Reading<number>();
    await look(reading, 1);
    const fail = () => Promise.reject(new Error("There is no ring `vbd:domU/xvdd`."));
    expect(await reading.look(fail, 0, false)).toBe(true);
    expect(await reading.look(fail, 0, false)).toBe(false);
    expect([reading.value, reading.problem]).toEqual([1, "There is no ring vbd:domU/xvdd."]);
    expect(await look(reading, 1)).toBe(true);
    expect(reading.problem).toBeUndefined();
  });

  it("has no problem with a machine that is not there yet", async () => {
    const reading = new Reading<number>();
    expect(await reading.look(() => Promise.reject(new Error("Not yet.")), 0, true)).toBe(false);
    expect(reading.problem).toBeUndefined();
  });

  it("does not take an answer to an earlier question", async () => {
    const reading = new Reading<string>();
    let answer = (_: string) => {};
    const late = reading.look(
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
      0,
      false,
    );
    reading.forget();
    answer("of the ring before");
    expect(await late).toBe(false);
    expect(reading.value).toBeUndefined();
  });
});
