/** `struct virtio_net_hdr` (virtio 1.2, 5.1.6), which stands before every frame, and the frame it describes. */
import { PROTOCOL, packetHeaders } from "../../../network/headers.ts";
import type { Frame } from "../../../network/link.ts";
import { type ChecksumPlace, checksumPlace, LEAST_SEGMENT } from "../../../network/offload.ts";
import type { Takes } from "./features.ts";

/** Bytes, with `num_buffers`, which a device of version 1 always has. */
export const NET_HEADER = 12;

/** Offsets; all words are little-endian. */
const AT = { flags: 0, gsoType: 1, hdrLen: 2, gsoSize: 4, csumStart: 6, csumOffset: 8, numBuffers: 10 } as const;

/** VIRTIO_NET_HDR_F_NEEDS_CSUM. */
const NEEDS_CSUM = 1;
/** VIRTIO_NET_HDR_GSO_*. */
const GSO = { none: 0, tcpv4: 1, tcpv6: 4, ecn: 0x80 } as const;

/** Offsets in a TCP header. */
const TCP = { offset: 12, flags: 13, checksum: 16, least: 20 } as const;
const CWR = 0x80;

const ETHERNET_BYTES = 14;

/** What a driver may leave to the device, as negotiated. */
export interface Leaves {
  readonly checksum: boolean;
  readonly tcp4: boolean;
  readonly tcp6: boolean;
}

/**
 * The frame a driver sends (5.1.6.2).
 *
 * @param header the twelve bytes before it
 * @returns undefined when the frame is none, or not what the header says it is
 */
export function sentFrame(header: DataView, bytes: Uint8Array, leaves: Leaves): Frame | undefined {
  if (bytes.length < ETHERNET_BYTES) return undefined;
  const gso = header.getUint8(AT.gsoType) & ~GSO.ecn;
  if ((header.getUint8(AT.flags) & NEEDS_CSUM) === 0) {
    return gso === GSO.none ? { bytes, checksum: "whole" } : undefined;
  }
  const checksumFrom = header.getUint16(AT.csumStart, true);
  const checksumAt = checksumFrom + header.getUint16(AT.csumOffset, true);
  if (!leaves.checksum || checksumFrom < ETHERNET_BYTES || checksumAt + 2 > bytes.length) return undefined;
  const partial = { bytes, checksum: "partial", checksumFrom, checksumAt } as const;
  if (gso === GSO.none) return partial;
  const size = header.getUint16(AT.gsoSize, true);
  const kind = gso === GSO.tcpv4 ? "tcp4" : gso === GSO.tcpv6 ? "tcp6" : undefined;
  if (!kind || !leaves[kind] || size < LEAST_SEGMENT || !isSegment(partial, kind)) return undefined;
  return { ...partial, segmentation: { kind, size } };
}

/** True when a large segment is the TCP segment its header says it is. */
function isSegment({ bytes, checksumFrom, checksumAt }: Frame, kind: "tcp4" | "tcp6"): boolean {
  const packet = packetHeaders(bytes);
  if (!packet || packet.fragment || packet.protocol !== PROTOCOL.tcp) return false;
  if (packet.version !== (kind === "tcp4" ? 4 : 6)) return false;
  const { transport, end } = packet;
  if (checksumFrom !== transport || checksumAt !== transport + TCP.checksum || transport + TCP.least > end)
    return false;
  return transport + tcpHeaderBytes(bytes, transport) <= end;
}

const tcpHeaderBytes = (bytes: Uint8Array, transport: number): number =>
  Math.max(TCP.least, (bytes[transport + TCP.offset]! >> 4) * 4);

/** True when a driver can be given the frame as it is; else it is to be made good first. */
export function acceptable(frame: Frame, takes: Takes): boolean {
  const { bytes, checksum, segmentation } = frame;
  if (checksum === "whole") return !segmentation;
  const place = placeOf(frame);
  if (!takes.checksum || !place) return false;
  if (!segmentation) return true;
  const taken = segmentation.kind === "tcp4" ? takes.tcp4 : takes.tcp6;
  return taken && (takes.ecn || (bytes[place.from + TCP.flags]! & CWR) === 0);
}

/** Where a partial checksum is: named, or to be found in the packet's headers. */
function placeOf({ bytes, checksumFrom: from, checksumAt: at }: Frame): ChecksumPlace | undefined {
  return from === undefined || at === undefined ? checksumPlace(bytes) : { from, at };
}

/** Writes the header of a frame that is {@link acceptable} (5.1.6.4). @param numBuffers chains it lies in */
export function writeHeader(header: DataView, frame: Frame, numBuffers: number): void {
  const { bytes, checksum, segmentation } = frame;
  header.setUint32(0, 0);
  header.setUint32(4, 0);
  header.setUint16(AT.csumOffset, 0);
  header.setUint16(AT.numBuffers, numBuffers, true);
  const place = checksum === "partial" ? placeOf(frame) : undefined;
  if (!place) return;
  const { from, at } = place;
  header.setUint8(AT.flags, NEEDS_CSUM);
  header.setUint16(AT.csumStart, from, true);
  header.setUint16(AT.csumOffset, at - from, true);
  if (!segmentation) return;
  const ecn = (bytes[from + TCP.flags]! & CWR) === 0 ? 0 : GSO.ecn;
  header.setUint8(AT.gsoType, (segmentation.kind === "tcp4" ? GSO.tcpv4 : GSO.tcpv6) | ecn);
  header.setUint16(AT.hdrLen, from + tcpHeaderBytes(bytes, from), true);
  header.setUint16(AT.gsoSize, segmentation.size, true);
}
