import { type Headers, headersOf, PROTOCOL } from "../../../../network/codec/index.ts";
import type { Flow } from "./tables.ts";

/** What tables are asked about a frame, by its outermost packet. */

const PROTOCOLS: Readonly<Record<number, Flow["protocol"]>> = {
  [PROTOCOL.icmp]: "icmp",
  [PROTOCOL.icmpv6]: "icmpv6",
  [PROTOCOL.tcp]: "tcp",
  [PROTOCOL.udp]: "udp",
};

const SYN = 2;
const ACK = 16;

/** @returns undefined of a frame without an IP packet */
export function flowOf(bytes: Uint8Array): Flow | undefined {
  const headers = headersOf(bytes);
  if (headers?.source === undefined || headers.destination === undefined) return undefined;
  const { source, destination, protocol = -1, icmp } = headers;
  const sourcePort = headers.sourcePort ?? icmp?.id;
  const destinationPort = headers.destinationPort ?? icmp?.id;
  return {
    protocol: PROTOCOLS[protocol] ?? "other",
    source,
    destination,
    ...(sourcePort !== undefined && { sourcePort }),
    ...(destinationPort !== undefined && { destinationPort }),
    ...(headers.tcp && { begins: (headers.tcp.flags & (SYN | ACK)) === SYN }),
  };
}

/** Who a frame is for on its link, and its VLAN. */
export function framing(bytes: Uint8Array): { macDestination: string; vlan: number | undefined } {
  const headers = headersOf(bytes);
  return { macDestination: headers?.macDestination ?? "", vlan: headers?.vlans[0] };
}

/** A broadcast or multicast MAC address: the lowest bit of its first byte is set (IEEE 802-2014, 8.2). */
export const isForAll = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

/** @returns the address an ARP request or a neighbour solicitation (RFC 4861, 4.3) asks for */
export function asksFor(bytes: Uint8Array): string | undefined {
  const headers = headersOf(bytes);
  if (headers?.arp) return headers.arp.operation === 1 ? headers.arp.target : undefined;
  return headers?.icmp?.type === SOLICITATION && headers.protocol === PROTOCOL.icmpv6
    ? solicited(bytes, headers)
    : undefined;
}

const SOLICITATION = 135;

function solicited(bytes: Uint8Array, { payload }: Headers): string | undefined {
  if (payload.to - payload.from < 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, at) => {
    const from = payload.from + 2 * at;
    return ((bytes[from]! << 8) | bytes[from + 1]!).toString(16);
  });
  return groups.join(":");
}
