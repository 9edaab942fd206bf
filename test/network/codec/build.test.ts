import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arp,
  type Check,
  decode,
  ETHERTYPE,
  ethernet,
  ipv4,
  ipv4Fragments,
  PROTOCOL,
  padded,
  TCP_FLAG,
  tcp,
  udp,
} from "../../../src/network/codec/index.ts";
import { word } from "../../../src/network/headers.ts";

const addresses = { source: "10.0.0.2", destination: "10.0.0.3" };
const macs = { destination: "02:00:00:00:00:03", source: "02:00:00:00:00:02" };
const checks = (frame: Uint8Array): Check[] =>
  decode(frame).layers.flatMap(({ fields }) => fields.flatMap(({ check }) => check ?? []));

describe("a UDP datagram", () => {
  it("whose checksum comes to 0 is sent with the other zero, as 0 would say there is none (RFC 768)", () => {
    const made = Array.from({ length: 0x10000 }, (_, value) =>
      udp({ sourcePort: 1, destinationPort: 2, payload: Uint8Array.of(value >> 8, value & 255) }, addresses),
    );
    expect(made.filter((bytes) => word(bytes, 6) === 0)).toEqual([]);
    const other = made.filter((bytes) => word(bytes, 6) === 0xffff);
    expect(other).toHaveLength(1);
    const frame = ethernet({
      ...macs,
      type: ETHERTYPE.ipv4,
      payload: ipv4({ ...addresses, protocol: PROTOCOL.udp, payload: other[0]! }),
    });
    expect(checks(frame)).toEqual([{ state: "correct" }, { state: "correct" }]);
  });
});

describe("fragments of IPv4", () => {
  it("fit the MTU, are cut at multiples of 8, and are the packet when put together", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000, size: "max" }),
        fc.integer({ min: 68, max: 1500 }),
        fc.boolean(),
        (payload, mtu, alert) => {
          const options = alert ? Uint8Array.of(148, 4, 0, 0) : undefined;
          const pieces = ipv4Fragments({ ...addresses, protocol: 17, identification: 7, options, payload }, mtu);
          let at = 0;
          for (const [index, piece] of pieces.entries()) {
            const header = (piece[0]! & 15) * 4;
            const last = index === pieces.length - 1;
            expect(piece.length).toBeLessThanOrEqual(mtu);
            expect(word(piece, 6)).toBe((last ? 0 : 0x2000) | (at / 8));
            expect([...piece.subarray(header)]).toEqual([...payload.subarray(at, at + piece.length - header)]);
            at += piece.length - header;
          }
          expect(at).toBe(payload.length);
        },
      ),
    );
  });

  it("are refused where not even 8 bytes fit", () => {
    expect(() => ipv4Fragments({ ...addresses, protocol: 17, payload: new Uint8Array(100) }, 27)).toThrow(
      "No fragment fits an MTU of 27 bytes.",
    );
  });
});

describe("TCP options", () => {
  it("fill whole words of four bytes, whichever there are", () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.nat(3),
        (mss, sackPermitted, stamped, scaled, blocks) => {
          const options = {
            ...(mss && { mss: 1460 }),
            sackPermitted,
            ...(stamped && { timestamps: { value: 1, echo: 2 } }),
            ...(scaled && { windowScale: 7 }),
            sack: Array.from({ length: blocks }, (_, index) => [index, index + 1] as const),
          };
          const room =
            (mss ? 4 : 0) + (stamped ? 12 : sackPermitted ? 4 : 0) + (scaled ? 4 : 0) + (blocks ? 4 + 8 * blocks : 0);
          fc.pre(room <= 40);
          const bytes = tcp(
            { sourcePort: 1, destinationPort: 2, sequence: 3, flags: TCP_FLAG.ack, options },
            addresses,
          );
          expect(bytes).toHaveLength(20 + room);
          expect(bytes[12]! >> 4).toBe(bytes.length / 4);
        },
      ),
    );
  });
});

describe("a frame", () => {
  it("is filled up to 60 bytes where a real wire asks for it", () => {
    const payload = arp({ operation: "request", senderMac: macs.source, sender: "10.0.0.2", target: "10.0.0.3" });
    const frame = ethernet({ ...macs, type: ETHERTYPE.arp, payload });
    expect([frame.length, padded(frame).length, padded(new Uint8Array(80)).length]).toEqual([42, 60, 80]);
  });

  it("is not made from what is no address", () => {
    expect(() => ethernet({ ...macs, source: "02:00", type: 1, payload: new Uint8Array(0) })).toThrow(
      "`02:00` is not a MAC address.",
    );
    expect(() => ipv4({ ...addresses, source: "10.0.0.256", protocol: 1, payload: new Uint8Array(0) })).toThrow(
      "`10.0.0.256` is not an IP address.",
    );
  });
});
