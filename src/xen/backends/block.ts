/** A block backend of this program: what xen-blkback is in a driver domain, on a disk of the host. */
import { SECTOR } from "../../machine/disk/disk.ts";
import type { DeviceCost, RingState, RingSummary } from "../../probe/io/types.ts";
import { BLOCK_PROTOCOL } from "../abi/blkif.ts";
import { XENBUS } from "../abi/xenbus.ts";
import { BlockConnection, type BlockContext, type SavedConnection } from "./block-connection.ts";
import { MOST_INDIRECT_SEGMENTS } from "./block-requests.ts";
import type { Backend, BlockDescription, FrontDomain, PaceSetting } from "./front-domain.ts";
import { ConnectError, type DeviceStore, Handshake } from "./handshake.ts";
import { Pacer } from "./pacer.ts";
import { RingAccount, type SavedAccount } from "./ring-account.ts";
import { eventExits, ringState } from "./ring-probe.ts";

/** What the backend offers; a lab or a test may leave some out. */
export interface BlockFeatures {
  readonly persistent: boolean;
  readonly discard: boolean;
  /** Most segments of an indirect request; 0 for none. */
  readonly indirectSegments: number;
  /** Largest ring: 2 to this power pages. */
  readonly ringPageOrder: number;
}

/** As xen-blkback offers by default (feature_persistent, MAX_INDIRECT_SEGMENTS, XENBUS_MAX_RING_GRANT_ORDER). */
const ALL_FEATURES: BlockFeatures = {
  persistent: true,
  discard: true,
  indirectSegments: MOST_INDIRECT_SEGMENTS,
  ringPageOrder: 4,
};

/** VDISK_READONLY of the `info` key (public/io/blkif.h). */
const READ_ONLY = 4;

interface Totals {
  requests: number;
  /** Sectors. */
  read: number;
  written: number;
}

/** JSON data of {@link BlockBackend.save}. */
interface SavedBlock {
  readonly connection?: SavedConnection;
  readonly pace: PaceSetting;
  readonly account: SavedAccount;
  readonly totals: Totals;
}

export class BlockBackend implements Backend {
  readonly #domain: FrontDomain;
  readonly #description: BlockDescription;
  readonly #features: BlockFeatures;
  readonly #handshake: Handshake;
  readonly #pacer: Pacer;
  readonly #account: RingAccount;
  readonly #ringName: string;
  #connection: BlockConnection | undefined;
  #totals: Totals = { requests: 0, read: 0, written: 0 };

  /** Begins the handshake when the backend's directory says Initialising; else {@link restore} is to be called. */
  constructor(
    domain: FrontDomain,
    store: DeviceStore,
    description: BlockDescription,
    features: Partial<BlockFeatures> = {},
  ) {
    this.#domain = domain;
    this.#description = description;
    this.#features = { ...ALL_FEATURES, ...features };
    this.#ringName = `vbd:${domain.name}/${description.name}`;
    this.#account = new RingAccount(() => domain.now());
    this.#pacer = new Pacer(domain);
    this.#handshake = new Handshake(domain, store, description, {
      ready: [XENBUS.initialised, XENBUS.connected],
      features: () => this.#offered(),
      connect: () => this.#connect(),
      disconnect: () => this.#disconnect(),
    });
  }

  #offered(): Record<string, string | number> {
    const { persistent, discard, indirectSegments, ringPageOrder } = this.#features;
    return {
      "feature-barrier": 1,
      "feature-flush-cache": 1,
      "feature-persistent": persistent ? 1 : 0,
      "max-ring-page-order": ringPageOrder,
      "multi-queue-max-queues": 1,
      ...(indirectSegments > 0 && { "feature-max-indirect-segments": indirectSegments }),
      ...(discard && {
        "feature-discard": 1,
        "discard-granularity": 4096,
        "discard-alignment": 0,
        "discard-secure": 0,
      }),
    };
  }

  #connect(): Record<string, string | number> {
    const handshake = this.#handshake;
    const protocol = handshake.front("protocol") ?? BLOCK_PROTOCOL;
    if (protocol !== BLOCK_PROTOCOL) throw new ConnectError(`unknown protocol ${protocol}`);
    const terms = {
      references: this.#ringReferences(),
      port: handshake.frontNumber("event-channel"),
      persistent: this.#features.persistent && handshake.frontFlag("feature-persistent"),
    };
    this.#disconnect();
    this.#attach(new BlockConnection(this.#context(), terms));
    return {
      sectors: this.#description.disk.sectors,
      info: this.#readOnly ? READ_ONLY : 0,
      "sector-size": SECTOR,
      "physical-sector-size": 4096,
    };
  }

  /** One page under `ring-ref`, or `ring-page-order` and a reference for each. */
  #ringReferences(): number[] {
    const handshake = this.#handshake;
    if (handshake.front("ring-page-order") === undefined) return [handshake.frontNumber("ring-ref")];
    const order = handshake.frontNumber("ring-page-order");
    if (order > this.#features.ringPageOrder) throw new ConnectError(`ring-page-order ${order} is too large`);
    return Array.from({ length: 2 ** order }, (_, page) => handshake.frontNumber(`ring-ref${page}`));
  }

  #context(): BlockContext {
    const { disk, virtualDevice } = this.#description;
    return {
      domain: this.#domain,
      account: this.#account,
      ringName: this.#ringName,
      use: `vbd/${virtualDevice}`,
      disk,
      readOnly: this.#readOnly,
      indirectSegments: this.#features.indirectSegments,
      discard: this.#features.discard,
      notified: () => {
        this.#account.notified();
        this.#pacer.kick();
      },
      served: (read, written) => {
        this.#totals.requests++;
        this.#totals.read += read;
        this.#totals.written += written;
      },
    };
  }

  get #readOnly(): boolean {
    return this.#handshake.back("mode") === "r";
  }

  #attach(connection: BlockConnection): void {
    this.#connection = connection;
    this.#pacer.attach(connection);
  }

  #disconnect(): void {
    this.#pacer.attach(undefined);
    this.#connection?.close();
    this.#connection = undefined;
  }

  rings(): readonly RingSummary[] {
    return [
      {
        ring: this.#ringName,
        design: "xen",
        device: "block",
        front: this.#domain.name,
        back: "host",
        connected: this.#connection !== undefined,
      },
    ];
  }

  state(ring: string): RingState | undefined {
    if (ring !== this.#ringName) return undefined;
    const { pace } = this.#pacer;
    return ringState(this.#domain, this.rings()[0]!, "block", this.#connection?.ring, this.#account, pace);
  }

  costs(): DeviceCost {
    const { bytes, copied } = this.#account.counters;
    return {
      model: "xen-vbd",
      name: this.#description.name,
      requests: this.#totals.requests,
      sectors: { read: this.#totals.read, written: this.#totals.written },
      bytes,
      copied,
      ...eventExits([this.#account]),
    };
  }

  reset(): void {
    this.#account.reset();
    this.#totals = { requests: 0, read: 0, written: 0 };
  }

  pace(ring: string | undefined, setting: PaceSetting): void {
    if (ring === undefined || ring === this.#ringName) this.#pacer.set(setting);
  }

  step(ring: string, by: "slot" | "notification"): void {
    if (ring === this.#ringName) this.#pacer.step(by);
  }

  close(): void {
    this.#handshake.close();
    this.#disconnect();
  }

  save(): SavedBlock {
    return {
      ...(this.#connection && { connection: this.#connection.save() }),
      pace: this.#pacer.setting,
      account: this.#account.save(),
      totals: { ...this.#totals },
    };
  }

  restore(state: unknown): void {
    const { connection, pace, account, totals } = state as SavedBlock;
    this.#account.restore(account);
    this.#totals = { ...totals };
    this.#pacer.set(pace);
    if (!connection) return;
    this.#handshake.attempt(() => this.#attach(new BlockConnection(this.#context(), connection, connection)));
  }
}
