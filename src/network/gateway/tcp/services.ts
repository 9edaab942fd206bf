/** TCP of a gateway: its connections, bounded for each peer, and what answers on its ports. */

import type { Endpoint } from "../endpoint.ts";
import { FLAG } from "../nat/sessions.ts";
import { type Segment, type TcpApplication, TcpConnection, type TcpSurroundings } from "./connection.ts";

/** Connections at once, and of one peer's address. More are refused by silence, as a full backlog does. */
const MOST = { all: 128, ofPeer: 24 } as const;

/** Makes what answers a connection to a port. */
export type TcpService = (peer: Endpoint, local: Endpoint) => TcpApplication;

export interface TcpServicesOptions extends Pick<TcpSurroundings, "later"> {
  /** By port. */
  readonly services: ReadonlyMap<number, TcpService>;
  /** From 0 up to 1. */
  readonly random: () => number;
  send(local: Endpoint, peer: Endpoint, segment: Segment): void;
}

export class TcpServices {
  readonly #options: TcpServicesOptions;
  readonly #connections = new Map<string, { readonly peer: number; readonly connection: TcpConnection }>();

  constructor(options: TcpServicesOptions) {
    this.#options = options;
  }

  /** A segment for an address of the gateway. */
  receive(local: Endpoint, peer: Endpoint, segment: Segment): void {
    const name = `${local.address}:${local.port} ${peer.address}:${peer.port}`;
    const known = this.#connections.get(name);
    if (known) {
      known.connection.receive(segment);
      return;
    }
    const service = this.#options.services.get(local.port);
    const opens = (segment.flags & (FLAG.syn | FLAG.ack | FLAG.rst)) === FLAG.syn;
    if (!service || !opens) {
      this.#refuse(local, peer, segment);
      return;
    }
    if (!this.#room(peer.address)) return;
    const connection = new TcpConnection(segment, Math.floor(this.#options.random() * 2 ** 32), service(peer, local), {
      send: (answer) => this.#options.send(local, peer, answer),
      later: this.#options.later,
      closed: () => this.#connections.delete(name),
    });
    this.#connections.set(name, { peer: peer.address, connection });
  }

  close(): void {
    for (const { connection } of [...this.#connections.values()]) connection.abort(false);
  }

  /** A connection that never opened makes room for a new one. */
  #room(peer: number): boolean {
    const all = [...this.#connections.values()];
    const ofPeer = all.filter((one) => one.peer === peer);
    const full = ofPeer.length >= MOST.ofPeer ? ofPeer : all.length >= MOST.all ? all : undefined;
    if (!full) return true;
    const waiting = full.find(({ connection }) => connection.opening);
    waiting?.connection.abort(false);
    return waiting !== undefined;
  }

  /** RFC 9293, 3.10.7.1. */
  #refuse(local: Endpoint, peer: Endpoint, { flags, sequence, acknowledgement, payload }: Segment): void {
    if (flags & FLAG.rst) return;
    const length = payload.length + (flags & FLAG.syn ? 1 : 0) + (flags & FLAG.fin ? 1 : 0);
    const answer =
      flags & FLAG.ack
        ? { flags: FLAG.rst, sequence: acknowledgement, acknowledgement: 0 }
        : { flags: FLAG.rst | FLAG.ack, sequence: 0, acknowledgement: (sequence + length) >>> 0 };
    this.#options.send(local, peer, { ...answer, window: 0, payload: new Uint8Array() });
  }
}

/** RFC 862: every byte comes back. */
export const echo: TcpService = () => ({
  receive: (bytes) => ({ send: bytes }),
  ended: () => ({ close: true }),
});
