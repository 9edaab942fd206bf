import { describe, expect, it } from "vitest";
import { BlockFront, OP, RING } from "./block-front.ts";

describe("slow motion", () => {
  function waiting(count: number) {
    const front = new BlockFront();
    front.connect();
    return {
      front,
      ask: () => {
        for (let index = 0; index < count; index++) front.put(OP.flush, 0, []);
        front.push();
        front.domain.turnOver();
      },
      states: () =>
        front.backend
          .state(RING)!
          .slots.slice(0, count)
          .map(({ state }) => state),
    };
  }

  it("serves one request after the other, each in its time", () => {
    const { front, ask, states } = waiting(3);
    front.backend.pace(RING, { latency: 100 });
    ask();
    expect(states()).toEqual(["serving", "serving", "serving"]);
    front.domain.pass(99);
    expect(states()).toEqual(["serving", "serving", "serving"]);
    front.domain.pass(1);
    expect(states()).toEqual(["answered", "serving", "serving"]);
    front.domain.pass(200);
    expect(states()).toEqual(["answered", "answered", "answered"]);
    front.interrupt();
    expect(states()).toEqual(["free", "free", "free"]);
  });

  it("takes no more in one look than it may", () => {
    const { front, ask, states } = waiting(5);
    front.backend.pace(RING, { latency: 10, batch: 2 });
    ask();
    expect(states()).toEqual(["serving", "serving", "requested", "requested", "requested"]);
    front.domain.pass(20);
    expect(states()).toEqual(["answered", "answered", "serving", "serving", "requested"]);
  });

  it("at full speed leaves what a look may not serve for after the guest's next turn", () => {
    const { front, ask, states } = waiting(5);
    front.backend.pace(RING, { batch: 2 });
    ask();
    expect(states()).toEqual(["answered", "answered", "requested", "requested", "requested"]);
    front.domain.pass(0);
    front.domain.pass(0);
    expect(states()).toEqual(["answered", "answered", "answered", "answered", "answered"]);
    expect(front.backend.state(RING)!.batches.map(({ entries }) => entries)).toEqual([5, 2, 2, 1]);
  });

  it("steps by stages of a slot and by notifications", () => {
    const { front, ask, states } = waiting(3);
    front.backend.pace(RING, { stepping: true });
    ask();
    front.domain.pass(1000);
    expect(states()).toEqual(["requested", "requested", "requested"]);
    front.backend.step(RING, "slot");
    expect(states()).toEqual(["serving", "requested", "requested"]);
    front.backend.step(RING, "slot");
    expect([states(), front.domain.pending.size]).toEqual([["answered", "requested", "requested"], 1]);
    front.interrupt();
    front.backend.step(RING, "notification");
    expect([states(), front.domain.pending.size]).toEqual([["free", "answered", "requested"], 1]);
    // The front has not looked yet: nothing more can notify it, and the step ends when nothing is left.
    front.backend.step(RING, "notification");
    expect([states(), front.answered.length]).toEqual([["free", "answered", "answered"], 1]);
    front.interrupt();
    expect(front.answered.length).toBe(3);
  });

  it("shows a ring that is full and pushes back", () => {
    const { front, ask } = waiting(32);
    front.backend.pace(RING, { latency: 5, batch: 1 });
    ask();
    expect(front.ring.free).toBe(0);
    const { slots, counters, indices } = front.backend.state(RING)!;
    expect(slots.filter(({ state }) => state === "requested").length).toBe(31);
    expect(counters.full).toBe(1);
    // One is answered and the front puts the next: full again.
    front.domain.pass(5);
    front.interrupt();
    front.put(OP.flush, 0, []);
    front.push();
    front.domain.pass(5);
    expect(front.backend.state(RING)!.counters.full).toBe(2);
    expect(Object.fromEntries(indices.map(({ name, value }) => [name, value]))).toEqual({
      req_prod: 32,
      req_event: 1,
      rsp_prod: 0,
      rsp_event: 1,
      req_cons: 1,
      rsp_prod_pvt: 0,
    });
  });

  it("goes on at full speed when the latency is taken back in the middle of a long one", () => {
    const { front, ask } = waiting(4);
    front.backend.pace(RING, { latency: 60_000 });
    ask();
    front.backend.pace(RING, { latency: 0 });
    front.settle();
    expect([front.answered.length, front.domain.timers]).toEqual([4, 0]);
  });

  it.each([{ latency: -1 }, { latency: 60_001 }, { latency: Number.NaN }, { batch: -1 }, { batch: 1.5 }])(
    "refuses %o and stays as it was",
    (setting) => {
      const { front } = waiting(1);
      expect(() => front.backend.pace(RING, { stepping: true, ...setting })).toThrow(RangeError);
      expect(front.backend.state(RING)!.pace).toEqual({ latency: 0, batch: 0, stepping: false, available: true });
    },
  );
});

describe("what a probe reads", () => {
  it("decodes each slot with the pages it names and how their grants stand", () => {
    const front = new BlockFront();
    front.connect();
    front.backend.pace(RING, { stepping: true });
    const page = front.domain.allocate();
    front.domain.pageBytes(page).fill(0xab);
    const segment = front.segment(page, false, 1, 2);
    front.put(OP.write, 40, [segment, { ...segment, reference: 9999 }]);
    front.push();
    front.domain.turnOver();
    const { slots, notify, pages, entryBytes, capacity } = front.backend.state(RING)!;
    expect({ pages, entryBytes, capacity }).toEqual({ pages: ["pa:0x1000"], entryBytes: 108, capacity: 32 });
    expect(notify).toEqual([]);
    expect(slots[0]).toMatchObject({
      slot: 0,
      state: "requested",
      address: "pa:0x1040",
      request: {
        operation: "write",
        fields: [
          { name: "id", value: 1 },
          { name: "handle", value: 0 },
          { name: "sector_number", value: 40 },
          { name: "nr_segments", value: 2 },
        ],
        pages: [
          {
            reference: segment.reference,
            address: "pa:0x2200",
            bytes: 1024,
            writable: false,
            grant: "granted",
            head: "ab".repeat(64),
          },
          { reference: 9999, address: "", bytes: 1024, writable: false, grant: "bad", head: "" },
        ],
      },
    });
    front.backend.step(RING, "notification");
    expect(front.backend.state(RING)).toMatchObject({
      notify: [
        { direction: "front-to-back", rule: "xen", new: 1, old: 0, event: 1, holds: true },
        { direction: "back-to-front", rule: "xen", new: 1, old: 0, event: 1, holds: true },
      ],
      slots: [
        {
          state: "answered",
          response: {
            operation: "write",
            fields: [
              { name: "id", value: 1 },
              { name: "status", value: -1 },
              { name: "meaning", value: "BLKIF_RSP_ERROR" },
            ],
          },
        },
        ...Array.from({ length: 31 }, () => ({ state: "free" })),
      ],
    });
  });

  it("says what happened while somebody listens", () => {
    const front = new BlockFront();
    front.connect();
    front.ask(() => front.put(OP.flush, 0, []));
    expect(front.domain.traced).toEqual([]);
    front.domain.tracing = true;
    front.ask(() => front.put(OP.read, 8, [front.segment(front.domain.allocate())]));
    expect(front.domain.traced).toEqual([
      "request vbd:domU/xvda 2: read sector 8, 1 segments",
      "response vbd:domU/xvda 2: read sector 8, 1 segments: status 0",
    ]);
  });
});
