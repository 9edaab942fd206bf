import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockFront, OKAY, OP, RING } from "./block-front.ts";
import { TestDomain } from "./front.ts";

const SECTORS = 512;

type Action =
  | {
      readonly do: "ask";
      readonly kind: "read" | "write" | "discard" | "indirect read" | "indirect write" | "flush";
      readonly sector: number;
      readonly pages: number;
    }
  | { readonly do: "push" | "turn" | "interrupt" | "snapshot" }
  | { readonly do: "pass"; readonly milliseconds: number }
  | { readonly do: "pace"; readonly latency: number; readonly batch: number; readonly stepping: boolean }
  | { readonly do: "step"; readonly by: "slot" | "notification" };

const ask = fc.record({
  do: fc.constant("ask" as const),
  kind: fc.constantFrom("read", "write", "discard", "indirect read", "indirect write", "flush"),
  sector: fc.nat(SECTORS - 48),
  pages: fc.integer({ min: 1, max: 6 }),
});
const plain = fc.record({ do: fc.constantFrom("push", "turn", "interrupt") });
const schedule = (...more: fc.Arbitrary<Action>[]): fc.Arbitrary<Action[]> =>
  fc.array(
    fc.oneof(
      { weight: 5, arbitrary: ask as fc.Arbitrary<Action> },
      { weight: 5, arbitrary: plain as fc.Arbitrary<Action> },
      ...more.map((arbitrary) => ({ weight: 1, arbitrary })),
    ),
    { maxLength: 120, size: "max" },
  );
const snapshots = fc.constant<Action>({ do: "snapshot" });
const passing: fc.Arbitrary<Action> = fc.record({ do: fc.constant("pass" as const), milliseconds: fc.nat(50) });
const pacing: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("pace" as const),
  latency: fc.nat(20),
  batch: fc.nat(5),
  stepping: fc.boolean(),
});
const stepping: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("step" as const),
  by: fc.constantFrom("slot", "notification"),
});

/**
 * Drives a front that sleeps until it is notified, against a plain model of the disk: requests take effect in the
 * order of the ring.
 */
class Run {
  readonly front: BlockFront;
  readonly expected = new Map<number, { readonly pages: number[]; readonly content?: Uint8Array }>();
  readonly #free: number[] = [];
  readonly #model: Uint8Array;
  #mark = 0;

  constructor(pages: number, persistent: boolean) {
    this.front = new BlockFront({ sectors: SECTORS, domain: new TestDomain("domU", 1000) });
    this.front.connect({ pages, persistent });
    this.#model = this.front.disk.bytes.slice();
  }

  act(action: Action): void {
    const { front } = this;
    if (action.do === "ask") this.#ask(action);
    else if (action.do === "push") front.push();
    else if (action.do === "turn") front.domain.turnOver();
    else if (action.do === "interrupt") this.interrupt();
    else if (action.do === "pass") front.domain.pass(action.milliseconds);
    else if (action.do === "step") front.backend.step(RING, action.by);
    else if (action.do === "pace") front.backend.pace(undefined, action);
    else front.saveAndRestore();
  }

  /** Full speed until everybody sleeps. */
  finish(): void {
    const { front } = this;
    front.backend.pace(undefined, { latency: 0, batch: 0, stepping: false });
    front.push();
    do front.domain.turnOver();
    while (this.interrupt() || !front.domain.idle);
  }

  interrupt(): boolean {
    const { front } = this;
    const before = front.answered.length;
    const woken = front.interrupt();
    for (const { id, status } of front.answered.slice(before)) {
      expect(status).toBe(OKAY);
      const { pages, content } = this.expected.get(id)!;
      this.expected.delete(id);
      pages.forEach((page, index) => {
        if (content) {
          const part = content.subarray(index * 4096, (index + 1) * 4096);
          expect(Buffer.compare(front.domain.pageBytes(page), part)).toBe(0);
        }
        this.#free.push(page);
      });
    }
    return woken;
  }

  get modelHolds(): boolean {
    return Buffer.compare(this.front.disk.bytes, this.#model) === 0;
  }

  #ask({ kind, sector, pages: count }: Action & { do: "ask" }): void {
    const { front } = this;
    if (front.ring.free === 0) return;
    const start = sector * 512;
    if (kind === "flush" || kind === "discard") {
      if (kind === "discard") this.#model.fill(0, start, start + count * 4096);
      const id = kind === "flush" ? front.put(OP.flush, 0, []) : front.putDiscard(sector, count * 8);
      this.expected.set(id, { pages: [] });
      return;
    }
    const pages = Array.from({ length: count }, () => this.#free.pop() ?? front.domain.allocate());
    const reading = kind.endsWith("read");
    if (!reading) {
      for (const page of pages) {
        front.domain.pageBytes(page).fill(++this.#mark);
        this.#model.set(front.domain.pageBytes(page), start + pages.indexOf(page) * 4096);
      }
    }
    const segments = pages.map((page) => front.segment(page, reading));
    const operation = reading ? OP.read : OP.write;
    const id = kind.startsWith("indirect")
      ? front.putIndirect(operation, sector, segments)
      : front.put(operation, sector, segments);
    const content = reading ? this.#model.slice(start, start + count * 4096) : undefined;
    this.expected.set(id, { pages, ...(content && { content }) });
  }
}

describe("a block ring", () => {
  const shapes = fc.record({ pages: fc.constantFrom(1, 2, 4), persistent: fc.boolean() });
  const check = (actions: fc.Arbitrary<Action[]>, runs: number) =>
    fc.assert(
      fc.property(shapes, actions, ({ pages, persistent }, all) => {
        const run = new Run(pages, persistent);
        for (const action of all) run.act(action);
        run.finish();
        expect([...run.expected.keys()]).toEqual([]);
        expect(run.modelHolds).toBe(true);
        const ids = run.front.answered.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(run.front.backend.state(RING)!.fault).toBeUndefined();
      }),
      { numRuns: runs },
    );

  it("answers every request once, with the right data, and never leaves a sleeping front asleep", () => {
    check(schedule(), 300);
  });

  it("does so in slow motion, in steps, and when the pace changes at any moment", () => {
    check(schedule(passing, pacing, stepping), 300);
  });

  it("does so across snapshots at any moment, in slow motion or not", () => {
    check(schedule(passing, pacing, stepping, snapshots), 200);
  });

  it("goes on over indices that wrap", () => {
    const run = new Run(1, false);
    const start = 0xffff_fff0;
    const { front } = run;
    front.state(6);
    front.state(1);
    front.connect();
    front.state(6);
    front.state(1);
    for (const offset of [0, 8]) front.ring.set(offset, start);
    front.ring.set(4, start + 1);
    front.ring.set(12, start + 1);
    front.ring.reqProdPvt = front.ring.rspCons = start;
    front.port = front.domain.openPort();
    front.store.write("/local/domain/1/device/vbd/51712/event-channel", String(front.port));
    front.state(3);
    for (let round = 0; round < 60; round++) {
      run.act({ do: "ask", kind: "write", sector: round * 8, pages: 1 });
      if (round % 3 === 0) run.finish();
    }
    run.finish();
    expect([run.expected.size, run.front.answered.length, front.ring.rspCons]).toEqual([0, 60, 44]);
    expect(run.modelHolds).toBe(true);
  });
});

describe("batching", () => {
  /** A driver that keeps `depth` requests in flight, refilling in its upcall, as a queue depth of Linux's does. */
  function atDepth(depth: number, requests: number): { front: BlockFront; kicks: number; upcalls: number } {
    const front = new BlockFront({ sectors: 8192 });
    front.connect();
    const page = front.domain.allocate();
    let asked = 0;
    let upcalls = 0;
    const fill = () => {
      while (asked < requests && asked - front.answered.length < depth) {
        front.put(OP.read, (asked++ % 1000) * 8, [front.segment(page)]);
        front.push();
      }
    };
    fill();
    for (;;) {
      front.domain.turnOver();
      if (!front.interrupt()) break;
      upcalls++;
      fill();
    }
    expect(front.answered.length).toBe(requests);
    return { front, kicks: front.kicks, upcalls };
  }

  it.each([1, 2, 4, 8, 16, 32])("at depth %d costs one notification a batch, either way", (depth) => {
    const { front, kicks, upcalls } = atDepth(depth, 960);
    expect([kicks, upcalls]).toEqual([960 / depth, 960 / depth]);
    const { counters, batches } = front.backend.state(RING)!;
    expect(counters).toMatchObject({
      requests: 960,
      responses: 960,
      notifications: 960 / depth,
      interrupts: 960 / depth,
      bytes: 960 * 4096,
      copied: 960 * 4096,
      grantsMapped: 960,
    });
    expect(batches.every(({ entries, notified }) => entries === depth && notified)).toBe(true);
    expect(front.backend.costs()).toMatchObject({
      model: "xen-vbd",
      name: "xvda",
      requests: 960,
      sectors: { read: 7680, written: 0 },
      exits: { hypercall: 960 / depth, interrupt: 960 / depth },
      exitsTotal: 1920 / depth,
    });
    front.backend.reset();
    expect(front.backend.costs()).toMatchObject({ requests: 0, bytes: 0, exits: {}, exitsTotal: 0 });
  });
});

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
