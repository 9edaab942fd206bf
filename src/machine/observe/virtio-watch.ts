import type { DeviceCost, RingSummary } from "../../probe/io/types.ts";
import type { RequestKind } from "../../probe/virtio/index.ts";
import type { WatchedVirtio } from "../v86-observation.ts";
import { DeviceWatch } from "./device-watch.ts";
import type { EventTrace } from "./event-trace.ts";
import { PortCounts } from "./port-counts.ts";
import { QueueMeter } from "./queue-meter.ts";
import { QueueWatch } from "./queue-watch.ts";
import { virtioRegister } from "./registers.ts";
import type { ServedDevice } from "./served-device.ts";

/** Device types (virtio 1.2, 5). */
const NETWORK = 1;
const BLOCK = 2;
const CONSOLE = 3;

/** Where v86's virtio classes register the notification structure. */
const NOTIFY_BAR = 1;

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
  readonly #own: ServedDevice | undefined;

  /**
   * @param name as the guest calls it, `eth0`; undefined for a device of no interest, which is not watched
   * @param own for a device of ours, which serves its own queues
   */
  constructor(device: WatchedVirtio, name: string, options: WatchOptions, own?: ServedDevice) {
    this.slot = device.slot;
    this.type = device.type;
    this.#device = device;
    this.#own = own;
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
    this.#own?.countAnew();
  }

  cost(): DeviceCost {
    const counters = this.queues.map(({ meter }) => meter.counters);
    const sum = (of: "responses" | "bytes" | "copied" | "notifications") =>
      counters.reduce((total, queue) => total + queue[of], 0);
    const traffic = { bytes: sum("bytes"), copied: sum("copied"), notifications: sum("notifications") };
    return this.#watch.cost({ ...traffic, ...(this.#own?.carried() ?? { requests: sum("responses") }) });
  }

  #watchQueue(queue: number, { machine, now, memory, trace }: WatchOptions): QueueWatch {
    const name = {
      ring: `virtio:${machine}/${this.#watch.device.name}/${queue}`,
      machine,
      device: KINDS[this.#device.type] ?? "other",
      kind: kindOf(this.#device.type, queue),
    };
    const meter = this.#own?.meters[queue] ?? new QueueMeter(now);
    meter.tell = (kind, detail) => trace.add(kind, name.ring, detail);
    meter.heard = () => trace.listening;
    const own = this.#own;
    const watch = new QueueWatch(name, this.#device, queue, meter, memory, own && (() => own.servers[queue]!));
    if (!own) watch.countOwn();
    return watch;
  }

  /** A driver notifies by writing a queue's number to its place in the notification structure (4.1.4.4). */
  #hearNotifications(): void {
    if (this.#own) return; // it counts them itself
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
  if (type === BLOCK) return "block";
  if (type === CONSOLE) return "console";
  if (type !== NETWORK) return "other";
  return (["net-receive", "net-transmit", "net-control"] as const)[queue] ?? "other";
}
