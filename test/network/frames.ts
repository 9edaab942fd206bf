import fc from "fast-check";
import type { Frame } from "../../src/network/link.ts";

/** What a test frame is made of; the builder below is independent of the code under test. */
export interface TcpPacket {
  readonly version: 4 | 6;
  readonly tags: number;
  /** Words of IPv4 options, or units of 8 bytes of an IPv6 destination options header. */
  readonly options: number;
  readonly tcpOptions: number;
  readonly identification: number;
  readonly sequence: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

export const tcpPackets = (mostPayload: number): fc.Arbitrary<TcpPacket> =>
  fc.record({
    version: fc.constantFrom(4 as const, 6 as const),
    tags: fc.integer({ min: 0, max: 2 }),
    options: fc.integer({ min: 0, max: 3 }),
    tcpOptions: fc.integer({ min: 0, max: 10 }),
    identification: fc.integer({ min: 0, max: 0xffff }),
    sequence: fc.integer({ min: 0, max: 0xffffffff }),
    flags: fc.integer({ min: 0, max: 0xff }),
    payload: fc.uint8Array({ minLength: 0, maxLength: mostPayload, size: "max" }),
  });

export interface Offsets {
  readonly network: number;
  readonly transport: number;
  readonly payload: number;
}

export function offsetsOf({ version, tags, options, tcpOptions }: TcpPacket): Offsets {
  const network = 14 + 4 * tags;
  const transport = network + (version === 4 ? 20 + 4 * options : 40 + (options > 0 ? 8 * options : 0));
  return { network, transport, payload: transport + 20 + 4 * tcpOptions };
}

/** The frame with zeros where checksums go. */
export function tcpBytes(packet: TcpPacket): Uint8Array {
  const { network, transport, payload } = offsetsOf(packet);
  const bytes = new Uint8Array(payload + packet.payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
  for (let tag = 0; tag < packet.tags; tag++) {
    view.setUint16(12 + 4 * tag, packet.tags === 2 && tag === 0 ? 0x88a8 : 0x8100);
    view.setUint16(14 + 4 * tag, 101 + tag);
  }
  view.setUint16(network - 2, packet.version === 4 ? 0x0800 : 0x86dd);
  if (packet.version === 4) {
    bytes[network] = 0x40 | (5 + packet.options);
    view.setUint16(network + 2, bytes.length - network);
    view.setUint16(network + 4, packet.identification);
    bytes[network + 8] = 64;
    bytes[network + 9] = 6;
    bytes.set([10, 0, 0, 1, 10, 0, 0, 2], network + 12);
    bytes.fill(1, network + 20, transport); // no-operation options
  } else {
    bytes[network] = 0x60;
    view.setUint16(network + 4, bytes.length - network - 40);
    bytes[network + 6] = packet.options > 0 ? 60 : 6;
    bytes[network + 7] = 64;
    bytes.set([0xfd, 0, 1], network + 8);
    bytes.set([0xfd, 0, 2], network + 24);
    if (packet.options > 0) bytes.set([6, packet.options - 1], network + 40);
  }
  view.setUint16(transport, 40000);
  view.setUint16(transport + 2, 5001);
  view.setUint32(transport + 4, packet.sequence);
  bytes[transport + 12] = (5 + packet.tcpOptions) << 4;
  bytes[transport + 13] = packet.flags;
  bytes.fill(1, transport + 20, payload);
  bytes.set(packet.payload, payload);
  return bytes;
}

/** Bytes as one large number modulo 2¹⁶ − 1: what RFC 1071 calls the sum, by another way. */
export function residue(bytes: Uint8Array): number {
  let value = 0;
  for (let at = 0; at < bytes.length; at++) value = (value + bytes[at]! * (at % 2 === 0 ? 256 : 1)) % 0xffff;
  return value;
}

/** True when the transport checksum of an unfragmented TCP packet is right: with the pseudo-header all adds up to 0. */
export function tcpChecksumRight(bytes: Uint8Array, version: 4 | 6, network: number, transport: number): boolean {
  const [from, to] = version === 4 ? [network + 12, network + 20] : [network + 8, network + 40];
  const length = bytes.length - transport;
  const pseudo = Uint8Array.of(...bytes.subarray(from, to), 0, 6, length >> 8, length & 255);
  return (residue(pseudo) + residue(bytes.subarray(transport))) % 0xffff === 0;
}

/** Puts the pseudo-header's sum into the checksum field, as a driver leaves it to a card. */
export function partial(packet: TcpPacket): Frame {
  const bytes = tcpBytes(packet);
  const { network, transport } = offsetsOf(packet);
  const [from, to] = packet.version === 4 ? [network + 12, network + 20] : [network + 8, network + 40];
  const length = bytes.length - transport;
  const sum = residue(Uint8Array.of(...bytes.subarray(from, to), 0, 6, length >> 8, length & 255));
  new DataView(bytes.buffer).setUint16(transport + 16, sum);
  return { bytes, checksum: "partial", checksumFrom: transport, checksumAt: transport + 16 };
}
