import type { DeviceCost, RingSummary } from "../../probe/io/types.ts";
import type { RequestKind } from "../../probe/virtio/index.ts";
import type { VirtioBlock } from "../devices/virtio-block.ts";
import type { WatchedVirtio } from "../v86-observation.ts";
import { DeviceWatch } from "./device-watch.ts";
import type { EventTrace } from "./event-trace.ts";
import { PortCounts } from "./port-counts.ts";
import { QueueMeter } from "./queue-meter.ts";
import { QueueWatch } from "./queue-watch.ts";
import { virtioRegister } from "./registers.ts";

/** Device types (virtio 1.2, 5). */
const NETWORK = 1;
const CONSOLE = 3;

/** Where v86's virtio classes register the notification structure. */
const NOTIFY_BAR = 1;

/** `struct virtio_net_hdr` before each frame. */
const NET_HEADER = 12;

/** How often v86's devices copy what they carry: the card into an array of its own and once more into or out of the link. */
const COPIES: Readonly<Record<number, number>> = { [NETWORK]: 2, [CONSOLE]: 1 };

/** What the observer is told about a machine and its devices' names. */
export interface WatchOptions {
  readonly machine: string;
  /** Milliseconds of the machine's clock. */
  readonly now: () => number;
  readonly memory: () => Uint8Array;
  readonly trace: EventTrace;
}

/** One virtio device: its queues and its price. */
export class VirtioWatch {
  readonly slot: number;
  /** Device type (virtio 1.2, 5). */
  readonly type: number;
  readonly queues: readonly QueueWatch[];
  readonly #device: WatchedVirtio;
  readonly #watch: DeviceWatch;
  readonly #block: VirtioBlock | undefined;

  /**
   * @param name as the guest calls it, `eth0`; undefined for a device of no interest, which is not watched
   * @param block for a block device, which serves its own queue
   */
  constructor(device: WatchedVirtio, name: string, options: WatchOptions, block?: VirtioBlock) {
    this.slot = device.slot;
    this.type = device.type;
    this.#device = device;
    this.#block = block;
    this.#watch = new DeviceWatch({ model: MODELS[device.type] ?? device.name, name }, options.trace);
    for (const range of device.ports) {
      const label = (offset: number) => `bar${range.bar}+0x${offset.toString(16)}`;
      this.#watch.watch(range, new PortCounts(virtioRegister(range.bar), label));
    }
    this.queues = Array.from({ length: device.queues }, (_, queue) => this.#watchQueue(queue, options));
    this.#hearNotifications();
  }

  interrupted(): void {
    this.#watch.interrupted("interrupt line up");
  }

  reset(): void {
    this.#watch.reset();
    for (const { meter } of this.queues) meter.reset();
    if (this.#block) Object.assign(this.#block.sectors, { read: 0, written: 0 });
  }

  cost(): DeviceCost {
    const counters = this.queues.map(({ meter }) => meter.counters);
    const sum = (of: "requests" | "responses" | "bytes" | "copied" | "notifications") =>
      counters.reduce((total, queue) => total + queue[of], 0);
    const traffic = { bytes: sum("bytes"), copied: sum("copied"), notifications: sum("notifications") };
    if (this.#block) {
      const { read, written } = this.#block.sectors;
      return this.#watch.cost({ ...traffic, requests: sum("responses"), sectors: { read, written } });
    }
    if (this.#device.type !== NETWORK) return this.#watch.cost({ ...traffic, requests: sum("responses") });
    const [received, sent] = counters.map(({ responses }) => responses);
    const packets = { sent: sent ?? 0, received: received ?? 0 };
    const requests = packets.sent + packets.received;
    return this.#watch.cost({
      ...traffic,
      requests,
      packets,
      bytes: Math.max(0, traffic.bytes - requests * NET_HEADER),
    });
  }

  #watchQueue(queue: number, { machine, now, memory, trace }: WatchOptions): QueueWatch {
    const name = {
      ring: `virtio:${machine}/${this.#watch.device.name}/${queue}`,
      machine,
      device: KINDS[this.#device.type] ?? "other",
      kind: kindOf(this.#device.type, queue),
    };
    const meter = this.#block?.meter ?? new QueueMeter(now);
    meter.tell = (kind, detail) => trace.add(kind, name.ring, detail);
    const watch = new QueueWatch(name, this.#device, queue, meter, memory, this.#block);
    if (!this.#block) watch.countOwn(COPIES[this.#device.type] ?? 1);
    return watch;
  }

  /** A driver notifies by writing a queue's number to its place in the notification structure (4.1.4.4). */
  #hearNotifications(): void {
    if (this.#block) return; // it counts them itself
    const notify = this.#device.ports.find(({ bar }) => bar === NOTIFY_BAR);
    notify?.watch((_offset, _bytes, write, value) => {
      if (write) this.queues[value]?.meter.notified();
    });
  }
}

const MODELS: Readonly<Record<number, string>> = { 1: "virtio-net", 2: "virtio-blk", 3: "virtio-console" };
const KINDS: Readonly<Record<number, RingSummary["device"]>> = {
  1: "network",
  2: "block",
  3: "console",
  4: "entropy",
  5: "balloon",
};

/** What goes through a queue. A network card's are receive, transmit and control (5.1.2). */
function kindOf(type: number, queue: number): RequestKind {
  if (type === 2) return "block";
  if (type === CONSOLE) return "console";
  if (type !== NETWORK) return "other";
  return (["net-receive", "net-transmit", "net-control"] as const)[queue] ?? "other";
}
