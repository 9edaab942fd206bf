/**
 * What a Linux guest says of its network (probe `guest.network`), read by the guest's own tool `netview` from netlink,
 * /proc and AF_PACKET sockets: every network namespace, at one moment. Plain data; numbers are as the kernel counts.
 */
export interface GuestNetwork {
  /** Milliseconds since 1970 by the guest's clock. */
  readonly at: number;
  readonly namespaces: readonly NetNamespace[];
  /** True when something was left out because there was too much of it. */
  readonly truncated: boolean;
}

export interface NetNamespace {
  /** Inode of the namespace, as /proc/<pid>/ns/net names it. */
  readonly id: number;
  /** Names in /run/netns. */
  readonly names: readonly string[];
  /** Processes in it, the first few; of the initial namespace, which most are in, only process 1. */
  readonly processes: readonly { readonly pid: number; readonly name: string }[];
  /** The namespace the guest was booted with. */
  readonly initial: boolean;
  /** net.ipv4.ip_forward, net.ipv6.conf.all.forwarding. */
  readonly forwarding: { readonly ipv4: boolean; readonly ipv6: boolean };
  readonly links: readonly NetLink[];
  readonly routes: readonly NetRoute[];
  readonly neighbours: readonly Neighbour[];
  /** Of all bridges in the namespace. */
  readonly fdb: readonly BridgeFdbEntry[];
  /** Of the ports of bridges, where one of them filters by VLAN. */
  readonly vlans?: readonly PortVlans[];
  readonly conntrack: readonly ConntrackEntry[];
  readonly rules: readonly FilterRule[];
}

/** A network interface (rtnetlink(7), RTM_GETLINK). */
export interface NetLink {
  readonly index: number;
  readonly name: string;
  /** IFLA_INFO_KIND: `veth`, `bridge`, `vlan`, `vxlan`, `macvlan`, `dummy`, `tun` …; `` of a card, `loopback` of lo, `vif` of netback's. */
  readonly kind: string;
  /** `` where it has none of six bytes (a tunnel's). */
  readonly mac: string;
  /** IFLA_PERM_ADDRESS: the card's own, whatever its MAC was set to; absent of what is no card. */
  readonly permanent?: string;
  readonly mtu: number;
  /** IFF_UP, and IFF_LOWER_UP. */
  readonly up: boolean;
  readonly carrier: boolean;
  readonly promiscuous: boolean;
  /** Index of the bridge or bond it is enslaved to. */
  readonly master?: number;
  /** IFLA_LINK: the veth's peer, or the device below a VLAN; in the namespace with `peerNamespace` where that is another. */
  readonly peer?: number;
  readonly peerNamespace?: number;
  readonly vlan?: number;
  /** Of a vxlan interface: its network identifier. */
  readonly vni?: number;
  /** It answers ARP for addresses that are routed elsewhere (net.ipv4.conf.<name>.proxy_arp). */
  readonly proxyArp?: boolean;
  readonly addresses: readonly string[];
  readonly sent: { readonly packets: number; readonly bytes: number; readonly dropped: number };
  readonly received: { readonly packets: number; readonly bytes: number; readonly dropped: number };
  /** Of a bridge. */
  readonly bridge?: { readonly stp: boolean; readonly vlanFiltering: boolean; readonly ageing: number };
  /** Of a port of a bridge: `disabled`, `listening`, `learning`, `forwarding`, `blocking`. */
  readonly portState?: string;
}

export interface NetRoute {
  readonly family: 4 | 6;
  /** `default`, or `address/prefix`. */
  readonly to: string;
  readonly via?: string;
  /** Index of the interface it leaves by. */
  readonly link?: number;
  readonly source?: string;
  readonly metric?: number;
  /** `unicast`, `local`, `broadcast`, `blackhole`, `unreachable` … (RTN_*); tables other than main are left out, but local. */
  readonly type: string;
  readonly table: "main" | "local" | "other";
}

export interface Neighbour {
  readonly address: string;
  readonly mac?: string;
  readonly link: number;
  /** NUD_*: `reachable`, `stale`, `delay`, `probe`, `incomplete`, `failed`, `permanent`, `noarp`. */
  readonly state: string;
  readonly proxy?: boolean;
}

export interface BridgeFdbEntry {
  readonly mac: string;
  /** Index of the bridge, and of its port. */
  readonly bridge: number;
  readonly port: number;
  readonly vlan?: number;
  /** The bridge's own address or one that was put there by hand, which does not age. */
  readonly permanent: boolean;
  /** Seconds since a frame from that address last came in by that port; what ageing counts. */
  readonly age?: number;
}

/** VLANs `from` to `to` of a bridge's port, or of the bridge itself as its own port (bridge(8), `bridge vlan`). */
export interface PortVlans {
  readonly port: number;
  readonly from: number;
  readonly to: number;
  /** What comes in untagged is of this VLAN. */
  readonly pvid: boolean;
  /** What goes out goes without the tag. */
  readonly untagged: boolean;
}

/** One direction of a connection as the tracker sees it. */
export interface ConntrackTuple {
  readonly source: string;
  readonly destination: string;
  /** Of ICMP, the identifier in both. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
}

export interface ConntrackEntry {
  readonly protocol: string;
  readonly original: ConntrackTuple;
  /** What answers look like: differs from the original turned round where NAT rewrote it. */
  readonly reply: ConntrackTuple;
  /** Of TCP. */
  readonly state?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly assured: boolean;
  readonly unreplied: boolean;
}

/** A rule of iptables or nftables as its own tool prints it, and its counters. */
export interface FilterRule {
  readonly table: string;
  readonly chain: string;
  /** `-s 172.17.0.0/16 -o eth0 -j MASQUERADE`; of a chain's policy, `policy DROP`. */
  readonly rule: string;
  readonly packets: number;
  readonly bytes: number;
}

/** A frame that passed an interface of the guest, as an AF_PACKET socket saw it (packet(7)). */
export interface GuestFrame {
  /** Counted from 1 in the guest. */
  readonly seq: number;
  /** Milliseconds since 1970, with fractions, by the guest's clock when the kernel had it. */
  readonly at: number;
  readonly namespace: number;
  /** Index of the interface. */
  readonly link: number;
  readonly direction: "in" | "out";
  /** Bytes it has; `bytes` may hold fewer. */
  readonly length: number;
  /** Base64. */
  readonly bytes: string;
}

/** `guest.frames {machine, from}`: frames with `seq >= from`, the oldest kept first, at most 256. */
export interface GuestFrames {
  readonly frames: readonly GuestFrame[];
  /** What to ask from next; smaller than what was asked when the guest counts anew. */
  readonly next: number;
  /** Frames from `from` to `next` that were dropped or are kept no longer. */
  readonly lost: number;
  /** Milliseconds since 1970 by the guest's clock when this was read, to tell its clock from others. */
  readonly at: number;
}
