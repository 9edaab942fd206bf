import type { VirtioOptions } from "../../../src/machine/devices/virtio.ts";
import { F } from "../../../src/machine/devices/virtio-net/features.ts";
import { VirtioNet } from "../../../src/machine/devices/virtio-net.ts";
import type { Internals } from "../../../src/machine/v86-internals.ts";
import type { Frame, LinkPort } from "../../../src/network/link.ts";
import type { QueuePlace } from "../../../src/probe/virtio/index.ts";
import { type DriverSide, RingDriver } from "./ring-driver.ts";

export const MEMORY = 1 << 20;
const GUARD = 1 << 16;

/** Where the driver of these tests puts its queues: receive, transmit, control. */
export const PLACES: readonly QueuePlace[] = [0, 1, 2].map((queue) => {
  const at = 0x1000 + 0x4000 * queue;
  return { queue, size: 16, desc: at, avail: at + 0x1000, used: at + 0x2000 };
});
/** Buffers for each queue. */
export const BUFFERS = [
  { from: 0x20000, to: 0x90000 },
  { from: 0x90000, to: 0xf0000 },
  { from: 0xf0000, to: 0x100000 },
] as const;

export const MAC = "02:00:00:00:00:01";

/** Everything the device offers; a test takes some away. */
export const ALL = Object.values(F);

/** The end of a link that keeps what is sent. */
export class BenchPort implements LinkPort {
  readonly sent: Frame[] = [];
  receive: ((frame: Frame) => void) | undefined;
  onCarrier: ((carrier: boolean) => void) | undefined;
  offloads = false;
  carrier = true;
  mtu = 1500;
  lost = 0;
  closed = false;

  send(frame: Frame): void {
    this.sent.push(frame);
  }

  dropped(frames: number): void {
    this.lost += frames;
  }

  close(): void {
    this.closed = true;
  }

  /** Pulls the cable or puts it in. */
  plug(carrier: boolean): void {
    this.carrier = carrier;
    this.onCarrier?.(carrier);
  }
}

/** A machine's inside as a network device uses it: memory, an interrupt line, timers, a link. No processor. */
export class NetBench implements DriverSide {
  /** The guest's memory, with memory of others before and behind it, as in WebAssembly. */
  readonly #all = new Uint8Array(MEMORY + 2 * GUARD).fill(0x5a);
  readonly memory = this.#all.subarray(GUARD, GUARD + MEMORY).fill(0);
  readonly view = new DataView(this.memory.buffer, GUARD, MEMORY);
  readonly port = new BenchPort();
  readonly device: VirtioNet;
  readonly virtio: FakeVirtio;
  interrupts = 0;
  #work: () => number = () => Number.POSITIVE_INFINITY;
  #options: VirtioOptions | undefined;

  /** @param without feature bits the driver does not take */
  constructor(without: readonly number[] = []) {
    this.virtio = new FakeVirtio(() => this.interrupts++);
    const internals = {
      memory: () => this.memory,
      plugVirtio: (options: VirtioOptions) => {
        this.#options = options;
        this.virtio.features = new Set(options.common.features.filter((feature) => !without.includes(feature)));
        return this.virtio;
      },
      observation: {
        written: () => {},
        soon: () => {},
        atTimers: (work: () => number) => {
          this.#work = work;
        },
      },
    };
    const options = { name: "eth0", mac: MAC, port: this.port, offloads: true, now: () => 0 };
    this.device = new VirtioNet(internals as unknown as Internals, 0, options);
  }

  driver(queue: number): RingDriver {
    const [eventIdx, indirect] = [F.eventIdx, F.indirectDesc].map((feature) =>
      this.virtio.is_feature_negotiated(feature),
    );
    return new RingDriver(this, PLACES[queue]!, BUFFERS[queue]!, { eventIdx: eventIdx!, indirect: indirect! });
  }

  /** A word of the device's configuration space, as the driver reads it. */
  configuration(name: string): number {
    return this.#options!.device_specific.struct.find((field) => field.name === name)!.read();
  }

  get features(): readonly number[] {
    return this.#options!.common.features;
  }

  /** True while nobody has written outside the guest's memory. */
  get contained(): boolean {
    const outside = [this.#all.subarray(0, GUARD), this.#all.subarray(GUARD + MEMORY)];
    return outside.every((bytes) => bytes.every((byte) => byte === 0x5a));
  }

  notify(queue: number): void {
    this.#options!.notification.handlers[queue]!(queue);
  }

  /** A frame comes from the link. */
  arrive(frame: Frame): void {
    this.port.receive!(frame);
  }

  /** Lets the machine look at its timers so many times. */
  look(times: number): void {
    for (let turn = 0; turn < times; turn++) this.#work();
  }

  /** Lets the machine look at its timers until the device rests. */
  run(most = 1000): void {
    for (let turns = 0; turns < most; turns++) if (this.#work() === Number.POSITIVE_INFINITY) return;
    throw new Error("The device never rests.");
  }
}

/** v86's half of the device, as far as ours asks it. */
class FakeVirtio {
  readonly pci_id = 0;
  readonly isr_status = 0;
  device_status = 4;
  features = new Set<number>();
  broken = 0;
  changes = 0;
  readonly queues = PLACES.map(({ size, desc, avail, used }) => ({
    ...{ size, desc_addr: desc, avail_addr: avail, used_addr: used, avail_last_idx: 0 },
  }));
  readonly raise_irq: () => void;

  constructor(raise: () => void) {
    this.raise_irq = raise;
  }

  is_feature_negotiated(feature: number): boolean {
    return this.features.has(feature);
  }

  notify_config_changes(): void {
    this.changes++;
  }

  needs_reset(): void {
    this.broken++;
  }

  reset(): void {}
  set_state(): void {}
}
