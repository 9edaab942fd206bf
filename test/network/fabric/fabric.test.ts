import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/cli/bench/fuzz-network/virtual-clock.ts";
import { toBase64 } from "../../../src/network/base64.ts";
import { Fabric } from "../../../src/network/fabric/index.ts";
import type { GatewaySurroundings, MakeGateway } from "../../../src/network/gateway/types.ts";
import { writeCapture } from "../../../src/network/pcapng/index.ts";
import type { NatReport, NetworkCounters } from "../../../src/network/reports.ts";
import { BROADCAST, frame, marks, plug } from "./ends.ts";
import { Lan } from "./lan.ts";

describe("links of a fabric", () => {
  it("are declared once: one that is there stays what it is", async () => {
    const lan = new Lan("switch");
    plug(lan, "a");
    await lan.fabric.declare({ lan: { kind: "hub" }, other: { kind: "wire" } });
    expect([lan.report.kind, lan.report.ports.length, lan.fabric.has("other")]).toEqual(["switch", 1, true]);
  });

  it("that cannot be are refused in a sentence", async () => {
    const fabric = new Fabric({ ...new VirtualClock(), epoch: 0 });
    await expect(fabric.declare({ lan: { kind: "hub", mtu: 10 } })).rejects.toThrow(
      "A link's mtu is a number of bytes from 68 to 9000, not 10.",
    );
    expect(() => fabric.port("lan", { machine: "a", nic: 0, mac: "" })).toThrow("There is no link `lan` here.");
  });

  it("are counted under the end a frame came in by, whatever its source says", () => {
    const lan = new Lan("hub");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    a!.send({ to: BROADCAST, from: 2 });
    const group = frame({ to: 1, from: 2 });
    group.bytes[0] = 0x33;
    a!.port.send(group);
    b!.send({ to: 1, from: 2 });
    expect(lan.report).toMatchObject({ frames: 3, bytes: 180, broadcast: 1, multicast: 1, unicast: 1 });
    expect(lan.of("a").sent).toEqual({ frames: 2, bytes: 120, broadcast: 1, multicast: 1, unicast: 0 });
    expect(lan.of("b").received).toEqual({ frames: 2, bytes: 120, broadcast: 1, multicast: 1, unicast: 0 });
  });

  it("count anew when they are told to, all of them or one", () => {
    const lan = new Lan("switch");
    const a = plug(lan, "a");
    lan.port("b");
    a.send({ to: 2, from: 1 });
    a.send({ to: 1, from: 1 });
    lan.fabric.control("network.reset", {});
    expect(lan.report).toMatchObject({ frames: 0, bytes: 0, flooded: 0, filtered: 0, dropped: {} });
    expect(lan.of("a").sent.frames).toBe(0);
    expect(lan.of("b").dropped).toEqual({});
    expect(lan.fdb.entries).toHaveLength(1);
  });

  it("are gone when the fabric is closed, with every timer", () => {
    const lan = new Lan({ kind: "hub", latency: 5, rate: 1000 });
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    a!.send({ to: BROADCAST, from: 1 });
    lan.fabric.close();
    a!.send({ to: BROADCAST, from: 1 });
    lan.clock.pass(10_000);
    expect([marks(b!), lan.clock.timers, lan.fabric.has("lan"), a!.port.carrier]).toEqual([[], 0, false, false]);
  });

  it("answer anything that is asked with data or a sentence, and nothing else", () => {
    const lan = new Lan("switch");
    plug(lan, "a");
    const names = ["counters", "fdb", "nat", "capture", "hold", "step", "cut", "cable", "shape", "mirror", "forget"];
    const name = fc.oneof(fc.constantFrom(...names, "reset"), fc.string()).map((one) => `network.${one}`);
    const key = fc.constantFrom("link", "on", "machine", "nic", "plugged", "latency", "queue", "to", "from", "count");
    const value = fc.oneof(fc.constantFrom("lan", "a", "a/0", true, null), fc.integer(), fc.double(), fc.string());
    fc.assert(
      fc.property(fc.boolean(), name, fc.dictionary(key, value), (probe, asked, args) => {
        try {
          JSON.stringify(probe ? lan.fabric.probe(asked, args) : lan.fabric.control(asked, args));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).toMatch(/^[`A-Z].*\.$/s);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a gateway", () => {
  const NAT: NatReport = { entries: [], limit: 100, evicted: 3 };

  it("is loaded when a link wants one, plugged in by its name, and reported", async () => {
    const clock = new VirtualClock();
    const made: string[] = [];
    const make: MakeGateway = (link, spec, around: GatewaySurroundings) => {
      made.push(`${link} ${spec.address} ${around.now()}`);
      const port = around.port(link, { machine: `gateway:${link}`, nic: 0, mac: "02:00:00:00:00:fe" });
      port.receive = ({ bytes }) => port.send({ bytes, checksum: "whole" });
      return { mac: "02:00:00:00:00:fe", nat: () => NAT, close: () => port.close() };
    };
    let loads = 0;
    const gateways = async () => {
      loads++;
      return make;
    };
    const fabric = new Fabric({ ...clock, epoch: 0, gateways });
    await fabric.declare({ plain: { kind: "hub" } });
    expect(loads).toBe(0);
    await fabric.declare({ lan: { kind: "hub", gateway: { address: "10.0.0.254/24" } } });
    expect(made).toEqual(["lan 10.0.0.254/24 0"]);
    const { lan, plain } = fabric.probe("network.counters", {}) as NetworkCounters;
    expect(lan!.ports.map(({ name }) => name)).toEqual(["gateway:lan/0"]);
    expect([lan!.gateway, plain!.gateway]).toEqual([{ mac: "02:00:00:00:00:fe", address: "10.0.0.254/24" }, null]);
    expect(fabric.probe("network.nat", {})).toEqual(NAT);
    fabric.close();
    expect(fabric.probe("network.nat", {})).toEqual({ entries: [], limit: 0, evicted: 0 });
  });

  it("the project's own answers a ping of its address", async () => {
    const clock = new VirtualClock();
    const fabric = new Fabric({ ...clock, epoch: 0 });
    await fabric.declare({ lan: { kind: "switch", gateway: { address: "10.0.0.254/24" } } });
    const port = fabric.port("lan", { machine: "a", nic: 0, mac: "02:00:00:00:00:01" });
    const kinds: number[] = [];
    port.receive = ({ bytes }) => kinds.push((bytes[12]! << 8) | bytes[13]!);
    const who = new Uint8Array(60);
    who.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    who.set([2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 254], 22);
    port.send({ bytes: who, checksum: "whole" });
    clock.pass(100);
    expect(kinds).toContain(0x0806);
  });
});

describe("replay", () => {
  const capture = (gaps: readonly number[]) => {
    let at = 1_700_000_000_000;
    const frames = gaps.map((gap, mark) => {
      at += gap;
      const { bytes } = frame({ to: BROADCAST, from: 1, mark });
      return { interface: 0, at, length: bytes.length, bytes };
    });
    return toBase64(writeCapture({ application: "test", interfaces: [{ name: "x" }], frames }));
  };

  it("sends a capture's frames at their pace, by an end of its own that is unplugged behind the last", async () => {
    const lan = new Lan("wire");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    const times: number[] = [];
    a!.port.receive = () => times.push(lan.clock.now());
    const report = await lan.control("replay", { capture: capture([0, 10, 0.5, 5000]) });
    expect(report).toEqual({ frames: 4, left: 0, lasts: 1010.5 });
    expect(lan.report.ports.map(({ name }) => name)).toEqual(["a/0", "b/0", "replay:lan/0"]);
    lan.clock.pass(2000);
    expect(times).toEqual([0, 10, 10.5, 1010.5]);
    expect(marks(b!)).toEqual([0, 1, 2, 3]);
    expect(lan.report.ports).toHaveLength(2);
    expect(lan.capture().frames.every(({ from }) => from === "replay:lan/0")).toBe(true);
  });

  it("ends when another begins, or none", async () => {
    const lan = new Lan("hub");
    const a = plug(lan, "a");
    await lan.control("replay", { capture: capture([0, 100, 100]) });
    lan.clock.pass(0);
    await lan.control("replay", { capture: capture([0, 0]) });
    lan.clock.pass(50);
    expect(marks(a)).toEqual([0, 0, 1]);
    await lan.control("replay", { capture: capture([0, 100, 100]) });
    await lan.control("replay", { capture: null });
    lan.clock.pass(5000);
    expect(marks(a)).toEqual([0, 0, 1]);
    expect(lan.report.ports).toHaveLength(1);
  });

  it("of what is no capture is refused in a sentence", async () => {
    const lan = new Lan("hub");
    await expect(lan.control("replay", { capture: "?" })).rejects.toThrow("The capture is not in Base64.");
    await expect(lan.control("replay", { capture: toBase64(new Uint8Array(30)) })).rejects.toThrow(/no capture.*\.$/);
    expect(() => lan.control("replay", { capture: 5 })).toThrow("`capture` is a text, not 5.");
  });
});
