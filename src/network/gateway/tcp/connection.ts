/**
 * The passive end of one TCP connection (RFC 9293), as much as an echo or a page needs: segments in order only, a window
 * no larger than what is kept, at most ten segments under way, retransmission from the oldest unacknowledged byte.
 */
import { FLAG } from "../nat/sessions.ts";

/** What a segment says beside its ports. Sequence numbers are 32 bits. */
export interface Segment {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Bytes; nobody scales windows here. */
  readonly window: number;
  /** Of a SYN: the largest payload its sender takes. */
  readonly mss?: number;
  readonly payload: Uint8Array;
}

/** What is done with a connection's bytes. */
export interface TcpApplication {
  /** Bytes arrived. */
  receive(bytes: Uint8Array): Reply;
  /** The peer has no more to say. */
  ended(): Reply;
}

export interface Reply {
  readonly send?: Uint8Array;
  /** Nothing will be sent after it. */
  readonly close?: boolean;
}

export interface TcpSurroundings {
  send(segment: Segment): void;
  later(milliseconds: number, run: () => void): () => void;
  /** It is over; called once. */
  closed(): void;
}

/** Bytes taken and not yet acknowledged by the peer, of whatever the application answered. */
const MOST_KEPT = 32_768;
const MOST_UNDER_WAY = 10;
/** Largest payload sent and taken: an Ethernet frame's, without options (RFC 6691). */
export const MSS = 1460;
/** RFC 9293, 3.7.1: where the peer says nothing. */
const DEFAULT_MSS = 536;
const LEAST_MSS = 48;
/** Milliseconds until the first retransmission (RFC 6298, 2.1), doubled each time, and how often it is tried. */
const RETRANSMIT = { first: 1000, tries: 6 } as const;
/** Milliseconds a connection may be silent, and a closed one is remembered. */
const IDLE = 120_000;
const TIME_WAIT = 4_000;

const EMPTY = new Uint8Array();
/** Modulo 2^32, and the distance from one sequence number to another, negative where it lies behind. */
const plus = (sequence: number, bytes: number) => (sequence + bytes) >>> 0;
const distance = (from: number, to: number) => (to - from) | 0;

export class TcpConnection {
  readonly #around: TcpSurroundings;
  readonly #application: TcpApplication;
  readonly #mss: number;
  #state: "syn-received" | "open" | "time-wait" | "closed" = "syn-received";
  /** SND.UNA, SND.NXT, SND.WND and RCV.NXT of RFC 9293, 3.3.1. */
  #unacknowledged: number;
  #next: number;
  #window: number;
  #expected: number;
  /** From {@link #unacknowledged} on. */
  #kept: Uint8Array = EMPTY;
  #closing = false;
  #finSent = false;
  #finAcknowledged = false;
  #peerFinished = false;
  #tries = 0;
  #retransmission: (() => void) | undefined;
  #idle: (() => void) | undefined;

  /** @param syn the peer's first segment */
  constructor(syn: Segment, firstSequence: number, application: TcpApplication, around: TcpSurroundings) {
    this.#around = around;
    this.#application = application;
    this.#mss = Math.min(MSS, Math.max(LEAST_MSS, syn.mss ?? DEFAULT_MSS));
    this.#unacknowledged = firstSequence;
    this.#next = plus(firstSequence, 1);
    this.#window = syn.window;
    this.#expected = plus(syn.sequence, 1);
    this.#synAck();
    this.#arm();
    this.#stir();
  }

  get opening(): boolean {
    return this.#state === "syn-received";
  }

  receive(segment: Segment): void {
    if (this.#state === "closed") return;
    this.#stir();
    const inside = distance(this.#expected, segment.sequence);
    if (segment.flags & FLAG.rst) {
      // a reset counts where it is expected, so that nobody can guess one (RFC 5961, 3.2)
      if (inside === 0) this.#end();
      return;
    }
    if (segment.flags & FLAG.syn) {
      if (this.#state === "syn-received" && plus(segment.sequence, 1) === this.#expected) this.#synAck();
      else this.#acknowledge();
      return;
    }
    if (!(segment.flags & FLAG.ack) || !this.#acknowledged(segment)) return;
    this.#take(segment, inside);
    if (this.#finAcknowledged && this.#peerFinished) {
      this.#wait();
      return;
    }
    this.#push();
  }

  /** Ends it without a word, or with a reset. */
  abort(say: boolean): void {
    if (say) this.#send(FLAG.rst | FLAG.ack, this.#next, EMPTY);
    this.#end();
  }

  /** @returns false when the segment is to be dropped */
  #acknowledged({ acknowledgement, window }: Segment): boolean {
    const bytes = distance(this.#unacknowledged, acknowledgement);
    if (bytes > distance(this.#unacknowledged, this.#next)) {
      this.#acknowledge();
      return false;
    }
    if (bytes < 0) return true;
    this.#window = window;
    if (bytes === 0) return true;
    let data = bytes;
    if (this.#state === "syn-received") {
      this.#state = "open";
      data--;
    }
    if (data > this.#kept.length) this.#finAcknowledged = true;
    this.#kept = this.#kept.slice(data);
    this.#unacknowledged = acknowledgement;
    this.#tries = 0;
    this.#arm();
    return true;
  }

  /** @param inside bytes from the expected sequence number to the segment's own: negative for bytes known already */
  #take(segment: Segment, inside: number): void {
    const fin = (segment.flags & FLAG.fin) !== 0;
    if (segment.payload.length === 0 && !fin) {
      if (inside !== 0) this.#acknowledge();
      return;
    }
    if (inside > 0 || this.#peerFinished) {
      this.#acknowledge();
      return;
    }
    const fresh = segment.payload.subarray(-inside, -inside + this.#room());
    const whole = -inside + fresh.length >= segment.payload.length;
    this.#expected = plus(this.#expected, fresh.length);
    if (fresh.length > 0) this.#reply(this.#application.receive(fresh.slice()));
    if (fin && whole && distance(this.#expected, plus(segment.sequence, segment.payload.length)) === 0) {
      this.#expected = plus(this.#expected, 1);
      this.#peerFinished = true;
      this.#reply(this.#application.ended());
    }
    this.#acknowledge();
  }

  #reply({ send = EMPTY, close = false }: Reply): void {
    if (this.#closing) return;
    const kept = new Uint8Array(this.#kept.length + send.length);
    kept.set(this.#kept);
    kept.set(send, this.#kept.length);
    this.#kept = kept;
    this.#closing = close;
  }

  #room(): number {
    return Math.max(0, MOST_KEPT - this.#kept.length);
  }

  /** Sends what the peer's window and ours allow. */
  #push(): void {
    if (this.#state !== "open") return;
    const most = Math.min(this.#window, MOST_UNDER_WAY * this.#mss);
    for (;;) {
      const sent = distance(this.#unacknowledged, this.#next);
      if (this.#finSent || sent > this.#kept.length) return;
      const payload = this.#kept.subarray(sent, Math.min(sent + this.#mss, this.#kept.length, most));
      const last = this.#closing && sent + payload.length === this.#kept.length;
      if (payload.length === 0 && !last) return;
      this.#send(FLAG.ack | (payload.length > 0 ? FLAG.psh : 0) | (last ? FLAG.fin : 0), this.#next, payload);
      this.#next = plus(this.#next, payload.length + (last ? 1 : 0));
      this.#finSent = last;
      this.#arm();
    }
  }

  #arm(): void {
    this.#retransmission?.();
    this.#retransmission = undefined;
    const outstanding = this.#next !== this.#unacknowledged || this.#kept.length > 0;
    if (!outstanding || this.#state === "time-wait" || this.#state === "closed") return;
    this.#retransmission = this.#around.later(RETRANSMIT.first * 2 ** this.#tries, () => this.#retransmit());
  }

  /** From the oldest unacknowledged byte on; one byte into a window that is shut (RFC 9293, 3.8.6.1). */
  #retransmit(): void {
    if (++this.#tries > RETRANSMIT.tries) {
      this.abort(true);
      return;
    }
    if (this.#state === "syn-received") this.#synAck();
    else {
      this.#next = this.#unacknowledged;
      this.#finSent = false;
      if (this.#window === 0) this.#window = 1;
      this.#push();
    }
    this.#arm();
  }

  #synAck(): void {
    this.#around.send({
      flags: FLAG.syn | FLAG.ack,
      sequence: this.#unacknowledged,
      acknowledgement: this.#expected,
      window: this.#room(),
      mss: MSS,
      payload: EMPTY,
    });
  }

  #acknowledge(): void {
    this.#send(FLAG.ack, this.#next, EMPTY);
  }

  #send(flags: number, sequence: number, payload: Uint8Array): void {
    this.#around.send({ flags, sequence, acknowledgement: this.#expected, window: this.#room(), payload });
  }

  /** The last acknowledgement may be lost: a FIN that comes again is answered again (RFC 9293, 3.6). */
  #wait(): void {
    if (this.#state === "time-wait") return;
    this.#state = "time-wait";
    this.#arm();
    this.#idle?.();
    this.#idle = this.#around.later(TIME_WAIT, () => this.#end());
  }

  #stir(): void {
    if (this.#state === "time-wait") return;
    this.#idle?.();
    this.#idle = this.#around.later(IDLE, () => this.abort(true));
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#retransmission?.();
    this.#idle?.();
    this.#around.closed();
  }
}
