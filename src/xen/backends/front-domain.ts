/**
 * What a backend of this program may do with the domain of its frontend, and what the toolstack asks of a backend.
 * The hypervisor implements the first, block and network backends the second.
 */
import type { Disk } from "../../machine/disk/disk.ts";
import type { LinkPort } from "../../network/link.ts";
import type { DeviceCost, IoEvent, RingState, RingSummary } from "../../probe/io/types.ts";

/** A grant that cannot be used; `status` is one of GNTST (abi/grant-table.ts). */
export class GrantError extends Error {
  override name = "GrantError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An event channel port that cannot be bound. */
export class ChannelError extends Error {
  override name = "ChannelError";
}

/** One granted page, mapped until {@link unmap}; the guest's revoking the entry does not end it, as in Xen. */
export interface GrantMapping {
  readonly reference: number;
  /** Guest-physical address of the page in the front's memory. */
  readonly address: number;
  readonly writable: boolean;
  /** The 4096 bytes as they are now. Good for one use: take it anew after anything else has run. */
  bytes(): Uint8Array;
  /** To be called after writing into {@link bytes}, once for any number of writes. */
  written(): void;
  /** Ends the mapping; a second call does nothing. */
  unmap(): void;
}

/** How a grant reference stands, for probes: nothing is changed by asking. */
export interface GrantView {
  readonly status: "granted" | "mapped" | "revoked" | "bad";
  /** Guest-physical address of the page; undefined when the entry names none. */
  readonly address: number | undefined;
  readonly readOnly: boolean;
}

/** The backend's end of an interdomain event channel. */
export interface Channel {
  /** The front's port. */
  readonly port: number;
  /** Sends an event to the front. */
  notify(): void;
  /** Unbinds; the front's port is left unbound, and nothing arrives any more. */
  close(): void;
}

/** The frontend's domain, as its backend sees it. */
export interface FrontDomain {
  readonly id: number;
  /** Name of its machine. */
  readonly name: string;
  /** Id of the domain that backends of this program belong to. */
  readonly backendId: number;

  /** @throws GrantError when the front has not granted that page to the backend, or not for writing */
  mapGrant(reference: number, writable: boolean): GrantMapping;
  /**
   * Copies out of a granted page, as GNTTABOP_copy does.
   *
   * @throws GrantError also when offset and length cross the end of the page; nothing is copied then
   */
  copyFromGrant(reference: number, offset: number, into: Uint8Array): void;
  /** Copies into a granted page. @throws GrantError as {@link copyFromGrant}, and where the grant is read-only */
  copyToGrant(reference: number, offset: number, from: Uint8Array): void;
  viewGrant(reference: number): GrantView;
  /** A page of the front's memory for probes; undefined outside it. Good for one use, never to be written. */
  page(address: number): Uint8Array | undefined;

  /**
   * Binds to a port that the front has allocated for the backend.
   *
   * @param use what the channel is for, as probes name it: `vbd/51712`, `vif/0 tx`
   * @param notified called for each event the front sends, in the middle of its turn: be quick, put work off with
   *   {@link later}
   * @throws ChannelError when the port is not one the front allocated for the backend, or is bound already
   */
  bind(port: number, use: string, notified: () => void): Channel;

  /** Milliseconds of the front's clock, which stands still while its machine is paused. */
  now(): number;
  /** Calls `work` once the running turn of a guest is over, or soon when none runs; not after the front is gone. */
  later(work: () => void): void;
  /** Calls `work` when `delay` milliseconds of the front's clock have passed. Returns what cancels it. */
  after(delay: number, work: () => void): () => void;
  /** True while somebody listens to {@link trace}: texts for it need not be made otherwise. */
  readonly tracing: boolean;
  trace(kind: IoEvent["kind"], ring: string | undefined, detail: string): void;
}

/** Slow motion, as `io.pace` sets it; what is left out stays as it is. */
export interface PaceSetting {
  /** Milliseconds each request takes. */
  readonly latency?: number;
  /** Requests served in one look; 0 for no limit. */
  readonly batch?: number;
  readonly stepping?: boolean;
}

/**
 * A device's backend. It is made when both directories stand in xenstore with state 1 (Initialising), as a toolstack
 * leaves them; the backend writes its features and state 2 (InitWait) and goes through the handshake from there.
 */
export interface Backend {
  rings(): readonly RingSummary[];
  /** Undefined when it has no such ring. `indices` lack the front's private ones. */
  state(ring: string): RingState | undefined;
  costs(): DeviceCost;
  /** Starts counting anew. */
  reset(): void;
  /** For all its rings, or the one named. */
  pace(ring: string | undefined, setting: PaceSetting): void;
  step(ring: string, by: "slot" | "notification"): void;
  /** The domain is gone or the device taken away: unmaps and unbinds everything and stops. Xenstore is left alone. */
  close(): void;
  /** JSON data for {@link restore} of a fresh backend of the same device; pages it has mapped, by reference, included. */
  save(): unknown;
  /**
   * Called instead of the handshake, when xenstore, the front's memory, grants and channels are back: maps and binds
   * again what it had, without looking at any ring before its indices are set.
   */
  restore(state: unknown): void;
}

/** A block device: `/local/domain/<front>/device/vbd/<virtual device>`. */
export interface BlockDescription {
  /** `xvda`. */
  readonly name: string;
  /** Major and minor as in xen-vbd-interface(7): 51712 for xvda. */
  readonly virtualDevice: number;
  readonly disk: Disk;
  /** Absolute paths in xenstore. */
  readonly frontPath: string;
  readonly backPath: string;
}

/** A network device: `/local/domain/<front>/device/vif/<handle>`. */
export interface NetworkDescription {
  /** `eth0`. */
  readonly name: string;
  readonly handle: number;
  readonly mac: string;
  /** Its end of the link; undefined when it is plugged into none. Closed by whoever made it. */
  readonly port: LinkPort | undefined;
  readonly frontPath: string;
  readonly backPath: string;
}
