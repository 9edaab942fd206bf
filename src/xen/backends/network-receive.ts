/** The receive ring of a connected network frontend: frames of its link are copied into buffers the guest has posted. */
import { packetHeaders } from "../../network/headers.ts";
import type { Frame } from "../../network/link.ts";
import { makeGood } from "../../network/offload.ts";
import {
  decodeRxRequest,
  encodeGso,
  encodeRxResponse,
  GSO,
  NET_STATUS,
  RX_FLAG,
  type RxRequest,
  type RxResponse,
} from "../abi/netif.ts";
import { PAGE } from "../abi/ring.ts";
import { type Channel, type FrontDomain, GrantError } from "./front-domain.ts";
import type { Work } from "./pacer.ts";
import type { RingAccount } from "./ring-account.ts";
import { fromBase64, toBase64 } from "./saved-bytes.ts";
import { type PrivateIndices, SharedRing } from "./shared-ring.ts";

/** Frames, and their bytes, that wait for buffers: what comes then is dropped, as by any full queue. */
const MOST_WAITING = 512;
const MOST_WAITING_BYTES = 4 << 20;

/** What the frontend takes as it is; anything else is made good first. */
export interface ReceiveFeatures {
  readonly tcp4: boolean;
  readonly tcp6: boolean;
  /** Partial checksums in IPv4 and IPv6 packets. */
  readonly checksum4: boolean;
  readonly checksum6: boolean;
}

export interface ReceiveContext {
  readonly domain: FrontDomain;
  readonly account: RingAccount;
  readonly ringName: string;
  /** A frame reached the guest. */
  delivered(): void;
  /** A frame did not: no room, or a bad buffer. */
  dropped(): void;
}

/** A frame and the buffers it goes into. */
interface Delivery {
  readonly frame: Frame;
  readonly buffers: readonly RxRequest[];
}

type SavedFrame = Omit<Frame, "bytes"> & { readonly bytes: string };

/** JSON data of {@link ReceiveRing.save}. */
export interface SavedReceive {
  readonly indices: PrivateIndices;
  readonly fault?: string;
  readonly waiting: readonly SavedFrame[];
  readonly taken: readonly { readonly frame: SavedFrame; readonly buffers: readonly RxRequest[] }[];
}

export class ReceiveRing implements Work {
  readonly ring: SharedRing;
  readonly #context: ReceiveContext;
  readonly #features: ReceiveFeatures;
  readonly #channel: () => Channel;
  #waiting: Frame[];
  #waitingBytes: number;
  #taken: Delivery[];
  /** The frame at the head has been found without buffers, and counted. */
  #stalled = false;

  /**
   * @param channel the one its responses are announced on
   * @throws GrantError
   */
  constructor(
    context: ReceiveContext,
    reference: number,
    features: ReceiveFeatures,
    channel: () => Channel,
    saved?: SavedReceive,
  ) {
    this.#context = context;
    this.#features = features;
    this.#channel = channel;
    this.ring = new SharedRing(context.domain, "rx", [reference], context.account, saved?.indices);
    if (saved?.fault !== undefined) this.ring.break(saved.fault);
    this.#waiting = (saved?.waiting ?? []).map(restoredFrame);
    this.#waitingBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#taken = (saved?.taken ?? []).map(({ frame, buffers }) => ({ frame: restoredFrame(frame), buffers }));
  }

  /** A frame from the link. */
  enqueue(frame: Frame): void {
    for (const piece of this.#acceptable(frame) ? [frame] : makeGood(frame)) {
      const { length } = piece.bytes;
      if (this.#waiting.length === MOST_WAITING || this.#waitingBytes + length > MOST_WAITING_BYTES) {
        this.#context.dropped();
        continue;
      }
      this.#waiting.push(piece);
      this.#waitingBytes += length;
    }
  }

  get inService(): number {
    return this.#taken.length;
  }

  take(): boolean {
    const frame = this.#waiting[0];
    if (!frame) return false;
    const { ring } = this;
    const needed = slotsFor(frame);
    if (ring.look() < needed) {
      if (!this.#stalled) this.#context.account.counters.full++;
      this.#stalled = true;
      return false;
    }
    this.#stalled = false;
    this.#waiting.shift();
    this.#waitingBytes -= frame.bytes.length;
    const view = ring.view();
    const buffers = Array.from({ length: needed }, (_, ahead) => decodeRxRequest(view, ring.requestAt(ahead)));
    ring.take(needed);
    this.#taken.push({ frame, buffers });
    const { domain, ringName } = this.#context;
    if (domain.tracing) domain.trace("request", ringName, inALine(frame, needed));
    return true;
  }

  serve(): void {
    const { frame, buffers } = this.#taken.shift()!;
    const { domain, ringName } = this.#context;
    const good = this.#fill(frame, buffers);
    if (good) {
      this.#respond(frame, buffers);
      this.#context.delivered();
    } else {
      const view = this.ring.view();
      const { error } = NET_STATUS;
      for (const { id } of buffers) this.#answer(view, { id, offset: 0, flags: 0, status: error });
      this.#context.dropped();
    }
    if (domain.tracing) domain.trace("response", ringName, `${inALine(frame, buffers.length)}${good ? "" : ": error"}`);
  }

  push(): boolean {
    const notify = this.ring.push();
    if (notify) this.#channel().notify();
    return notify;
  }

  /** Buffers are wanted while a frame waits for them; the guest need not say that it has posted more otherwise. */
  rest(): boolean {
    const frame = this.#waiting[0];
    return frame !== undefined && this.ring.finalCheck(slotsFor(frame));
  }

  save(): SavedReceive {
    const { indices, fault } = this.ring;
    return {
      indices,
      ...(fault !== undefined && { fault }),
      waiting: this.#waiting.map(savedFrame),
      taken: this.#taken.map(({ frame, buffers }) => ({ frame: savedFrame(frame), buffers })),
    };
  }

  #acceptable({ bytes, checksum, segmentation }: Frame): boolean {
    const { tcp4, tcp6, checksum4, checksum6 } = this.#features;
    if (segmentation) return segmentation.kind === "tcp4" ? tcp4 && checksum4 : tcp6 && checksum6;
    if (checksum === "whole" || (checksum4 && checksum6)) return true;
    return packetHeaders(bytes)?.version === 6 ? checksum6 : checksum4;
  }

  /** Copies the frame's bytes into its buffers, a page each. @returns false where a grant is bad */
  #fill({ bytes, segmentation }: Frame, buffers: readonly RxRequest[]): boolean {
    const { domain, account } = this.#context;
    const pages = dataBuffers(buffers, segmentation !== undefined);
    try {
      pages.forEach(({ reference }, page) => {
        domain.copyToGrant(reference, 0, bytes.subarray(page * PAGE, (page + 1) * PAGE));
      });
    } catch (error) {
      if (!(error instanceof GrantError)) throw error;
      return false;
    }
    account.counters.grantsCopied += pages.length;
    account.counters.bytes += bytes.length;
    account.counters.copied += bytes.length;
    return true;
  }

  /** Responses stand in the slots of their requests, which Linux's netfront relies on (public/io/netif.h). */
  #respond({ bytes, checksum, segmentation }: Frame, buffers: readonly RxRequest[]): void {
    const view = this.ring.view();
    const pages = dataBuffers(buffers, segmentation !== undefined);
    let flags = checksum === "partial" ? RX_FLAG.csum_blank | RX_FLAG.data_validated : 0;
    if (segmentation) flags |= RX_FLAG.extra_info;
    pages.forEach(({ id }, page) => {
      const more = page + 1 < pages.length ? RX_FLAG.more_data : 0;
      const status = Math.min(PAGE, bytes.length - page * PAGE);
      this.#answer(view, { id, offset: 0, flags: page === 0 ? flags | more : more, status });
      if (page > 0 || !segmentation) return;
      const type = segmentation.kind === "tcp4" ? GSO.tcpv4 : GSO.tcpv6;
      encodeGso(view, this.ring.responseAt(), segmentation.size, type);
    });
  }

  #answer(view: DataView, response: RxResponse): void {
    encodeRxResponse(view, this.ring.responseAt(), response);
  }
}

/** A page for each 4096 bytes, and a slot for the segment size of a large segment. */
const slotsFor = ({ bytes, segmentation }: Frame) => Math.ceil(bytes.length / PAGE) + (segmentation ? 1 : 0);

/** The buffers that get data: the extra info takes the slot of the second. */
const dataBuffers = (buffers: readonly RxRequest[], extra: boolean) =>
  extra ? buffers.filter((_, slot) => slot !== 1) : buffers;

const savedFrame = (frame: Frame): SavedFrame => ({ ...frame, bytes: toBase64(frame.bytes) });
const restoredFrame = (frame: SavedFrame): Frame => ({ ...frame, bytes: fromBase64(frame.bytes) });
const inALine = ({ bytes }: Frame, slots: number) => `${bytes.length} bytes in ${slots} slots`;
