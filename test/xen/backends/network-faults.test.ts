import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pair, RX_RING, small, TX_RING } from "./network-frames.ts";
import { type NetworkFront, settle, TX } from "./network-front.ts";

describe("packets with a fault", () => {
  /** A packet by hand; what it came to. */
  function tried(put: (front: NetworkFront) => void) {
    const { a, b } = pair();
    put(a);
    a.push();
    settle(a, b);
    const fault = a.backend.state(TX_RING)!.fault;
    const statuses = [...a.sent.values()].flat();
    const arrived = b.received.length;
    if (fault === undefined) {
      a.send(small(60));
      a.push();
      settle(a, b);
      expect(b.received.length).toBe(arrived + 1);
    }
    return { fault, statuses, arrived };
  }
  const fragment = (front: NetworkFront, size = 100) => front.fragments(small(size).bytes)[0]!;

  it.each<[string, (front: NetworkFront) => void, number[]]>([
    ["shorter than an Ethernet header", (front) => front.put(fragment(front, 14), 0, 13), [-1]],
    ["with a bad grant", (front) => front.put({ ...fragment(front), reference: 4321 }, 0), [-1]],
    [
      "with a bad grant in its second fragment",
      (front) => {
        front.put(fragment(front), TX.more, 200);
        front.put({ ...fragment(front), reference: 4321 }, 0);
      },
      [-1, -1],
    ],
    [
      "of less than its fragments",
      (front) => {
        front.put(fragment(front), TX.more, 50);
        front.put(fragment(front), 0);
      },
      [-1, -1],
    ],
    [
      "of 20 fragments",
      (front) => {
        for (let index = 0; index < 20; index++)
          front.put(fragment(front), index < 19 ? TX.more : 0, index ? 100 : 2000);
      },
      Array.from({ length: 20 }, () => -1),
    ],
    ["with a checksum to be completed in no known packet", (front) => front.put(fragment(front), TX.blank), [0]],
    [
      "a large segment that is none",
      (front) => {
        front.put(fragment(front), TX.extra);
        front.putExtra(1, 0, 1448, 1);
      },
      [0],
    ],
  ])("%s: answered, dropped, and the next one goes through", (_, put, expected) => {
    expect(tried(put)).toEqual({ fault: undefined, statuses: expected, arrived: 0 });
  });

  it.each<[string, (front: NetworkFront) => void, RegExp]>([
    ["that goes on beyond what was pushed", (front) => front.put(fragment(front), TX.more), /more slots than the 1/],
    [
      "of more than 21 fragments",
      (front) => {
        for (let index = 0; index < 30; index++) front.put(fragment(front), TX.more);
      },
      /more than 20 slots/,
    ],
    ["across its page's end", (front) => front.put({ ...fragment(front), offset: 4000 }, 0), /crosses its page's end/],
    ["whose extra info is missing", (front) => front.put(fragment(front), TX.extra), /more slots than the 1/],
    [
      "with extra info of no type",
      (front) => {
        front.put(fragment(front), TX.extra);
        front.putExtra(0, 0, 0, 0);
      },
      /extra info of type 0/,
    ],
    [
      "with extra info without end",
      (front) => {
        front.put(fragment(front), TX.extra);
        for (let index = 0; index < 10; index++) front.putExtra(4, 1, 0, 0);
      },
      /more than 5 slots of extra info/,
    ],
    [
      "in segments of no size",
      (front) => {
        front.put(fragment(front), TX.extra);
        front.putExtra(1, 0, 0, 1);
      },
      /segments of no size/,
    ],
    [
      "segmented in an unknown way",
      (front) => {
        front.put(fragment(front), TX.extra);
        front.putExtra(1, 0, 1448, 9);
      },
      /segmentation of type 9/,
    ],
  ])("%s: the ring is served no more, with a reason", (_, put, reason) => {
    const { fault, statuses, arrived } = tried(put);
    expect(fault).toMatch(reason);
    expect([statuses, arrived]).toEqual([[], 0]);
  });

  it("hurt nobody else, whatever stands in the two rings", () => {
    const word = fc.oneof(fc.nat(64), fc.nat(0xffff), fc.integer({ min: 0, max: 0xffffffff }));
    const scribble = fc.array(fc.tuple(fc.constantFrom("tx", "rx"), fc.nat(150), word), { maxLength: 40, size: "max" });
    fc.assert(
      fc.property(fc.array(scribble, { minLength: 1, maxLength: 6, size: "max" }), (rounds) => {
        const { a, b } = pair();
        const page = a.domain.allocate();
        for (let count = 0; count < 20; count++) a.domain.grant(page, count % 2 === 0);
        const canary = a.domain.allocate();
        a.domain.pageBytes(canary).fill(0xca);
        for (const words of rounds) {
          for (const [ring, at, value] of words) {
            new DataView(a.domain.memory.buffer, a[ring].pages[0]! * 4096, 4096).setUint32(4 * at, value, true);
          }
          a.domain.send(a.txPort);
          b.send(small(100));
          b.push();
          settle(b);
          a.domain.turnOver();
          expect(a.backend.state(TX_RING)!.slots.length + a.backend.state(RX_RING)!.slots.length).toBe(512);
        }
        expect(a.domain.pageBytes(canary).every((byte) => byte === 0xca)).toBe(true);
        expect(b.tx.free).toBe(256);
        expect(b.backend.state("vif:other/0/tx")!.fault).toBeUndefined();
        a.state(6);
        expect([a.domain.mapped, a.domain.bound]).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
