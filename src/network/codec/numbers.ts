/** Assigned numbers (IANA) and the names the field's tools print for them. */

export const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** Transparent Ethernet Bridging: an Ethernet frame in GRE. */
  bridging: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  provider: 0x88a8,
} as const;

const ETHERTYPE_NAMES: Readonly<Record<number, string>> = {
  2048: "IPv4",
  2054: "ARP",
  25944: "Transparent Ethernet Bridging",
  32821: "RARP",
  33024: "802.1Q",
  34525: "IPv6",
  34824: "MAC control",
  34825: "Slow protocols",
  34887: "MPLS",
  34915: "PPPoE discovery",
  34916: "PPPoE session",
  34958: "802.1X",
  34984: "802.1ad",
  35020: "LLDP",
  36864: "Loopback",
};

export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, gre: 47, icmpv6: 58 } as const;

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  0: "IPv6 hop-by-hop options",
  1: "ICMP",
  2: "IGMP",
  4: "IPv4",
  6: "TCP",
  17: "UDP",
  41: "IPv6",
  43: "IPv6 routing",
  44: "IPv6 fragment",
  47: "GRE",
  50: "ESP",
  51: "AH",
  58: "ICMPv6",
  59: "IPv6 no next header",
  60: "IPv6 destination options",
  89: "OSPF",
  103: "PIM",
  112: "VRRP",
  132: "SCTP",
};

/** UDP ports whose payload is read. 8472 is what Linux used before RFC 7348 and still does unless told. */
export const PORT = { dns: 53, dhcpServer: 67, dhcpClient: 68, vxlan: 4789, vxlanLinux: 8472 } as const;

/** `0x0800`. */
export const hex = (value: number, digits = 4): string => `0x${value.toString(16).padStart(digits, "0")}`;

/** `IPv4 (0x0800)`, or the number alone where it has no name here. */
export const etherTypeText = (type: number): string => named(ETHERTYPE_NAMES, type, hex(type));

/** `ICMP (1)`. */
export const protocolText = (protocol: number): string => named(PROTOCOL_NAMES, protocol);

/** `name (number)`. */
export function named(names: Readonly<Record<number, string>>, value: number, number = String(value)): string {
  const name = names[value];
  return name === undefined ? number : `${name} (${number})`;
}
