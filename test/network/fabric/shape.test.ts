import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LinkSpec } from "../../../src/network/link-spec.ts";
import { BROADCAST, frame, markOf, marks, plug } from "./ends.ts";
import { Lan } from "./lan.ts";

/** Two ends; of each frame that arrives, its mark and when. */
function timed(spec: Omit<LinkSpec, "kind">, seed = 1) {
  const lan = new Lan({ kind: "hub", ...spec }, { seed });
  const a = plug(lan, "a");
  const arrivals: [mark: number, at: number][] = [];
  lan.port("b").receive = (one) => arrivals.push([markOf(one), lan.clock.now()]);
  return { lan, arrivals, send: (mark: number, length = 60) => a.send({ to: BROADCAST, from: 1, mark, length }) };
}

describe("latency", () => {
  it("each frame takes as long, and is on its way meanwhile", () => {
    const { lan, arrivals, send } = timed({ latency: 5 });
    send(1);
    lan.clock.pass(2);
    send(2);
    expect(lan.capture().frames.map(({ to }) => to)).toEqual([
      [{ port: "b/0", at: null }],
      [{ port: "b/0", at: null }],
    ]);
    lan.clock.pass(100);
    expect(arrivals).toEqual([
      [1, 5],
      [2, 7],
    ]);
    expect(lan.clock.timers).toBe(0);
  });

  it("jitter makes it more or less by that much, and never changes the order", () => {
    const { lan, arrivals, send } = timed({ latency: 10, jitter: 4 });
    for (let mark = 0; mark < 400; mark++) {
      lan.clock.pass(0.5);
      send(mark);
    }
    lan.clock.pass(100);
    const took = arrivals.map(([mark, at]) => at - 0.5 * (mark + 1));
    expect(arrivals.map(([mark]) => mark)).toEqual(Array.from({ length: 400 }, (_, mark) => mark));
    expect(Math.min(...took)).toBeGreaterThanOrEqual(6);
    expect(Math.max(...took)).toBeLessThanOrEqual(14);
    expect(new Set(took.map((time) => Math.round(time))).size).toBeGreaterThan(5);
  });

  it("what one sender has on its way is bounded, and the rest dropped at that sender", () => {
    const { lan, arrivals, send } = timed({ latency: 1000, queue: 65_536 });
    for (let mark = 0; mark < 5000; mark++) send(mark);
    lan.clock.pass(1000);
    expect(arrivals).toHaveLength(4096);
    expect(lan.of("a").dropped).toEqual({ queue: 5000 - 4096 });
  });
});

describe("rate", () => {
  it("an end is served at so many bits a second, one frame after the other", () => {
    const { lan, arrivals, send } = timed({ rate: 1e6 });
    send(1, 1000);
    send(2, 500);
    lan.clock.pass(50);
    send(3, 125);
    lan.clock.pass(50);
    expect(arrivals).toEqual([
      [1, 8],
      [2, 12],
      [3, 51],
    ]);
  });

  it("a timer that comes late delays what is served, and loses no time for what follows", () => {
    const { lan, arrivals, send } = timed({ rate: 1e6 });
    lan.clock.grain = 4;
    for (let mark = 0; mark < 10; mark++) send(mark, 125);
    lan.clock.pass(20);
    expect(arrivals.map(([, at]) => at)).toEqual([4, 4, 4, 4, 8, 8, 8, 8, 12, 12]);
  });

  it("more than the queue holds is dropped at the end it is for, and not counted as received", () => {
    const { lan, arrivals, send } = timed({ rate: 1e6, queue: 4 });
    for (let mark = 0; mark < 10; mark++) send(mark, 125);
    expect([lan.of("b").waiting, lan.of("b").dropped]).toEqual([4, { queue: 6 }]);
    lan.clock.pass(100);
    expect(arrivals.map(([mark]) => mark)).toEqual([0, 1, 2, 3]);
    expect(lan.of("b").received.frames).toBe(4);
  });

  it("the bytes that wait are bounded as well as the frames", () => {
    const { lan, send } = timed({ rate: 1, queue: 65_536, mtu: 9000 });
    for (let mark = 0; mark < 1000; mark++) send(mark, 9014);
    expect(lan.of("b").waiting).toBe(Math.floor(2 ** 22 / 9014));
  });
});

describe("loss", () => {
  it("loses its share, the same frames from the same seed", () => {
    const lost = (seed: number) => {
      const { arrivals, lan, send } = timed({ loss: 0.25 }, seed);
      for (let mark = 0; mark < 4000; mark++) send(mark);
      expect(lan.of("a").dropped.loss).toBe(4000 - arrivals.length);
      return arrivals.map(([mark]) => mark);
    };
    const once = lost(7);
    expect(Math.abs(once.length - 3000)).toBeLessThan(150);
    expect(lost(7)).toEqual(once);
    expect(lost(8)).not.toEqual(once);
  });

  it.each([
    [0, 100],
    [1, 0],
  ])("of %d lets %d of 100 through", (loss, through) => {
    const { arrivals, send } = timed({ loss });
    for (let mark = 0; mark < 100; mark++) send(mark);
    expect(arrivals).toHaveLength(through);
  });
});

describe("a shape that changes while frames are on their way", () => {
  it("a latency taken away lets those on their way arrive at once, before any sent later", () => {
    const { lan, arrivals, send } = timed({ latency: 60_000 });
    send(1);
    send(2);
    lan.clock.pass(10);
    lan.control("shape", { latency: null });
    send(3);
    lan.clock.pass(0);
    expect(arrivals).toEqual([
      [1, 10],
      [2, 10],
      [3, 10],
    ]);
    send(4);
    expect(arrivals.at(-1)).toEqual([4, 10]);
  });

  it("a rate that is raised ends a service that would have taken hours", () => {
    const { lan, arrivals, send } = timed({ rate: 1 });
    send(1, 1000);
    send(2, 1000);
    lan.clock.pass(100);
    lan.control("shape", { rate: 1e6 });
    lan.clock.pass(100);
    expect(arrivals).toEqual([
      [1, 100],
      [2, 108],
    ]);
    send(3, 1000);
    lan.control("shape", { rate: null });
    lan.clock.pass(0);
    expect(arrivals.at(-1)).toEqual([3, 200]);
  });

  it("reports and refuses, value by value", () => {
    const { lan } = timed({});
    lan.control("shape", { latency: 2, jitter: 1, loss: 0.5, rate: 1e7, queue: 9, mtu: 9000 });
    expect(lan.report).toMatchObject({ latency: 2, jitter: 1, loss: 0.5, rate: 1e7, queue: 9, mtu: 9000 });
    lan.control("shape", { rate: null, mtu: null });
    expect(lan.report).toMatchObject({ latency: 2, rate: null, queue: 9, mtu: 1500 });
    for (const wrong of [
      { latency: -1 },
      { loss: 1.5 },
      { rate: 0 },
      { queue: 2.5 },
      { mtu: 67 },
      { jitter: Number.NaN },
    ]) {
      expect(() => lan.control("shape", wrong), JSON.stringify(wrong)).toThrow(/^A link's \w+ is .*, not .*\.$/);
    }
    expect(lan.report).toMatchObject({ latency: 2, queue: 9, mtu: 1500 });
  });

  it("keeps every pair's order and loses nothing that fits, whatever changes when", () => {
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.record({ from: fc.nat(2), length: fc.integer({ min: 60, max: 1514 }) }) },
      { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: 0, max: 40 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          latency: fc.constantFrom(null, 0, 3, 50),
          jitter: fc.constantFrom(null, 0, 2, 60),
          rate: fc.constantFrom(null, 1e4, 1e6, 1e8),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120, size: "max" }), fc.integer(), (acts, seed) => {
        const lan = new Lan({ kind: "hub", queue: 1000 }, { seed });
        const ends = ["a", "b", "c"].map((name) => plug(lan, name));
        const sent = [0, 0, 0];
        for (const one of acts) {
          if ("from" in one) {
            ends[one.from]!.port.send(frame({ to: BROADCAST, mark: sent[one.from]!++, ...one }));
          } else if ("pass" in one) lan.clock.pass(one.pass);
          else lan.control("shape", one);
        }
        lan.control("shape", { latency: null, jitter: null, rate: null });
        lan.clock.pass(0);
        ends.forEach((end, index) => {
          for (const from of [0, 1, 2]) {
            const heard = end.frames.filter(({ bytes }) => bytes[11] === from).map(markOf);
            expect(heard).toEqual(from === index ? [] : Array.from({ length: sent[from]! }, (_, mark) => mark));
          }
          expect(marks(end)).toHaveLength(lan.of("abc"[index]!).received.frames);
        });
        expect(lan.clock.timers).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });
});
