import { describe, expect, it } from "vitest";
import { BROADCAST, marks, plug } from "./ends.ts";
import { Lan } from "./lan.ts";

const broadcast = (mark: number) => ({ to: BROADCAST, from: 1, mark });

/** An end, and what it was told of its carrier. */
function watched(lan: Lan, machine: string) {
  const end = plug(lan, machine);
  const told: boolean[] = [];
  end.port.onCarrier = (carrier) => told.push(carrier);
  return { ...end, told };
}

describe("a cut link", () => {
  it("takes the carrier from every end, and nothing passes until it is mended", () => {
    const lan = new Lan("hub");
    const [a, b] = ["a", "b"].map((name) => watched(lan, name));
    lan.control("cut", { on: true });
    a!.send(broadcast(1));
    lan.control("cut", { on: false });
    a!.send(broadcast(2));
    expect([a!.told, b!.told]).toEqual([
      [false, true],
      [false, true],
    ]);
    expect(marks(b!)).toEqual([2]);
    expect(lan.of("a").dropped).toEqual({ cut: 1 });
    expect(lan.of("a").sent.frames).toBe(1);
  });

  it("loses what is on it: under way, waiting for service, and held", () => {
    const lan = new Lan({ kind: "hub", latency: 10, rate: 1e6 });
    const [a, b] = ["a", "b"].map((name) => watched(lan, name));
    for (const mark of [1, 2]) a!.send({ ...broadcast(mark), length: 1500 });
    lan.clock.pass(15);
    a!.send(broadcast(3));
    lan.control("hold", { on: true });
    a!.send(broadcast(4));
    lan.control("cut", { on: true });
    lan.control("cut", { on: false });
    lan.control("hold", { on: false });
    lan.clock.pass(1000);
    expect(marks(b!)).toEqual([]);
    expect(lan.of("b").dropped).toEqual({ cut: 3 });
    expect(lan.of("a").dropped).toEqual({ cut: 1 });
    expect(lan.of("b").waiting).toBe(0);
    expect(lan.capture().settled).toBe(5);
    a!.send({ ...broadcast(5), length: 125 });
    lan.clock.pass(11);
    expect(marks(b!)).toEqual([5]);
  });

  it("has room again for as much as before", () => {
    const lan = new Lan({ kind: "hub", latency: 10, rate: 1, queue: 65_536, mtu: 9000 });
    const [a] = ["a", "b"].map((name) => watched(lan, name));
    for (let time = 0; time < 4; time++) {
      for (let mark = 0; mark < 800; mark++) a!.send({ ...broadcast(mark), length: 9014 });
      lan.clock.pass(10);
      expect(lan.of("b").waiting).toBe(465);
      for (let mark = 0; mark < 800; mark++) a!.send({ ...broadcast(mark), length: 9014 });
      lan.control("cut", { on: true });
      lan.control("cut", { on: false });
    }
    expect(lan.of("a").dropped).toEqual({});
    expect(lan.of("b").dropped).toEqual({ queue: 4 * (800 - 465), cut: 4 * (465 + 800) });
  });

  it("may be cut from the beginning", () => {
    const lan = new Lan({ kind: "switch", cut: true });
    expect([plug(lan, "a").port.carrier, lan.report.cut]).toEqual([false, true]);
  });
});

describe("a cable", () => {
  it("that is pulled takes the carrier from one end alone, until it is plugged in", () => {
    const lan = new Lan("hub");
    const [a, b, c] = ["a", "b", "c"].map((name) => watched(lan, name));
    const cable = (plugged: boolean) => lan.control("cable", { machine: "b", nic: 0, plugged });
    cable(false);
    cable(false);
    a!.send(broadcast(1));
    b!.send(broadcast(2));
    cable(true);
    a!.send(broadcast(3));
    expect([a!.told, b!.told]).toEqual([[], [false, true]]);
    expect([marks(a!), marks(b!), marks(c!)]).toEqual([[], [3], [1, 3]]);
    expect(lan.of("b").dropped).toEqual({ cut: 1 });
  });

  it("stays out when its machine is started anew", () => {
    const lan = new Lan("hub");
    const b = plug(lan, "b");
    lan.control("cable", { machine: "b", nic: 0, plugged: false });
    b.port.close();
    expect(plug(lan, "b").port.carrier).toBe(false);
  });

  it("of a wire is one: out at one end, it is out at both", () => {
    const lan = new Lan("wire");
    const [a, b] = ["a", "b"].map((name) => watched(lan, name));
    lan.control("cable", { machine: "b", nic: 0, plugged: false });
    a!.send(broadcast(1));
    lan.control("cable", { machine: "b", nic: 0, plugged: true });
    expect([a!.told, b!.told]).toEqual([
      [false, true],
      [false, true],
    ]);
    expect(lan.of("a").dropped).toEqual({ cut: 1 });
  });

  it("of a wire stays out at both ends while the machine it was pulled from is off", () => {
    const lan = new Lan("wire");
    const [a, b] = ["a", "b"].map((name) => watched(lan, name));
    lan.control("cable", { machine: "b", nic: 0, plugged: false });
    b!.port.close();
    expect([a!.port.carrier, plug(lan, "b").port.carrier]).toEqual([false, false]);
    lan.control("cable", { machine: "b", nic: 0, plugged: true });
    expect(a!.told).toEqual([false, true]);
  });

  it("of nobody is a mistake", () => {
    const lan = new Lan("hub");
    expect(() => lan.control("cable", { machine: "b", nic: 0, plugged: false })).toThrow(
      "There is no card `b/0` on a link here.",
    );
  });
});

describe("ends", () => {
  it("a wire has two, and refuses a third by name", () => {
    const lan = new Lan("wire");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    expect(() => plug(lan, "c")).toThrow("A wire has two ends: `c/0` finds both of `lan` in use, a/0 and b/0.");
    a!.send(broadcast(1));
    expect(marks(b!)).toEqual([1]);
    b!.port.close();
    const c = plug(lan, "c");
    a!.send(broadcast(2));
    expect(marks(c)).toEqual([2]);
  });

  it("of one name take each other's place: the last has the carrier, and the one before it gets it back", () => {
    const lan = new Lan("wire");
    const [a, b] = ["a", "b"].map((name) => watched(lan, name));
    const again = watched(lan, "b");
    a!.send(broadcast(1));
    b!.send(broadcast(2));
    again.port.close();
    a!.send(broadcast(3));
    expect([marks(b!), marks(again), marks(a!)]).toEqual([[3], [1], []]);
    expect([b!.told, a!.told]).toEqual([[false, true], []]);
  });

  it("that are closed send and get nothing, and lose what waited for them", () => {
    const lan = new Lan({ kind: "hub", latency: 5 });
    const [a, b] = ["a", "b"].map((name) => watched(lan, name));
    a!.send(broadcast(1));
    b!.send(broadcast(2));
    b!.port.close();
    b!.port.close();
    b!.send(broadcast(3));
    lan.clock.pass(10);
    expect([marks(a!), marks(b!), b!.told]).toEqual([[2], [], []]);
    expect(lan.report.dropped).toEqual({ cut: 1 });
    expect(lan.report.ports.map(({ name }) => name)).toEqual(["a/0"]);
  });

  it("are 64 at most", () => {
    const lan = new Lan("switch");
    for (let count = 0; count < 64; count++) plug(lan, `m${count}`);
    expect(() => plug(lan, "m64")).toThrow("Link `lan` has no room for a 65th end.");
  });
});

describe("a held wire", () => {
  it("keeps frames in their order, of all ends, and lets go exactly one a step", () => {
    const lan = new Lan("hub");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    expect(lan.control("hold", { on: true })).toBe(0);
    a!.send(broadcast(1));
    b!.send(broadcast(2));
    a!.send(broadcast(3));
    expect([marks(c!), lan.report.held, lan.report.waiting]).toEqual([[], true, 3]);
    expect(lan.capture().frames.map(({ decision }) => decision.kind)).toEqual(["held", "held", "held"]);
    expect(lan.control("step")).toBe(2);
    expect(marks(c!)).toEqual([1]);
    expect(lan.control("step")).toBe(1);
    expect(marks(c!)).toEqual([1, 2]);
    expect(lan.capture().frames.map(({ decision }) => decision.kind)).toEqual(["hub", "hub", "held"]);
    expect(lan.control("hold", { on: false })).toBe(0);
    expect(marks(c!)).toEqual([1, 2, 3]);
    a!.send(broadcast(4));
    expect(marks(c!)).toEqual([1, 2, 3, 4]);
  });

  it("an answer to a frame that was let go waits behind the others", () => {
    const lan = new Lan("hub");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    b!.port.receive = () => b!.send(broadcast(9));
    lan.control("hold", { on: true });
    a!.send(broadcast(1));
    a!.send(broadcast(2));
    expect(lan.control("step")).toBe(2);
    expect(marks(a!)).toEqual([]);
    lan.control("step");
    lan.control("step");
    expect(marks(a!)).toEqual([9]);
  });

  it("what is let go all at once comes before what is answered meanwhile", () => {
    const lan = new Lan("hub");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    lan.control("hold", { on: true });
    for (const mark of [1, 2, 3]) a!.send(broadcast(mark));
    b!.port.receive = () => b!.send(broadcast(9));
    lan.control("hold", { on: false });
    expect(marks(c!)).toEqual([1, 2, 3, 9, 9, 9]);
  });

  it("has room for 256, and the rest is dropped as such", () => {
    const lan = new Lan("hub");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    lan.control("hold", { on: true });
    for (let mark = 0; mark < 300; mark++) a!.send(broadcast(mark));
    expect([lan.report.waiting, lan.of("a").dropped]).toEqual([256, { held: 44 }]);
    lan.control("hold", { on: false });
    expect(marks(b!)).toEqual(Array.from({ length: 256 }, (_, mark) => mark));
  });

  it("steps only while it is held; with nothing there a step does nothing", () => {
    const lan = new Lan("hub");
    expect(() => lan.control("step")).toThrow("Link `lan` is not held: there is nothing to let go.");
    lan.control("hold", { on: true });
    expect(lan.control("step")).toBe(0);
  });

  it("learns an address when its frame is let go, not before", () => {
    const lan = new Lan("switch");
    const a = plug(lan, "a");
    lan.control("hold", { on: true });
    a.send(broadcast(1));
    expect(lan.fdb.entries).toEqual([]);
    lan.control("step");
    expect(lan.fdb.entries).toHaveLength(1);
  });
});

describe("a mirror", () => {
  it("gets each frame once, and not its own; the others notice nothing", () => {
    const lan = new Lan("switch");
    const [a, b, m] = ["a", "b", "m"].map((name) => plug(lan, name));
    lan.control("mirror", { to: "m/0" });
    b!.send({ to: BROADCAST, from: 2, mark: 1 });
    a!.send({ to: 2, from: 1, mark: 2 });
    b!.send({ to: 1, from: 2, mark: 3 });
    m!.send({ to: 1, from: 3, mark: 4 });
    expect([marks(a!), marks(b!), marks(m!)]).toEqual([[1, 3, 4], [2], [1, 2, 3]]);
    expect(lan.of("m").received.frames).toBe(3);
    expect(lan.report.frames).toBe(4);
    expect(lan.capture().frames.map(({ to }) => to.filter(({ mirror }) => mirror).length)).toEqual([0, 1, 1, 0]);
    lan.control("mirror", { to: null });
    a!.send({ to: 2, from: 1, mark: 5 });
    expect(marks(m!)).toEqual([1, 2, 3]);
  });

  it("sees what others do not: other VLANs, frames that are filtered or dropped there, as their senders sent them", () => {
    const lan = new Lan({ kind: "switch", mirror: "m/0" });
    const red = plug(lan, "red", { vlan: 101 });
    const blue = plug(lan, "blue", { vlan: 102 });
    const m = plug(lan, "m", { vlan: 103 });
    red.send({ to: BROADCAST, from: 1, mark: 1 });
    red.send({ to: 1, from: 1, mark: 2 });
    red.send({ to: BROADCAST, from: 1, tag: 102, mark: 3 });
    expect([marks(blue), marks(m)]).toEqual([[], [1, 2, 3]]);
    expect(lan.of("red").dropped).toEqual({ vlan: 1 });
  });

  it("is an end of the link", () => {
    const lan = new Lan("switch");
    expect(() => lan.control("mirror", { to: "x/0" })).toThrow("Link `lan` has no end `x/0`.");
  });
});
