import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../../src/machine/disk/memory-disk.ts";
import { BLOCK_TYPE } from "../../src/probe/virtio/index.ts";
import { type Answer, DeviceBench, Driver, MEMORY, PLACE, type Request } from "./virtio-driver.ts";

const SECTORS = 256;
const features = fc.record({ eventIdx: fc.boolean(), indirect: fc.boolean(), quiet: fc.boolean() });
const pace = fc.oneof(
  fc.constant({ latency: 0, batch: 0 }),
  fc.record({ latency: fc.integer({ min: 0, max: 20 }), batch: fc.integer({ min: 0, max: 5 }) }),
);

const transfer = fc
  .record({
    write: fc.boolean(),
    sector: fc.integer({ min: 0, max: SECTORS - 1 }),
    count: fc.integer({ min: 1, max: 4 }),
    fill: fc.integer({ min: 0, max: 255 }),
    cuts: fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 3 }),
  })
  .map(({ write, sector, count, fill, cuts }): Request => {
    const bytes = Math.min(count, SECTORS - sector) * 512;
    const data = write ? Uint8Array.from({ length: bytes }, (_, index) => fill + index) : bytes;
    return { type: write ? BLOCK_TYPE.write : BLOCK_TYPE.read, sector, data, cuts };
  });

/** Runs requests through the device in the driver's order, the machine doing something else between them at times. */
function runAll(bench: DeviceBench, requests: readonly Request[], together: readonly number[]): Answer[] {
  const driver = new Driver(bench);
  const answers: Answer[] = [];
  let next = 0;
  for (let turn = 0; next < requests.length || driver.pending > 0; turn++) {
    const most = together[turn % together.length]!;
    for (let added = 0; added < most && next < requests.length; added++) {
      const index = next;
      if (!driver.add(requests[index]!, (answer) => (answers[index] = answer))) break;
      next++;
    }
    driver.kick();
    // a driver that has nothing left to add sleeps until it is interrupted; then all must come
    if (next === requests.length || turn % 2 === 0) bench.run();
    driver.takeIfInterrupted();
    if (turn > 20 * requests.length + 20) throw new Error(`${driver.pending} requests are never answered.`);
  }
  return answers;
}

/** What a disk should hold and answer, in an array. */
function model(requests: readonly Request[]): Uint8Array[] {
  const disk = new Uint8Array(SECTORS * 512);
  return requests.map(({ sector, data }) => {
    if (typeof data === "number") return disk.slice(sector * 512, sector * 512 + data);
    disk.set(data, sector * 512);
    return new Uint8Array(0);
  });
}

describe("the virtio block device", () => {
  it("answers every request once, in order, with the right data, and no side sleeps while the other waits", () => {
    fc.assert(
      fc.property(
        features,
        pace,
        fc.array(transfer, { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
        (offered, setting, requests, together) => {
          const bench = new DeviceBench(new MemoryDisk(SECTORS), offered);
          bench.device.setPace(setting);
          const answers = runAll(bench, requests, together);
          expect(answers.map(({ status }) => status)).toEqual(requests.map(() => 0));
          expect(answers.map(({ data }) => data)).toEqual(model(requests));
          const read = requests.map(({ data }) => (typeof data === "number" ? data : 0) + 1);
          expect(answers.map(({ written }) => written)).toEqual(read);
          expect(bench.device.meter.counters).toMatchObject({ requests: requests.length, responses: requests.length });
        },
      ),
    );
  });

  it("goes on past the wrap of 16-bit indices", () => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS), { eventIdx: true, indirect: true });
    const driver = new Driver(bench);
    let answered = 0;
    for (let round = 0; round < 70_000 / 7; round++) {
      for (let index = 0; index < 7; index++) {
        driver.add({ type: BLOCK_TYPE.flush, sector: 0, data: new Uint8Array(0) }, () => answered++);
      }
      driver.kick();
      bench.run();
      driver.takeIfInterrupted();
    }
    expect(answered).toBe(70_000);
    expect(bench.interrupts).toBe(10_000);
  });

  it.each([
    [{ eventIdx: true, quiet: false }, 1],
    [{ eventIdx: false, quiet: true }, 1],
    [{ eventIdx: false, quiet: false }, 4],
  ])("has to be notified once for all that is added before it looks, unless it is not quiet: %o", (offered, kicks) => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS), offered);
    const driver = new Driver(bench);
    for (let round = 1; round <= 3; round++) {
      for (let index = 0; index < 4; index++) {
        driver.add({ type: BLOCK_TYPE.flush, sector: 0, data: new Uint8Array(0) }, () => {});
        driver.kick();
      }
      bench.run();
      driver.takeIfInterrupted();
      expect([driver.kicks, bench.interrupts, driver.pending]).toEqual([kicks * round, round, 0]);
    }
  });

  it("answers what it cannot do with an error, what it does not know with unsupported", () => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS));
    const requests: Request[] = [
      { type: BLOCK_TYPE.read, sector: SECTORS, data: 512 },
      { type: BLOCK_TYPE.read, sector: 2 ** 52, data: 512 },
      { type: BLOCK_TYPE.write, sector: SECTORS - 1, data: new Uint8Array(1024) },
      { type: BLOCK_TYPE.read, sector: 0, data: 100 },
      { type: 77, sector: 0, data: 512 },
      { type: BLOCK_TYPE.discard, sector: 0, data: range(0, SECTORS + 1, 0) },
      { type: BLOCK_TYPE.discard, sector: 0, data: range(0, 8, 1) },
      { type: BLOCK_TYPE.discard, sector: 0, data: new Uint8Array(15) },
    ];
    expect(runAll(bench, requests, [8]).map(({ status }) => status)).toEqual([1, 1, 1, 1, 2, 1, 2, 1]);
  });

  it("forgets discarded and zeroed sectors, and says who it is", () => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS));
    const [, , , zeroed, kept, identity] = runAll(
      bench,
      [
        { type: BLOCK_TYPE.write, sector: 0, data: new Uint8Array(4096 * 3).fill(7) },
        { type: BLOCK_TYPE.discard, sector: 0, data: range(0, 8, 0) },
        { type: BLOCK_TYPE.writeZeroes, sector: 0, data: range(8, 4, 1) },
        { type: BLOCK_TYPE.read, sector: 0, data: 4096 + 2048 },
        { type: BLOCK_TYPE.read, sector: 12, data: 512 },
        { type: BLOCK_TYPE.identify, sector: 0, data: 20 },
      ],
      [1],
    );
    expect(zeroed!.data).toEqual(new Uint8Array(4096 + 2048));
    expect(kept!.data).toEqual(new Uint8Array(512).fill(7));
    expect(new TextDecoder().decode(identity!.data).replaceAll("\0", "")).toBe("ringside-vda");
  });

  it("takes as long as it is told to, in the machine's clock", () => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS));
    bench.device.setPace({ latency: 20, batch: 4 });
    const driver = new Driver(bench);
    const done: number[] = [];
    for (let index = 0; index < 6; index++) {
      driver.add({ type: BLOCK_TYPE.flush, sector: 0, data: new Uint8Array(0) }, () => done.push(bench.clock));
    }
    driver.kick();
    while (driver.pending > 0) {
      bench.clock += bench.timers();
      bench.timers();
      driver.takeIfInterrupted();
    }
    expect(done).toEqual([20, 40, 60, 80, 100, 120]);
    const looks = bench.device.meter.batches.filter(({ direction }) => direction === "front-to-back");
    expect(looks.map(({ entries }) => entries)).toEqual([4, 2]);
  });

  it("stands still when stepping, and goes one stage, or up to the next interrupt", () => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS));
    bench.device.setPace({ stepping: true });
    const driver = new Driver(bench);
    let answered = 0;
    const flush = () => driver.add({ type: BLOCK_TYPE.flush, sector: 0, data: new Uint8Array(0) }, () => answered++);
    for (let index = 0; index < 3; index++) flush();
    driver.kick();
    bench.run();
    expect(bench.device.serving).toHaveLength(0);
    expect(bench.device.step("slot")).toBe(true);
    expect([bench.device.serving.length, bench.interrupts]).toEqual([1, 0]);
    expect(bench.device.step("slot")).toBe(true);
    expect([bench.device.serving.length, bench.interrupts]).toEqual([0, 1]);
    driver.takeIfInterrupted();
    expect(answered).toBe(1);
    expect(bench.device.step("notification")).toBe(true);
    expect(bench.interrupts).toBe(2);
    bench.device.setPace({ stepping: false });
    bench.run();
    driver.takeIfInterrupted();
    expect([answered, bench.device.step("slot")]).toEqual([3, false]);
  });

  it("goes on where it was after it was saved in the middle of its work", () => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS));
    bench.device.setPace({ latency: 50 });
    const driver = new Driver(bench);
    const answers: Answer[] = [];
    for (let index = 0; index < 3; index++) {
      driver.add({ type: BLOCK_TYPE.read, sector: index, data: 512 }, (answer) => answers.push(answer));
    }
    driver.kick();
    bench.timers();
    bench.clock += 60;
    bench.timers();
    const saved = structuredClone(bench.device.get_state().slice(1));
    bench.device.reset();
    expect(bench.device.serving).toEqual([]);
    bench.device.set_state([undefined, ...saved]);
    expect(bench.timers()).toBe(40);
    bench.run();
    driver.takeIfInterrupted();
    expect(answers.map(({ status }) => status)).toEqual([0, 0, 0]);
  });

  it("wants a pace that can be", () => {
    const { device } = new DeviceBench(new MemoryDisk(SECTORS));
    expect(() => device.setPace({ latency: -1 })).toThrow(/latency/);
    expect(() => device.setPace({ latency: Number.NaN })).toThrow(/latency/);
    expect(() => device.setPace({ batch: 1.5 })).toThrow(/batch/);
    expect(() => device.setPace({ stepping: "yes" })).toThrow(/[Ss]tepping/);
  });

  it.each<[string, (bench: DeviceBench) => void]>([
    ["goes round in circles", ({ view }) => view.setUint16(PLACE.desc + 16 + 14, 0, true)],
    ["does not lie in the guest's memory", ({ view }) => view.setUint32(PLACE.desc + 16, MEMORY - 8, true)],
    ["does not lie in the guest's memory", ({ view }) => view.setUint32(PLACE.desc + 16 + 4, 1, true)],
    ["comes after one to write", ({ view }) => view.setUint16(PLACE.desc + 32 + 12, 0, true)], // the status
    ["There is no descriptor 99", ({ view }) => view.setUint16(PLACE.avail + 4, 99, true)],
    ["17 chains wait in a queue of 16", ({ view }) => view.setUint16(PLACE.avail + 2, 17, true)],
    ["no room for its status", ({ view }) => view.setUint16(PLACE.desc + 16 + 12, 0, true)],
    ["which was not negotiated", ({ view }) => view.setUint16(PLACE.desc + 12, 4, true)],
    ["does not lie in the guest's memory", ({ virtio }) => Object.assign(virtio.queues[0]!, { desc_addr: MEMORY - 4 })],
  ])("stands still until it is reset when a chain %s", (reason, spoil) => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS), { eventIdx: true, indirect: false });
    const driver = new Driver(bench);
    driver.add({ type: BLOCK_TYPE.read, sector: 0, data: 512 }, () => {});
    spoil(bench);
    bench.notify();
    bench.run();
    expect(bench.device.fault).toContain(reason);
    expect([bench.virtio.broken, bench.interrupts]).toEqual([1, 0]);
    bench.device.reset();
    expect(bench.device.fault).toBeUndefined();
  });

  it.each<[string, (table: number, bench: DeviceBench) => void]>([
    ["names another one", (table, { view }) => view.setUint16(table + 16 + 12, 4, true)],
    ["has no descriptor 3", (table, { view }) => view.setUint16(table + 16 + 14, 3, true)],
    ["goes round in circles", (table, { view }) => view.setUint16(table + 16 + 14, 0, true)],
    ["No indirect table can be", (_, { view }) => view.setUint32(PLACE.desc, MEMORY - 16, true)],
    ["has a next one", (_, { view }) => view.setUint16(PLACE.desc + 12, 5, true)],
  ])("stands still when an indirect table %s", (reason, spoil) => {
    const bench = new DeviceBench(new MemoryDisk(SECTORS), { eventIdx: true, indirect: true });
    const driver = new Driver(bench);
    driver.add({ type: BLOCK_TYPE.read, sector: 0, data: 512 }, () => {});
    spoil(bench.view.getUint32(PLACE.desc, true), bench);
    bench.notify();
    bench.run();
    expect(bench.device.fault?.toLowerCase()).toContain(reason.toLowerCase());
  });

  it("survives any queue and any request: it answers, or stands still until it is reset, and touches no other memory", () => {
    const words = fc.array(
      fc.record({
        at: fc.oneof(
          fc.integer({ min: PLACE.desc, max: PLACE.desc + 16 * PLACE.size }),
          fc.integer({ min: PLACE.avail, max: PLACE.avail + 40 }),
          fc.integer({ min: PLACE.used, max: PLACE.used + 140 }),
          fc.integer({ min: 0x10000, max: 0x10200 }),
        ),
        value: fc.oneof(
          fc.integer({ min: 0, max: 20 }),
          fc.constantFrom(0x10000, 0x1000, MEMORY - 1, 0xffffffff, 0x80000000, 0x10010),
          fc.nat({ max: 0xffffffff }),
        ),
      }),
      { maxLength: 30 },
    );
    const place = fc.record(
      {
        size: fc.constantFrom(0, 1, 16, 128, 3),
        desc_addr: fc.constantFrom(0x1000, MEMORY - 8, -1, 0),
        avail_addr: fc.constantFrom(0x2000, 0x1000, MEMORY, -4),
        used_addr: fc.constantFrom(0x3000, 0x2000, MEMORY - 2),
        avail_last_idx: fc.nat({ max: 0xffff }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(features, words, place, pace, fc.nat({ max: 17 }), (offered, written, moved, setting, availIdx) => {
        const bench = new DeviceBench(new MemoryDisk(SECTORS), offered);
        const driver = new Driver(bench);
        for (let index = 0; index < 4; index++) driver.add({ type: index, sector: index, data: 512 }, () => {});
        for (const { at, value } of written) bench.view.setUint32(at & -4, value, true);
        bench.view.setUint16(PLACE.avail + 2, availIdx, true);
        Object.assign(bench.virtio.queues[0]!, moved);
        bench.device.setPace(setting);
        bench.notify();
        bench.run(2000);
        expect(bench.device.fault === undefined).toBe(bench.virtio.broken === 0);
        expect(bench.device.meter.counters.requests).toBeLessThanOrEqual(128);
        expect(bench.contained).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

/** `struct virtio_blk_discard_write_zeroes`. */
function range(sector: number, count: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(sector), true);
  view.setUint32(8, count, true);
  view.setUint32(12, flags, true);
  return bytes;
}
