/**
 * What a card with offloads does on behalf of its driver, done for whoever has no such card: checksums completed and
 * large TCP segments cut, before a frame meets a capture, a wire or a guest without the offload.
 */
import { checksumOf, onesSum, pseudoHeaderSum } from "./checksum.ts";
import { ETHERNET_BYTES, type PacketHeaders, PROTOCOL, packetHeaders, setWord, word } from "./headers.ts";
import type { Frame } from "./link.ts";

/** Why a frame is not what it says of itself. */
export type Refusal =
  /** Shorter than an Ethernet header. */
  | "short"
  /** A checksum is to be completed, and no place for one can be found, or the named one is outside the frame. */
  | "checksum"
  /** To be cut, but no unfragmented TCP segment of the family named, or its lengths do not fit. */
  | "segmentation"
  /** To be cut into pieces smaller than {@link LEAST_SEGMENT}. */
  | "segment size";

/** Payload bytes a segment has at least: what Linux never goes below (TCP_MIN_SND_MSS), and a bound on the pieces. */
export const LEAST_SEGMENT = 48;

const TCP = { sequence: 4, offset: 12, flags: 13, checksum: 16, least: 20 } as const;
const TCP_FLAG = { fin: 0x01, psh: 0x08, cwr: 0x80 } as const;
const UDP_CHECKSUM = 6;

/** Where a packet's transport checksum is. */
export interface ChecksumPlace {
  /** First byte it covers. */
  readonly from: number;
  /** Offset of the field. */
  readonly at: number;
}

/** @returns undefined when the frame is no unfragmented TCP or UDP packet */
export function checksumPlace(bytes: Uint8Array): ChecksumPlace | undefined {
  const packet = packetHeaders(bytes);
  if (!packet || packet.fragment) return undefined;
  const { transport, protocol, end } = packet;
  const field = protocol === PROTOCOL.tcp ? TCP.checksum : protocol === PROTOCOL.udp ? UDP_CHECKSUM : undefined;
  if (field === undefined || transport + field + 2 > end) return undefined;
  return { from: transport, at: transport + field };
}

/**
 * The frames a wire would carry: none with a partial checksum, none to be cut.
 *
 * @param refused told why when a frame is not what it says it is; it is dropped then
 * @returns the frame itself where nothing is left to do
 */
export function makeGood(frame: Frame, refused?: (reason: Refusal) => void): readonly Frame[] {
  const made = frame.bytes.length < ETHERNET_BYTES ? "short" : frame.segmentation ? cut(frame) : completed(frame);
  if (typeof made !== "string") return made;
  refused?.(made);
  return [];
}

function completed(frame: Frame): readonly Frame[] | Refusal {
  if (frame.checksum === "whole") return [frame];
  const { checksumFrom: from, checksumAt: at } = frame;
  const place = from === undefined || at === undefined ? checksumPlace(frame.bytes) : { from, at };
  const { length } = frame.bytes;
  if (!place || !(place.from >= 0 && place.from <= place.at && place.at + 2 <= length)) return "checksum";
  const bytes = frame.bytes.slice();
  setWord(bytes, place.at, checksumOf(onesSum(bytes, place.from, length)));
  return [{ bytes, checksum: "whole" }];
}

/** Where the headers of a large TCP segment are. */
export interface SegmentParts {
  readonly packet: PacketHeaders;
  /** Offset of the first byte of TCP payload. */
  readonly payload: number;
}

/** @param frame with a segmentation. @returns why it cannot be cut, if it cannot */
export function segmentParts({ bytes, segmentation }: Frame): SegmentParts | Refusal {
  const { kind, size } = segmentation!;
  if (!(size >= LEAST_SEGMENT)) return "segment size";
  const packet = packetHeaders(bytes);
  if (!packet || packet.fragment || packet.protocol !== PROTOCOL.tcp) return "segmentation";
  if (packet.version !== (kind === "tcp4" ? 4 : 6) || packet.transport + TCP.least > packet.end) return "segmentation";
  const tcpBytes = (bytes[packet.transport + TCP.offset]! >> 4) * 4;
  const payload = packet.transport + tcpBytes;
  if (tcpBytes < TCP.least || payload > packet.end) return "segmentation";
  return { packet, payload };
}

function cut(frame: Frame): readonly Frame[] | Refusal {
  const parts = segmentParts(frame);
  if (typeof parts === "string") return parts;
  const { packet, payload } = parts;
  const { size } = frame.segmentation!;
  const frames: Frame[] = [];
  for (let at = payload; at < packet.end || at === payload; at += size) {
    const end = Math.min(at + size, packet.end);
    frames.push({ bytes: segment(frame.bytes, packet, payload, at, end, frames.length), checksum: "whole" });
  }
  return frames;
}

/** One piece: headers of the large segment with what differs from piece to piece, then payload `[at, end)`. */
function segment(
  large: Uint8Array,
  packet: PacketHeaders,
  payload: number,
  at: number,
  end: number,
  number: number,
): Uint8Array {
  const { network, transport } = packet;
  const bytes = new Uint8Array(payload + end - at);
  bytes.set(large.subarray(0, payload));
  bytes.set(large.subarray(at, end), payload);
  if (packet.version === 4) {
    setWord(bytes, network + 2, bytes.length - network);
    setWord(bytes, network + 4, word(large, network + 4) + number);
    setWord(bytes, network + 10, 0);
    setWord(bytes, network + 10, ~onesSum(bytes, network, transport));
  } else {
    setWord(bytes, network + 4, bytes.length - network - 40);
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(transport + TCP.sequence, view.getUint32(transport + TCP.sequence) + at - payload);
  // FIN and PSH belong to the last byte; CWR answers an echo once (RFC 3168, 6.1.2).
  if (end < packet.end) bytes[transport + TCP.flags]! &= ~(TCP_FLAG.fin | TCP_FLAG.psh);
  if (number > 0) bytes[transport + TCP.flags]! &= ~TCP_FLAG.cwr;
  setWord(bytes, transport + TCP.checksum, 0);
  setWord(
    bytes,
    transport + TCP.checksum,
    checksumOf(onesSum(bytes, transport, bytes.length, pseudoSum(bytes, packet))),
  );
  return bytes;
}

function pseudoSum(bytes: Uint8Array, { version, network, transport }: PacketHeaders): number {
  const [addresses, addressBytes] = version === 4 ? [network + 12, 4] : [network + 8, 16];
  return pseudoHeaderSum(bytes, addresses, addressBytes, PROTOCOL.tcp, bytes.length - transport);
}
