import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BACK, BlockFront, ERROR, FRONT, OKAY, OP, RING, UNSUPPORTED } from "./block-front.ts";
import { TestDomain } from "./front.ts";

/** vitest's own comparison takes a second for a disk. */
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

const keys = (front: BlockFront, ...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, front.store.read(`${BACK}/${name}`)]));

describe("the handshake", () => {
  it("offers what the backend can do, waits for the rings, and tells the disk's size", () => {
    const front = new BlockFront({ sectors: 4096 });
    expect(front.backState).toBe("2");
    expect(
      keys(front, "feature-flush-cache", "feature-discard", "feature-persistent", "feature-max-indirect-segments"),
    ).toEqual({
      "feature-flush-cache": "1",
      "feature-discard": "1",
      "feature-persistent": "1",
      "feature-max-indirect-segments": "256",
    });
    expect(front.backend.rings()).toEqual([
      { ring: RING, design: "xen", device: "block", front: "domU", back: "host", connected: false },
    ]);
    front.connect();
    expect(front.backState).toBe("4");
    expect(keys(front, "sectors", "sector-size", "info")).toEqual({ sectors: "4096", "sector-size": "512", info: "0" });
    expect(front.backend.rings()[0]!.connected).toBe(true);
  });

  it("leaves out what it was told to leave out", () => {
    const front = new BlockFront({ features: { discard: false, indirectSegments: 0, persistent: false } });
    expect(keys(front, "feature-discard", "feature-max-indirect-segments", "feature-persistent")).toEqual({
      "feature-discard": undefined,
      "feature-max-indirect-segments": undefined,
      "feature-persistent": "0",
    });
  });

  it("follows the front to the end, gives everything back, and begins anew", () => {
    const front = new BlockFront();
    front.connect({ persistent: true });
    front.ask(() => front.put(OP.read, 0, [front.segment(front.domain.allocate())]));
    front.state(5);
    expect(front.backState).toBe("5");
    front.state(6);
    expect(front.backState).toBe("6");
    expect([front.domain.mapped, front.domain.bound]).toEqual([0, 0]);
    front.state(1);
    expect(front.backState).toBe("2");
    front.connect();
    expect(front.ask(() => front.put(OP.flush, 0, [])).status).toBe(OKAY);
  });

  it("gives everything back when the front is gone without a word, and leaves its own directory closed", () => {
    const front = new BlockFront();
    front.connect();
    front.store.remove(FRONT);
    front.domain.turnOver();
    expect([front.backState, front.domain.mapped, front.domain.bound]).toEqual(["6", 0, 0]);
  });

  it("writes nothing where its directory has been taken away", () => {
    const front = new BlockFront();
    front.connect();
    front.store.remove(BACK);
    front.store.remove(FRONT);
    front.domain.turnOver();
    expect(front.store.read(BACK)).toBeUndefined();
  });

  it.each<[string, (front: BlockFront) => void, string]>([
    ["a missing ring", (front) => front.store.remove(`${FRONT}/ring-ref`), "ring-ref is missing"],
    ["a ring that is not a number", (front) => front.store.write(`${FRONT}/ring-ref`, "-1"), "not a number"],
    ["a ring that is not granted", (front) => front.store.write(`${FRONT}/ring-ref`, "4000000000"), "not granted"],
    ["a channel that is not the backend's", (front) => front.store.write(`${FRONT}/event-channel`, "77"), "77"],
    ["a 64-bit ring", (front) => front.store.write(`${FRONT}/protocol`, "x86_64-abi"), "unknown protocol x86_64-abi"],
    [
      "a ring too large",
      (front) => front.store.write(`${FRONT}/ring-page-order`, "5"),
      "ring-page-order 5 is too large",
    ],
  ])("refuses %s with a reason in xenstore, and keeps nothing", (_, spoil, reason) => {
    const front = new BlockFront();
    front.connect();
    front.state(6);
    front.state(1);
    spoil(front);
    front.state(3);
    expect(front.backState).toBe("5");
    expect(front.store.read("/local/domain/0/error/backend/vbd/1/51712/error")).toContain(reason);
    expect([front.domain.mapped, front.domain.bound]).toEqual([0, 0]);
  });
});

describe("a save point", () => {
  it("of a front that has taken back its ring is put back; the front is told that its device closes", () => {
    const front = new BlockFront();
    front.connect();
    front.revoke();
    front.saveAndRestore();
    expect(front.backState).toBe("5");
    expect(front.store.read("/local/domain/0/error/backend/vbd/1/51712/error")).toContain("not granted");
    expect([front.domain.mapped, front.domain.bound]).toEqual([0, 0]);
  });

  it("before the front connected waits for it as before", () => {
    const front = new BlockFront();
    front.saveAndRestore();
    expect(front.backState).toBe("2");
    front.connect();
    expect(front.ask(() => front.put(OP.flush, 0, [])).status).toBe(OKAY);
  });
});

describe("requests", () => {
  it("read and write the sectors and the part of the page they name", () => {
    const front = new BlockFront();
    front.connect();
    const page = front.domain.allocate();
    front.domain.pageBytes(page).fill(0xee);
    const before = front.disk.bytes.slice();
    expect(front.ask(() => front.put(OP.read, 9, [front.segment(page, true, 2, 4)]))).toMatchObject({ status: OKAY });
    const bytes = front.domain.pageBytes(page);
    expect(same(bytes.subarray(1024, 2560), before.subarray(9 * 512, 12 * 512))).toBe(true);
    expect([...bytes.subarray(0, 1024), ...bytes.subarray(2560)].every((byte) => byte === 0xee)).toBe(true);

    expect(front.ask(() => front.put(OP.write, 20, [front.segment(page, false, 7, 7)])).status).toBe(OKAY);
    const expected = before.slice();
    expected.fill(0xee, 20 * 512, 21 * 512);
    expect(same(front.disk.bytes, expected)).toBe(true);
  });

  it("discard, flush and write barriers", () => {
    const front = new BlockFront();
    front.connect();
    expect(front.ask(() => front.putDiscard(8, 16)).status).toBe(OKAY);
    expect(front.disk.bytes.subarray(4096, 12288).every((byte) => byte === 0)).toBe(true);
    expect(front.ask(() => front.put(OP.flush, 0, [])).status).toBe(OKAY);
    const page = front.domain.allocate();
    front.domain.pageBytes(page).fill(0x5a);
    expect(front.ask(() => front.put(OP.barrier, 0, [front.segment(page, false)])).status).toBe(OKAY);
    expect(front.disk.bytes.subarray(0, 4096).every((byte) => byte === 0x5a)).toBe(true);
  });

  it("indirect ones are answered with the inner operation", () => {
    const front = new BlockFront({ sectors: 2048 });
    front.connect();
    const pages = Array.from({ length: 100 }, () => front.domain.allocate());
    const segments = pages.map((page) => front.segment(page));
    expect(front.ask(() => front.putIndirect(OP.read, 8, segments))).toMatchObject({
      operation: OP.read,
      status: OKAY,
    });
    const read = Buffer.concat(pages.map((page) => front.domain.pageBytes(page)));
    expect(same(read, front.disk.bytes.subarray(4096, 4096 + 409_600))).toBe(true);
  });

  const page = (front: BlockFront) => front.segment(front.domain.allocate());
  it.each<[string, number, (front: BlockFront) => number]>([
    ["beyond the disk", ERROR, (front) => front.put(OP.read, 249, [page(front)])],
    [
      "at a sector of more than 53 bits",
      ERROR,
      (front) => front.put(OP.write, 0, [page(front)], (view) => view.setUint32(16, 0xffffffff, true)),
    ],
    ["of no segment", ERROR, (front) => front.put(OP.read, 0, [])],
    ["of 12 segments", ERROR, (front) => front.put(OP.read, 0, [page(front)], (view) => view.setUint8(1, 12))],
    ["of 255 segments", ERROR, (front) => front.put(OP.write, 0, [page(front)], (view) => view.setUint8(1, 255))],
    ["past the page's end", ERROR, (front) => front.put(OP.read, 0, [{ ...page(front), last: 8 }])],
    ["back to front", ERROR, (front) => front.put(OP.write, 0, [{ ...page(front), first: 5, last: 4 }])],
    ["of an ungranted page", ERROR, (front) => front.put(OP.read, 0, [{ ...page(front), reference: 123_456 }])],
    [
      "of a page granted for reading",
      ERROR,
      (front) => front.put(OP.read, 0, [front.segment(front.domain.allocate(), false)]),
    ],
    ["unknown", UNSUPPORTED, (front) => front.put(4, 0, [page(front)])],
    ["to discard beyond the disk", ERROR, (front) => front.putDiscard(250, 7)],
    [
      "to discard far beyond the disk",
      ERROR,
      (front) => front.put(OP.discard, 1, [], (view) => view.setBigUint64(20, 0xffff_ffff_ffff_ffffn, true)),
    ],
    ["indirect, of no segment", ERROR, (front) => front.putIndirect(OP.read, 0, [])],
    [
      "indirect, of too many segments",
      ERROR,
      (front) => front.putIndirect(OP.read, 0, [page(front)], (view) => view.setUint16(2, 257, true)),
    ],
    [
      "indirect, of 65535 segments",
      ERROR,
      (front) => front.putIndirect(OP.write, 0, [page(front)], (view) => view.setUint16(2, 65_535, true)),
    ],
    ["indirect to flush", ERROR, (front) => front.putIndirect(OP.flush, 0, [page(front)])],
    ["indirect within an indirect one", UNSUPPORTED, (front) => front.putIndirect(OP.indirect, 0, [page(front)])],
    [
      "indirect from an ungranted page",
      ERROR,
      (front) => front.putIndirect(OP.read, 0, [page(front)], (view) => view.setUint32(24, 99_999, true)),
    ],
  ])("%s: told, and nothing is moved", (_, status, put) => {
    const front = new BlockFront();
    front.connect();
    const before = front.disk.bytes.slice();
    expect(front.ask(() => put(front)).status).toBe(status);
    expect(same(front.disk.bytes, before)).toBe(true);
    expect(front.domain.mapped).toBe(1);
    expect(front.ask(() => front.put(OP.flush, 0, [])).status).toBe(OKAY);
  });

  it("with one bad grant among good ones moves nothing", () => {
    const front = new BlockFront();
    front.connect();
    const good = front.domain.allocate();
    const segments = [front.segment(good), { ...front.segment(good), reference: 54_321 }];
    expect(front.ask(() => front.put(OP.read, 0, segments)).status).toBe(ERROR);
    expect(front.domain.pageBytes(good).every((byte) => byte === 0)).toBe(true);
  });

  it("on a read-only disk write nothing", () => {
    const front = new BlockFront({ mode: "r" });
    front.connect();
    expect(keys(front, "info")).toEqual({ info: "4" });
    const before = front.disk.bytes.slice();
    expect(front.ask(() => front.put(OP.write, 0, [page(front)])).status).toBe(ERROR);
    expect(front.ask(() => front.putDiscard(0, 8)).status).toBe(ERROR);
    expect(front.ask(() => front.put(OP.read, 0, [page(front)])).status).toBe(OKAY);
    expect(same(front.disk.bytes, before)).toBe(true);
  });

  it("what is switched off is not supported", () => {
    const front = new BlockFront({ features: { discard: false, indirectSegments: 0 } });
    front.connect();
    expect(front.ask(() => front.putDiscard(0, 8)).status).toBe(UNSUPPORTED);
    expect(front.ask(() => front.putIndirect(OP.read, 0, [page(front)])).status).toBe(ERROR);
  });
});

describe("persistent grants", () => {
  it("are mapped once, however often they are used", () => {
    const front = new BlockFront();
    front.connect({ persistent: true });
    const page = front.domain.allocate();
    for (let round = 0; round < 20; round++) front.ask(() => front.put(round % 2, 0, [front.segment(page)]));
    expect(front.backend.state(RING)!.counters.grantsMapped).toBe(1);
    expect(front.domain.mapped).toBe(2);
  });

  it("are bounded: the one unused for longest goes", () => {
    const front = new BlockFront({ sectors: 8 });
    front.connect({ persistent: true });
    const page = front.domain.allocate();
    const ask = (reference: number) =>
      front.ask(() => front.put(OP.write, 0, [{ page, first: 0, last: 0, reference }])).status;
    const first = front.domain.grant(page);
    const others = Array.from({ length: 1056 }, () => front.domain.grant(page));
    expect(ask(first)).toBe(OKAY);
    for (const reference of others.slice(0, -1)) ask(reference);
    expect(ask(first)).toBe(OKAY);
    ask(others.at(-1)!);
    expect(front.domain.mapped).toBe(1 + 1056);
    expect(front.domain.grants.get(first)!.mapped).toBe(1);
    expect(front.domain.grants.get(others[0]!)!.mapped).toBe(0);
  });
});

describe("a front that breaks the ring", () => {
  it.each([33, 1000, 0x8000_0000, 0xffff_ffff])(
    "is served no more after req_prod jumped by %d, and stopped with a reason",
    (jump) => {
      const front = new BlockFront();
      front.connect();
      front.ask(() => front.put(OP.flush, 0, []));
      front.put(OP.flush, 0, []);
      front.push();
      front.ring.set(0, (1 + jump) >>> 0);
      front.settle();
      expect(front.backend.state(RING)!.fault).toMatch(/^req_prod jumped to \d+: \d+ requests without a response/);
      front.ring.set(0, 2);
      front.domain.send(front.port);
      front.settle();
      expect(front.answered.length).toBe(1);
      front.state(6);
      expect([front.backState, front.domain.mapped]).toEqual(["6", 0]);
    },
  );

  it("hurts nothing else, whatever it writes, and never makes the backend throw", () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 0xffffffff }));
    const scribble = fc.array(fc.tuple(fc.nat(1023), word), { maxLength: 30, size: "max" });
    const headers = fc.array(fc.tuple(fc.constantFrom(0, 4, 8, 12), word), { maxLength: 3, size: "max" });
    const rounds = fc.array(fc.tuple(scribble, headers, fc.boolean()), { minLength: 1, maxLength: 8, size: "max" });
    fc.assert(
      fc.property(rounds, fc.boolean(), (all, persistent) => {
        const front = new BlockFront({ sectors: 64, domain: new TestDomain("domU", 16) });
        front.connect({ persistent });
        const granted = front.domain.allocate();
        for (let count = 0; count < 8; count++) front.domain.grant(granted, count % 2 === 0);
        const canary = front.domain.allocate();
        front.domain.pageBytes(canary).fill(0xca);
        for (const [words, header, notify] of all) {
          const page = new DataView(front.domain.memory.buffer, front.ring.pages[0]! * 4096, 4096);
          for (const [at, value] of words) page.setUint32(4 * at, value, true);
          for (const [at, value] of header) page.setUint32(at, value, true);
          if (notify) front.domain.send(front.port);
          front.domain.turnOver();
          expect(front.backend.state(RING)!.slots.length).toBe(32);
        }
        expect(front.domain.pageBytes(canary).every((byte) => byte === 0xca)).toBe(true);
        front.state(6);
        expect([front.domain.mapped, front.domain.bound]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
