import { describe, expect, it } from "vitest";
import { fromBase64 } from "../../../src/network/base64.ts";
import { makeGood } from "../../../src/network/offload.ts";
import { partial } from "../frames.ts";
import { BROADCAST, frame, plug } from "./ends.ts";
import { Lan } from "./lan.ts";

const bigSegment = () => ({
  ...partial({
    version: 4,
    tags: 0,
    options: 0,
    tcpOptions: 0,
    identification: 1,
    sequence: 1,
    flags: 0x18,
    payload: Uint8Array.from({ length: 4000 }, (_, at) => at & 255),
  }),
  segmentation: { kind: "tcp4" as const, size: 1460 },
});

describe("a capture", () => {
  it("tells what entered, when by the calendar, from whom, what decided, and whom it reached when", () => {
    const lan = new Lan({ kind: "switch", latency: 2 }, { epoch: 1_000_000 });
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    b!.send({ to: BROADCAST, from: 2 });
    lan.clock.pass(10);
    a!.send({ to: 2, from: 1, mark: 7 });
    const { bytes } = frame({ to: 2, from: 1, mark: 7 });
    const entered = { seq: 2, link: "lan", at: 1_000_010, from: "a/0", length: 60 };
    const decision = { kind: "fdb", vlan: 1, mac: "02:00:00:00:00:02", port: "b/0", age: 10 };
    const [found] = lan.capture({ from: 2 }).frames;
    expect(found).toMatchObject({ ...entered, decision, to: [{ port: "b/0", at: null }] });
    expect(fromBase64(found!.bytes)).toEqual(bytes);
    lan.clock.pass(10);
    expect(lan.capture({ from: 2 }).frames[0]!.to).toEqual([{ port: "b/0", at: 1_000_012 }]);
  });

  it("tells what was dropped, where, and why", () => {
    const lan = new Lan({ kind: "switch", rate: 1000, queue: 1 });
    const [a, b] = [plug(lan, "a", { vlan: 5 }), plug(lan, "b", { vlan: 5 })];
    a.send({ to: BROADCAST, from: 1, tag: 9 });
    for (const mark of [1, 2]) a.send({ to: BROADCAST, from: 1, mark });
    a.port.send({ bytes: new Uint8Array(5), checksum: "whole" });
    a.port.send({ bytes: new Uint8Array(2000), checksum: "whole" });
    a.send({ to: 1, from: 1 });
    b.port.close();
    const frames = lan.capture().frames.map(({ decision, to }) => [decision, to]);
    expect(frames).toEqual([
      [{ kind: "drop", why: "vlan" }, []],
      [{ kind: "flood", vlan: 5, why: "broadcast" }, [{ port: "b/0", at: null, dropped: "cut" }]],
      [{ kind: "flood", vlan: 5, why: "broadcast" }, [{ port: "b/0", at: null, dropped: "queue" }]],
      [{ kind: "drop", why: "malformed" }, []],
      [{ kind: "drop", why: "mtu" }, []],
      [{ kind: "filtered", vlan: 5, mac: "02:00:00:00:00:01", port: "a/0" }, []],
    ]);
  });

  it("shows a large segment as the frames it is on a wire, and a partial checksum completed", () => {
    const lan = new Lan("hub");
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    b!.port.offloads = true;
    const sent = bigSegment();
    a!.port.send(sent);
    const { frames, next } = lan.capture();
    expect(frames.map(({ seq, piece, length }) => [seq, piece, length])).toEqual([
      [1, { index: 0, count: 3 }, 1514],
      [1, { index: 1, count: 3 }, 1514],
      [1, { index: 2, count: 3 }, 1134],
    ]);
    expect(frames.map(({ bytes }) => fromBase64(bytes))).toEqual(makeGood(sent).map(({ bytes }) => bytes));
    expect(next).toBe(2);
  });

  it("keeps 4096 frames and 4 MiB, and says how many it no longer has", () => {
    const lan = new Lan("hub");
    const a = plug(lan, "a");
    for (let mark = 1; mark <= 5000; mark++) a.send({ to: BROADCAST, from: 1, mark });
    const { frames, next, lost, newest } = lan.capture({ from: 100, count: 10 });
    expect([frames[0]!.seq, next, lost, newest]).toEqual([905, 915, 805, 5001]);
    for (let mark = 1; mark <= 4000; mark++) a.send({ to: BROADCAST, from: 1, mark, length: 1514 });
    const kept = lan.capture({ count: 4096, bytes: 0 }).frames;
    expect(kept).toHaveLength(Math.floor(2 ** 22 / 1514));
    expect(kept.at(-1)!.seq).toBe(9000);
  });

  it("gives so many frames of one link, so many bytes of each, and what to ask for next", () => {
    const lan = new Lan("hub");
    void lan.fabric.declare({ other: { kind: "hub" } });
    const a = plug(lan, "a");
    const other = lan.fabric.port("other", { machine: "a", nic: 1, mac: "" });
    for (let mark = 0; mark < 6; mark++) {
      a.send({ to: BROADCAST, from: 1, mark });
      other.send(frame({ to: BROADCAST, from: 2 }));
    }
    const first = lan.capture({ link: "other", count: 2, bytes: 14 });
    expect(first.frames.map(({ seq, length, bytes }) => [seq, length, fromBase64(bytes)!.length])).toEqual([
      [2, 60, 14],
      [4, 60, 14],
    ]);
    const rest = lan.capture({ link: "other", from: first.next });
    expect(rest.frames.map(({ seq }) => seq)).toEqual([6, 8, 10, 12]);
    expect(lan.capture({ link: "other", from: rest.next })).toEqual({
      frames: [],
      next: 13,
      settled: 13,
      newest: 13,
      lost: 0,
    });
  });

  it("says up to where nothing changes any more", () => {
    const lan = new Lan({ kind: "hub", latency: 5 });
    const [a] = ["a", "b"].map((name) => plug(lan, name));
    a!.send({ to: BROADCAST, from: 1 });
    lan.clock.pass(3);
    a!.send({ to: BROADCAST, from: 1 });
    const settled = () => lan.capture().settled;
    expect(settled()).toBe(1);
    lan.clock.pass(3);
    expect(settled()).toBe(2);
    lan.clock.pass(3);
    expect(settled()).toBe(3);
    lan.control("hold", { on: true });
    a!.send({ to: BROADCAST, from: 1 });
    expect(settled()).toBe(3);
  });

  it("refuses what cannot be asked", () => {
    const lan = new Lan("hub");
    expect(() => lan.capture({ from: 0 })).toThrow("`from` is a whole number from 1 to");
    expect(() => lan.capture({ count: 1.5 })).toThrow("`count` is a whole number from 1 to 4096, not 1.5.");
    expect(() => lan.capture({ link: "moon" })).toThrow("There is no link `moon` here.");
  });
});
