import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { F } from "../../../src/machine/devices/virtio-net/features.ts";
import { decode, TCP_FLAG } from "../../../src/network/codec/index.ts";
import type { Frame } from "../../../src/network/link.ts";
import { makeGood } from "../../../src/network/offload.ts";
import { anyFrame, HEADER, headerOf, netHeader, plainFrame, readHeader, segment } from "./frames.ts";
import { MAC, MEMORY, NetBench, PLACES } from "./net-bench.ts";
import type { Piece, RingDriver, Taken } from "./ring-driver.ts";

const RX = 0;
const TX = 1;
const CONTROL = 2;

/** Features a driver may do without. */
const without = fc.subarray([F.eventIdx, F.indirectDesc, F.mrgRxbuf]);
const cuts = fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 4 });

/** Bytes cut at these lengths; the last piece takes the rest. */
function pieces(bytes: Uint8Array, lengths: readonly number[]): Piece[] {
  const cut: Piece[] = [];
  let at = 0;
  for (const length of lengths) {
    if (at + length >= bytes.length) break;
    cut.push(bytes.slice(at, at + length));
    at += length;
  }
  return [...cut, bytes.slice(at)];
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
/** A frame in a form that is compared at once. */
const inShort = ({ bytes, ...frame }: Frame) => ({ ...frame, bytes: base64(bytes) });

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Gives the device frames to send in the driver's order, the machine doing something else between them at times. */
function sendAll(bench: NetBench, frames: readonly Frame[], lengths: readonly number[], together: readonly number[]) {
  const driver = bench.driver(TX);
  let next = 0;
  for (let turn = 0; next < frames.length || driver.pending > 0; turn++) {
    for (let added = 0; added < together[turn % together.length]! && next < frames.length; added++) {
      const frame = frames[next]!;
      if (driver.add(pieces(joined(headerOf(frame), frame.bytes), lengths)) === undefined) break;
      next++;
    }
    driver.kick();
    if (next === frames.length || turn % 2 === 0) bench.run();
    for (const { written } of driver.takeIfInterrupted()) expect(written).toBe(0);
    if (turn > 20 * frames.length + 20) throw new Error(`${driver.pending} chains are never answered.`);
  }
  return driver;
}

/** A driver that posts buffers of one size, takes frames out of them, and posts more. */
class Receiver {
  readonly driver: RingDriver;
  readonly frames: { readonly header: ReturnType<typeof readHeader>; readonly bytes: Uint8Array }[] = [];
  readonly #bench: NetBench;
  readonly #pieces: readonly number[];
  #parts: Taken[] = [];

  /** @param buffers bytes of each buffer of a chain */
  constructor(bench: NetBench, buffers: readonly number[]) {
    this.#bench = bench;
    this.#pieces = buffers;
    this.driver = bench.driver(RX);
  }

  post(): void {
    while (this.driver.add(this.#pieces) !== undefined);
    this.driver.kick();
  }

  take(): void {
    for (const taken of this.driver.takeIfInterrupted()) this.#take(taken);
  }

  #take(taken: Taken): void {
    this.#parts.push(taken);
    const header = readHeader(this.#parts[0]!.bytes);
    const count = this.#bench.virtio.is_feature_negotiated(F.mrgRxbuf) ? header.numBuffers : 1;
    if (this.#parts.length < count) return;
    const bytes = joined(...this.#parts.map((part) => part.bytes.subarray(0, part.written)));
    this.frames.push({ header, bytes: bytes.slice(HEADER) });
    this.#parts = [];
  }
}

/** Has the frames arrive, a few at a time, and lets the driver take them. */
function receiveAll(bench: NetBench, receiver: Receiver, frames: readonly Frame[], together: readonly number[]): void {
  receiver.post();
  bench.run();
  let next = 0;
  for (let turn = 0; next < frames.length || turn < 2 * frames.length + 4; turn++) {
    for (let added = 0; added < together[turn % together.length]! && next < frames.length; added++) {
      bench.arrive(frames[next++]!);
    }
    bench.run();
    receiver.take();
    receiver.post();
  }
  bench.run();
  receiver.take();
}

describe("sending by a virtio network card", () => {
  it("puts every frame on the link once, in order, with the work left to others as it was left", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 30 }),
        without,
        cuts,
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
        (frames, missing, lengths, together) => {
          const bench = new NetBench(missing);
          sendAll(bench, frames, lengths, together);
          expect(bench.port.sent.map(inShort)).toEqual(frames.map(inShort));
          expect(bench.device.totals).toMatchObject({ sent: frames.length, malformed: 0 });
          expect(bench.device.meters[TX]!.counters).toMatchObject({
            ...{ requests: frames.length, responses: frames.length },
            bytes: frames.reduce((sum, { bytes }) => sum + bytes.length, 0),
          });
          expect(bench.contained).toBe(true);
        },
      ),
    );
  });

  it("has to be notified once for all that is added before it looks, and interrupts once for them", () => {
    const bench = new NetBench();
    const driver = bench.driver(TX);
    for (let round = 1; round <= 3; round++) {
      for (let index = 0; index < 8; index++) {
        driver.add([joined(netHeader(), new Uint8Array(60))]);
        driver.kick();
      }
      bench.run();
      expect([driver.takeIfInterrupted().length, driver.kicks, bench.interrupts]).toEqual([8, round, round]);
    }
  });

  it("goes on past the wrap of 16-bit indices", () => {
    const bench = new NetBench();
    const driver = bench.driver(TX);
    const chain = [joined(netHeader(), new Uint8Array(14))];
    for (let round = 0; round < 7000; round++) {
      for (let index = 0; index < 10; index++) driver.add(chain);
      driver.kick();
      bench.run();
      driver.takeIfInterrupted();
    }
    expect(bench.device.totals.sent).toBe(70_000);
    expect(driver.pending).toBe(0);
  });

  const large = segment(4, new Uint8Array(3000), { size: 1000 });
  it.each<[string, Uint8Array, Uint8Array]>([
    ["shorter than an Ethernet header", netHeader(), new Uint8Array(13)],
    ["longer than any packet", netHeader(), new Uint8Array(65_600)],
    ["a checksum behind its end", netHeader({ flags: 1, csumStart: 34, csumOffset: 100 }), new Uint8Array(60)],
    ["a checksum in its Ethernet header", netHeader({ flags: 1, csumStart: 4, csumOffset: 2 }), new Uint8Array(60)],
    ["segments without a checksum", netHeader({ gsoType: 1, gsoSize: 1000 }), large.bytes],
    ["segments of no size", netHeader({ ...asHeader(large), gsoSize: 0 }), large.bytes],
    ["segments of one byte", netHeader({ ...asHeader(large), gsoSize: 1 }), large.bytes],
    ["segments of UDP", netHeader({ ...asHeader(large), gsoType: 3 }), large.bytes],
    ["segments of the other family", netHeader({ ...asHeader(large), gsoType: 4 }), large.bytes],
    ["segments of no TCP", netHeader(asHeader(large)), large.bytes.map((byte, at) => (at === 23 ? 17 : byte))],
    ["segments whose checksum is elsewhere", netHeader({ ...asHeader(large), csumStart: 38 }), large.bytes],
    ["a TCP header beyond the packet", netHeader(asHeader(large)), tcpOffset(large, 15).subarray(0, 60)],
  ])("drops and counts what is no frame, and takes the next: %s", (_, header, bytes) => {
    const bench = new NetBench();
    const driver = bench.driver(TX);
    driver.add([joined(header, bytes)]);
    driver.add([joined(netHeader(), new Uint8Array(60))]);
    driver.kick();
    bench.run();
    expect(driver.takeIfInterrupted()).toHaveLength(2);
    expect(bench.device.totals).toMatchObject({ sent: 1, malformed: 1 });
    expect([bench.device.fault, bench.port.sent.length]).toEqual([undefined, 1]);
  });

  it("does not do for a driver what it has not agreed to have done", () => {
    const bench = new NetBench([F.csum, F.hostTso4]);
    const driver = bench.driver(TX);
    for (const frame of [segment(4, new Uint8Array(10)), large]) driver.add([joined(headerOf(frame), frame.bytes)]);
    driver.kick();
    bench.run();
    expect(bench.device.totals).toMatchObject({ sent: 0, malformed: 2 });
  });
});

function asHeader({ checksumFrom, checksumAt, segmentation }: Frame) {
  return {
    flags: 1,
    gsoType: 1,
    gsoSize: segmentation!.size,
    csumStart: checksumFrom!,
    csumOffset: checksumAt! - checksumFrom!,
  };
}

/** The frame with another data offset in its TCP header, and lengths that fit what is left of it. */
function tcpOffset({ bytes }: Frame, words: number): Uint8Array {
  const changed = bytes.slice();
  changed[34 + 12] = words << 4;
  changed[16] = 0;
  changed[17] = 46;
  return changed;
}

describe("receiving by a virtio network card", () => {
  it("gives the guest every frame once, in order, whatever its buffers, and nobody sleeps while the other waits", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 25 }),
        without,
        fc.constantFrom([1536], [4096], [700], [12, 1300], [20, 5, 2000]),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        (frames, missing, buffers, together) => {
          const bench = new NetBench(missing);
          const whole = missing.includes(F.mrgRxbuf);
          const receiver = new Receiver(bench, whole ? [12, 9100] : buffers);
          receiveAll(bench, receiver, frames, together);
          expect(receiver.frames.map(({ bytes }) => base64(bytes))).toEqual(frames.map(({ bytes }) => base64(bytes)));
          for (const [index, { header }] of receiver.frames.entries()) {
            const { checksum, checksumFrom, checksumAt, segmentation } = frames[index]!;
            const gsoType = segmentation ? (segmentation.kind === "tcp4" ? 1 : 4) : 0;
            expect([header.flags, header.gsoType, header.gsoSize]).toEqual([
              ...[checksum === "partial" ? 1 : 0, gsoType, segmentation?.size ?? 0],
            ]);
            if (checksum === "partial") {
              expect([header.csumStart, header.csumStart + header.csumOffset]).toEqual([checksumFrom, checksumAt]);
            }
          }
          expect(bench.device.totals).toMatchObject({ received: frames.length, dropped: 0 });
          expect(bench.contained).toBe(true);
        },
      ),
    );
  });

  it("makes good what the driver has not agreed to do itself", () => {
    const frame = segment(
      4,
      Uint8Array.from({ length: 3000 }, (_, at) => at),
      { size: 1000, flags: TCP_FLAG.ack | TCP_FLAG.psh },
    );
    for (const missing of [[F.guestTso4], [F.guestCsum]]) {
      const bench = new NetBench(missing);
      const receiver = new Receiver(bench, [1536]);
      receiveAll(bench, receiver, [frame], [1]);
      expect(receiver.frames.map(({ bytes }) => bytes)).toEqual(makeGood(frame).map(({ bytes }) => bytes));
      expect(receiver.frames.every(({ header }) => header.flags === 0 && header.gsoType === 0)).toBe(true);
      for (const { bytes } of receiver.frames) {
        expect(decode(bytes).layers.find(({ name }) => name === "tcp")!.malformed).toBeUndefined();
      }
    }
  });

  it("cuts a segment with the CWR flag for a driver that does not know whose the flag is, and says so to one that does", () => {
    const frame = segment(4, new Uint8Array(2000), { size: 1000, flags: TCP_FLAG.ack | TCP_FLAG.cwr });
    const [knows, not] = [new NetBench(), new NetBench([F.guestEcn])].map((bench) => {
      const receiver = new Receiver(bench, [1536]);
      receiveAll(bench, receiver, [frame], [1]);
      return receiver.frames;
    });
    expect(knows!.map(({ header }) => header.gsoType)).toEqual([0x81]);
    expect(not).toHaveLength(2);
  });

  it("interrupts once for all the frames it has, and wants no notification while it has buffers", () => {
    const bench = new NetBench();
    const receiver = new Receiver(bench, [1536]);
    receiver.post();
    bench.run();
    const { kicks } = receiver.driver;
    for (let round = 1; round <= 4; round++) {
      for (let index = 0; index < 6; index++) bench.arrive({ bytes: new Uint8Array(60).fill(255), checksum: "whole" });
      bench.run();
      receiver.take();
      receiver.post();
      expect([receiver.frames.length, bench.interrupts]).toEqual([6 * round, round]);
    }
    expect(receiver.driver.kicks).toBe(kicks);
  });

  it("keeps frames while the guest has no buffers, as many as it may, and counts the others here and at the link", () => {
    const bench = new NetBench();
    const receiver = new Receiver(bench, [1536]);
    for (let index = 0; index < 1100; index++) {
      bench.arrive({ bytes: Uint8Array.from({ length: 60 }, (_, at) => (at < 6 ? 255 : index)), checksum: "whole" });
    }
    bench.run();
    expect([bench.device.totals.dropped, bench.port.lost]).toEqual([76, 76]);
    for (let round = 0; round < 200; round++) {
      receiver.post();
      bench.run();
      receiver.take();
    }
    expect(receiver.frames.map(({ bytes }) => bytes[20])).toEqual(
      Array.from({ length: 1024 }, (_, index) => index & 255),
    );
  });

  it("loses a frame that no buffer of the driver's will ever hold, and goes on with the next", () => {
    const whole = { bytes: new Uint8Array(1000).fill(255), checksum: "whole" } as const;
    const small = { bytes: new Uint8Array(60).fill(255), checksum: "whole" } as const;
    const cases = [
      { missing: [F.mrgRxbuf], buffers: [500] },
      { missing: [], buffers: [40] }, // sixteen of them
    ];
    for (const { missing, buffers } of cases) {
      const bench = new NetBench(missing);
      const receiver = new Receiver(bench, buffers);
      receiveAll(bench, receiver, [whole, small], [2]);
      expect(receiver.frames.map(({ bytes }) => bytes.length)).toEqual([60]);
      expect(bench.port.lost).toBe(1);
    }
  });

  it("takes frames from nobody before its driver runs, nor after it has broken down", () => {
    const bench = new NetBench();
    bench.virtio.device_status = 0;
    bench.arrive({ bytes: new Uint8Array(60), checksum: "whole" });
    bench.virtio.device_status = 4;
    const receiver = new Receiver(bench, [1536]);
    receiveAll(bench, receiver, [], [1]);
    expect(receiver.frames).toEqual([]);
  });
});

describe("a virtio network card", () => {
  it("says what it is, where its cable goes, and when that changes", () => {
    const bench = new NetBench();
    const mac = [0, 1, 2, 3, 4, 5].map((byte) => bench.configuration(`mac[${byte}]`).toString(16).padStart(2, "0"));
    expect(mac.join(":")).toBe(MAC);
    expect([bench.configuration("mtu"), bench.configuration("status")]).toEqual([1500, 1]);
    bench.port.plug(false);
    bench.run();
    expect([bench.configuration("status"), bench.virtio.changes]).toEqual([0, 1]);
    bench.port.plug(true);
    bench.port.plug(false);
    bench.run();
    expect(bench.virtio.changes).toBe(1); // as the driver knows it
    bench.port.plug(true);
    bench.run();
    expect([bench.configuration("status"), bench.virtio.changes]).toEqual([1, 2]);
  });

  const command = (driver: RingDriver, ...bytes: number[]) => {
    driver.add([Uint8Array.from(bytes), 1]);
    driver.kick();
    return driver.takeIfInterrupted()[0]?.bytes[0];
  };
  const to = (...mac: number[]): Frame => ({
    bytes: Uint8Array.from([...mac, ...new Array(54).fill(0)]),
    checksum: "whole",
  });
  const table = (...macs: number[][]) => [macs.length, 0, 0, 0, ...macs.flat()];

  it("gives its driver the frames it asked for and no others", () => {
    const bench = new NetBench();
    const receiver = new Receiver(bench, [1536]);
    receiver.post();
    const control = bench.driver(CONTROL);
    const [own, other, multicast, group] = [
      [2, 0, 0, 0, 0, 1],
      [2, 0, 0, 0, 0, 9],
      [1, 0, 94, 0, 0, 1],
      [51, 51, 0, 0, 0, 7],
    ];
    const broadcast = [255, 255, 255, 255, 255, 255];
    const taken = () => {
      const before = receiver.frames.length;
      for (const mac of [own!, other!, multicast!, group!, broadcast]) bench.arrive(to(...mac));
      bench.run();
      receiver.take();
      receiver.post();
      return receiver.frames.slice(before).map(({ bytes }) => [...bytes.subarray(0, 6)]);
    };
    expect(taken()).toHaveLength(5); // until it is told
    expect(command(control, 0, 0, 0)).toBe(0); // not promiscuous
    expect(taken()).toEqual([own, broadcast]);
    expect(command(control, 0, 1, 1)).toBe(0); // all multicast
    expect(taken()).toEqual([own, multicast, group, broadcast]);
    expect(command(control, 0, 1, 0)).toBe(0);
    expect(command(control, 1, 0, ...table(other!), ...table(group!))).toBe(0);
    expect(taken()).toEqual([own, other, group, broadcast]);
    expect(command(control, 1, 1, ...other!)).toBe(0); // its address is another now
    expect(command(control, 1, 0, ...table(), ...table())).toBe(0);
    expect(taken()).toEqual([other, broadcast]);
    expect(bench.configuration("mac[5]")).toBe(9);
    expect(command(control, 0, 5, 1)).toBe(0); // no broadcast
    expect(taken()).toEqual([other]);
    expect(command(control, 0, 0, 1)).toBe(0); // promiscuous
    expect(taken()).toHaveLength(5);
    bench.device.reset();
    expect(bench.configuration("mac[5]")).toBe(1);
  });

  it("takes every address of a kind when its table is longer than it keeps", () => {
    const bench = new NetBench();
    const control = bench.driver(CONTROL);
    command(control, 0, 0, 0);
    const many = Array.from({ length: 65 }, (_, index) => [1, 0, 94, 0, 1, index]);
    expect(command(control, 1, 0, ...table(), ...table(...many))).toBe(0);
    const receiver = new Receiver(bench, [1536]);
    receiveAll(bench, receiver, [to(1, 2, 3, 4, 5, 6), to(2, 0, 0, 0, 0, 9)], [2]);
    expect(receiver.frames).toHaveLength(1);
  });

  it("leaves off the offloads its driver switches off, and takes them up again", () => {
    const bench = new NetBench();
    const control = bench.driver(CONTROL);
    const frame = segment(4, new Uint8Array(3000), { size: 1000 });
    const receiver = new Receiver(bench, [1536]);
    const offloads = (bits: number) => command(control, 5, 0, bits & 255, bits >> 8, 0, 0, 0, 0, 0, 0);
    const checksum = 1 << F.guestCsum;
    const segments = (1 << F.guestTso4) | (1 << F.guestTso6) | (1 << F.guestEcn);
    expect(offloads(checksum)).toBe(0);
    receiveAll(bench, receiver, [frame], [1]);
    expect(receiver.frames).toHaveLength(3);
    expect(offloads(checksum | segments)).toBe(0);
    bench.arrive(frame);
    bench.run();
    receiver.take();
    expect(receiver.frames).toHaveLength(4);
    expect(offloads(1 << F.csum)).toBe(1); // that is not one of its own
  });

  it.each([
    ["unknown", [9, 9, 1]],
    ["of one byte", [0]],
    ["without its value", [0, 0]],
    ["of an unknown kind", [0, 77, 1]],
    ["with half an address", [1, 1, 2, 0, 0]],
    ["with a multicast address of its own", [1, 1, 1, 0, 0, 0, 0, 1]],
    ["with a table longer than it", [1, 0, 255, 255, 255, 255, 0, 0]],
    ["with one table of two", [1, 0, 0, 0, 0, 0]],
  ])("refuses a command %s", (_, bytes) => {
    const bench = new NetBench();
    expect(command(bench.driver(CONTROL), ...bytes)).toBe(1);
    expect(bench.device.fault).toBeUndefined();
  });

  it("is put back with its queues, its filters and its address; frames that waited are gone", () => {
    const bench = new NetBench();
    const control = bench.driver(CONTROL);
    command(control, 0, 0, 0);
    command(control, 1, 1, 2, 0, 0, 0, 0, 9);
    const transmit = bench.driver(TX);
    transmit.add([joined(netHeader(), new Uint8Array(60))]);
    transmit.kick();
    bench.arrive(to(2, 0, 0, 0, 0, 9));
    const [, ...saved] = structuredClone([undefined, ...bench.device.get_state().slice(1)]);
    bench.device.reset();
    bench.device.set_state([undefined, ...saved]);
    const receiver = new Receiver(bench, [1536]);
    receiveAll(bench, receiver, [to(2, 0, 0, 0, 0, 1), to(2, 0, 0, 0, 0, 9)], [2]);
    expect(receiver.frames.map(({ bytes }) => bytes[5])).toEqual([9]);
    expect(bench.port.sent).toHaveLength(1);
    bench.port.mtu = 9000;
    bench.device.set_state([undefined, ...saved]);
    expect(bench.configuration("mtu")).toBe(1500); // as its driver knows it
    bench.device.reset();
    expect(bench.configuration("mtu")).toBe(9000);
  });

  it("tells a driver put back what has become of its cable meanwhile", () => {
    const bench = new NetBench();
    bench.configuration("status");
    const [, ...saved] = structuredClone([undefined, ...bench.device.get_state().slice(1)]);
    bench.port.plug(false);
    bench.device.set_state([undefined, ...saved]);
    bench.run();
    expect([bench.virtio.changes, bench.configuration("status")]).toEqual([1, 0]);
  });

  it.each<[string, number, (bench: NetBench) => void]>([
    ["goes round in circles", TX, ({ view }) => view.setUint32(PLACES[TX]!.desc + 12, 1, true)],
    ["does not lie in the guest's memory", TX, ({ view }) => view.setUint32(PLACES[TX]!.desc + 8, MEMORY, true)],
    ["There is no descriptor 99", RX, ({ view }) => view.setUint16(PLACES[RX]!.avail + 4, 99, true)],
    ["17 chains wait in a queue of 16", RX, ({ view }) => view.setUint16(PLACES[RX]!.avail + 2, 17, true)],
    ["is one to read", RX, ({ view }) => view.setUint16(PLACES[RX]!.desc + 12, 0, true)],
    ["has no room", RX, ({ view }) => view.setUint32(PLACES[RX]!.desc + 8, 11, true)],
    ["no room for its answer", CONTROL, ({ view }) => view.setUint16(PLACES[CONTROL]!.desc + 12, 0, true)],
    ["does not lie", TX, ({ virtio }) => Object.assign(virtio.queues[TX]!, { used_addr: MEMORY - 4 })],
  ])("stands still until it is reset when its driver breaks a rule: %s", (reason, queue, spoil) => {
    const bench = new NetBench([F.indirectDesc]);
    const driver = bench.driver(queue);
    driver.add(queue === RX ? [1536] : [joined(netHeader(), new Uint8Array(60))]);
    spoil(bench);
    bench.notify(queue);
    if (queue === RX) bench.arrive({ bytes: new Uint8Array(60).fill(255), checksum: "whole" });
    bench.run();
    expect(bench.device.fault).toContain(reason);
    expect(bench.virtio.broken).toBe(1);
    bench.arrive({ bytes: new Uint8Array(60), checksum: "whole" });
    bench.notify(TX);
    bench.run();
    expect(bench.port.sent).toEqual([]);
    bench.device.reset();
    expect(bench.device.fault).toBeUndefined();
  });

  it("looks once in a turn at rings that lie in each other, and so have more in them after every look", () => {
    const bench = new NetBench([F.indirectDesc]);
    const driver = bench.driver(TX);
    driver.add([joined(netHeader(), new Uint8Array(60))]);
    // the index of the used ring is that of the available ring
    const { desc, avail } = PLACES[TX]!;
    Object.assign(bench.virtio.queues[TX]!, { desc_addr: desc, avail_addr: avail, used_addr: avail });
    bench.notify(TX);
    for (let looks = 1; looks <= 20; looks++) {
      bench.look(1);
      const { sent, malformed } = bench.device.totals;
      expect(sent + malformed).toBeLessThanOrEqual(16 * looks);
    }
    expect(bench.contained).toBe(true);
  });

  it("survives any queues: it carries frames, or stands still until it is reset, and touches no other memory", () => {
    const at = fc
      .constantFrom(...PLACES)
      .chain(({ desc, avail, used }) =>
        fc.oneof(
          fc.integer({ min: desc, max: desc + 256 }),
          fc.integer({ min: avail, max: avail + 40 }),
          fc.integer({ min: used, max: used + 140 }),
          fc.integer({ min: 0x20000, max: 0x20400 }),
          fc.integer({ min: 0x90000, max: 0x90400 }),
          fc.integer({ min: 0xf0000, max: 0xf0200 }),
        ),
      );
    const value = fc.oneof(
      fc.integer({ min: 0, max: 20 }),
      fc.constantFrom(0x20000, 0x90000, MEMORY - 1, 0xffffffff, 0x80000000, 0x00010005, 0x00010003, 0x05a40401),
      fc.nat({ max: 0xffffffff }),
    );
    const moved = fc.record(
      {
        size: fc.constantFrom(0, 1, 16, 256, 3),
        desc_addr: fc.constantFrom(0x1000, MEMORY - 8, -1, 0),
        avail_addr: fc.constantFrom(0x2000, MEMORY, -4),
        used_addr: fc.constantFrom(0x3000, 0x2000, MEMORY - 2),
        avail_last_idx: fc.nat({ max: 0xffff }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ at, value }), { maxLength: 30 }),
        fc.option(fc.tuple(fc.nat({ max: 2 }), moved), { nil: undefined, freq: 4 }),
        without,
        fc.array(plainFrame, { maxLength: 5 }),
        (written, place, missing, frames) => {
          const bench = new NetBench(missing);
          const [rx, tx, control] = [RX, TX, CONTROL].map((queue) => bench.driver(queue));
          for (let index = 0; index < 6; index++) {
            rx!.add([12, 600]);
            tx!.add([netHeader({ flags: 1, csumStart: 34, csumOffset: 16 }), new Uint8Array(200)]);
            control!.add([Uint8Array.of(0, index, 1), 1]);
          }
          for (const { at: where, value: what } of written) bench.view.setUint32(where & -4, what, true);
          if (place) Object.assign(bench.virtio.queues[place[0]]!, place[1]);
          for (const queue of [CONTROL, TX, RX]) bench.notify(queue);
          for (const frame of frames) bench.arrive(frame);
          bench.look(8);
          expect(bench.device.fault === undefined).toBe(bench.virtio.broken === 0);
          const { sent, malformed } = bench.device.totals;
          expect(sent + malformed).toBeLessThanOrEqual(8 * 256); // no more than the queue holds in a look
          expect(bench.contained).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
