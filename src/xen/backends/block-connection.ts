/** A block frontend that is connected: its ring, its channel, the pages kept of it, and the requests in service. */
import { type Disk, SECTOR } from "../../machine/disk/disk.ts";
import { blockOperation } from "../../probe/rings/layout/index.ts";
import { type BlockRequest, decodeRequest, encodeResponse } from "../abi/blkif.ts";
import { BlockPages } from "./block-pages.ts";
import { serve } from "./block-requests.ts";
import type { Channel, FrontDomain } from "./front-domain.ts";
import type { Work } from "./pacer.ts";
import type { RingAccount } from "./ring-account.ts";
import { fromBase64, toBase64 } from "./saved-bytes.ts";
import { type PrivateIndices, SharedRing } from "./shared-ring.ts";

/** What the two sides agreed on. */
export interface BlockTerms {
  readonly references: readonly number[];
  /** The front's event channel port. */
  readonly port: number;
  readonly persistent: boolean;
}

/** JSON data of {@link BlockConnection.save}. */
export interface SavedConnection extends BlockTerms {
  readonly indices: PrivateIndices;
  readonly kept: readonly number[];
  readonly fault?: string;
  /** Slots of the requests in service, oldest first. */
  readonly taken: readonly string[];
}

/** What a connection works on and reports to. */
export interface BlockContext {
  readonly domain: FrontDomain;
  readonly account: RingAccount;
  /** Ring and channel as probes name them. */
  readonly ringName: string;
  readonly use: string;
  readonly disk: Disk;
  readonly readOnly: boolean;
  readonly indirectSegments: number;
  readonly discard: boolean;
  /** The front sent an event. */
  notified(): void;
  /** A request was served; sectors. */
  served(read: number, written: number): void;
}

export class BlockConnection implements Work {
  readonly ring: SharedRing;
  readonly #context: BlockContext;
  readonly #terms: BlockTerms;
  readonly #channel: Channel;
  readonly #pages: BlockPages;
  /** Copies of the slots of requests taken and not answered, oldest first. */
  #taken: Uint8Array[] = [];

  /** @throws GrantError, ChannelError; nothing stays mapped or bound then */
  constructor(context: BlockContext, terms: BlockTerms, saved?: SavedConnection) {
    const { domain, account } = context;
    this.#context = context;
    this.#terms = terms;
    this.ring = new SharedRing(domain, "block", terms.references, account, saved?.indices);
    try {
      this.#channel = domain.bind(terms.port, context.use, () => context.notified());
    } catch (error) {
      this.ring.unmap();
      throw error;
    }
    this.#pages = new BlockPages(domain, account, terms.persistent);
    if (!saved) return;
    if (saved.fault !== undefined) this.ring.break(saved.fault);
    this.#taken = saved.taken.map(fromBase64);
    this.#pages.keep(saved.kept);
  }

  get inService(): number {
    return this.#taken.length;
  }

  take(): boolean {
    if (this.ring.look() === 0) return false;
    const bytes = this.ring.request();
    this.ring.take(1);
    this.#taken.push(bytes);
    const { domain, ringName } = this.#context;
    if (domain.tracing) domain.trace("request", ringName, inALine(decodeRequest(bytes)));
    return true;
  }

  serve(): void {
    const context = this.#context;
    const { domain, account, ringName } = context;
    const request = decodeRequest(this.#taken.shift()!);
    const { status, read, written } = serve({ ...context, pages: this.#pages }, request);
    this.ring.respond(encodeResponse(request, status));
    account.counters.bytes += (read + written) * SECTOR;
    account.counters.copied += (read + written) * SECTOR;
    context.served(read, written);
    if (domain.tracing) domain.trace("response", ringName, `${inALine(request)}: status ${status}`);
  }

  push(): boolean {
    const notify = this.ring.push();
    if (notify) this.#channel.notify();
    return notify;
  }

  rest(): boolean {
    return this.ring.finalCheck();
  }

  close(): void {
    this.#channel.close();
    this.#pages.unmapAll();
    this.ring.unmap();
  }

  save(): SavedConnection {
    const { ring } = this;
    return {
      ...this.#terms,
      indices: ring.indices,
      kept: this.#pages.kept,
      ...(ring.fault !== undefined && { fault: ring.fault }),
      taken: this.#taken.map(toBase64),
    };
  }
}

const inALine = ({ id, effective, sector, segmentCount }: BlockRequest) =>
  `${id[0]}: ${blockOperation(effective)} sector ${sector}, ${segmentCount} segments`;
