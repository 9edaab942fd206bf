import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/network/link.ts";
import { makeGood } from "../../src/network/offload.ts";
import { Segment } from "../../src/network/segment.ts";
import { partial, type TcpPacket } from "./frames.ts";

const BROADCAST = 0xff;

/** A frame of the least length between two one-byte hosts (`02:00:00:00:00:nn`); 0xff is everybody. */
function frame(to: number, from: number, mark = 0): Frame {
  const bytes = new Uint8Array(60);
  bytes.set(to === BROADCAST ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, to]);
  bytes.set([2, 0, 0, 0, 0, from], 6);
  bytes[59] = mark;
  return { bytes, checksum: "whole" };
}

function plugged(segment: Segment, ...names: string[]) {
  return names.map((name) => {
    const port = segment.port(name);
    const frames: Frame[] = [];
    port.receive = (arrived) => frames.push(arrived);
    return { port, frames };
  });
}

const bigSegment = (): Frame => {
  const packet: TcpPacket = {
    version: 4,
    tags: 0,
    options: 0,
    tcpOptions: 3,
    identification: 9,
    sequence: 1000,
    flags: 0x18,
    payload: Uint8Array.from({ length: 10_000 }, (_, at) => at % 251),
  };
  return { ...partial(packet), segmentation: { kind: "tcp4", size: 1448 } };
};

describe("a hub", () => {
  it("carries each frame to every end but the sender's", () => {
    const [a, b, c] = plugged(new Segment("hub"), "a", "b", "c");
    a!.port.send(frame(2, 1));
    b!.port.send(frame(1, 2));
    expect([a!.frames.length, b!.frames.length, c!.frames.length]).toEqual([1, 1, 2]);
  });
});

describe("a switch", () => {
  it("floods until it has heard an address, then sends to that end alone", () => {
    const [a, b, c] = plugged(new Segment("switch"), "a", "b", "c");
    a!.port.send(frame(2, 1));
    expect([b!.frames.length, c!.frames.length]).toEqual([1, 1]);
    b!.port.send(frame(1, 2));
    a!.port.send(frame(2, 1));
    expect([a!.frames.length, b!.frames.length, c!.frames.length]).toEqual([1, 2, 1]);
  });

  it("keeps what is for the sender's own end there", () => {
    const [a, b] = plugged(new Segment("switch"), "a", "b");
    a!.port.send(frame(BROADCAST, 1));
    a!.port.send(frame(1, 9));
    expect(b!.frames.length).toBe(1);
  });

  it("forgets an address after five minutes of its clock, and when the end is unplugged", () => {
    let now = 0;
    const segment = new Segment("switch", () => now);
    const [a, b, c] = plugged(segment, "a", "b", "c");
    b!.port.send(frame(BROADCAST, 2));
    now = 299_999;
    a!.port.send(frame(2, 1));
    expect(c!.frames.length).toBe(1);
    expect(segment.addresses()).toEqual([
      { mac: "02:00:00:00:00:02", port: "b", age: 299_999 },
      { mac: "02:00:00:00:00:01", port: "a", age: 0 },
    ]);
    now = 300_000;
    a!.port.send(frame(2, 1));
    expect(c!.frames.length).toBe(2);
    a!.port.close();
    expect(segment.addresses()).toEqual([]);
  });

  it("follows an address that moved", () => {
    const [a, b, c] = plugged(new Segment("switch"), "a", "b", "c");
    b!.port.send(frame(BROADCAST, 2));
    c!.port.send(frame(BROADCAST, 2));
    a!.port.send(frame(2, 1));
    expect([b!.frames.length, c!.frames.length]).toEqual([1, 2]);
  });

  it("remembers 1024 addresses and lets the oldest go, whatever is sent", () => {
    const segment = new Segment("switch");
    const [a] = plugged(segment, "a", "b");
    for (let host = 0; host < 5000; host++) {
      const flood = frame(BROADCAST, 0);
      flood.bytes.set([host >> 8, host & 255], 9);
      a!.port.send(flood);
    }
    expect(segment.addresses().length).toBe(1024);
    expect(segment.addresses().at(-1)!.mac).toBe("02:00:00:13:87:00");
  });
});

describe("delivery", () => {
  it("hands large segments whole to ends with offloads, and made good to others", () => {
    const segment = new Segment("hub");
    const [a, b, c] = plugged(segment, "a", "b", "c");
    b!.port.offloads = true;
    const sent = bigSegment();
    a!.port.send(sent);
    expect(b!.frames).toEqual([sent]);
    expect(c!.frames).toEqual(makeGood(sent));
    expect(c!.frames.length).toBe(7);
  });

  it("counts frames that are no frames and delivers none of them", () => {
    const segment = new Segment("hub");
    const [a, b] = plugged(segment, "a", "b");
    a!.port.send({ bytes: new Uint8Array(13), checksum: "whole" });
    a!.port.send({ bytes: new Uint8Array(1523), checksum: "whole" });
    a!.port.send({ bytes: new Uint8Array(60), checksum: "partial" });
    a!.port.send({ ...bigSegment(), segmentation: { kind: "tcp4", size: 5000 } });
    expect(b!.frames).toEqual([]);
    expect(segment.counters[0]).toMatchObject({ malformed: 4 });
  });

  it("drops and counts what nobody takes", () => {
    const segment = new Segment("hub");
    const [a] = plugged(segment, "a");
    segment.port("b");
    a!.port.send(frame(BROADCAST, 1));
    expect(segment.counters).toEqual([
      { name: "a", sent: 1, sentBytes: 60, received: 0, receivedBytes: 0, malformed: 0, dropped: 0 },
      { name: "b", sent: 0, sentBytes: 0, received: 0, receivedBytes: 0, malformed: 0, dropped: 1 },
    ]);
  });

  it("ends when two ends answer each other at once for ever, and goes on afterwards", () => {
    const segment = new Segment("hub");
    const a = segment.port("a");
    const b = segment.port("b");
    let depth = 0;
    let deepest = 0;
    const answering = (port: typeof a) => () => {
      deepest = Math.max(deepest, ++depth);
      port.send(frame(BROADCAST, 1));
      depth--;
    };
    a.receive = answering(a);
    b.receive = answering(b);
    a.send(frame(BROADCAST, 1));
    expect(deepest).toBe(1);
    const arrived: Frame[] = [];
    b.receive = (last) => arrived.push(last);
    a.send(frame(BROADCAST, 1, 42));
    expect(arrived.at(-1)!.bytes[59]).toBe(42);
  });

  it("keeps the frames of each pair of ends in order, re-entrant sends and closed ends or not", () => {
    const events = fc.array(fc.record({ from: fc.nat(3), to: fc.nat(4), echo: fc.boolean() }), {
      maxLength: 40,
      size: "max",
    });
    fc.assert(
      fc.property(fc.constantFrom("hub" as const, "switch" as const), events, (kind, sends) => {
        const segment = new Segment(kind);
        const ends = plugged(segment, "0", "1", "2", "3");
        const last = new Map<string, number>();
        const marks = [0, 0, 0, 0];
        const send = (from: number, to: number) => {
          const made = frame(to === 4 ? BROADCAST : to, from);
          new DataView(made.bytes.buffer).setUint16(20, ++marks[from]!);
          ends[from]!.port.send(made);
        };
        let echo = false;
        ends.forEach(({ port }, end) => {
          port.receive = ({ bytes }) => {
            const from = bytes[11]!;
            const mark = new DataView(bytes.buffer).getUint16(20);
            expect(mark).toBeGreaterThan(last.get(`${from}-${end}`) ?? 0);
            last.set(`${from}-${end}`, mark);
            if (!echo) return;
            echo = false;
            send(end, from);
          };
        });
        for (const { from, to, echo: answered } of sends) {
          echo = answered;
          send(from, to);
        }
      }),
      { numRuns: 200 },
    );
  });
});
