import { GuestWords } from "../../probe/io/guest-words.ts";
import { SoughtPlace } from "../../probe/io/search.ts";
import type { NotifyCondition, Pace, RingState, RingSummary } from "../../probe/io/types.ts";
import { type RequestKind, readQueueWords, SUPPRESS, virtioRingState } from "../../probe/virtio/index.ts";
import type { WatchedVirtio } from "../v86-observation.ts";
import type { QueueMeter } from "./queue-meter.ts";

/** VIRTIO_F_INDIRECT_DESC and VIRTIO_F_EVENT_IDX (virtio 1.2, 6). */
const F_INDIRECT_DESC = 28;
const F_EVENT_IDX = 29;

/** A device that serves as it likes. */
export const NO_PACE: Pace = { latency: 0, batch: 0, stepping: false, available: false };

/** What a queue's own device knows of it that its memory does not say. */
export interface Server {
  readonly serving: readonly number[];
  readonly pace: Pace;
  readonly fault: string | undefined;
}

/** Who a queue is. */
export interface QueueName {
  /** `virtio:vm/vda/0`. */
  readonly ring: string;
  readonly machine: string;
  readonly device: RingSummary["device"];
  readonly kind: RequestKind;
}

/** One virtqueue of a device: what `ring.list` and `ring.state` say of it. */
export class QueueWatch {
  readonly name: QueueName;
  readonly meter: QueueMeter;
  readonly #device: WatchedVirtio;
  readonly #queue: number;
  readonly #memory: () => Uint8Array;
  readonly #server: (() => Server) | undefined;
  readonly #front = new SoughtPlace();

  constructor(
    name: QueueName,
    device: WatchedVirtio,
    queue: number,
    meter: QueueMeter,
    memory: () => Uint8Array,
    server?: () => Server,
  ) {
    this.name = name;
    this.meter = meter;
    this.#device = device;
    this.#queue = queue;
    this.#memory = memory;
    this.#server = server;
  }

  summary(): RingSummary {
    const { ring, machine, device } = this.name;
    const connected = this.#device.running() && this.#place().desc !== 0;
    return { ring, design: "virtio", device, front: machine, back: "host", connected };
  }

  state(): RingState {
    const { lastAvailIdx } = this.#device.registers(this.#queue);
    const server = this.#server?.();
    return virtioRingState(this.#memory(), {
      summary: this.summary(),
      kind: this.name.kind,
      place: this.#place(),
      eventIdx: this.#device.negotiated(F_EVENT_IDX),
      indirect: this.#device.negotiated(F_INDIRECT_DESC),
      lastAvailIdx,
      serving: server?.serving ?? [],
      front: this.#front,
      decided: this.meter.decided,
      counters: this.meter.counters,
      batches: this.meter.batches,
      pace: server?.pace ?? NO_PACE,
      ...(server?.fault !== undefined && { fault: server.fault }),
    });
  }

  /**
   * Counts what v86's own class does with the queue. It takes chains one at a time; all it takes before it publishes
   * answers count as one look. Each byte is copied once.
   */
  countOwn(): void {
    const lengths = new Map<number, { readable: number }>();
    let taken = 0;
    this.#device.watchQueue(this.#queue, {
      taken: (head, readable) => {
        // what it takes and never answers is forgotten with the next chain of that head
        lengths.set(head, { readable });
        taken++;
        this.meter.taken(`descriptor ${head}`);
      },
      answered: (head, written) => {
        const moved = (lengths.get(head)?.readable ?? 0) + written;
        lengths.delete(head);
        this.meter.answered(`descriptor ${head}, ${moved} bytes`, moved, moved);
      },
      published: (count) => {
        const { frontToBack, backToFront } = this.#conditions(taken, count);
        if (taken > 0) this.meter.looked(taken, frontToBack);
        taken = 0;
        this.meter.published(count, backToFront);
      },
    });
  }

  /** Both decisions behind a publication of v86's, which goes by the flags words alone. */
  #conditions(taken: number, count: number): { frontToBack: NotifyCondition; backToFront: NotifyCondition } {
    const place = this.#place();
    const words = new GuestWords(this.#memory());
    const { lastAvailIdx } = this.#device.registers(this.#queue);
    const now = readQueueWords(words, place);
    const condition = (
      direction: NotifyCondition["direction"],
      next: number,
      old: number,
      flags: number,
    ): NotifyCondition => ({
      direction,
      rule: "flags",
      new: next,
      old: old & 0xffff,
      event: flags,
      holds: (flags & SUPPRESS) === 0,
    });
    return {
      frontToBack: condition("front-to-back", now.availIdx, lastAvailIdx - taken, now.usedFlags),
      backToFront: condition("back-to-front", now.usedIdx, now.usedIdx - count, now.availFlags),
    };
  }

  #place() {
    const { lastAvailIdx: _, ...place } = this.#device.registers(this.#queue);
    return { queue: this.#queue, ...place };
  }
}
