/** What the fabric says of itself (probes `network.*`): plain JSON data, at one moment. */

/** Why a frame did not reach an end. */
export type DropReason =
  /** The end's queue, or the receiver's own, had no room. */
  | "queue"
  /** Lost at random, as the link's `loss` asks. */
  | "loss"
  /** The link is cut, or the end's cable is out. */
  | "cut"
  /** The VLAN is not the port's. */
  | "vlan"
  /** Longer than the link's MTU, and nothing that may be cut. */
  | "mtu"
  /** Too short, or not what its sender said it was. */
  | "malformed"
  /** The wire is held, and as many frames as may wait for it do. */
  | "held"
  /** More frames in one go than ends that answer each other could need: a loop. */
  | "loop"
  /** Nobody takes frames at this end. */
  | "nobody";

export type DropCounts = Readonly<Partial<Record<DropReason, number>>>;

/** Frames that passed, by what they were addressed to. */
export interface Traffic {
  readonly frames: number;
  readonly bytes: number;
  readonly broadcast: number;
  readonly multicast: number;
  readonly unicast: number;
}

export interface PortReport {
  /** `<machine>/<nic>`; a gateway's is `gateway:<link>/0`. */
  readonly name: string;
  readonly machine: string;
  readonly nic: number;
  readonly mac: string;
  readonly vlan?: number;
  readonly vlans?: readonly number[];
  /** The cable is in, and the link is not cut. */
  readonly carrier: boolean;
  /** From the end's owner, and to it. */
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Of frames it sent, and of frames for it. */
  readonly dropped: DropCounts;
  /** Frames that wait for it now. */
  readonly waiting: number;
}

export interface LinkReport extends Traffic {
  readonly link: string;
  readonly kind: "switch" | "hub" | "wire";
  /** Whose thread it is in: a host's name, or `network`. Filled in by whoever asked. */
  readonly place?: string;
  readonly latency: number;
  readonly jitter: number;
  readonly loss: number;
  readonly rate: number | null;
  readonly queue: number;
  readonly mtu: number;
  readonly cut: boolean;
  readonly mirror: string | null;
  /** The wire is held: frames wait to be let go one by one. */
  readonly held: boolean;
  /** Frames that wait for that. */
  readonly waiting: number;
  /** Frames a switch sent to every port of the VLAN, as it did not know the address. */
  readonly flooded: number;
  /** Frames a switch sent nowhere: their receiver is where they came from, or the switch itself. */
  readonly filtered: number;
  readonly dropped: DropCounts;
  readonly ports: readonly PortReport[];
  readonly gateway: { readonly mac: string; readonly address: string } | null;
}

/** `network.counters {}`: every link by its name. */
export type NetworkCounters = Readonly<Record<string, LinkReport>>;

/** An address a switch learned (802.1Q, 8.8). */
export interface FdbEntry {
  readonly link: string;
  readonly mac: string;
  readonly vlan: number;
  readonly port: string;
  /** Milliseconds since it was last heard. */
  readonly age: number;
}

/** `network.fdb {link?}`. */
export interface FdbReport {
  readonly entries: readonly FdbEntry[];
  /** Addresses at most; of the end that has the most, the one unheard of for longest makes room. */
  readonly limit: number;
  readonly evicted: number;
}

/** One translation of a gateway: what it makes of inner addresses. */
export interface NatEntry {
  /** The gateway's inner link. */
  readonly link: string;
  readonly protocol: "tcp" | "udp" | "icmp";
  /** `address:port`; of ICMP the identifier stands for the port. */
  readonly inner: string;
  readonly outer: string;
  /** The one endpoint the mapping is for; null where it is for any. */
  readonly remote: string | null;
  /** Of TCP: as RFC 5382 needs it. */
  readonly state: "new" | "established" | "closing" | null;
  /** Milliseconds until it is forgotten if nothing passes. */
  readonly expires: number;
  readonly packets: { readonly out: number; readonly in: number };
}

/** `network.nat {}`. */
export interface NatReport {
  readonly entries: readonly NatEntry[];
  readonly limit: number;
  readonly evicted: number;
}

/** What a link did with a frame, and the table entry that decided. */
export type Decision =
  | { readonly kind: "fdb"; readonly vlan: number; readonly mac: string; readonly port: string; readonly age: number }
  | { readonly kind: "flood"; readonly vlan: number; readonly why: "unknown" | "broadcast" | "multicast" }
  /** The address was learned at the port it came from: no need to send it anywhere (802.1D, 7.7). */
  | { readonly kind: "filtered"; readonly vlan: number; readonly mac: string; readonly port: string }
  /** A group address that means the switch itself, which passes it on to nobody (802.1D, 7.12.6). */
  | { readonly kind: "reserved"; readonly vlan: number; readonly mac: string }
  | { readonly kind: "hub" }
  | { readonly kind: "wire" }
  | { readonly kind: "drop"; readonly why: DropReason }
  /** It waits: the wire is held. */
  | { readonly kind: "held" };

export interface Delivery {
  readonly port: string;
  /** Milliseconds since 1970 with fractions; null while it is on its way. */
  readonly at: number | null;
  readonly dropped?: DropReason;
  /** A mirror's copy. */
  readonly mirror?: true;
}

/** A frame that entered a link. */
export interface CapturedFrame {
  /** Counted from 1 in its fabric, over all links. */
  readonly seq: number;
  readonly link: string;
  /** Milliseconds since 1970, with fractions, when it entered. */
  readonly at: number;
  readonly from: string;
  readonly to: readonly Delivery[];
  readonly decision: Decision;
  /** Of a large segment cut for this capture: which piece, from 0, and of how many. */
  readonly piece?: { readonly index: number; readonly count: number };
  /** Bytes it has; `bytes` may hold fewer. */
  readonly length: number;
  /** Base64. */
  readonly bytes: string;
}

/** `network.capture {link?, from?, count?, bytes?}`: frames with `seq >= from`, the oldest kept first. */
export interface CaptureReport {
  readonly frames: readonly CapturedFrame[];
  /** What to ask for next. */
  readonly next: number;
  /** Of the frames here, those before this one change no more: ask from it again to see what became of the others. */
  readonly settled: number;
  /** The number the next frame will have that enters: who has fallen too far behind goes on from near there. */
  readonly newest: number;
  /** Frames between what was asked for and the first here, no longer kept. */
  readonly lost: number;
}
