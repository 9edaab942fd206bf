import { describe, expect, it } from "vitest";
import { BROADCAST, frame, type PluggedEnd, plug } from "./ends.ts";
import { Lan } from "./lan.ts";

const counts = (...ends: readonly PluggedEnd[]) => ends.map(({ frames }) => frames.length);

describe("learning and forwarding (802.1D, 7.7 and 7.8)", () => {
  it("a frame for an address that was not heard goes to every other port, and is counted as flooded", () => {
    const lan = new Lan("switch");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    a!.send({ to: 2, from: 1 });
    expect(counts(a!, b!, c!)).toEqual([0, 1, 1]);
    expect(lan.report.flooded).toBe(1);
  });

  it("a frame for an address that was heard goes to that port alone", () => {
    const lan = new Lan("switch");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    b!.send({ to: BROADCAST, from: 2 });
    a!.send({ to: 2, from: 1 });
    expect(counts(a!, b!, c!)).toEqual([1, 1, 1]);
    expect(lan.report.flooded).toBe(0);
  });

  it("a frame for an address at the port it came from goes nowhere (7.7.1: not the reception port)", () => {
    const lan = new Lan("switch");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    a!.send({ to: BROADCAST, from: 9 });
    a!.send({ to: 9, from: 1 });
    expect(counts(a!, b!)).toEqual([0, 1]);
    expect(lan.report.filtered).toBe(1);
  });

  it("an address that moved is where it was heard last", () => {
    const lan = new Lan("switch");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    b!.send({ to: BROADCAST, from: 7 });
    c!.send({ to: BROADCAST, from: 7 });
    a!.send({ to: 7, from: 1 });
    expect(counts(b!, c!)).toEqual([1, 2]);
    expect(lan.fdb.entries.map(({ mac, port }) => [mac, port])).toContainEqual(["02:00:00:00:00:07", "c/0"]);
  });

  it("a source that is a group address is not learned (7.8)", () => {
    const lan = new Lan("switch");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    const spoofed = frame({ to: BROADCAST, from: 1 });
    spoofed.bytes[6] = 0x03;
    a!.port.send(spoofed);
    expect(counts(b!)).toEqual([1]);
    expect(lan.fdb.entries).toEqual([]);
  });

  it("frames for the bridge group addresses 01-80-C2-00-00-00 to -0F are not relayed (7.12.6), those for -10 are", () => {
    const lan = new Lan("switch");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    for (let last = 0; last <= 0x10; last++) {
      const bpdu = frame({ to: 0, from: 1 });
      bpdu.bytes.set([0x01, 0x80, 0xc2, 0, 0, last]);
      a!.port.send(bpdu);
    }
    expect(b!.frames.map(({ bytes }) => bytes[5])).toEqual([0x10]);
    expect(lan.report.filtered).toBe(16);
    expect(lan.capture().frames[15]!.decision).toEqual({ kind: "reserved", vlan: 1, mac: "01:80:c2:00:00:0f" });
  });

  it("a hub repeats those as well", () => {
    const lan = new Lan("hub");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    const bpdu = frame({ to: 0, from: 1 });
    bpdu.bytes.set([0x01, 0x80, 0xc2, 0, 0, 0]);
    a!.port.send(bpdu);
    expect(counts(b!)).toEqual([1]);
  });
});

describe("ageing (802.1D, 7.9.2)", () => {
  it("an address is forgotten 300 seconds after it was last heard", () => {
    const lan = new Lan("switch");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    b!.send({ to: BROADCAST, from: 2 });
    lan.clock.pass(299_999);
    a!.send({ to: 2, from: 1 });
    expect(counts(c!)).toEqual([1]);
    expect(lan.fdb.entries).toEqual([
      { link: "lan", mac: "02:00:00:00:00:02", vlan: 1, port: "b/0", age: 299_999 },
      { link: "lan", mac: "02:00:00:00:00:01", vlan: 1, port: "a/0", age: 0 },
    ]);
    lan.clock.pass(1);
    a!.send({ to: 2, from: 1 });
    expect(counts(c!)).toEqual([2]);
    expect(lan.fdb.entries.map(({ port }) => port)).toEqual(["a/0"]);
  });

  it("being heard again begins its time anew", () => {
    const lan = new Lan("switch");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    b!.send({ to: BROADCAST, from: 2 });
    lan.clock.pass(200_000);
    b!.send({ to: BROADCAST, from: 2 });
    lan.clock.pass(200_000);
    a!.send({ to: 2, from: 1 });
    expect(counts(c!)).toEqual([2]);
  });

  it("is forgotten at once when its port loses its carrier or is unplugged, or the table is emptied", () => {
    const lan = new Lan("switch");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    const hear = () => {
      a!.send({ to: BROADCAST, from: 1 });
      b!.send({ to: BROADCAST, from: 2 });
      return lan.fdb.entries.length;
    };
    expect(hear()).toBe(2);
    lan.control("cable", { machine: "b", nic: 0, plugged: false });
    expect(lan.fdb.entries.map(({ port }) => port)).toEqual(["a/0"]);
    lan.control("cable", { machine: "b", nic: 0, plugged: true });
    expect(hear()).toBe(2);
    lan.control("forget");
    expect(lan.fdb.entries).toEqual([]);
    expect(hear()).toBe(2);
    b!.port.close();
    expect(lan.fdb.entries.map(({ port }) => port)).toEqual(["a/0"]);
  });
});

describe("a full table", () => {
  /** A frame from an address of its own. */
  const from = (host: number) => {
    const made = frame({ to: BROADCAST, from: 0 });
    new DataView(made.bytes.buffer).setUint32(8, host);
    return made;
  };

  it("has 1024 addresses, and lets go the one of the flooding port that was unheard of for longest", () => {
    const lan = new Lan("switch");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    b!.port.send(from(1_000_000));
    for (let host = 0; host < 5000; host++) a!.port.send(from(host));
    const { entries, limit, evicted } = lan.fdb;
    expect([entries.length, limit, evicted]).toEqual([1024, 1024, 5001 - 1024]);
    expect(entries.filter(({ port }) => port === "b/0")).toHaveLength(1);
    expect(entries.at(-1)!.mac).toBe("02:00:00:00:13:87");
    expect(entries.find(({ port }) => port === "a/0")!.mac).toBe(`02:00:${hexadecimal(5000 - 1023)}`);
  });

  it("gives a port that speaks up later its fair share, at the cost of the flooding one", () => {
    const lan = new Lan("switch");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    for (let host = 0; host < 3000; host++) a!.port.send(from(host));
    for (let host = 0; host < 300; host++) b!.port.send(from(10_000 + host));
    for (let host = 0; host < 300; host++) c!.port.send(from(20_000 + host));
    for (let host = 0; host < 3000; host++) a!.port.send(from(30_000 + host));
    const of = (name: string) => lan.fdb.entries.filter(({ port }) => port === name).length;
    expect([of("a/0"), of("b/0"), of("c/0")]).toEqual([424, 300, 300]);
  });

  it("is shared evenly by ports that all flood", () => {
    const lan = new Lan("switch");
    const ends = ["a", "b", "c", "d"].map((name) => plug(lan, name));
    for (let host = 0; host < 12_000; host++) ends[host % 4]!.port.send(from(host));
    const shares = ends.map((_, index) => lan.fdb.entries.filter(({ port }) => port === `${"abcd"[index]}/0`).length);
    expect(shares).toEqual([256, 256, 256, 256]);
  });

  it("lets go what is too old anyway first, and does not count that", () => {
    const lan = new Lan("switch");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    for (let host = 0; host < 1000; host++) a!.port.send(from(host));
    lan.clock.pass(300_000);
    for (let host = 0; host < 1000; host++) b!.port.send(from(10_000 + host));
    expect(lan.fdb).toMatchObject({ evicted: 0 });
    expect(lan.fdb.entries).toHaveLength(1000);
  });
});

const hexadecimal = (host: number) =>
  [24, 16, 8, 0].map((shift) => ((host >>> shift) & 255).toString(16).padStart(2, "0")).join(":");
