import { pseudoHeaderSum } from "../../checksum.ts";
import { word } from "../../headers.ts";
import { hex, PORT, PROTOCOL } from "../numbers.ts";
import type { Check } from "../packet.ts";
import { dhcp } from "./applications/dhcp.ts";
import { dns, dnsOverTcp } from "./applications/dns.ts";
import { checkedPlace } from "./checks.ts";
import { icmp } from "./icmp.ts";
import { icmpv6 } from "./icmpv6.ts";
import type { LayerReader, Place, Reading } from "./reading.ts";
import { tcpHeader } from "./tcp.ts";
import { gre, vxlan } from "./tunnels.ts";

/** The IP packet a transport header is in: what its checksum covers besides it. */
export interface IpContext {
  /** Offset of the source address, which the destination follows. */
  readonly addresses: number;
  readonly addressBytes: 4 | 16;
  /** The destination in the header is not the last one. */
  readonly routed?: boolean;
}

/** What has a protocol number. */
export function transport(reading: Reading, place: Place, protocol: number, ip: IpContext): void {
  if (protocol === PROTOCOL.udp) udp(reading, place, ip);
  else if (protocol === PROTOCOL.tcp) tcp(reading, place, ip);
  else if (protocol === PROTOCOL.icmp) icmp(reading, place);
  else if (protocol === PROTOCOL.icmpv6) icmpv6(reading, place, ip);
  else if (protocol === PROTOCOL.gre) gre(reading, place);
  else reading.payload(place);
}

/** Verifies a transport checksum that covers the pseudo-header and all of a place. */
export function transportCheck(bytes: Uint8Array, at: number, place: Place, ip: IpContext, protocol: number): Check {
  if (ip.routed) return { state: "unverified" };
  const sum = pseudoHeaderSum(bytes, ip.addresses, ip.addressBytes, protocol, place.end - place.at);
  return checkedPlace(bytes, at, place, sum);
}

/** RFC 768. */
function udp(reading: Reading, place: Place, ip: IpContext): void {
  const layer = reading.open("udp", place);
  const { at } = layer;
  const source = layer.word("Source port", String, { key: "port-source" });
  const destination = layer.word("Destination port", String, { key: "port-destination" });
  const length = layer.word("Length");
  const fits = length >= 8 && at + length <= place.end;
  if (layer.whole && !fits) layer.mark("a length that does not fit");
  const end = fits ? at + length : place.end;
  udpChecksum(layer, ip, end, fits);
  if (!layer.whole) {
    reading.payload(layer.carries());
    return;
  }
  const inner = layer.carries(end);
  // The server's port before the client's: a client may have any.
  application(reading, inner, destination, source);
  reading.rest(end, place, "Surplus");
}

/** Covers what UDP's own length says. */
function udpChecksum(layer: LayerReader, ip: IpContext, end: number, fits: boolean): void {
  const { at, bytes, place } = layer;
  if (!layer.has(2)) return;
  const none = word(bytes, at) === 0;
  if (none && ip.addressBytes === 16) layer.mark("no UDP checksum, which IPv6 needs");
  const covered = transportCheck(bytes, at, { ...place, end }, ip, PROTOCOL.udp);
  const check: Check = none ? { state: "none" } : fits ? covered : { state: "unverified" };
  layer.word("Checksum", (value) => hex(value), { key: "checksum-transport", check });
}

function application(reading: Reading, place: Place, ...ports: readonly number[]): void {
  const has = (...wanted: readonly number[]) => ports.some((port) => wanted.includes(port));
  if (place.here <= place.at) return;
  if (has(PORT.vxlan, PORT.vxlanLinux)) vxlan(reading, place);
  else if (has(PORT.dhcpServer, PORT.dhcpClient)) dhcp(reading, place);
  else if (has(PORT.dns)) dns(reading, place);
  else reading.payload(place);
}

function tcp(reading: Reading, place: Place, ip: IpContext): void {
  const layer = reading.open("tcp", place);
  const check = transportCheck(layer.bytes, place.at + 16, place, ip, PROTOCOL.tcp);
  const { source, destination } = tcpHeader(layer, check);
  const inner = layer.carries();
  if (layer.whole && (source === PORT.dns || destination === PORT.dns)) dnsOverTcp(reading, inner);
  else reading.payload(inner);
}
