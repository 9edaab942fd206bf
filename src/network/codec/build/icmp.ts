import { onesSum } from "../../checksum.ts";
import { PROTOCOL } from "../numbers.ts";
import { type Endpoints, pseudoSumOf } from "./ip.ts";
import { type Address, addressBytes, macBytes, Writer } from "./writer.ts";

/** Bytes of the largest IP packet with an ICMP error in it (RFC 1812, 4.3.2.3; without options). */
const LARGEST_ERROR = 576;

export interface IcmpMessage {
  readonly type: number;
  readonly code?: number;
  /** The four bytes behind the checksum, as one number. */
  readonly rest?: number;
  readonly body?: Uint8Array;
}

/** RFC 792. */
export const icmp = (message: IcmpMessage): Uint8Array => summed(message, 0);

export interface IcmpEcho {
  readonly reply?: boolean;
  readonly id: number;
  readonly seq: number;
  readonly data: Uint8Array;
}

export const icmpEcho = ({ reply = false, id, seq, data }: IcmpEcho): Uint8Array =>
  icmp({ type: reply ? 0 : 8, rest: id * 0x10000 + seq, body: data });

/**
 * Destination unreachable (3), redirect (5), time exceeded (11), parameter problem (12): quotes the packet it is about.
 *
 * @param rest the next hop's MTU of "fragmentation needed" (RFC 1191), the gateway's address of a redirect
 * @param packet from its IP header on
 */
export const icmpError = (type: 3 | 5 | 11 | 12, code: number, packet: Uint8Array, rest = 0): Uint8Array =>
  icmp({ type, code, rest, body: packet.subarray(0, LARGEST_ERROR - 28) });

/** RFC 4443, 2.1: its checksum covers the addresses. */
export const icmpv6 = (message: IcmpMessage, endpoints: Endpoints): Uint8Array =>
  summed(message, pseudoSumOf(endpoints, PROTOCOL.icmpv6, 8 + (message.body?.length ?? 0)));

export const icmpv6Echo = ({ reply = false, id, seq, data }: IcmpEcho, endpoints: Endpoints): Uint8Array =>
  icmpv6({ type: reply ? 129 : 128, rest: id * 0x10000 + seq, body: data }, endpoints);

/** Options of neighbour discovery (RFC 4861, 4.6). */
export interface DiscoveryOptions {
  readonly sourceMac?: string;
  readonly targetMac?: string;
  readonly mtu?: number;
  readonly prefix?: {
    readonly address: string;
    readonly length: number;
    /** Seconds. */
    readonly valid: number;
    readonly preferred: number;
    /** On-link and autonomous configuration. */
    readonly onLink: boolean;
    readonly autonomous: boolean;
  };
  /** RFC 8106, 5.1. */
  readonly dnsServers?: { readonly lifetime: number; readonly addresses: readonly string[] };
}

/** @param target what is asked for */
export const neighbourSolicitation = (target: Address, options: DiscoveryOptions, endpoints: Endpoints): Uint8Array =>
  icmpv6({ type: 135, body: new Writer().bytes(addressBytes(target)).bytes(discovery(options)).done() }, endpoints);

export interface NeighbourAdvertisement {
  readonly target: Address;
  readonly router?: boolean;
  readonly solicited?: boolean;
  readonly override?: boolean;
}

export function neighbourAdvertisement(
  { target, router, solicited, override }: NeighbourAdvertisement,
  options: DiscoveryOptions,
  endpoints: Endpoints,
): Uint8Array {
  const rest = ((router ? 0x80000000 : 0) | (solicited ? 0x40000000 : 0) | (override ? 0x20000000 : 0)) >>> 0;
  const body = new Writer().bytes(addressBytes(target)).bytes(discovery(options)).done();
  return icmpv6({ type: 136, rest, body }, endpoints);
}

export const routerSolicitation = (options: DiscoveryOptions, endpoints: Endpoints): Uint8Array =>
  icmpv6({ type: 133, body: discovery(options) }, endpoints);

export interface RouterAdvertisement {
  readonly hopLimit: number;
  readonly managed?: boolean;
  readonly other?: boolean;
  /** Seconds. */
  readonly lifetime: number;
  /** Milliseconds, 0 for unspecified. */
  readonly reachable?: number;
  readonly retransmit?: number;
}

export function routerAdvertisement(
  { hopLimit, managed, other, lifetime, reachable = 0, retransmit = 0 }: RouterAdvertisement,
  options: DiscoveryOptions,
  endpoints: Endpoints,
): Uint8Array {
  const flags = (managed ? 0x80 : 0) | (other ? 0x40 : 0);
  const rest = hopLimit * 0x1000000 + flags * 0x10000 + lifetime;
  const body = new Writer().long(reachable, retransmit).bytes(discovery(options)).done();
  return icmpv6({ type: 134, rest, body }, endpoints);
}

function discovery({ sourceMac, targetMac, mtu, prefix, dnsServers }: DiscoveryOptions): Uint8Array {
  const writer = new Writer();
  if (sourceMac) writer.byte(1, 1).bytes(macBytes(sourceMac));
  if (targetMac) writer.byte(2, 1).bytes(macBytes(targetMac));
  if (mtu !== undefined) writer.byte(5, 1).word(0).long(mtu);
  if (prefix) {
    writer.byte(3, 4, prefix.length, (prefix.onLink ? 0x80 : 0) | (prefix.autonomous ? 0x40 : 0));
    writer.long(prefix.valid, prefix.preferred, 0).bytes(addressBytes(prefix.address));
  }
  if (dnsServers) {
    writer
      .byte(25, 1 + 2 * dnsServers.addresses.length)
      .word(0)
      .long(dnsServers.lifetime);
    for (const address of dnsServers.addresses) writer.bytes(addressBytes(address));
  }
  return writer.done();
}

function summed({ type, code = 0, rest = 0, body = new Uint8Array(0) }: IcmpMessage, initial: number): Uint8Array {
  const writer = new Writer().byte(type, code).word(0).long(rest).bytes(body);
  return writer.setWord(2, ~onesSum(writer.done(), 0, writer.length, initial)).done();
}
