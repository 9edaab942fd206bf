import type { MessageEnd } from "../../../src/network/api.ts";

/** A pair of message ports on which nothing arrives before it is let: what is posted is cloned, as by the real ones. */
export class Line {
  readonly #queues: readonly [unknown[], unknown[]] = [[], []];
  /** Bytes of buffers posted by each side. */
  readonly bytes: [number, number] = [0, 0];
  readonly #ends: readonly [MessageEnd, MessageEnd];

  constructor() {
    this.#ends = [this.#end(0), this.#end(1)];
  }

  get host(): MessageEnd {
    return this.#ends[0];
  }

  get network(): MessageEnd {
    return this.#ends[1];
  }

  /** Messages that are on their way from a side. */
  waiting(side: 0 | 1): number {
    return this.#queues[side].length;
  }

  /** Lets the oldest message of a side arrive. @returns false when there is none */
  deliver(side: 0 | 1): boolean {
    const data = this.#queues[side].shift();
    if (data === undefined) return false;
    this.#ends[1 - side]!.onmessage?.({ data });
    return true;
  }

  /** Lets everything arrive, and what is answered to it, until nobody says any more. */
  async settle(): Promise<void> {
    for (let quiet = false; !quiet; ) {
      await turn();
      quiet = !this.deliver(0) && !this.deliver(1);
    }
  }

  #end(side: 0 | 1): MessageEnd {
    return {
      postMessage: (message, transfer) => {
        if (message instanceof ArrayBuffer) this.bytes[side] += message.byteLength;
        this.#queues[side].push(structuredClone(message, { transfer }));
      },
      onmessage: null,
      close: () => {},
    };
  }
}

/** Everything that was to happen when the turn is over has happened after it. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
