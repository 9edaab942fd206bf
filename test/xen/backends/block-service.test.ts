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
