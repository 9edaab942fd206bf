/** A network frontend that is connected: its two rings and the channel, or the two, that they share. */
import type { Channel, FrontDomain } from "./front-domain.ts";
import { type ReceiveContext, type ReceiveFeatures, ReceiveRing, type SavedReceive } from "./network-receive.ts";
import { type SavedTransmit, type TransmitContext, TransmitRing } from "./network-transmit.ts";

/** What the two sides agreed on. */
export interface NetworkTerms {
  /** Grant references of the ring pages. */
  readonly txRing: number;
  readonly rxRing: number;
  /** The front's event channel ports: the same where the channels are not split. */
  readonly txPort: number;
  readonly rxPort: number;
  readonly features: ReceiveFeatures;
}

/** JSON data of {@link NetworkConnection.save}. */
export interface SavedConnection extends NetworkTerms {
  readonly tx: SavedTransmit;
  readonly rx: SavedReceive;
}

export interface NetworkContext {
  readonly domain: FrontDomain;
  readonly tx: TransmitContext;
  readonly rx: ReceiveContext;
  /** What the channels are for, as probes name them: `vif/0`. */
  readonly use: string;
  /** The front sent an event about one ring, or by a channel that serves both. */
  notified(rings: "tx" | "rx" | "both"): void;
}

export class NetworkConnection {
  readonly tx: TransmitRing;
  readonly rx: ReceiveRing;
  readonly #terms: NetworkTerms;
  #channels: { readonly tx: Channel; readonly rx: Channel } | undefined;

  /** @throws GrantError, ChannelError; nothing stays mapped or bound then */
  constructor(context: NetworkContext, terms: NetworkTerms, saved?: SavedConnection) {
    this.#terms = terms;
    this.tx = new TransmitRing(context.tx, terms.txRing, () => this.#channels!.tx, saved?.tx);
    try {
      const { rxRing, features } = terms;
      this.rx = new ReceiveRing(context.rx, rxRing, features, () => this.#channels!.rx, saved?.rx);
    } catch (error) {
      this.tx.ring.unmap();
      throw error;
    }
    try {
      this.#channels = bind(context, terms);
    } catch (error) {
      this.tx.ring.unmap();
      this.rx.ring.unmap();
      throw error;
    }
  }

  close(): void {
    const { tx, rx } = this.#channels!;
    tx.close();
    if (rx !== tx) rx.close();
    this.tx.ring.unmap();
    this.rx.ring.unmap();
  }

  save(): SavedConnection {
    return { ...this.#terms, tx: this.tx.save(), rx: this.rx.save() };
  }
}

function bind(context: NetworkContext, { txPort, rxPort }: NetworkTerms): { tx: Channel; rx: Channel } {
  const { domain, use } = context;
  if (txPort === rxPort) {
    const both = domain.bind(txPort, use, () => context.notified("both"));
    return { tx: both, rx: both };
  }
  const tx = domain.bind(txPort, `${use} tx`, () => context.notified("tx"));
  try {
    return { tx, rx: domain.bind(rxPort, `${use} rx`, () => context.notified("rx")) };
  } catch (error) {
    tx.close();
    throw error;
  }
}
