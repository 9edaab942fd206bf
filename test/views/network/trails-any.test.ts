import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBase64 } from "../../../src/network/base64.ts";
import type { CapturedFrame, Decision } from "../../../src/network/reports.ts";
import type { GuestFrame, NetNamespace } from "../../../src/probe/network/types.ts";
import { TrailBook } from "../../../src/views/network/trails/book.ts";
import { ClockOffset, learnFrom } from "../../../src/views/network/trails/clock.ts";
import { ruleFor } from "../../../src/views/network/trails/decided/rules.ts";
import { identityOf, overlap } from "../../../src/views/network/trails/identity.ts";
import { START, surroundingsOf } from "./passing.ts";
import { INITIAL } from "./readings.ts";
import { echo, routed, router, segment } from "./router.ts";

/** Frames that are whole, damaged, or nothing at all. */
const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.constantFrom(echo("inner", 1), echo("outer", 1), segment("inner", 1, 3000, 5), segment("outer", 1449, 1448, 6)),
  fc
    .tuple(fc.constantFrom(echo("inner", 1), segment("inner", 1, 100, 5)), fc.nat(120), fc.nat(255))
    .map(([bytes, at, value]) => Uint8Array.from(bytes, (byte, index) => (index === at ? value : byte))),
);

const anyPort = fc.constantFrom("client/0", "router/0", "router/1", "server/0", "gateway:lan/0", "nobody/9");
const anyDecision: fc.Arbitrary<Decision> = fc.constantFrom(
  { kind: "hub" },
  { kind: "held" },
  { kind: "drop", why: "queue" },
  { kind: "fdb", vlan: 1, mac: "x", port: "y", age: 0 },
);

const anyCaptured: fc.Arbitrary<CapturedFrame> = fc
  .record({
    seq: fc.nat(20),
    link: fc.constantFrom("lan", "wan", "none"),
    after: fc.double({ min: -5000, max: 5000, noNaN: true }),
    from: anyPort,
    to: fc.array(fc.tuple(anyPort, fc.option(fc.nat(9), { nil: null })), { maxLength: 40 }),
    decision: anyDecision,
    bytes: anyBytes,
    longer: fc.nat(70_000),
  })
  .map(({ seq, link, after, from, to, decision, bytes, longer }) => ({
    seq,
    link,
    at: START + after,
    from,
    to: to.map(([port, at]) => ({ port, at: at === null ? null : START + after + at })),
    decision,
    length: bytes.length + longer,
    bytes: toBase64(bytes),
  }));

const anySeen: fc.Arbitrary<GuestFrame> = fc
  .record({
    seq: fc.nat(30),
    after: fc.double({ min: -5000, max: 5000, noNaN: true }),
    namespace: fc.constantFrom(INITIAL, 7),
    link: fc.nat(4),
    direction: fc.constantFrom("in" as const, "out" as const),
    bytes: anyBytes,
    text: fc.option(fc.string(), { nil: undefined }),
  })
  .map(({ after, bytes, text, ...rest }) => ({
    ...rest,
    at: START + after,
    length: bytes.length,
    bytes: text ?? toBase64(bytes),
  }));

const anyBatch = fc.oneof(
  fc.record({ frames: fc.array(anyCaptured, { maxLength: 30 }) }),
  fc.record({
    machine: fc.constantFrom("client", "router", "server", "nobody"),
    seen: fc.array(anySeen, { maxLength: 30 }),
  }),
);

describe("trails of any frames", () => {
  it("are bounded, each hop behind the one it comes from, and every frame in at most one", () => {
    const { picture, guests } = routed();
    const surroundings = surroundingsOf(picture, guests);
    fc.assert(
      fc.property(fc.array(anyBatch, { maxLength: 8 }), (batches) => {
        const book = new TrailBook();
        for (const batch of batches) {
          if ("frames" in batch) book.addFabric(batch.frames, surroundings);
          else book.addGuest(batch.machine, batch.seen, surroundings);
        }
        const { trails } = book.read(surroundings);
        expect(trails.length).toBeLessThanOrEqual(200);
        expect(new Set(trails.map(({ id }) => id)).size).toBe(trails.length);
        for (const { hops } of trails) {
          expect(hops.length).toBeGreaterThan(0);
          expect(hops.length).toBeLessThanOrEqual(64);
          for (const [at, { from, time }] of hops.entries()) {
            if (from === undefined) continue;
            expect(from).toBeLessThan(at);
            expect(hops[from]!.time).toBeLessThanOrEqual(time);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("the identity of a frame", () => {
  it("is one for any bytes, cut anywhere behind the headers", () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(100_000), (bytes, longer) => {
        expect(identityOf(bytes, bytes.length + longer).key).not.toBe("");
      }),
    );
    const whole = segment("inner", 1, 3000, 5);
    expect(identityOf(whole.subarray(0, 320), whole.length)).toEqual(identityOf(whole, whole.length));
  });

  it("of data overlaps that of its pieces, whichever is asked first", () => {
    const range = (sequence: number, bytes: number, id: number) => {
      const frame = segment("inner", sequence, bytes, id);
      return identityOf(frame, frame.length).range!;
    };
    const whole = range(0xffff_ff00, 4344, 0xffff);
    const piece = range((0xffff_ff00 + 1448) >>> 0, 1448, 0);
    expect([overlap(whole, piece), overlap(piece, whole)]).toEqual([true, true]);
    expect(overlap(whole, range(0xffff_ff00, 1448, 3))).toBe(false);
    expect(overlap(whole, range((0xffff_ff00 + 4344) >>> 0, 1448, 2))).toBe(false);
  });
});

describe("a guest's clock", () => {
  it("is known ever better, and what is known always holds while the clocks run alike", () => {
    const trips = fc.array(fc.tuple(fc.nat(2000), fc.nat(400), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), trips, (ahead, list) => {
        const clock = new ClockOffset();
        let now = START;
        for (const [wait, trip, share] of list) {
          now += wait;
          clock.add(now, now + trip, now + trip * share + ahead);
          now += trip;
          expect(Math.abs(clock.offset - ahead)).toBeLessThanOrEqual(clock.uncertainty + 1e-3);
          expect(clock.uncertainty).toBeLessThanOrEqual(trip / 2 + 1e-3);
        }
      }),
    );
  });

  it("is told from another's by a frame that went there and one that came back", () => {
    const [clock, ahead] = [new ClockOffset(), 700];
    clock.add(START, START + 400, START + ahead + 300);
    const clockOf = () => clock;
    learnFrom({ from: { machine: "client", at: START + ahead + 500 }, to: { at: START + 501 } }, clockOf);
    learnFrom({ from: { at: START + 502 }, to: { machine: "client", at: START + ahead + 503 } }, clockOf);
    expect(Math.abs(clock.offset - ahead)).toBeLessThanOrEqual(clock.uncertainty);
    expect(clock.uncertainty).toBeLessThan(4);
  });

  it("is found anew when it was set, or stood", () => {
    const clock = new ClockOffset();
    clock.add(START, START + 10, START + 5);
    clock.add(START + 1000, START + 1010, START + 505);
    expect(Math.abs(clock.offset + 500)).toBeLessThanOrEqual(clock.uncertainty);
  });
});

describe("rules of any text", () => {
  it("end, and name a rule that is there", () => {
    const word = fc.constantFrom(
      "-s",
      "10.0.0.0/8",
      "-j",
      "A",
      "B",
      "DROP",
      "!",
      "-m",
      "tcp",
      "-i",
      "eth0",
      "policy",
      "x",
    );
    const rule = fc.record({
      table: fc.constantFrom("filter", "ip filter"),
      chain: fc.constantFrom("FORWARD", "A", "B"),
      rule: fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")),
      packets: fc.nat(),
      bytes: fc.nat(),
    });
    const flow = { protocol: "tcp", source: "10.0.0.2", destination: "10.0.0.3" } as const;
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
        const tables: NetNamespace = router({ rules });
        const outcome = ruleFor(tables, "filter", "FORWARD", { flow, in: "eth0", established: false });
        if (outcome) expect(rules[outcome.rule]).toBeDefined();
      }),
    );
  });
});
