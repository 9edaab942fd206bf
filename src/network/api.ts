import type { LinkSpec } from "./link-spec.ts";

/**
 * What may be asked of whoever has links: a host for those inside it, the network's own worker for those between hosts.
 * Types alone; everything crosses a `postMessage` as it is.
 *
 * Probes: `network.counters {}` ({@link NetworkCounters}), `network.fdb {link?}`, `network.nat {}`,
 * `network.capture {link?, from?, count?, bytes?}` (reports.ts); of another fabric's link they say nothing.
 *
 * Controls: `network.hold {link, on}` holds the wire, `network.step {link}` lets one frame go: both answer how many wait
 * then. `network.cut {link, on}`; `network.cable {machine, nic, plugged}`; `network.shape {link, latency?, jitter?, loss?,
 * rate?, queue?, mtu?}` (null for none); `network.mirror {link, to}` (null for none); `network.forget {link}` empties a
 * switch's table; `network.reset {link?}` sets counters to 0; `network.replay {link, capture}` sends the frames of a pcapng
 * or pcap file (base64) into a link, instead of those of one before (null for none).
 */
export interface FabricApi {
  /** @throws Error with a sentence when there is no such probe or link here, or an argument cannot be */
  probe(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** @throws Error with a sentence when there is no such setting or link here, or a value cannot be */
  control(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** One side of a pair of message ports, in a worker or in Node. */
export interface MessageEnd {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** A method's type, so that a browser's own MessagePort is one of these. */
  onmessage: { handle(event: { readonly data: unknown }): void }["handle"] | null;
  close(): void;
}

/** The network's worker: links between hosts. */
export interface NetworkApi extends FabricApi {
  /** Makes links; one that is there stays what it is. */
  declare(links: Readonly<Record<string, LinkSpec>>): Promise<void>;
  /** A host's cable: ends of links here that its machines are plugged into come and go over it (trunk.ts). */
  join(host: string, end: MessageEnd): Promise<void>;
  /** A host is gone: its machines' ends with it. */
  leave(host: string): Promise<void>;
}
