/** Packets made from their fields, with right lengths and checksums. A layer is bytes; it is the next one's payload. */
export { type ArpPacket, arp } from "./arp.ts";
export { addressOption, type DhcpFields, dhcp, messageType, secondsOption, textOption } from "./dhcp.ts";
export { type DnsData, type DnsMessage, type DnsRecord, dns } from "./dns.ts";
export { type EthernetFrame, ethernet, padded, snap, type VlanTag } from "./ethernet.ts";
export {
  type DiscoveryOptions,
  type IcmpEcho,
  type IcmpMessage,
  icmp,
  icmpEcho,
  icmpError,
  icmpv6,
  icmpv6Echo,
  type NeighbourAdvertisement,
  neighbourAdvertisement,
  neighbourSolicitation,
  type RouterAdvertisement,
  routerAdvertisement,
  routerSolicitation,
} from "./icmp.ts";
export {
  type Endpoints,
  type Ipv4Packet,
  type Ipv6Extension,
  type Ipv6Packet,
  ipv4,
  ipv4Fragments,
  ipv6,
} from "./ip.ts";
export { TCP_FLAG, type TcpOptions, type TcpSegment, tcp, type UdpDatagram, udp } from "./transport.ts";
export { type GrePacket, gre, vxlan } from "./tunnels.ts";
export type { Address } from "./writer.ts";
