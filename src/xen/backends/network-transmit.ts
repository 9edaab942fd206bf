/** The transmit ring of a connected network frontend: packets of the guest become frames on its link. */
import type { Frame } from "../../network/link.ts";
import { encodeTxResponse, NET_STATUS } from "../abi/netif.ts";
import { type Channel, type FrontDomain, GrantError } from "./front-domain.ts";
import { frameOf, readTxPacket, TxFault, type TxPacket } from "./network-packets.ts";
import type { Work } from "./pacer.ts";
import type { RingAccount } from "./ring-account.ts";
import { type PrivateIndices, SharedRing } from "./shared-ring.ts";

/** JSON data of {@link TransmitRing.save}. */
export interface SavedTransmit {
  readonly indices: PrivateIndices;
  readonly fault?: string;
  readonly taken: readonly TxPacket[];
}

export interface TransmitContext {
  readonly domain: FrontDomain;
  readonly account: RingAccount;
  readonly ringName: string;
  /** Puts a frame on the link. */
  send(frame: Frame): void;
}

export class TransmitRing implements Work {
  readonly ring: SharedRing;
  readonly #context: TransmitContext;
  readonly #channel: () => Channel;
  /** Packets taken and not answered, oldest first. */
  #taken: TxPacket[];

  /**
   * @param channel the one its responses are announced on
   * @throws GrantError
   */
  constructor(context: TransmitContext, reference: number, channel: () => Channel, saved?: SavedTransmit) {
    this.#context = context;
    this.#channel = channel;
    this.ring = new SharedRing(context.domain, "tx", [reference], context.account, saved?.indices);
    if (saved?.fault !== undefined) this.ring.break(saved.fault);
    this.#taken = [...(saved?.taken ?? [])];
  }

  get inService(): number {
    return this.#taken.length;
  }

  take(): boolean {
    const { ring } = this;
    const waiting = ring.look();
    if (waiting === 0) return false;
    try {
      const packet = readTxPacket({ view: ring.view(), count: waiting, at: (ahead) => ring.requestAt(ahead) });
      ring.take(packet.requests.length + packet.extras);
      this.#taken.push(packet);
      const { domain, ringName } = this.#context;
      if (domain.tracing) domain.trace("request", ringName, inALine(packet));
      return true;
    } catch (error) {
      if (!(error instanceof TxFault)) throw error;
      ring.break(error.message);
      return false;
    }
  }

  serve(): void {
    const packet = this.#taken.shift()!;
    const bytes = packet.bad ? undefined : this.#gather(packet);
    const status = bytes ? NET_STATUS.okay : NET_STATUS.error;
    this.#respond(packet, status);
    const frame = bytes && frameOf(packet, bytes);
    if (frame) this.#context.send(frame);
    const { domain, ringName } = this.#context;
    if (domain.tracing) domain.trace("response", ringName, `${inALine(packet)}: status ${status}`);
  }

  /** One for each request by its id, and for each slot of extra info one that means nothing (make_tx_response). */
  #respond({ requests, extras }: TxPacket, status: number): void {
    const { ring } = this;
    const view = ring.view();
    const [first, ...rest] = requests;
    encodeTxResponse(view, ring.responseAt(), first!.id, status);
    for (let extra = 0; extra < extras; extra++) encodeTxResponse(view, ring.responseAt(), 0, NET_STATUS.null);
    for (const { id } of rest) encodeTxResponse(view, ring.responseAt(), id, status);
  }

  push(): boolean {
    const notify = this.ring.push();
    if (notify) this.#channel().notify();
    return notify;
  }

  rest(): boolean {
    return this.ring.finalCheck();
  }

  save(): SavedTransmit {
    const { indices, fault } = this.ring;
    return { indices, ...(fault !== undefined && { fault }), taken: [...this.#taken] };
  }

  /** The packet's bytes, copied together; undefined where a grant is bad. */
  #gather({ requests }: TxPacket): Uint8Array | undefined {
    const { domain, account } = this.#context;
    const bytes = new Uint8Array(requests.reduce((sum, { size }) => sum + size, 0));
    let at = 0;
    try {
      for (const { reference, offset, size } of requests) {
        domain.copyFromGrant(reference, offset, bytes.subarray(at, at + size));
        at += size;
      }
    } catch (error) {
      if (!(error instanceof GrantError)) throw error;
      return undefined;
    }
    account.counters.grantsCopied += requests.length;
    account.counters.bytes += at;
    account.counters.copied += at;
    return bytes;
  }
}

function inALine({ requests, extras, gso }: TxPacket): string {
  const bytes = requests.reduce((sum, { size }) => sum + size, 0);
  const slots = `${requests[0]!.id}: ${bytes} bytes in ${requests.length + extras} slots`;
  return gso ? `${slots}, segments of ${gso.size}` : slots;
}
