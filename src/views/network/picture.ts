/**
 * The network as it is drawn: what the guests report and what the fabric knows, put together. Made by picture-*.ts from
 * readings, drawn by the elements; plain data, with an id for everything, stable from one reading to the next.
 */
import type { CapturedFrame, DropReason, FdbEntry, LinkReport, NatEntry } from "../../network/reports.ts";
import type { GuestFrame, NetLink, NetNamespace } from "../../probe/network/types.ts";

/** Colours of wires (interface.md), in this order. */
export type Colour = "arp" | "icmp" | "udp" | "tcp" | "other";

/** Ids: `machine:dom0`, `ns:dom0/4026531840`, `if:dom0/4026531840/3`, `link:physical`, `port:physical:dom0/0`. */
export type Id = string;

export interface MachineBox {
  readonly id: Id;
  readonly name: string;
  /** The host (worker) it is on. */
  readonly host: string;
  /** False: it stands or is gone, and what is here is what was read last. */
  readonly running: boolean;
  /** Undefined until it was first read. */
  readonly namespaces: readonly NamespaceBox[] | undefined;
}

export interface NamespaceBox {
  readonly id: Id;
  /** A name from /run/netns, `initial`, or its processes'. */
  readonly label: string;
  readonly namespace: NetNamespace;
  readonly interfaces: readonly InterfaceBox[];
  /** Packets may pass from one interface to another: ip_forward. */
  readonly routes: boolean;
  /** Rules of its nat tables rewrite addresses. */
  readonly translates: boolean;
}

export interface InterfaceBox {
  readonly id: Id;
  readonly link: NetLink;
}

/** A link of the fabric. */
export interface FabricBox {
  readonly id: Id;
  readonly report: LinkReport;
}

/**
 * Two things a frame passes between. A cable leads from an interface to a port of a link (`port:physical:dom0/0`); from
 * the machine itself while none of its interfaces is known to be the card. The way through a link, from port to port,
 * is no edge, nor is the way through a namespace.
 */
export interface Edge {
  readonly id: Id;
  /**
   * `veth` between peers, `port` from an enslaved interface to its bridge, `ring` from netfront to netback's vif, `cable`
   * from a card to a link of the fabric, `upper` from a VLAN or macvlan to the device below it. Ends in this order.
   */
  readonly kind: "veth" | "port" | "ring" | "cable" | "upper";
  readonly ends: readonly [Id, Id];
  /** Both ends are up, and the cable is in. */
  readonly carrier: boolean;
}

export interface NetworkPicture {
  readonly machines: readonly MachineBox[];
  readonly fabric: readonly FabricBox[];
  readonly edges: readonly Edge[];
  /** Addresses the fabric's switches learned. */
  readonly fdb: readonly FdbEntry[];
  /** Translations of the fabric's gateways. */
  readonly nat: readonly NatEntry[];
}

/** Which row of which table decided what happened to a frame at a hop. */
export interface DecidedBy {
  readonly table: "fdb" | "route" | "neighbour" | "conntrack" | "rule" | "nat";
  /** Where the table is: a namespace or a link. */
  readonly at: Id;
  /** The row, as the table's own index at the moment of the hop; -1 where the entry is gone meanwhile. */
  readonly row: number;
  /** The row in the words of its own tool: `default via 10.0.0.254 dev eth0`. */
  readonly text: string;
  /** The fabric wrote it down when it decided; else worked out from the tables as they were read. */
  readonly how: "recorded" | "computed";
}

/** A field that differs from the hop before. */
export interface FieldChange {
  readonly field:
    | "mac-source"
    | "mac-destination"
    | "vlan"
    | "ttl"
    | "address-source"
    | "address-destination"
    | "port-source"
    | "port-destination"
    | "icmp-id"
    | "checksum-ip"
    | "checksum-transport";
  readonly before: string;
  readonly after: string;
}

/** A frame seen at one place. */
export interface Hop {
  /** Interface or port of the fabric. */
  readonly at: Id;
  /** The edge it came over from the hop before, where it came over one. */
  readonly over?: Id;
  /**
   * Index in the trail's hops of the hop before this one: a flooded frame has several ways. Absent of a first hop, and
   * where it is not known how the frame came here.
   */
  readonly from?: number;
  /** Into the interface from outside, or out of it; of a link's port, into the link, or out of it. */
  readonly direction: "in" | "out";
  /** Milliseconds since 1970 by the fabric's clock; a guest's own are corrected by how far its clock is off. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly changes: readonly FieldChange[];
  readonly decided: readonly DecidedBy[];
  readonly source: { readonly fabric: CapturedFrame } | { readonly machine: string; readonly guest: GuestFrame };
}

/** Why a packet is seen no further. Words for it: words/losses.ts. */
export type Loss =
  /** The fabric dropped it, and wrote down why. */
  | { readonly kind: "dropped"; readonly reason: DropReason }
  /** It is addressed to nobody here, and net.ipv4.ip_forward (net.ipv6.conf.all.forwarding) is 0. */
  | { readonly kind: "forwarding-off"; readonly family: 4 | 6; readonly address: string }
  /** A rule of a filter table, or a chain's policy, that the packet fits. */
  | { readonly kind: "rule"; readonly table: string; readonly chain: string; readonly rule: string }
  | { readonly kind: "no-route"; readonly address: string }
  /** The next hop did not answer ARP or neighbour solicitations. */
  | { readonly kind: "no-neighbour"; readonly address: string; readonly device: string }
  /** Its TTL (hop limit) was used up where it had to be routed on. */
  | { readonly kind: "ttl" }
  /** The interface it would have to leave by is down or has no carrier. */
  | { readonly kind: "down"; readonly device: string }
  /** It came in by a port of a bridge that the spanning tree keeps from forwarding. */
  | { readonly kind: "port-state"; readonly device: string; readonly state: string }
  /** A switch of the fabric knows its address at the port it came from. */
  | { readonly kind: "filtered" }
  /** Asked for by ARP or a neighbour solicitation, and an address of none it reached. */
  | { readonly kind: "nobody-has"; readonly address: string }
  /** A frame for another interface's MAC address: nobody here takes it. */
  | { readonly kind: "other-mac"; readonly mac: string }
  /** Nothing that was read explains it. */
  | { readonly kind: "unseen" };

/** The way of one packet, as far as it was seen. */
export interface Trail {
  readonly id: Id;
  readonly colour: Colour;
  /** In one line: `ICMP echo request 10.0.0.2 → 10.0.0.3, seq 1`. */
  readonly summary: string;
  /** In the order of time, each after the one it comes from. */
  readonly hops: readonly Hop[];
  /**
   * Where it ended, if it did not arrive: dropped, or seen no further. `recorded` by the fabric, or `computed`: a guess
   * from the settings as they were read.
   */
  readonly lost?: { readonly at: Id; readonly why: Loss; readonly how: "recorded" | "computed" };
}

/** What passed lately. */
export interface Passing {
  /** The newest, oldest first. */
  readonly trails: readonly Trail[];
  /** Frames that were seen and are in no trail here: there were too many, or taps dropped them. */
  readonly leftOut: number;
  /** Frames a second that enter the fabric's links, over the last second or so. */
  readonly rate: number;
}
