/**
 * What the I/O probes read, as plain data: rings of Xen and of virtio in one shape, domains with their event channels
 * and grants, xenstore, and what a device cost. Addresses are hexadecimal strings with the prefix of their space
 * (`pa:` guest-physical, `va:` guest-virtual); counts are numbers; `from` says where a number was read.
 */

/** `ring.list {machine}`. */
export interface RingList {
  readonly rings: readonly RingSummary[];
}

export interface RingSummary {
  /** `vbd:domU/xvda`, `vif:domU/0/tx`, `vif:domU/0/rx`, `console:domU`, `virtio:vm/vda/0` … */
  readonly ring: string;
  readonly design: "xen" | "virtio";
  readonly device: "block" | "network" | "console" | "entropy" | "balloon" | "other";
  /** Machine with the driver that asks. */
  readonly front: string;
  /** Machine with the driver that serves; `host` when that is this program. */
  readonly back: string;
  readonly connected: boolean;
}

/** `ring.state {machine, ring}`. */
export interface RingState extends RingSummary {
  /** Slots (Xen) or entries of each of the three areas (virtio); a power of two. */
  readonly capacity: number;
  readonly entryBytes: number;
  /** Guest-physical pages of the front's memory it lies in. */
  readonly pages: readonly string[];
  readonly indices: readonly RingIndex[];
  /** One for each direction. */
  readonly notify: readonly NotifyCondition[];
  /** Slot 0 first. For virtio: one entry for each descriptor chain that is anywhere between avail and reclaimed. */
  readonly slots: readonly RingSlot[];
  readonly counters: RingCounters;
  /** The newest last; at most 256. */
  readonly batches: readonly Batch[];
  readonly pace: Pace;
  /** Set for virtio: the three areas as they are. */
  readonly virtqueue?: Virtqueue;
  /** Another end's complaint: an index that jumped, a bad grant. The ring serves no more then. */
  readonly fault?: string;
}

/** Free-running 32-bit (Xen) or 16-bit (virtio) counters. */
export interface RingIndex {
  /** `req_prod`, `rsp_prod`, `req_event`, `rsp_event` (shared); `req_prod_pvt`, `rsp_cons`, `req_cons`, `rsp_prod_pvt`. */
  readonly name: string;
  readonly side: "front" | "back";
  readonly shared: boolean;
  readonly value: number;
  /** value modulo capacity. */
  readonly slot: number;
  /** For example `ring page + 0x0`, `struct blkif_front_ring at pa:0x1234`, `the backend`. */
  readonly from: string;
}

/** When one side has to notify the other, with the numbers of the last time it was asked. */
export interface NotifyCondition {
  readonly direction: "front-to-back" | "back-to-front";
  /**
   * - `xen`: notify when `(new − event) < (new − old)`, 32-bit unsigned (ring.h, RING_PUSH_*_AND_CHECK_NOTIFY)
   * - `event-idx`: the same with `event + 1` in 16 bits (virtio 1.2, 2.7.10)
   * - `flags`: notify unless `flags` bit 0 is set (virtio 1.2, 2.7.7)
   */
  readonly rule: "xen" | "event-idx" | "flags";
  readonly new: number;
  readonly old: number;
  /** The threshold the other side asked for; for `flags` its flags word. */
  readonly event: number;
  readonly holds: boolean;
}

export interface RingSlot {
  /** Xen: its number in the ring; virtio: the chain's head descriptor. */
  readonly slot: number;
  /** Whose it is now: the front may fill it (`free`), a request waits or is being served (`back`), a response waits (`front`). */
  readonly state: "free" | "requested" | "serving" | "answered";
  readonly address: string;
  /** The entry's bytes in hexadecimal, at most 128 bytes. */
  readonly bytes: string;
  readonly request?: RingEntry;
  readonly response?: RingEntry;
}

export interface RingEntry {
  /** `read`, `write`, `flush`, `discard`, `indirect read`, `send`, `receive`, `gso`, … */
  readonly operation: string;
  readonly fields: readonly { readonly name: string; readonly value: string | number }[];
  readonly pages: readonly SharedPage[];
}

/** A page or buffer an entry names. */
export interface SharedPage {
  /** Grant reference (Xen) or descriptor index (virtio). */
  readonly reference: number;
  /** Guest-physical address in the front's memory, with the offset in it. */
  readonly address: string;
  readonly bytes: number;
  /** True when the back may write it. */
  readonly writable: boolean;
  /** Xen: how the grant stands. */
  readonly grant?: "granted" | "mapped" | "revoked" | "bad";
  /** The first 64 bytes, hexadecimal. */
  readonly head: string;
}

export interface RingCounters {
  readonly requests: number;
  readonly responses: number;
  /** Front to back: event channel sends (Xen) or queue notifications (virtio). */
  readonly notifications: number;
  /** Back to front: upcalls asked for. */
  readonly interrupts: number;
  /** Bytes moved between guest and backend. */
  readonly bytes: number;
  /** Bytes copied for them, every copy counted. */
  readonly copied: number;
  readonly grantsMapped: number;
  readonly grantsCopied: number;
  /** Times the ring had no free slot when the back looked. */
  readonly full: number;
}

/** One look of a side at the ring that found work. */
export interface Batch {
  readonly direction: "front-to-back" | "back-to-front";
  /** Milliseconds of the machine's clock. */
  readonly at: number;
  readonly entries: number;
  readonly notified: boolean;
}

/** Slow motion of a backend of ours. */
export interface Pace {
  /** Milliseconds each request takes. */
  readonly latency: number;
  /** Requests served in one look; 0 for no limit. */
  readonly batch: number;
  /** True when it stands and serves one slot, resp. up to the next notification, at each step. */
  readonly stepping: boolean;
  /** False when the backend is a guest's: it has no such setting. */
  readonly available: boolean;
}

/** A split virtqueue (virtio 1.2, 2.7). */
export interface Virtqueue {
  readonly queue: number;
  readonly eventIdx: boolean;
  readonly descriptors: readonly {
    readonly index: number;
    readonly address: string;
    readonly bytes: number;
    readonly writable: boolean;
    readonly next?: number;
    readonly indirect: boolean;
  }[];
  /** Heads in the order of the ring, entry 0 first. */
  readonly avail: readonly number[];
  readonly used: readonly { readonly id: number; readonly bytes: number }[];
}

/** `xen.domains {}`. */
export interface XenDomains {
  readonly domains: readonly XenDomain[];
  /** Each interdomain channel once. */
  readonly channels: readonly EventChannel[];
  readonly grants: readonly Grant[];
  /** Counted since the machine started, by domain id and name of the hypercall (`event_channel_op.send`). */
  readonly hypercalls: readonly { readonly domain: number; readonly name: string; readonly count: number }[];
}

export interface XenDomain {
  readonly id: number;
  readonly name: string;
  /** `guest`: a machine; `host`: backends, xenstored and the toolstack of this program. */
  readonly kind: "guest" | "host";
  readonly running: boolean;
  /** KiB it has now and may have. */
  readonly memory: { readonly now: number; readonly target: number; readonly most: number };
  readonly ports: readonly EventPort[];
  readonly upcalls: number;
  readonly grantEntries: { readonly granted: number; readonly mapped: number; readonly size: number };
}

export interface EventPort {
  readonly port: number;
  readonly state: "unbound" | "interdomain" | "virq" | "ipi";
  /** `virq`: its number; `interdomain` and `unbound`: the other domain and port. */
  readonly virq?: number;
  readonly remote?: { readonly domain: number; readonly port?: number };
  readonly pending: boolean;
  readonly masked: boolean;
  /** Sent through it from here. */
  readonly sends: number;
  /** What it is for, when a device's xenstore directory names it. */
  readonly use?: string;
}

export interface EventChannel {
  readonly ends: readonly [
    { readonly domain: number; readonly port: number },
    { readonly domain: number; readonly port: number },
  ];
  readonly sends: readonly [number, number];
  readonly use?: string;
}

/** One direction of sharing between two domains, summed, with the newest references. */
export interface Grant {
  readonly from: number;
  readonly to: number;
  readonly granted: number;
  readonly mapped: number;
  readonly copies: number;
  readonly entries: readonly {
    readonly reference: number;
    readonly frame: string;
    readonly readOnly: boolean;
    readonly mapped: number;
  }[];
}

/** `xen.store {path?}`. */
export interface XenStoreTree {
  readonly nodes: readonly StoreNode[];
  readonly watches: readonly {
    readonly domain: number;
    readonly path: string;
    readonly token: string;
    readonly fired: number;
  }[];
  /** Every change of a device's `state` key, the newest last; at most 256. */
  readonly handshake: readonly Handshake[];
  readonly transactions: { readonly open: number; readonly committed: number; readonly refused: number };
}

export interface StoreNode {
  readonly path: string;
  readonly value: string;
  /** As xenstore-ls -p prints: owner's right first, `n0,r1`. */
  readonly permissions: string;
  /** Counts up with every change of the store; the highest is the newest. */
  readonly generation: number;
}

export interface Handshake {
  readonly at: number;
  readonly device: string;
  readonly side: "front" | "back";
  /** xenbus.h: 1 Initialising, 2 InitWait, 3 Initialised, 4 Connected, 5 Closing, 6 Closed. */
  readonly state: number;
}

/** `io.costs {machine}`: what each device of a machine cost since the last `io.reset`, in events a hypervisor would see. */
export interface IoCosts {
  readonly devices: readonly DeviceCost[];
}

export interface DeviceCost {
  /** `ne2k`, `ide`, `virtio-net`, `virtio-blk`, `xen-vif`, `xen-vbd`. */
  readonly model: string;
  /** `eth0`, `hda`, `vda`, `xvda` … */
  readonly name: string;
  /** Packets in either direction, or requests. */
  readonly requests: number;
  /**
   * `dropped`: on their way to the machine, which took them too slowly. `malformed`: the machine sent what is no frame, or
   * not the one it says it is. Both where that is known.
   */
  readonly packets?: {
    readonly sent: number;
    readonly received: number;
    readonly dropped?: number;
    readonly malformed?: number;
  };
  readonly sectors?: { readonly read: number; readonly written: number };
  readonly bytes: number;
  /** By reason: `port read`, `port write`, `mmio`, `hypercall`, `interrupt`; 0 left out. */
  readonly exits: Readonly<Record<string, number>>;
  readonly exitsTotal: number;
  readonly notifications: number;
  readonly interrupts: number;
  /** Bytes copied by anything outside the guest. */
  readonly copied: number;
  /** For emulated devices: accesses by port (hexadecimal, from the base of the device), the most frequent first. */
  readonly ports?: readonly {
    readonly port: string;
    readonly name: string;
    readonly reads: number;
    readonly writes: number;
  }[];
}

/**
 * `io.trace {machine, from?, count?}`: what happened, in order; without `from` the newest. Bounded; `dropped` says how
 * much is gone.
 */
export interface IoTrace {
  readonly events: readonly IoEvent[];
  readonly next: number;
  readonly dropped: number;
}

export interface IoEvent {
  readonly number: number;
  readonly at: number;
  readonly machine: string;
  readonly kind:
    | "notify"
    | "interrupt"
    | "hypercall"
    | "request"
    | "response"
    | "grant-map"
    | "grant-unmap"
    | "grant-copy"
    | "page-moved"
    | "state"
    | "port-read"
    | "port-write";
  readonly ring?: string;
  readonly detail: string;
}
