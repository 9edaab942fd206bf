import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/cli/bench/fuzz-network/virtual-clock.ts";
import { Fabric } from "../../../src/network/fabric/index.ts";
import type { LinkReport, NetworkCounters } from "../../../src/network/reports.ts";
import { type Batch, encodeBatch } from "../../../src/network/trunk/batch.ts";
import { WINDOW } from "../../../src/network/trunk/lane.ts";
import { Socket } from "../../../src/network/trunk/socket.ts";
import { Trunk } from "../../../src/network/trunk/trunk.ts";
import { Line, turn } from "./line.ts";

/** A network's socket whose other side says what the test makes it say. */
function socket() {
  const { now, later } = new VirtualClock();
  const fabric = new Fabric({ now, later, epoch: 0 });
  void fabric.declare({ lan: { kind: "switch" }, wire: { kind: "wire" } });
  const line = new Line();
  const made = new Socket(line.network, fabric, []);
  const say = (message: unknown) => {
    line.host.postMessage(message, message instanceof ArrayBuffer ? [message] : []);
    line.deliver(0);
  };
  const report = (): LinkReport => (fabric.probe("network.counters", {}) as NetworkCounters).lan!;
  return { fabric, line, socket: made, say, report };
}

const spec = { machine: "one", nic: 0, mac: "02:00:00:00:00:01" };
const open = (end: number, more = {}) => ({ say: "open", end, link: "lan", spec, offloads: false, ...more });
const broadcast = (length = 60) => ({
  bytes: new Uint8Array(length).fill(0xff, 0, 6).fill(2, 6, 7),
  checksum: "whole" as const,
});

const end = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer(), fc.constantFrom(undefined, "1", 1.5, Number.NaN));
/** Messages much like real ones, with anything in any field. */
const message = fc.oneof(
  fc.anything(),
  fc.record({
    say: fc.constantFrom("open", "close", "offloads", "carrier", "links", "refused"),
    end,
    link: fc.constantFrom("lan", "wire", "far", 7, "__proto__"),
    spec: fc.oneof(
      fc.constant(spec),
      fc.record({
        machine: fc.constantFrom("a", "b", "", 1),
        nic: fc.integer({ min: -1, max: 20 }),
        mac: fc.constantFrom("02:00:00:00:00:02", "x"),
        vlan: fc.constantFrom(undefined, 1, 0, 4095, "2"),
        vlans: fc.constantFrom(undefined, [1], [], [0], "1", [1, "2"]),
      }),
      fc.anything(),
    ),
    offloads: fc.constantFrom(true, false, undefined, 1),
    on: fc.constantFrom(true, false, undefined, 1),
    carrier: fc.constantFrom(true, false, 0),
    why: fc.constantFrom("no", 7, "x".repeat(2000)),
    links: fc.constantFrom([], [{ name: "lan", mtu: 1500 }], [{ name: "lan" }], {}, [null]),
  }),
  fc
    .record({
      returns: fc.array(
        fc.record({ end: fc.integer({ min: 0, max: 6 }), frames: fc.nat(), bytes: fc.nat(), dropped: fc.nat() }),
        {
          maxLength: 3,
        },
      ),
      frames: fc.array(
        fc.record({
          end: fc.integer({ min: 0, max: 6 }),
          frame: fc.record({
            bytes: fc.uint8Array({ maxLength: 80 }),
            checksum: fc.constantFrom("whole" as const, "partial" as const),
            segmentation: fc.record({ kind: fc.constant("tcp4" as const), size: fc.nat(65_535) }),
          }),
        }),
        { maxLength: 5 },
      ),
    })
    .map((batch: Batch) => encodeBatch(batch)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => bytes.slice().buffer),
);

const isCloneable = (value: unknown): boolean => {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
};

describe("whatever a host says over its cable", () => {
  it("throws nothing, and another host's machines go on", () => {
    fc.assert(
      fc.property(fc.array(message.filter(isCloneable), { maxLength: 30 }), (messages) => {
        const { fabric, say, report } = socket();
        const port = fabric.port("lan", { machine: "bystander", nic: 0, mac: "02:00:00:00:00:09" });
        for (const one of messages) say(one);
        let heard = 0;
        const witness = fabric.port("lan", { machine: "witness", nic: 0, mac: "02:00:00:00:00:0a" });
        witness.receive = () => heard++;
        port.send(broadcast());
        expect(heard).toBe(1);
        expect(report().ports.length).toBeLessThanOrEqual(8);
      }),
      { numRuns: 300 },
    );
  });

  it("is counted where it cannot be understood", () => {
    const { socket: under, say } = socket();
    const wrong = [null, "open", {}, open(0), open(1, { spec: {} }), { say: "close", end: 9 }, new ArrayBuffer(3)];
    for (const [index, one] of wrong.entries()) {
      say(one);
      expect(under.faults).toBe(index + 1);
    }
  });

  it("opens no more ends than a host can need, and none twice", async () => {
    const { line, socket: under, say } = socket();
    for (let number = 1; number <= 300; number++) say(open(number, { spec: { ...spec, machine: `m${number % 8}` } }));
    say(open(7));
    expect(under.faults).toBe(1);
    const said: unknown[] = [];
    line.host.onmessage = ({ data }) => said.push(data);
    while (line.deliver(1));
    expect(said.filter((one) => (one as { say: string }).say === "carrier").length).toBeLessThanOrEqual(2 * 256);
    expect(said).toContainEqual({ say: "refused", end: 300, why: "A host has at most 256 ends of links here." });
  });

  it("sends nothing for an end beyond what may be under way", () => {
    const { socket: under, say, report } = socket();
    say(open(1));
    const flood = Array.from({ length: WINDOW.frames + 50 }, () => ({ end: 1, frame: broadcast() }));
    say(encodeBatch({ returns: [], frames: flood }));
    expect(under.faults).toBe(50);
    expect(report().ports[0]!.sent.frames).toBe(WINDOW.frames);
  });

  it("gets no more for an end than may be under way by returning what it never got", async () => {
    const { fabric, line, socket: under, say } = socket();
    say(open(1));
    say(encodeBatch({ returns: [{ end: 1, frames: 1000, bytes: 1e6, dropped: 0 }], frames: [] }));
    expect(under.faults).toBe(1);
    const other = fabric.port("lan", { machine: "two", nic: 0, mac: "02:00:00:00:00:02" });
    const before = line.bytes[1];
    for (let number = 0; number < 4 * WINDOW.frames; number++) other.send(broadcast(1500));
    await turn();
    expect(line.bytes[1] - before).toBeLessThan(1.1 * WINDOW.bytes);
  });
});

describe("whatever the network says over a host's cable", () => {
  it("throws nothing", () => {
    fc.assert(
      fc.property(fc.array(message.filter(isCloneable), { maxLength: 30 }), (messages) => {
        const line = new Line();
        const trunk = new Trunk();
        void trunk.join(line.host);
        const port = trunk.port("lan", spec);
        for (const one of messages) {
          line.network.postMessage(one, []);
          line.deliver(1);
          port.send(broadcast());
        }
        expect(typeof port.carrier).toBe("boolean");
      }),
      { numRuns: 300 },
    );
  });
});
