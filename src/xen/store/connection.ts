/**
 * One domain's connection: bytes in, bytes out, in pieces of any size. What the domain does not fetch stays here, and
 * is bounded: with too much of it unfetched no more of its requests are served, until it has read.
 */
import { concat } from "../../machine/bytes.ts";
import {
  fromBytes,
  HEADER_BYTES,
  type Header,
  message,
  PAYLOAD_MAX,
  readHeader,
  STORE_ERROR,
  XS,
} from "../abi/xs-wire.ts";
import { isSpecial } from "./paths.ts";
import type { Caller } from "./permissions.ts";
import type { Transaction } from "./transaction.ts";
import { type Cause, toldPath, type Watch, type Watcher } from "./watches.ts";

/** What a connection needs of the store. */
export interface Service {
  /** Serves one request; its answer comes by {@link Connection.reply}. */
  serve(connection: Connection, header: Header, payload: string): void;
  /** Runs work after which others are to be told of what it caused. */
  run(work: () => void): void;
  /** There are bytes to fetch, or requests that may be served again: to be looked at when the work is done. */
  stir(connection: Connection): void;
  /** Charges a domain for bytes kept for it. */
  hold(domain: number, bytes: number): void;
  /** No more of its requests may be served now. */
  overdrawn(connection: Connection): boolean;
  /** May so many more bytes be kept for it? */
  affords(connection: Connection, bytes: number): boolean;
  /** Drops its watches and transactions. */
  drop(connection: Connection): void;
}

/** A message on its way out. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  /** Of an event: its payload, by which a second one like it is known. */
  readonly event: string | undefined;
  /** The request that is held to account for it. */
  readonly cause: Cause | undefined;
}

/** Bytes that may wait to be served: a message, and a ring or two full of others. */
const MOST_WAITING = 2 * (HEADER_BYTES + PAYLOAD_MAX);

export class Connection implements Watcher {
  readonly caller: Caller & { target?: number | undefined };
  /** Called when there are new bytes to {@link take}, once for any number of them; never from within `take`. */
  onBytes: (() => void) | undefined;
  readonly transactions = new Map<number, Transaction>();
  nextTransaction = 1;
  /** By path and token, with a NUL between them. */
  readonly watches = new Map<string, Watch>();
  /** Requests whose answers, or whose events to a privileged connection, were not fetched. */
  outstanding = 0;
  readonly #service: Service;
  readonly #message = new Uint8Array(HEADER_BYTES + PAYLOAD_MAX);
  /** Bytes of the message read so far. */
  #have = 0;
  #waiting: Uint8Array[] = [];
  #out: Outgoing[] = [];
  /** Bytes taken of the first. */
  #taken = 0;
  readonly #events = new Map<string, number>();
  #fresh = false;
  #error: number;
  #closed = false;

  constructor(caller: Caller, service: Service, error: number = STORE_ERROR.NONE) {
    this.caller = { ...caller };
    this.#service = service;
    this.#error = error;
  }

  get domain(): number {
    return this.caller.id;
  }

  /** STORE_ERROR: not NONE once the domain has broken the protocol. Nothing it sends is read any more. */
  get error(): number {
    return this.#error;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes the connection takes now: none while the domain leaves too many answers unfetched, or is cut off. */
  get room(): number {
    if (this.#dead || this.#service.overdrawn(this)) return 0;
    return Math.max(0, MOST_WAITING - length(this.#waiting));
  }

  /** Bytes there are to {@link take}. */
  get ready(): number {
    return length(this.#out.map(({ bytes }) => bytes)) - this.#taken;
  }

  /** Takes bytes that the domain sent. It is cut off when more are left unserved than there was {@link room} for. */
  receive(bytes: Uint8Array): void {
    if (this.#dead || bytes.length === 0) return;
    this.#waiting.push(bytes.slice());
    this.#service.run(() => this.#work());
    if (length(this.#waiting) > MOST_WAITING) this.cutOff(STORE_ERROR.COMMUNICATION);
  }

  /** The next bytes for the domain, at most `most`; none when there are none. */
  take(most: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    let left = most;
    this.#service.run(() => {
      while (this.#out.length > 0 && left > 0) {
        const { bytes } = this.#out[0]!;
        const piece = bytes.subarray(this.#taken, this.#taken + left);
        pieces.push(piece);
        left -= piece.length;
        this.#taken += piece.length;
        if (this.#taken === bytes.length) this.#fetched(this.#out.shift()!);
      }
    });
    return concat(pieces);
  }

  /** Ends the connection: watches and transactions go, nodes stay. */
  close(): void {
    if (this.#closed) return;
    this.reset();
    this.#closed = true;
    this.onBytes = undefined;
  }

  /** Starts anew, as a new connection of the domain: what is half read or unfetched is forgotten. */
  reset(): void {
    this.#service.run(() => {
      this.#service.drop(this);
      for (const unfetched of this.#out.splice(0)) this.#fetched(unfetched);
      this.#have = 0;
      this.#waiting = [];
    });
  }

  /** Ends it for a breach of the protocol, one of STORE_ERROR. */
  cutOff(error: number): void {
    if (this.#dead) return;
    this.reset();
    this.#error = error;
  }

  /** To be called after being stirred: goes on serving, and says when there is something new to fetch. */
  look(): void {
    this.#work();
    if (!this.#fresh) return;
    this.#fresh = false;
    this.onBytes?.();
  }

  reply(header: Header, type: number, payload: string, cause: Cause): void {
    this.#send(message(type, header.requestId, header.transactionId, payload), undefined, cause);
  }

  notify(watch: Watch, path: string, cause: Cause | undefined): void {
    const payload = `${toldPath(watch, path)}\0${watch.token}\0`;
    if (this.#dead || payload.length > PAYLOAD_MAX) return;
    if (this.#events.has(payload) && !isSpecial(path)) return;
    // Who does not read loses events when its memory is full. With a driver domain it should not come to that: whoever
    // makes events faster than it reads has to wait for it.
    if (!this.#service.affords(this, HEADER_BYTES + payload.length)) return;
    watch.fired += 1;
    this.#send(message(XS.WATCH_EVENT, 0, 0, payload), payload, this.caller.privileged ? cause : undefined);
  }

  /** What is under way, as it is saved. The pieces are the connection's own. */
  underWay(): {
    readonly have: Uint8Array;
    readonly waiting: readonly Uint8Array[];
    readonly out: readonly Outgoing[];
    readonly taken: number;
  } {
    return { have: this.#message.subarray(0, this.#have), waiting: this.#waiting, out: this.#out, taken: this.#taken };
  }

  /** Takes up what was under way when it was saved. @throws RangeError when it cannot have been */
  takeUp(have: Uint8Array, waiting: readonly Uint8Array[], out: readonly Outgoing[], taken: number): void {
    if (have.length >= this.#message.length || taken > (out[0]?.bytes.length ?? 0)) {
      throw new RangeError("A saved xenstore connection has more of a message than there is.");
    }
    this.#message.set(have);
    this.#have = have.length;
    this.#waiting = [...waiting];
    for (const each of out) this.#queue(each);
    this.#taken = taken;
  }

  get #dead(): boolean {
    return this.#closed || this.#error !== STORE_ERROR.NONE;
  }

  /** Serves what has arrived whole, as far as the account allows. */
  #work(): void {
    while (!this.#dead && this.#waiting.length > 0 && !this.#service.overdrawn(this)) {
      this.#fill(HEADER_BYTES);
      if (this.#have < HEADER_BYTES) return;
      const header = readHeader(this.#message);
      if (header.length > PAYLOAD_MAX) {
        this.cutOff(STORE_ERROR.PROTOCOL);
        return;
      }
      const whole = HEADER_BYTES + header.length;
      this.#fill(whole);
      if (this.#have < whole) return;
      this.#have = 0;
      this.#service.serve(this, header, fromBytes(this.#message.subarray(HEADER_BYTES, whole)));
    }
  }

  /** Reads on until `whole` bytes of the message are there, or nothing waits any more. */
  #fill(whole: number): void {
    while (this.#have < whole && this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const piece = first.subarray(0, whole - this.#have);
      this.#message.set(piece, this.#have);
      this.#have += piece.length;
      if (piece.length < first.length) this.#waiting[0] = first.subarray(piece.length);
      else this.#waiting.shift();
    }
  }

  #send(bytes: Uint8Array, event: string | undefined, cause: Cause | undefined): void {
    this.#queue({ bytes, event, cause });
    this.#fresh = true;
    this.#service.stir(this);
  }

  #queue(message: Outgoing): void {
    const { bytes, event, cause } = message;
    if (cause) cause.left += 1;
    if (event !== undefined) this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
    this.#out.push(message);
    this.#service.hold(this.domain, bytes.length);
  }

  /** A message is gone from the queue. */
  #fetched({ bytes, event, cause }: Outgoing): void {
    this.#taken = 0;
    this.#service.hold(this.domain, -bytes.length);
    if (event !== undefined) {
      const same = this.#events.get(event)! - 1;
      if (same > 0) this.#events.set(event, same);
      else this.#events.delete(event);
    }
    if (cause) {
      cause.left -= 1;
      if (cause.left === 0) {
        cause.from.outstanding -= 1;
        this.#service.stir(cause.from);
      }
    }
    this.#service.stir(this);
  }
}

const length = (pieces: readonly Uint8Array[]) => pieces.reduce((sum, piece) => sum + piece.length, 0);
