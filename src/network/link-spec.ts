/** What links, their ends and a gateway are asked to be: plain data, checked where a lab is read. */

/** What a link is. Times are milliseconds of the fabric's clock. */
export interface LinkSpec {
  /** `wire` has two ends, `hub` repeats to every other end, `switch` learns (IEEE 802.1D) and knows VLANs (802.1Q). */
  readonly kind: "switch" | "hub" | "wire";
  /** Milliseconds each frame takes, and how many of them more or less at random; order within a pair of ends is kept. */
  readonly latency?: number;
  readonly jitter?: number;
  /** Share of frames lost, 0 to 1, in the link's own pseudo-random order. */
  readonly loss?: number;
  /** Bits a second each end is served at; absent for as fast as the computer goes. */
  readonly rate?: number;
  /** Frames that wait for an end; more are dropped and counted. Default 512. */
  readonly queue?: number;
  /** Bytes of the largest IP packet, as `ip link` counts: without Ethernet header and tags. 68 to 9000, default 1500. */
  readonly mtu?: number;
  /** True: nothing passes, and the ends have no carrier. */
  readonly cut?: boolean;
  /** Name of the end that gets a copy of every frame, as a switch's mirror (SPAN) port does. */
  readonly mirror?: string;
  readonly gateway?: GatewaySpec;
}

/** One end of a link, and whose it is: the identity frames are counted under, whatever is in them. */
export interface PortSpec {
  readonly machine: string;
  /** The machine's card, counted from 0. */
  readonly nic: number;
  /** `aa:bb:cc:dd:ee:ff`, the card's own; what its guest sends from is not bound to it. */
  readonly mac: string;
  /** Of a switch: the VLAN of an access port, 1 to 4094. Absent on a port that is a trunk. */
  readonly vlan?: number;
  /** Of a switch: the VLANs a trunk carries tagged. Absent with `vlan` absent: all of them, and VLAN 1 untagged. */
  readonly vlans?: readonly number[];
}

/** The name of an end: `<machine>/<nic>`. */
export const portName = ({ machine, nic }: Pick<PortSpec, "machine" | "nic">): string => `${machine}/${nic}`;

/**
 * A machine in the fabric that answers on a link: ARP, ICMP echo, DNS for the names of the lab, TCP and UDP echo (port
 * 7), and one HTTP page (port 80).
 */
export interface GatewaySpec {
  /** Address and prefix on this link, as `10.0.0.254/24`. */
  readonly address: string;
  /** Addresses it leases, first to last; absent for no DHCP. */
  readonly dhcp?: { readonly from: string; readonly to: string };
  /** Names it answers for besides those of its leases, with their addresses. */
  readonly names?: Readonly<Record<string, string>>;
  /** It is a router to another link, and translates source addresses on the way there (RFC 4787, RFC 5382). */
  readonly nat?: {
    /** The outer link, and the gateway's address and prefix on it. */
    readonly link: string;
    readonly address: string;
    /** `full-cone`: endpoint-independent mapping and filtering; `symmetric`: address-and-port-dependent both. */
    readonly kind: "full-cone" | "symmetric";
    /** Inner machines reach each other through outer addresses. Default true. */
    readonly hairpin?: boolean;
  };
}
