import type { LinkPort } from "../../network/link.ts";
import type { Internals } from "../v86-internals.ts";

/** Frames given to the guest in one turn. Measured: found by one interrupt, three times as many get through a second. */
const BATCH = 64;
/** Frames that wait for room in the guest; more are lost, as they are on a card. */
const MOST_WAITING = 512;

/**
 * v86's NE2000, plugged into a link. It has no offloads: it gets whole frames.
 *
 * A frame comes while its sender runs, on the same thread, and others come behind it: the guest finds them together at
 * its next turn, and not before, so that a machine that stands still stands still. What its driver does to the card can
 * then only break its own turn.
 */
export class NetworkCard {
  readonly #internals: Internals;
  readonly #port: LinkPort;
  readonly #waiting: Uint8Array[] = [];

  constructor(internals: Internals, port: LinkPort) {
    this.#internals = internals;
    this.#port = port;
    port.receive = ({ bytes }) => this.#arrive(bytes);
    internals.onFrame((frame) => port.send({ bytes: frame.slice(), checksum: "whole" }));
    internals.aroundTurns(
      () => this.#deliver(),
      () => this.#ready(),
    );
  }

  close(): void {
    this.#port.close();
    this.#waiting.length = 0;
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#port.dropped(1);
      return;
    }
    if (this.#waiting.push(bytes) === 1) this.#internals.wake();
  }

  #deliver(): void {
    for (let count = 0; count < BATCH && this.#ready(); count++) this.#internals.receiveFrame(this.#waiting.shift()!);
  }

  #ready(): boolean {
    const next = this.#waiting[0];
    return next !== undefined && this.#internals.hasRoomFor(next.length);
  }
}
