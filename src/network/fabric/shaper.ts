/** The time frames take through a link: latency and jitter on the way, and service at an end at the link's rate. */
import type { Agenda } from "./agenda.ts";
import type { Delivery } from "./delivery.ts";
import type { End } from "./end.ts";
import type { Copy, Passage } from "./passage.ts";
import type { Random } from "./random.ts";
import type { Shape } from "./shape.ts";

/** Frames of one sender that are on their way at once, and their bytes. */
const MOST_UNDERWAY = 4096;
const MOST_UNDERWAY_BYTES = 8 << 20;
/** Bytes that wait for an end, besides the link's own bound on frames. */
const MOST_WAITING_BYTES = 4 << 20;

export class Shaper {
  shape: Shape;
  readonly #agenda: Agenda;
  readonly #delivery: Delivery;
  readonly #random: Random;
  /** Ends whose frames are on their way: some may be unplugged meanwhile. */
  readonly #senders = new Set<End>();

  constructor(shape: Shape, agenda: Agenda, delivery: Delivery, random: Random) {
    this.shape = shape;
    this.#agenda = agenda;
    this.#delivery = delivery;
    this.#random = random;
  }

  /** False when as much of this sender's as may be is on its way. */
  hasRoom({ line, lineBytes }: End, { frame }: Passage): boolean {
    return line.length < MOST_UNDERWAY && lineBytes + frame.bytes.length <= MOST_UNDERWAY_BYTES;
  }

  /** Sends the copies of a frame on their way. What one end sends stays in order, however long each frame takes. */
  send(from: End, passage: Passage, now: number): void {
    const { latency, jitter } = this.shape;
    if (latency === 0 && jitter === 0 && from.line.length === 0) {
      for (const copy of passage.copies) this.#arrive(copy, now);
      return;
    }
    passage.since = now;
    passage.sway = jitter > 0 ? 2 * this.#random.next() - 1 : 0;
    from.line.push(passage);
    from.lineBytes += passage.frame.bytes.length;
    if (from.line.length > 1) return;
    this.#senders.add(from);
    this.#awaitHead(from, now);
  }

  /** The shape has changed: what is on its way or in service follows the new one, in the order it was in. */
  reshape(shape: Shape, ends: Iterable<End>, now: number): void {
    this.shape = shape;
    for (const from of this.#senders) {
      this.#agenda.cancel(from.lineHead!);
      this.#awaitHead(from, now);
    }
    for (const end of ends) {
      if (!end.served) continue;
      this.#agenda.cancel(end.served.appointment);
      this.#serve(end, end.served.since, now);
    }
  }

  /** The link is cut: what is on its way is lost. */
  flush(): void {
    for (const from of this.#senders) {
      this.#agenda.cancel(from.lineHead!);
      from.lineBytes = 0;
      for (const { copies } of from.line.drain()) for (const copy of copies) copy.end!.lose(copy, "cut");
    }
    this.#senders.clear();
  }

  /** The end has lost its carrier: what waits for it is lost. */
  flushEnd(end: End): void {
    if (end.served) this.#agenda.cancel(end.served.appointment);
    end.served = undefined;
    end.waitingBytes = 0;
    for (const copy of [...end.inbox.drain(), ...end.queue.drain()]) end.lose(copy, "cut");
  }

  /** @param notBefore when the one before it arrived */
  #awaitHead(from: End, notBefore: number): void {
    const { latency, jitter } = this.shape;
    const { since, sway } = from.line.first!;
    const due = Math.max(notBefore, since + Math.max(0, latency + sway * jitter));
    from.lineHead = this.#agenda.at(due, () => this.#headArrives(from, due));
  }

  #headArrives(from: End, due: number): void {
    const passage = from.line.shift()!;
    from.lineBytes -= passage.frame.bytes.length;
    if (from.line.length > 0) this.#awaitHead(from, due);
    else this.#senders.delete(from);
    for (const copy of passage.copies) this.#arrive(copy, due);
    this.#delivery.run();
  }

  /** @param at when it arrives, be it that the timer was late */
  #arrive(copy: Copy, at: number): void {
    const end = copy.end!;
    const { length } = copy.frame!.bytes;
    const { queue, rate } = this.shape;
    const full = end.waiting >= queue || end.waitingBytes + length > MOST_WAITING_BYTES;
    if (full || !end.carrier) {
      end.lose(copy, end.carrier ? "queue" : "cut");
      return;
    }
    end.waitingBytes += length;
    if (rate === null && end.queue.length === 0) {
      this.#delivery.add(end, copy);
      return;
    }
    end.queue.push(copy);
    if (end.queue.length === 1) this.#serve(end, Math.max(at, end.freeAt));
  }

  /** Serves the first in the queue, as long as its bytes take at the link's rate: no preamble, gap or FCS, as in tc(8). */
  #serve(end: End, since: number, notBefore = since): void {
    const { rate } = this.shape;
    const bits = 8 * end.queue.first!.frame!.bytes.length;
    const done = Math.max(notBefore, since + (rate === null ? 0 : (1000 * bits) / rate));
    end.served = { since, appointment: this.#agenda.at(done, () => this.#isServed(end, done)) };
  }

  #isServed(end: End, done: number): void {
    end.served = undefined;
    end.freeAt = done;
    this.#delivery.add(end, end.queue.shift()!);
    if (end.queue.length > 0) this.#serve(end, done);
    this.#delivery.run();
  }
}
