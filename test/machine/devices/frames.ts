import fc from "fast-check";
import { pseudoHeaderSum } from "../../../src/network/checksum.ts";
import { ETHERTYPE, ethernet, ipv4, ipv6, PROTOCOL, TCP_FLAG, tcp } from "../../../src/network/codec/index.ts";
import { setWord } from "../../../src/network/headers.ts";
import type { Frame } from "../../../src/network/link.ts";

/** `struct virtio_net_hdr` of version 1. */
export const HEADER = 12;

export interface HeaderFields {
  readonly flags?: number;
  readonly gsoType?: number;
  readonly hdrLen?: number;
  readonly gsoSize?: number;
  readonly csumStart?: number;
  readonly csumOffset?: number;
  readonly numBuffers?: number;
}

export function netHeader(fields: HeaderFields = {}): Uint8Array {
  const { flags = 0, gsoType = 0, hdrLen = 0, gsoSize = 0, csumStart = 0, csumOffset = 0, numBuffers = 0 } = fields;
  const view = new DataView(new ArrayBuffer(HEADER));
  view.setUint8(0, flags);
  view.setUint8(1, gsoType);
  for (const [index, value] of [hdrLen, gsoSize, csumStart, csumOffset, numBuffers].entries()) {
    view.setUint16(2 + 2 * index, value, true);
  }
  return new Uint8Array(view.buffer);
}

export function readHeader(bytes: Uint8Array): Required<HeaderFields> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const [hdrLen, gsoSize, csumStart, csumOffset, numBuffers] = [2, 4, 6, 8, 10].map((at) => view.getUint16(at, true));
  return {
    ...{ flags: view.getUint8(0), gsoType: view.getUint8(1), hdrLen: hdrLen!, gsoSize: gsoSize! },
    ...{ csumStart: csumStart!, csumOffset: csumOffset!, numBuffers: numBuffers! },
  };
}

const ENDS = { destination: "02:00:00:00:00:01", source: "02:00:00:00:00:02" };

/** A TCP segment as a driver with offloads sends it: partial checksum, and to be cut where a size is given. */
export function segment(version: 4 | 6, payload: Uint8Array, { size = 0, flags = TCP_FLAG.ack as number } = {}): Frame {
  const addresses =
    version === 4 ? { source: "10.0.0.2", destination: "10.0.0.1" } : { source: "fd00::2", destination: "fd00::1" };
  const fields = { sourcePort: 5, destinationPort: 7, sequence: 100, acknowledgement: 3, flags, window: 512, payload };
  const transport = tcp(fields, addresses);
  const packet =
    version === 4
      ? ipv4({ ...addresses, protocol: PROTOCOL.tcp, payload: transport })
      : ipv6({ ...addresses, protocol: PROTOCOL.tcp, payload: transport });
  const bytes = ethernet({ ...ENDS, type: version === 4 ? ETHERTYPE.ipv4 : ETHERTYPE.ipv6, payload: packet });
  const checksumFrom = 14 + (version === 4 ? 20 : 40);
  const checksumAt = checksumFrom + 16;
  const at = version === 4 ? 26 : 22;
  setWord(bytes, checksumAt, pseudoHeaderSum(bytes, at, version === 4 ? 4 : 16, PROTOCOL.tcp, transport.length));
  return {
    ...{ bytes, checksum: "partial", checksumFrom, checksumAt },
    ...(size > 0 && { segmentation: { kind: version === 4 ? "tcp4" : "tcp6", size } }),
  };
}

/** The header a driver puts before a frame. */
export function headerOf({ checksum, checksumFrom = 0, checksumAt = 0, segmentation }: Frame): Uint8Array {
  if (checksum === "whole") return netHeader();
  const gsoType = segmentation ? (segmentation.kind === "tcp4" ? 1 : 4) : 0;
  return netHeader({
    ...{ flags: 1, gsoType, gsoSize: segmentation?.size ?? 0 },
    ...{ csumStart: checksumFrom, csumOffset: checksumAt - checksumFrom },
  });
}

/** Any frame: what is in it does not matter to a card. It is for the card's own address. */
export const plainFrame = fc.uint8Array({ minLength: 1, maxLength: 1500 }).map((payload): Frame => {
  return { bytes: ethernet({ ...ENDS, type: 0x88b5, payload: Uint8Array.from(payload) }), checksum: "whole" };
});

export const anySegment = fc
  .record({
    version: fc.constantFrom<4 | 6>(4, 6),
    bytes: fc.integer({ min: 1, max: 9000 }),
    fill: fc.nat({ max: 255 }),
    size: fc.constantFrom(0, 48, 536, 1448),
  })
  .map(({ version, bytes, fill, size }) =>
    segment(
      version,
      Uint8Array.from({ length: size > 0 ? bytes : Math.min(bytes, 1400) }, (_, at) => at * fill),
      { size },
    ),
  );

export const anyFrame = fc.oneof(plainFrame, anySegment);
