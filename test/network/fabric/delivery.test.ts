import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/network/link.ts";
import { makeGood } from "../../../src/network/offload.ts";
import { partial, type TcpPacket } from "../frames.ts";
import { BROADCAST, frame, markOf, marks, plug } from "./ends.ts";
import { Lan } from "./lan.ts";

const tcp = (payload: number, size?: number): Frame => {
  const packet: TcpPacket = {
    version: 4,
    tags: 0,
    options: 0,
    tcpOptions: 3,
    identification: 9,
    sequence: 1000,
    flags: 0x18,
    payload: Uint8Array.from({ length: payload }, (_, at) => at % 251),
  };
  return { ...partial(packet), ...(size !== undefined && { segmentation: { kind: "tcp4", size } }) };
};

describe("what is handed over", () => {
  it("large segments and partial checksums go whole to ends with offloads, made good to others", () => {
    const lan = new Lan("hub");
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => plug(lan, name));
    b!.port.offloads = true;
    const segment = tcp(10_000, 1448);
    const small = tcp(100);
    for (const sent of [segment, small]) a!.port.send(sent);
    expect(b!.frames).toEqual([segment, small]);
    expect(b!.frames[0]).toBe(segment);
    expect(c!.frames).toEqual([...makeGood(segment), ...makeGood(small)]);
    expect(d!.frames).toEqual(c!.frames);
    expect(lan.of("c").received).toMatchObject({ frames: 2, bytes: segment.bytes.length + small.bytes.length });
  });

  it("a frame for an end that takes none is counted there", () => {
    const lan = new Lan("hub");
    const a = plug(lan, "a");
    lan.port("b");
    a.send({ to: BROADCAST, from: 1 });
    expect([lan.of("b").dropped, lan.of("b").received.frames]).toEqual([{ nobody: 1 }, 0]);
    expect(lan.report.dropped).toEqual({ nobody: 1 });
  });

  it("what an owner says it dropped is counted as its queue's", () => {
    const lan = new Lan("hub");
    plug(lan, "a").port.dropped(3);
    expect([lan.of("a").dropped, lan.report.dropped]).toEqual([{ queue: 3 }, { queue: 3 }]);
  });
});

describe("what may enter a link", () => {
  const fate = (sent: Frame, mtu = 1500) => {
    const lan = new Lan({ kind: "hub", mtu });
    const [a, b] = ["a", "b"].map((name) => plug(lan, name));
    b!.port.offloads = true;
    a!.port.send(sent);
    return b!.frames.length > 0 ? "passes" : lan.of("a").dropped;
  };
  const plain = (length: number): Frame => ({ bytes: new Uint8Array(length), checksum: "whole" });
  const stacked = (length: number, ...types: number[]) => {
    const made = plain(length);
    for (const [index, type] of types.entries()) new DataView(made.bytes.buffer).setUint16(12 + 4 * index, type);
    return made;
  };

  it.each<[string, Frame, number, ReturnType<typeof fate>]>([
    ["an Ethernet header and nothing", plain(14), 1500, "passes"],
    ["less than an Ethernet header", plain(13), 1500, { malformed: 1 }],
    ["nothing at all", plain(0), 1500, { malformed: 1 }],
    ["a packet as long as the MTU", plain(1514), 1500, "passes"],
    ["a packet longer than the MTU", plain(1515), 1500, { mtu: 1 }],
    ["a tag on top of the MTU", stacked(1518, 0x8100), 1500, "passes"],
    ["two tags on top of the MTU", stacked(1522, 0x88a8, 0x8100), 1500, "passes"],
    ["a third tag, which has no room", stacked(1526, 0x88a8, 0x8100, 0x8100), 1500, { mtu: 1 }],
    ["a jumbo frame where they are", plain(9014), 9000, "passes"],
    ["a large segment whose pieces fit", tcp(20_000, 1448), 1500, "passes"],
    ["a large segment whose pieces do not", tcp(20_000, 1449), 1500, { mtu: 1 }],
    ["a large segment that is one piece and fits", tcp(1000, 5000), 1500, "passes"],
    [
      "a large segment that is none",
      { ...plain(3000), segmentation: { kind: "tcp4", size: 1000 } },
      1500,
      { malformed: 1 },
    ],
    [
      "a large segment of the other family",
      { ...tcp(3000), segmentation: { kind: "tcp6", size: 1000 } },
      1500,
      { malformed: 1 },
    ],
    ["pieces of hardly anything", tcp(3000, 47), 1500, { malformed: 1 }],
    ["pieces of half bytes", tcp(3000, 100.5), 1500, { malformed: 1 }],
    [
      "more than any segment has",
      { ...plain(70_000), segmentation: { kind: "tcp4", size: 1000 } },
      1500,
      { malformed: 1 },
    ],
    ["a partial checksum of no protocol", { ...plain(60), checksum: "partial" }, 1500, { malformed: 1 }],
    ["a partial checksum beyond the frame", { ...tcp(100), checksumAt: 5000 }, 1500, { malformed: 1 }],
    [
      "a partial checksum before what it covers",
      { ...tcp(100), checksumFrom: 90, checksumAt: 50 },
      1500,
      { malformed: 1 },
    ],
  ])("%s", (_, sent, mtu, expected) => {
    expect(fate(sent, mtu)).toEqual(expected);
  });
});

describe("ends that answer at once", () => {
  it("never call each other deeper, and stop in time if they would go on for ever", () => {
    const lan = new Lan("hub");
    const [a, b] = [lan.port("a"), lan.port("b")];
    let depth = 0;
    let deepest = 0;
    let calls = 0;
    const answering = (port: typeof a) => () => {
      calls++;
      deepest = Math.max(deepest, ++depth);
      port.send(frame({ to: BROADCAST, from: 1 }));
      depth--;
    };
    a.receive = answering(a);
    b.receive = answering(b);
    a.send(frame({ to: BROADCAST, from: 1 }));
    expect(deepest).toBe(1);
    expect(calls).toBe(2 * 16_384);
    expect(lan.report.dropped).toEqual({ loop: 1 });
    const arrived: number[] = [];
    b.receive = (one) => arrived.push(markOf(one));
    a.send(frame({ to: BROADCAST, from: 1, mark: 42 }));
    expect(arrived).toEqual([42]);
  });

  it("one that answers everything twice fills its neighbour's queue, and what others send arrives", () => {
    const lan = new Lan("switch");
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name, index) => {
      const end = plug(lan, name);
      end.send({ to: BROADCAST, from: index + 1 });
      return end;
    });
    for (const end of [a, b, c, d]) end!.frames.length = 0;
    lan.control("reset");
    let calls = 0;
    a!.port.receive = () => {
      for (let twice = 0; twice < 2; twice++) a!.send({ to: 2, from: 1 });
      // In the midst of it, c is told something, and tells d.
      if (++calls === 1000) a!.send({ to: 3, from: 1 });
    };
    b!.port.receive = () => {
      for (let twice = 0; twice < 2; twice++) b!.send({ to: 1, from: 2 });
    };
    c!.port.receive = () => c!.send({ to: 4, from: 3, mark: 2 });
    b!.send({ to: 1, from: 2 });
    expect(marks(d!)).toEqual([2]);
    expect(lan.of("d").dropped).toEqual({});
    expect(lan.of("a").dropped.queue).toBeGreaterThan(0);
    expect(lan.of("a").received.frames).toBe(16_384);
  });

  it("take turns: 32 frames for one, then the others", () => {
    const lan = new Lan("hub");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    const order: string[] = [];
    b!.port.receive = () => order.push("b");
    c!.port.receive = () => order.push("c");
    a!.port.receive = () => {
      for (let mark = 0; mark < 100; mark++) a!.send({ to: BROADCAST, from: 1, mark });
    };
    b!.send({ to: BROADCAST, from: 2 });
    const runs = order
      .join("")
      .match(/b+|c+/g)!
      .map((run) => run.length);
    expect(Math.max(...runs)).toBe(32);
    expect(order).toHaveLength(201);
  });

  it("one that throws breaks its sender's turn only: the others get theirs with the next frame", () => {
    const lan = new Lan("hub");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    b!.port.receive = () => {
      throw new Error("broken");
    };
    expect(() => a!.send({ to: BROADCAST, from: 1, mark: 1 })).toThrow("broken");
    b!.port.receive = () => {};
    a!.send({ to: BROADCAST, from: 1, mark: 2 });
    expect(marks(c!)).toEqual([1, 2]);
  });

  it("one that unplugs itself while it receives gets nothing more, and leaves the others in peace", () => {
    const lan = new Lan("hub");
    const [a, b, c] = ["a", "b", "c"].map((name) => plug(lan, name));
    const got: number[] = [];
    b!.port.receive = (one) => {
      got.push(markOf(one));
      b!.port.close();
    };
    a!.port.receive = () => {
      for (const mark of [1, 2, 3]) a!.send({ to: BROADCAST, from: 1, mark });
    };
    c!.send({ to: BROADCAST, from: 3, mark: 9 });
    a!.send({ to: BROADCAST, from: 1, mark: 4 });
    expect(got).toEqual([9]);
    expect(marks(c!)).toEqual([1, 2, 3, 4]);
  });
});
