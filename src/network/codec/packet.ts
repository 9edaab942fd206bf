/** What a frame's bytes say, layer by layer: plain data, with the place of every field. */

export type LayerName =
  | "ethernet"
  | "vlan"
  | "arp"
  | "ipv4"
  | "ipv6"
  | "icmp"
  | "icmpv6"
  | "udp"
  | "tcp"
  | "dhcp"
  | "dns"
  | "vxlan"
  | "gre"
  /** Bytes nobody here reads: data, padding, or what is left of a layer that is malformed. */
  | "payload";

/** Why a layer could not be read to its end. Fixed texts, so that they can be said in another language. */
export type Malformation =
  /** The frame is longer than what was kept of it: nothing is wrong with the frame. */
  | "not captured whole"
  | "shorter than its header"
  | "a length that does not fit"
  | "a header length below the least"
  | "another version"
  | "an option that does not fit"
  | "more than is read here"
  | "a name that cannot be"
  | "no DHCP magic cookie"
  | "no UDP checksum, which IPv6 needs"
  | "a fragment beyond the longest packet"
  | "an option that is too short";

/** Fields that change on a packet's way. */
export type FieldKey =
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

/** A checksum, and what it came to. */
export type Check =
  | { readonly state: "correct" }
  | { readonly state: "incorrect" /** What it should be: `0x1c46`. */; readonly expected: string }
  /** Not all it covers is here: a fragment, a quoted packet, a frame that was cut. */
  | { readonly state: "unverified" }
  /**
   * It holds the pseudo-header's sum alone: the sender left the rest to its card, which has not seen the frame yet
   * (CHECKSUM_PARTIAL of Linux). A capture on the sending machine shows it so.
   */
  | { readonly state: "partial" }
  /** The sender made none (UDP over IPv4). */
  | { readonly state: "none" };

export interface Field {
  /** As its standard calls it. */
  readonly name: string;
  /** As the field's own tools print it. */
  readonly value: string;
  /** Offsets from the frame's first byte; bit fields have the bytes they are in. */
  readonly from: number;
  readonly to: number;
  readonly note?: string;
  readonly key?: FieldKey;
  readonly check?: Check;
}

export interface Layer {
  readonly name: LayerName;
  /** Its header's bytes; what it carries is in the layers behind it. */
  readonly from: number;
  readonly to: number;
  /** 0 on the outside, one more in each VXLAN, GRE or ICMP error. */
  readonly depth: number;
  /** Part of a packet an ICMP error quotes: often only its first bytes, and never on its own way here. */
  readonly quoted: boolean;
  readonly fields: readonly Field[];
  readonly malformed?: Malformation;
}

export interface Packet {
  /** Bytes the frame has; those that were kept may be fewer. */
  readonly length: number;
  readonly captured: number;
  /** In the order they lie in, none over another. */
  readonly layers: readonly Layer[];
}
