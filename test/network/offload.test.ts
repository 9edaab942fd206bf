import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/network/link.ts";
import { LEAST_SEGMENT, makeGood, type Refusal } from "../../src/network/offload.ts";
import { offsetsOf, partial, residue, type TcpPacket, tcpBytes, tcpChecksumRight, tcpPackets } from "./frames.ts";

const large = (packet: TcpPacket, size: number): Frame => ({
  ...partial(packet),
  segmentation: { kind: packet.version === 4 ? "tcp4" : "tcp6", size },
});
const sizes = fc.integer({ min: LEAST_SEGMENT, max: 1460 });

describe("cutting a large TCP segment", () => {
  it("keeps every byte of the payload, in order, and fills each piece but the last", () => {
    fc.assert(
      fc.property(tcpPackets(20_000), sizes, (packet, size) => {
        const { payload } = offsetsOf(packet);
        const pieces = makeGood(large(packet, size)).map(({ bytes }) => bytes.subarray(payload));
        expect(Buffer.concat(pieces).equals(Buffer.from(packet.payload))).toBe(true);
        expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true);
        expect(pieces.at(-1)!.length).toBeLessThanOrEqual(size);
      }),
      { numRuns: 200 },
    );
  });

  it("leaves right lengths, identifications, sequence numbers and checksums", () => {
    fc.assert(
      fc.property(tcpPackets(20_000), sizes, (packet, size) => {
        const { network, transport } = offsetsOf(packet);
        makeGood(large(packet, size)).forEach(({ bytes, checksum, segmentation }, number) => {
          const view = new DataView(bytes.buffer, bytes.byteOffset);
          expect({ checksum, segmentation }).toEqual({ checksum: "whole", segmentation: undefined });
          expect(view.getUint32(transport + 4)).toBe((packet.sequence + number * size) >>> 0);
          expect(tcpChecksumRight(bytes, packet.version, network, transport)).toBe(true);
          if (packet.version === 6) {
            expect(view.getUint16(network + 4)).toBe(bytes.length - network - 40);
            return;
          }
          expect(view.getUint16(network + 2)).toBe(bytes.length - network);
          expect(view.getUint16(network + 4)).toBe((packet.identification + number) & 0xffff);
          const header = 20 + 4 * packet.options;
          expect(residue(bytes.subarray(network, network + header))).toBe(0);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("sets FIN and PSH on the last piece only, CWR on the first only, and leaves the other flags", () => {
    fc.assert(
      fc.property(tcpPackets(8000), sizes, (packet, size) => {
        const { transport } = offsetsOf(packet);
        const flags = makeGood(large(packet, size)).map(({ bytes }) => bytes[transport + 13]!);
        const last = flags.length - 1;
        const expected = flags.map(
          (_, number) => packet.flags & ~(number < last ? 0x09 : 0) & ~(number > 0 ? 0x80 : 0),
        );
        expect(flags).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe("completing a checksum", () => {
  it("makes it right and changes nothing else, whether or not its place is given", () => {
    fc.assert(
      fc.property(tcpPackets(3000), fc.boolean(), (packet, told) => {
        const { network, transport } = offsetsOf(packet);
        const { bytes, checksumFrom, checksumAt } = partial(packet);
        const [good] = makeGood({ bytes, checksum: "partial", ...(told && { checksumFrom, checksumAt }) });
        expect(good!.checksum).toBe("whole");
        expect(tcpChecksumRight(good!.bytes, packet.version, network, transport)).toBe(true);
        const blank = good!.bytes.slice();
        blank.fill(0, transport + 16, transport + 18);
        expect(Buffer.from(blank).equals(Buffer.from(tcpBytes(packet)))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("does so for a UDP datagram whose sum is zero with the other zero", () => {
    const datagram = tcpBytes({
      version: 4,
      tags: 0,
      options: 0,
      tcpOptions: 0,
      identification: 0,
      sequence: 0,
      flags: 0,
      payload: new Uint8Array(0),
    });
    datagram[14 + 9] = 17;
    datagram.fill(0, 34);
    datagram.set([0xff, 0xff], 34 + 6); // a pseudo-header's sum that makes all ones
    const [good] = makeGood({ bytes: datagram, checksum: "partial" });
    expect([...good!.bytes.subarray(40, 42)]).toEqual([0xff, 0xff]);
  });

  it("hands a whole frame on as it is", () => {
    const frame: Frame = { bytes: Uint8Array.from({ length: 60 }, (_, at) => at), checksum: "whole" };
    expect(makeGood(frame)[0]).toBe(frame);
  });
});

describe("frames that are not what they say", () => {
  const refusal = (frame: Frame) => {
    const reasons: Refusal[] = [];
    expect(makeGood(frame, (reason) => reasons.push(reason))).toEqual([]);
    return reasons;
  };
  const packet: TcpPacket = {
    version: 4,
    tags: 0,
    options: 0,
    tcpOptions: 0,
    identification: 7,
    sequence: 1,
    flags: 0x18,
    payload: new Uint8Array(3000),
  };
  const changed = (frame: Frame, change: (bytes: Uint8Array) => void): Frame => {
    const bytes = frame.bytes.slice();
    change(bytes);
    return { ...frame, bytes };
  };

  it.each<[string, Frame, Refusal]>([
    ["shorter than an Ethernet header", { bytes: new Uint8Array(13), checksum: "whole" }, "short"],
    ["a fragment", changed(large(packet, 1448), (bytes) => (bytes[20] = 0x20)), "segmentation"],
    ["not TCP", changed(large(packet, 1448), (bytes) => (bytes[23] = 17)), "segmentation"],
    ["of the other family", { ...large(packet, 1448), segmentation: { kind: "tcp6", size: 1448 } }, "segmentation"],
    ["longer than the frame", changed(large(packet, 1448), (bytes) => (bytes[16] = 0xff)), "segmentation"],
    ["with a short TCP header", changed(large(packet, 1448), (bytes) => (bytes[46] = 0x40)), "segmentation"],
    ["in crumbs", large(packet, LEAST_SEGMENT - 1), "segment size"],
    ["of no size", large(packet, Number.NaN), "segment size"],
    ["with a checksum field outside", { ...partial(packet), checksumAt: 65_000 }, "checksum"],
    ["with a checksum field before what it covers", { ...partial(packet), checksumAt: 20 }, "checksum"],
    ["ARP with a partial checksum", { bytes: new Uint8Array(60), checksum: "partial" }, "checksum"],
  ])("%s", (_, frame, reason) => {
    expect(refusal(frame)).toEqual([reason]);
  });

  it("never throws, whatever the bytes, and what it makes is whole and bounded", () => {
    const any = fc.record({
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 200, size: "max" }),
        fc
          .tuple(
            tcpPackets(2000),
            fc.array(fc.tuple(fc.nat(119), fc.nat(255)), { maxLength: 6, size: "max" }),
            fc.nat(2200),
          )
          .map(([good, changes, keep]) => {
            const bytes = tcpBytes(good);
            for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
            return bytes.subarray(0, keep);
          }),
      ),
      checksum: fc.constantFrom("whole" as const, "partial" as const),
      checksumFrom: fc.option(fc.integer({ min: -10, max: 70_000 }), { nil: undefined }),
      checksumAt: fc.option(fc.integer({ min: -10, max: 70_000 }), { nil: undefined }),
      segmentation: fc.option(
        fc.record({
          kind: fc.constantFrom("tcp4" as const, "tcp6" as const),
          size: fc.integer({ min: -1, max: 70_000 }),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(any, (frame) => {
        const before = frame.bytes.slice();
        const made = makeGood(frame as Frame);
        expect(made.every(({ checksum, segmentation }) => checksum === "whole" && !segmentation)).toBe(true);
        expect(made.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(20 * (before.length + 100));
        expect(frame.bytes).toEqual(before);
      }),
      { numRuns: 2000 },
    );
  });
});
