import { describe, expect, it } from "vitest";
import { makeGood } from "../../../src/network/offload.ts";
import { partial } from "../frames.ts";
import { BROADCAST, frame, type PluggedEnd, plug, tagOf } from "./ends.ts";
import { Lan } from "./lan.ts";

const tags = (...ends: readonly PluggedEnd[]) => ends.map(({ frames }) => frames.map((one) => tagOf(one) ?? "none"));

describe("access and trunk ports (802.1Q, 8.6)", () => {
  const site = () => {
    const lan = new Lan("switch");
    return {
      lan,
      red: plug(lan, "red", { vlan: 101 }),
      red2: plug(lan, "red2", { vlan: 101 }),
      blue: plug(lan, "blue", { vlan: 102 }),
      trunk: plug(lan, "trunk", { vlans: [101, 103] }),
      all: plug(lan, "all"),
    };
  };

  it("what an access port sends reaches its VLAN alone: untagged on access ports, tagged on trunks that carry it", () => {
    const { red, red2, blue, trunk, all } = site();
    red.send({ to: BROADCAST, from: 1 });
    expect(tags(red, red2, blue, trunk, all)).toEqual([[], ["none"], [], [101], [101]]);
  });

  it("a trunk's tagged frame reaches the ports of that VLAN, whose access ports get it untagged (6.9.2)", () => {
    const { red, blue, trunk, all } = site();
    trunk.send({ to: BROADCAST, from: 1, tag: 101 });
    expect(tags(red, blue, all)).toEqual([["none"], [], [101]]);
    expect(red.frames[0]).toEqual(frame({ to: BROADCAST, from: 1, length: 56 }));
  });

  it("a frame of a VLAN the trunk does not carry is dropped where it comes in (ingress filtering, 8.6.2)", () => {
    const { lan, red, red2, blue, trunk, all } = site();
    trunk.send({ to: BROADCAST, from: 1, tag: 102 });
    expect(tags(red, red2, blue, all)).toEqual([[], [], [], []]);
    expect(lan.of("trunk").dropped).toEqual({ vlan: 1 });
    expect(lan.fdb.entries).toEqual([]);
  });

  it("an untagged frame on a trunk with named VLANs has none, and is dropped (6.9.1: only VLAN-tagged frames)", () => {
    const { lan, trunk, all } = site();
    trunk.send({ to: BROADCAST, from: 1 });
    expect(tags(all)).toEqual([[]]);
    expect(lan.of("trunk").dropped).toEqual({ vlan: 1 });
  });

  it("an access port takes no tagged frames, its own VLAN's or another's: nobody hops VLANs with two tags", () => {
    const { lan, red, red2, blue, all } = site();
    red.send({ to: BROADCAST, from: 1, tag: 101 });
    red.send({ to: BROADCAST, from: 1, tag: 102 });
    expect(tags(red2, blue, all)).toEqual([[], [], []]);
    expect(lan.of("red").dropped).toEqual({ vlan: 2 });
  });

  it("a priority tag (VID 0) names no VLAN: the port's own is taken, and the priority stays where a tag does", () => {
    const { red, red2, trunk } = site();
    red.send({ to: BROADCAST, from: 1, tag: 0, priority: 5 });
    expect(tags(red2, trunk)).toEqual([["none"], [101]]);
    expect(trunk.frames[0]!.bytes.subarray(14, 16)).toEqual(Uint8Array.of((5 << 5) | (101 >> 8), 101 & 255));
  });

  it("VID 4095 is reserved, and dropped even where all VLANs are carried (table 9-2)", () => {
    const { lan, all, red } = site();
    all.send({ to: BROADCAST, from: 1, tag: 4095 });
    expect(tags(red)).toEqual([[]]);
    expect(lan.of("all").dropped).toEqual({ vlan: 1 });
  });

  it("a trunk for all carries VLAN 1 untagged: untagged and tagged with 1 are the same there", () => {
    const { lan, all } = site();
    const other = plug(lan, "other");
    all.send({ to: BROADCAST, from: 1 });
    all.send({ to: BROADCAST, from: 1, tag: 1 });
    all.send({ to: BROADCAST, from: 1, tag: 7 });
    expect(tags(other)).toEqual([["none", "none", 7]]);
    expect(lan.fdb.entries.map(({ vlan }) => vlan).sort()).toEqual([1, 7]);
  });

  it("a frame that ends within its tag is malformed", () => {
    const { lan, all } = site();
    all.port.send({ bytes: frame({ to: BROADCAST, from: 1, tag: 1 }).bytes.slice(0, 17), checksum: "whole" });
    expect(lan.of("all").dropped).toEqual({ malformed: 1 });
  });

  it("a service tag (802.1ad) is content to a switch of customer VLANs", () => {
    const { red, red2, blue } = site();
    const stacked = frame({ to: BROADCAST, from: 1, tag: 102 });
    stacked.bytes.set([0x88, 0xa8], 12);
    red.port.send(stacked);
    expect(red2.frames).toEqual([stacked]);
    expect(blue.frames).toEqual([]);
  });
});

describe("learning in each VLAN by itself (IVL, 802.1Q, 8.8.9)", () => {
  it("the same address in two VLANs is two addresses", () => {
    const lan = new Lan("switch");
    const red = plug(lan, "red", { vlan: 101 });
    const blue = plug(lan, "blue", { vlan: 102 });
    const trunk = plug(lan, "trunk", { vlans: [101, 102] });
    red.send({ to: BROADCAST, from: 9 });
    blue.send({ to: BROADCAST, from: 9 });
    trunk.frames.length = 0;
    trunk.send({ to: 9, from: 1, tag: 101 });
    trunk.send({ to: 9, from: 1, tag: 102 });
    expect([red.frames.length, blue.frames.length]).toEqual([1, 1]);
    expect(lan.report.flooded).toBe(0);
    expect(lan.fdb.entries.map(({ vlan, port }) => [vlan, port])).toEqual([
      [101, "red/0"],
      [102, "blue/0"],
      [101, "trunk/0"],
      [102, "trunk/0"],
    ]);
  });

  it("an address heard in another VLAN is unknown here", () => {
    const lan = new Lan("switch");
    const red = plug(lan, "red", { vlan: 101 });
    const blue = plug(lan, "blue", { vlan: 102 });
    const blue2 = plug(lan, "blue2", { vlan: 102 });
    red.send({ to: BROADCAST, from: 9 });
    blue.send({ to: 9, from: 1 });
    expect([red.frames.length, blue2.frames.length]).toEqual([0, 1]);
    expect(lan.capture().frames[1]!.decision).toEqual({ kind: "flood", vlan: 102, why: "unknown" });
  });
});

describe("offloads and tags", () => {
  it("a partial checksum stays where it belongs when a tag is put in or taken out", () => {
    const lan = new Lan("switch");
    const red = plug(lan, "red", { vlan: 101 });
    const trunk = plug(lan, "trunk", { vlans: [101] });
    trunk.port.offloads = true;
    const packet = partial({
      version: 4,
      tags: 0,
      options: 0,
      tcpOptions: 3,
      identification: 1,
      sequence: 1,
      flags: 0x18,
      payload: Uint8Array.from({ length: 700 }, (_, at) => at & 255),
    });
    red.port.send(packet);
    const tagged = trunk.frames[0]!;
    expect([tagged.checksumFrom, tagged.checksumAt]).toEqual([packet.checksumFrom! + 4, packet.checksumAt! + 4]);
    trunk.port.send(tagged);
    expect(red.frames).toEqual(makeGood(packet));
  });
});
