import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/cli/bench/fuzz-network/virtual-clock.ts";
import { Fabric } from "../../../src/network/fabric/index.ts";
import type { Frame, LinkPort } from "../../../src/network/link.ts";
import type { LinkSpec, PortSpec } from "../../../src/network/link-spec.ts";
import { Network } from "../../../src/network/network.ts";
import type { LinkReport, NetworkCounters } from "../../../src/network/reports.ts";
import { WINDOW } from "../../../src/network/trunk/lane.ts";
import { Trunk } from "../../../src/network/trunk/trunk.ts";
import { Line, turn } from "./line.ts";

const spec = (machine: string, number: number): PortSpec => ({ machine, nic: 0, mac: `02:00:00:00:00:0${number}` });

/** A broadcast of this many bytes, numbered. */
function frame(number: number, length = 64): Frame {
  const bytes = new Uint8Array(length).fill(0xff, 0, 6);
  bytes.set([2, 0, 0, 0, 0, 1, 0x88, 0xb5], 6);
  new DataView(bytes.buffer).setUint32(14, number);
  return { bytes, checksum: "whole" };
}

const numberOf = ({ bytes }: Frame): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(14);

/** Two hosts, each with its cable to a network with one link. */
async function world(link: LinkSpec = { kind: "hub" }) {
  const clock = new VirtualClock();
  const network = new Network({ now: clock.now, later: clock.later, epoch: 0 });
  await network.declare({ lan: link });
  const lines = [new Line(), new Line()] as const;
  const trunks = [new Trunk(), new Trunk()] as const;
  const joined = trunks.map((trunk, index) => trunk.join(lines[index]!.host));
  await network.join("h", lines[0].network);
  await network.join("i", lines[1].network);
  const settle = async () => {
    for (let round = 0; round < 4; round++) for (const line of lines) await line.settle();
  };
  await settle();
  await Promise.all(joined);
  const report = async (): Promise<LinkReport> =>
    ((await network.probe("network.counters", {})) as NetworkCounters).lan!;
  const dropped = async (name: string) => (await report()).ports.find((port) => port.name === name)?.dropped.queue ?? 0;
  return { clock, network, lines, trunks, settle, report, dropped };
}

function listen(port: LinkPort): number[] {
  const heard: number[] = [];
  port.receive = (one) => heard.push(numberOf(one));
  return heard;
}

describe("a cable between a host and the network", () => {
  it("carries frames between machines of two hosts, in order, those of a turn together", async () => {
    const { trunks, lines, settle, report } = await world();
    const one = trunks[0].port("lan", spec("one", 1));
    const heard = listen(trunks[1].port("lan", spec("two", 2)));
    await settle();
    for (let number = 0; number < 10; number++) one.send(frame(number));
    expect(lines[0].waiting(0)).toBe(0);
    await turn();
    expect(lines[0].waiting(0)).toBe(1);
    await settle();
    expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await report()).ports.map(({ name, sent, received }) => [name, sent.frames, received.frames])).toEqual([
      ["one/0", 10, 0],
      ["two/0", 0, 10],
    ]);
  });

  it("carries what a sender left to its card, to an end that takes it, and makes it good for one that does not", async () => {
    const { trunks, settle } = await world();
    const one = trunks[0].port("lan", spec("one", 1));
    const taker = trunks[1].port("lan", spec("two", 2));
    const other = trunks[1].port("lan", spec("three", 3));
    taker.offloads = true;
    const got: Frame[][] = [[], []];
    taker.receive = (frame) => got[0]!.push(frame);
    other.receive = (frame) => got[1]!.push(frame);
    await settle();
    // UDP from 10.0.0.1 to 10.0.0.2 with the pseudo-header's sum in the place of the checksum
    const bytes = Uint8Array.from([
      ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0],
      ...[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x66, 0xcf, 10, 0, 0, 1, 10, 0, 0, 2],
      ...[0, 7, 0, 9, 0, 8, 0x14, 0x1c],
    ]);
    one.send({ bytes, checksum: "partial", checksumFrom: 34, checksumAt: 40 });
    await settle();
    expect(got[0]).toEqual([{ bytes, checksum: "partial", checksumFrom: 34, checksumAt: 40 }]);
    expect(got[1]).toMatchObject([{ checksum: "whole" }]);
    expect([...got[1]![0]!.bytes.subarray(40)]).not.toEqual([0x14, 0x1c]);
  });

  it("knows the network's links and their MTU before a machine starts", async () => {
    const { trunks, network, settle } = await world({ kind: "switch", mtu: 9000 });
    expect([trunks[0].has("lan"), trunks[0].has("far")]).toEqual([true, false]);
    expect(trunks[0].port("lan", spec("one", 1)).mtu).toBe(9000);
    await network.declare({ far: { kind: "wire" } });
    await settle();
    expect(trunks[0].has("far")).toBe(true);
  });

  it("tells an end when its carrier goes and comes, and that it has none where there is no room for it", async () => {
    const { trunks, network, settle } = await world({ kind: "wire" });
    const ends = [1, 2, 3].map((number) => trunks[0].port("lan", spec(`m${number}`, number)));
    const heard: boolean[] = [];
    ends[0]!.onCarrier = (carrier) => heard.push(carrier);
    await settle();
    expect(ends.map(({ carrier }) => carrier)).toEqual([true, true, false]);
    await network.control("network.cable", { machine: "m1", nic: 0, plugged: false });
    await settle();
    await network.control("network.cable", { machine: "m1", nic: 0, plugged: true });
    await settle();
    expect(heard).toEqual([false, true]);
  });

  it("closes an end with its owner, and all of a host's when the host is gone", async () => {
    const { trunks, network, settle, report } = await world();
    const one = trunks[0].port("lan", spec("one", 1));
    trunks[0].port("lan", spec("two", 2));
    trunks[1].port("lan", spec("three", 3));
    await settle();
    const names = async () => (await report()).ports.map(({ name }) => name);
    one.close();
    await settle();
    expect(await names()).toEqual(["two/0", "three/0"]);
    await network.leave("h");
    expect(await names()).toEqual(["three/0"]);
  });

  it("that takes another's place opens the ends again that were open", async () => {
    const { trunks, network, lines, settle, report } = await world();
    const heard = listen(trunks[0].port("lan", spec("one", 1)));
    const two = trunks[1].port("lan", spec("two", 2));
    await settle();
    const fresh = new Line();
    const joined = trunks[0].join(fresh.host);
    await network.join("h", fresh.network);
    await fresh.settle();
    await joined;
    two.send(frame(7));
    await settle();
    await fresh.settle();
    expect(heard).toEqual([7]);
    expect((await report()).ports.map(({ name }) => name).sort()).toEqual(["one/0", "two/0"]);
    expect(lines[0].deliver(1)).toBe(false);
  });
});

describe("a flood over a cable", () => {
  const MANY = 4 * WINDOW.frames;

  it("is bounded on its way, and what finds no room is dropped and counted at its end", async () => {
    const { trunks, lines, settle, dropped, report } = await world();
    const one = trunks[0].port("lan", spec("one", 1));
    const heard = listen(trunks[1].port("lan", spec("two", 2)));
    await settle();
    const before = lines[0].bytes[0];
    for (let number = 0; number < MANY; number++) one.send(frame(number, 1500));
    await turn();
    expect(lines[0].bytes[0] - before).toBeLessThan(1.1 * WINDOW.bytes);
    await settle();
    one.send(frame(MANY)); // what was dropped is told with the frames that go next
    await settle();
    const lost = await dropped("one/0");
    expect(lost).toBeGreaterThan(0);
    expect((await report()).ports[0]!.sent.frames + lost).toBe(MANY + 1);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(heard.at(-1)).toBe(MANY);
  });

  it("towards a host that does not listen is bounded too, and counted at the end it was for", async () => {
    const { trunks, lines, dropped } = await world();
    const one = trunks[0].port("lan", spec("one", 1));
    trunks[1].port("lan", spec("two", 2));
    await lines[0].settle();
    await lines[1].settle();
    const before = lines[1].bytes[1];
    for (let number = 0; number < MANY; number++) {
      one.send(frame(number, 1500));
      if (number % 64 === 63) await lines[0].settle();
    }
    expect(lines[1].bytes[1] - before).toBeLessThan(1.1 * WINDOW.bytes);
    expect(await dropped("two/0")).toBeGreaterThan(0);
  });

  it("takes nothing of another end's room", async () => {
    const { trunks, settle } = await world();
    const flooder = trunks[0].port("lan", spec("one", 1));
    const quiet = trunks[0].port("lan", spec("two", 2));
    const heard = listen(trunks[1].port("lan", spec("three", 3)));
    await settle();
    for (let number = 0; number < MANY; number++) flooder.send(frame(number, 1500));
    quiet.send(frame(9999));
    await settle();
    expect(heard).toContain(9999);
  });

  it("goes on when the other side has taken frames: nothing waits for ever", async () => {
    const { trunks, settle, dropped } = await world({ kind: "hub", mtu: 9000 });
    const one = trunks[0].port("lan", spec("one", 1));
    const heard = listen(trunks[1].port("lan", spec("two", 2)));
    await settle();
    for (let number = 0; number < MANY; number++) {
      one.send(frame(number, 9000));
      if (number % 80 === 79) await settle(); // more than the window, less than it and what may wait
    }
    await settle();
    expect(await dropped("one/0")).toBe(0);
    expect(heard.length).toBe(MANY);
  });
});

describe("frames a card had no room for", () => {
  it("are counted at its end of the link", async () => {
    const { trunks, settle, dropped } = await world();
    const one = trunks[0].port("lan", spec("one", 1));
    const two = trunks[1].port("lan", spec("two", 2));
    two.receive = () => two.dropped(1);
    await settle();
    for (let number = 0; number < 5; number++) one.send(frame(number));
    await settle();
    expect(await dropped("two/0")).toBe(5);
  });
});

describe("a fabric", () => {
  it("asked for a link it has not, says so over the cable", async () => {
    const { trunks, settle } = await world();
    const nowhere = trunks[0].port("nowhere", spec("one", 1));
    await settle();
    expect(nowhere.carrier).toBe(false);
    const { now, later } = new VirtualClock();
    expect(() => new Fabric({ now, later, epoch: 0 }).port("nowhere", spec("one", 1))).toThrow("no link `nowhere`");
  });
});
