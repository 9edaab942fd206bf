import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../../../src/machine/disk/memory-disk.ts";
import { GuestWords } from "../../../src/probe/io/guest-words.ts";
import { SoughtPlace } from "../../../src/probe/io/search.ts";
import type { RingState } from "../../../src/probe/io/types.ts";
import {
  BLOCK_TYPE,
  followChain,
  needsEvent,
  requestEntry,
  type VirtioRing,
  virtioRingState,
} from "../../../src/probe/virtio/index.ts";
import { DeviceBench, Driver, MEMORY, PLACE } from "../../machine/virtio-driver.ts";

const COUNTERS = {
  ...{ requests: 0, responses: 0, notifications: 0, interrupts: 0, bytes: 0, copied: 0 },
  ...{ grantsMapped: 0, grantsCopied: 0, full: 0 },
};

/** The queue of a bench as an observer would describe it. */
function described(bench: DeviceBench, front = new SoughtPlace()): VirtioRing {
  const { device, virtio } = bench;
  return {
    summary: { ring: "r", design: "virtio", device: "block", front: "vm", back: "host", connected: true },
    kind: "block",
    place: PLACE,
    eventIdx: device.eventIdx,
    indirect: device.indirect,
    lastAvailIdx: virtio.queues[0]!.avail_last_idx,
    serving: device.serving,
    front,
    decided: device.meter.decided,
    counters: COUNTERS,
    batches: device.meter.batches,
    pace: device.pace,
  };
}

const read = (bench: DeviceBench) => virtioRingState(bench.memory, described(bench));
const index = (state: RingState, name: string) => state.indices.find((each) => each.name === name)?.value;

describe("the state of a virtqueue", () => {
  it("follows a write from the driver's hand to its answer, with the numbers both sides went by", () => {
    const bench = new DeviceBench(new MemoryDisk(64), { eventIdx: true, indirect: false });
    bench.device.setPace({ stepping: true });
    const driver = new Driver(bench);
    const data = Uint8Array.from({ length: 1024 }, (_, at) => at);
    driver.add({ type: BLOCK_TYPE.write, sector: 9, data, cuts: [512] }, () => {});
    placeVring(bench, driver);

    const asked = read(bench);
    expect(asked.slots).toHaveLength(1);
    expect(asked.slots[0]).toMatchObject({ slot: 0, state: "requested", address: "pa:0x1000" });
    const { request } = asked.slots[0]!;
    expect(request).toMatchObject({
      operation: "write",
      fields: [
        { name: "type", value: 1 },
        { name: "sector", value: 9 },
        { name: "data bytes", value: 1024 },
      ],
    });
    expect(request!.pages.map(({ bytes, writable, reference }) => [reference, bytes, writable])).toEqual([
      [0, 16, false],
      [1, 512, false],
      [2, 512, false],
      [3, 1, true],
    ]);
    expect(request!.pages[1]!.head.slice(0, 16)).toBe("0001020304050607");
    expect(asked.virtqueue).toMatchObject({ queue: 0, eventIdx: true, avail: [0, ...Array(15).fill(0)] });
    expect(asked.virtqueue!.descriptors[0]).toMatchObject({ bytes: 16, writable: false, next: 1, indirect: false });
    expect([index(asked, "avail.idx"), index(asked, "last_avail_idx"), index(asked, "used.idx")]).toEqual([1, 0, 0]);

    driver.kick();
    bench.device.step("slot");
    expect(read(bench).slots.map(({ state }) => state)).toEqual(["serving"]);
    expect(read(bench).notify[0]).toEqual({
      ...{ direction: "front-to-back", rule: "event-idx", new: 1, old: 0, event: 0, holds: true },
    });

    bench.device.step("slot");
    const answered = virtioRingState(bench.memory, described(bench));
    expect(answered.slots[0]).toMatchObject({
      state: "answered",
      response: { operation: "write", fields: expect.arrayContaining([{ name: "meaning", value: "VIRTIO_BLK_S_OK" }]) },
    });
    expect(answered.notify[1]).toEqual({
      ...{ direction: "back-to-front", rule: "event-idx", new: 1, old: 0, event: 0, holds: true },
    });
    expect(index(answered, "last_used_idx")).toBe(0);

    driver.takeIfInterrupted();
    bench.view.setUint16(VRING - 4, driver.lastUsed, true);
    expect(read(bench).slots).toEqual([]);
    expect(index(read(bench), "last_used_idx")).toBe(1);
  });

  it("follows an indirect table", () => {
    const bench = new DeviceBench(new MemoryDisk(64), { eventIdx: false, indirect: true });
    new Driver(bench).add({ type: BLOCK_TYPE.read, sector: 3, data: 512 }, () => {});
    const { slots, virtqueue, notify } = read(bench);
    expect(slots[0]!.request).toMatchObject({
      operation: "read",
      pages: [{ bytes: 16 }, { bytes: 512 }, { bytes: 1 }],
    });
    expect(virtqueue!.descriptors[0]!.indirect).toBe(true);
    expect(notify.map(({ rule }) => rule)).toEqual(["flags", "flags"]);
  });

  it("names a discard's sectors, and a frame's header", () => {
    const bench = new DeviceBench(new MemoryDisk(64), { indirect: false });
    const range = new Uint8Array(16);
    new DataView(range.buffer).setUint32(0, 24, true);
    new DataView(range.buffer).setUint32(8, 8, true);
    new Driver(bench).add({ type: BLOCK_TYPE.discard, sector: 0, data: range }, () => {});
    expect(read(bench).slots[0]!.request).toMatchObject({
      operation: "discard",
      fields: expect.arrayContaining([
        { name: "sector", value: 24 },
        { name: "num_sectors", value: 8 },
      ]),
    });

    // one buffer: flags NEEDS_CSUM, GSO TCPv4, hdr_len 54, gso_size 1448, csum_start 34, csum_offset 16, num_buffers 0
    bench.memory.set([1, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0, 0, 0, 0xff, 0xff], 0x8000);
    bench.view.setUint32(PLACE.desc, 0x8000, true);
    bench.view.setUint32(PLACE.desc + 8, 1500, true);
    bench.view.setUint16(PLACE.desc + 12, 0, true);
    const words = new GuestWords(bench.memory);
    const { operation, fields } = requestEntry(words, "net-transmit", followChain(words, PLACE, 0, false));
    expect([operation, Object.fromEntries(fields.map(({ name, value }) => [name, value]))]).toEqual([
      "send",
      {
        ...{ flags: "needs_csum", gso_type: "TCPv4", hdr_len: 54, gso_size: 1448 },
        ...{ csum_start: 34, csum_offset: 16, num_buffers: 0 },
      },
    ]);
  });

  it("is read from any memory and any queue without fault, and stays small", () => {
    const anywhere = fc.oneof(fc.nat({ max: MEMORY }), fc.constantFrom(0, 0xfffffff0, MEMORY - 4));
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 512, maxLength: 512 }),
        fc.record({ desc: anywhere, avail: anywhere, used: anywhere, size: fc.constantFrom(0, 1, 8, 16, 1024, 65536) }),
        fc.array(fc.nat({ max: 0xffff }), { maxLength: 3 }),
        fc.nat({ max: 0xffff }),
        fc.boolean(),
        (noise, place, serving, lastAvailIdx, indirect) => {
          const bench = new DeviceBench(new MemoryDisk(64));
          for (let at = 0; at < MEMORY; at += 512 * 7) bench.memory.set(noise, at);
          const ring = { ...described(bench), place: { queue: 0, ...place }, serving, lastAvailIdx, indirect };
          const state = virtioRingState(bench.memory, ring);
          expect(state.slots.length).toBeLessThanOrEqual(128);
          expect(new Set(state.slots.map(({ slot }) => slot)).size).toBe(state.slots.length);
          expect(JSON.stringify(state).length).toBeLessThan(4 << 20);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("says that a queue does not lie in the guest's memory", () => {
    const bench = new DeviceBench(new MemoryDisk(64));
    const state = virtioRingState(bench.memory, { ...described(bench), place: { ...PLACE, used: MEMORY - 8 } });
    expect(state).toMatchObject({ slots: [], fault: expect.stringContaining("used ring at pa:0xffff8") });
  });
});

describe("the driver's own structure", () => {
  it("is found by what it points to, and not when two fit", () => {
    const bench = new DeviceBench(new MemoryDisk(64));
    const driver = new Driver(bench);
    expect(index(read(bench), "last_used_idx")).toBeUndefined();
    placeVring(bench, driver);
    expect(index(read(bench), "last_used_idx")).toBe(0);
    placeVring(bench, driver, VRING + 0x100);
    expect(index(read(bench), "last_used_idx")).toBeUndefined();
  });

  it("is not taken from a copy that cannot be in use, and not believed when it has gone", () => {
    const bench = new DeviceBench(new MemoryDisk(64));
    const driver = new Driver(bench);
    placeVring(bench, driver);
    placeVring(bench, driver, VRING + 0x100);
    bench.view.setUint16(VRING + 0x100 - 4, 9999, true); // used up to an entry that was never there
    const front = new SoughtPlace();
    const state = () => virtioRingState(bench.memory, described(bench, front));
    expect(index(state(), "last_used_idx")).toBe(0);
    bench.memory.fill(0, VRING - 0x20, VRING + 0x20);
    expect(index(state(), "last_used_idx")).toBeUndefined();
  });
});

describe("the event index", () => {
  it("asks for a notification exactly when an index at the threshold is among the new ones", () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffff), fc.integer({ min: 0, max: 300 }), (event, old, added) => {
        const passed = Array.from({ length: added }, (_, step) => (old + step) & 0xffff).includes(event);
        expect(needsEvent((old + added) & 0xffff, event, old)).toBe(passed);
      }),
    );
  });
});

const VRING = 0xa000;

/** `struct vring_virtqueue` as Linux would have it, around `split.vring` at an address. */
function placeVring(bench: DeviceBench, driver: Driver, at = VRING): void {
  const { view } = bench;
  const linear = (address: number) => (0xc0000000 + address) >>> 0;
  [PLACE.size, linear(PLACE.desc), linear(PLACE.avail), linear(PLACE.used)].forEach((word, index) => {
    view.setUint32(at + 4 * index, word, true);
  });
  view.setUint8(at - 18, 1); // weak_barriers
  view.setUint8(at - 15, 1); // event
  view.setUint32(at - 12, 3, true); // free_head
  view.setUint16(at - 4, driver.lastUsed, true);
  view.setUint16(at + 18, view.getUint16(PLACE.avail + 2, true), true); // avail_idx_shadow
}
