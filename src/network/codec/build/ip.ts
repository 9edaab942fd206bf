import { onesSum, pseudoHeaderSum } from "../../checksum.ts";
import { type Address, addressBytes, Writer } from "./writer.ts";

/** Who a packet is from and for: both of one family. */
export interface Endpoints {
  readonly source: Address;
  readonly destination: Address;
}

export interface Ipv4Packet extends Endpoints {
  readonly protocol: number;
  /** Default 64. */
  readonly ttl?: number;
  readonly identification?: number;
  /** DSCP and ECN: the whole byte. */
  readonly tos?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** Filled up with zeros (end of options) to a multiple of 4; 40 bytes at most. */
  readonly options?: Uint8Array;
  readonly payload: Uint8Array;
}

/** RFC 791, 3.1. */
export function ipv4(packet: Ipv4Packet): Uint8Array {
  const { payload, options = new Uint8Array(0), fragmentOffset = 0 } = packet;
  const headerBytes = 20 + 4 * Math.ceil(options.length / 4);
  const flags = (packet.dontFragment ? 0x4000 : 0) | (packet.moreFragments ? 0x2000 : 0);
  const header = new Writer()
    .byte(0x40 | (headerBytes / 4), packet.tos ?? 0)
    .word(headerBytes + payload.length, packet.identification ?? 0, flags | (fragmentOffset / 8))
    .byte(packet.ttl ?? 64, packet.protocol)
    .word(0)
    .bytes(addressBytes(packet.source))
    .bytes(addressBytes(packet.destination))
    .bytes(options)
    .zeros(headerBytes - 20 - options.length);
  header.setWord(10, ~onesSum(header.done(), 0, headerBytes));
  return header.bytes(payload).done();
}

/**
 * The packet, or the fragments that fit an MTU (RFC 791, 3.2), the first with all options, the others with none.
 *
 * @param mtu bytes of the largest IP packet, at least the header with options and 8
 */
export function ipv4Fragments(packet: Ipv4Packet, mtu: number): readonly Uint8Array[] {
  const whole = ipv4(packet);
  if (whole.length <= mtu) return [whole];
  const { payload, options, fragmentOffset = 0 } = packet;
  const made: Uint8Array[] = [];
  for (let at = 0; at < payload.length; ) {
    const kept = at === 0 ? options : undefined;
    const header = 20 + 4 * Math.ceil((kept?.length ?? 0) / 4);
    const end = Math.min(payload.length, at + ((mtu - header) & ~7));
    if (end <= at) throw new RangeError(`No fragment fits an MTU of ${mtu} bytes.`);
    const moreFragments = end < payload.length || packet.moreFragments === true;
    made.push(
      ipv4({
        ...packet,
        options: kept,
        payload: payload.subarray(at, end),
        fragmentOffset: fragmentOffset + at,
        moreFragments,
      }),
    );
    at = end;
  }
  return made;
}

/** An extension header of RFC 8200, 4 that has a length: hop-by-hop (0), routing (43), destination options (60). */
export interface Ipv6Extension {
  readonly protocol: 0 | 43 | 60;
  /** What follows its first two bytes; with them a multiple of 8. */
  readonly body: Uint8Array;
}

export interface Ipv6Packet extends Endpoints {
  /** Of the payload. */
  readonly protocol: number;
  /** Default 64. */
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  /** 20 bits. */
  readonly flowLabel?: number;
  readonly extensions?: readonly Ipv6Extension[];
  /** A fragment header behind the extensions (RFC 8200, 4.5); the offset in bytes, a multiple of 8. */
  readonly fragment?: { readonly offset: number; readonly more: boolean; readonly identification: number };
  readonly payload: Uint8Array;
}

/** RFC 8200, 3. */
export function ipv6(packet: Ipv6Packet): Uint8Array {
  const { extensions = [], fragment, payload } = packet;
  const chain = [...extensions.map(({ protocol }) => protocol as number), ...(fragment ? [44] : []), packet.protocol];
  const behind = new Writer();
  for (const [index, { body }] of extensions.entries()) {
    behind.byte(chain[index + 1]!, (body.length + 2) / 8 - 1).bytes(body);
  }
  if (fragment) {
    behind
      .byte(packet.protocol, 0)
      .word(fragment.offset | (fragment.more ? 1 : 0))
      .long(fragment.identification);
  }
  behind.bytes(payload);
  return new Writer()
    .long(0x60000000 | ((packet.trafficClass ?? 0) << 20) | (packet.flowLabel ?? 0))
    .word(behind.length)
    .byte(chain[0]!, packet.hopLimit ?? 64)
    .bytes(addressBytes(packet.source))
    .bytes(addressBytes(packet.destination))
    .bytes(behind.done())
    .done();
}

/** Sum of the pseudo-header of a packet between these two (RFC 793, 3.1; RFC 8200, 8.1). */
export function pseudoSumOf({ source, destination }: Endpoints, protocol: number, length: number): number {
  const addresses = new Writer().bytes(addressBytes(source)).bytes(addressBytes(destination)).done();
  return pseudoHeaderSum(addresses, 0, addresses.length / 2, protocol, length);
}
