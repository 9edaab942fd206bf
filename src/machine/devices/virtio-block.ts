/**
 * A virtio block device (virtio 1.2, 5.2) on one virtqueue. Requests are served when the machine next looks at its
 * timers, not in the notification, so that a driver's requests come together; and slowly, or step by step, when told to.
 */
import type { NotifyCondition, Pace } from "../../probe/io/types.ts";
import { BLOCK_TYPE, blockOperation } from "../../probe/virtio/index.ts";
import { type Disk, SECTOR } from "../disk/disk.ts";
import { QueueMeter } from "../observe/queue-meter.ts";
import type { Server } from "../observe/queue-watch.ts";
import type { ServedDevice } from "../observe/served-device.ts";
import type { Internals, SavedDevice } from "../v86-internals.ts";
import { driverRuns, negotiated, queueRegisters, setLastAvailIdx } from "../v86-observation.ts";
import { type BlockRequest, LIMITS, openRequest, perform } from "./block-requests.ts";
import { changePace, FULL_SPEED } from "./slow-motion.ts";
import { QueueFault, SplitQueue } from "./split-queue.ts";
import type { VirtioDevice, VirtioField } from "./virtio.ts";

/** Feature bits (virtio 1.2, 5.2.3 and 6). */
const F_SIZE_MAX = 1;
const F_SEG_MAX = 2;
const F_BLK_SIZE = 6;
const F_FLUSH = 9;
const F_DISCARD = 13;
const F_WRITE_ZEROES = 14;
const F_INDIRECT_DESC = 28;
const F_EVENT_IDX = 29;
const F_VERSION_1 = 32;

/** Entries of the queue: what QEMU and cloud providers give as the least. */
const QUEUE_SIZE = 128;

/** ISR status bit of a used buffer (virtio 1.2, 4.1.4.5). */
const USED_BUFFER = 1;

/** PCI slots and I/O ports of up to four disks, where v86 has nothing. */
const FIRST_SLOT = 0x10;
const FIRST_PORT = 0xe000;
const PORTS = { common: 0, notify: 0x100, isr: 0x200, device: 0x300, each: 0x400 } as const;

/** PCI class 1, mass storage, subclass 0, as QEMU gives virtio disks. */
const STORAGE_CLASS = 1;

/** Bytes moved in one look before other guests have their turn. */
const BYTES_A_LOOK = 16 << 20;

export interface BlockOptions {
  /** `vda`. */
  readonly name: string;
  readonly disk: Disk;
  /** Offer VIRTIO_F_EVENT_IDX and VIRTIO_F_INDIRECT_DESC to the driver. */
  readonly eventIdx: boolean;
  readonly indirect: boolean;
  /** Without event indices: tell the driver by the flags of the used ring that it need not notify, while there is work. */
  readonly quiet: boolean;
  /** Milliseconds of the machine's clock. */
  readonly now: () => number;
}

/** A request the device has taken and not answered. */
interface Taken {
  readonly request: BlockRequest;
  /** When it is done, in milliseconds of the machine's clock. */
  readonly due: number;
}

export class VirtioBlock implements SavedDevice, ServedDevice, Server {
  readonly name: string;
  readonly slot: number;
  readonly meter: QueueMeter;
  readonly sectors = { read: 0, written: 0 };
  readonly #internals: Internals;
  readonly #options: BlockOptions;
  readonly #virtio: VirtioDevice;
  readonly #queue: SplitQueue;
  #pace: Pace = FULL_SPEED;
  /** Oldest first. */
  #taken: Taken[] = [];
  /** The driver notified, or there may be more than one look took. */
  #look = false;
  /** Notified since the last look. */
  #kicked = false;
  /** The driver had no room when the device last looked. */
  #full = false;
  #fault: string | undefined;

  /** Plugs the device in. Before the machine first runs. @param index 0 to 3 */
  constructor(internals: Internals, index: number, options: BlockOptions) {
    this.#internals = internals;
    this.#options = options;
    this.name = options.name;
    this.slot = FIRST_SLOT + index;
    this.meter = new QueueMeter(options.now);
    const port = FIRST_PORT + index * PORTS.each;
    this.#virtio = internals.plugVirtio({
      name: `virtio-blk ${options.name}`,
      pci_id: this.slot << 3,
      device_id: 0x1042, // 0x1040 + device type 2, block (virtio 1.2, 4.1.2.1 and 5)
      subsystem_device_id: 2,
      common: {
        initial_port: port + PORTS.common,
        queues: [{ size_supported: QUEUE_SIZE, notify_offset: 0 }],
        features: [
          ...[F_SIZE_MAX, F_SEG_MAX, F_BLK_SIZE, F_FLUSH, F_DISCARD, F_WRITE_ZEROES, F_VERSION_1],
          ...(options.indirect ? [F_INDIRECT_DESC] : []),
          ...(options.eventIdx ? [F_EVENT_IDX] : []),
        ],
        on_driver_ok: () => {},
      },
      notification: {
        initial_port: port + PORTS.notify,
        single_handler: false,
        handlers: [() => this.#notified()],
      },
      isr_status: { initial_port: port + PORTS.isr },
      device_specific: { initial_port: port + PORTS.device, struct: configuration(options.disk) },
    });
    internals.observation.setClass(this.slot, STORAGE_CLASS, 0);
    const { observation } = internals;
    this.#queue = new SplitQueue({
      memory: () => internals.memory(),
      registers: () => queueRegisters(this.#virtio, 0),
      setLastAvailIdx: (last) => setLastAvailIdx(this.#virtio, 0, last),
      eventIdx: () => this.eventIdx,
      indirect: () => this.indirect,
      written: (address, bytes) => observation.written(address, bytes),
    });
    const ownReset = this.#virtio.reset.bind(this.#virtio);
    this.#virtio.reset = () => {
      this.#forget();
      ownReset();
    };
    observation.atTimers(() => this.#work());
  }

  /** As negotiated with the driver. */
  get eventIdx(): boolean {
    return negotiated(this.#virtio, F_EVENT_IDX);
  }

  get indirect(): boolean {
    return negotiated(this.#virtio, F_INDIRECT_DESC);
  }

  /** Heads of the chains taken and not answered, oldest first. */
  get serving(): readonly number[] {
    return this.#taken.map(({ request }) => request.head);
  }

  get pace(): Pace {
    return this.#pace;
  }

  readonly servers = [this];

  get meters(): readonly QueueMeter[] {
    return [this.meter];
  }

  carried() {
    return { requests: this.meter.counters.responses, sectors: { ...this.sectors } };
  }

  countAnew(): void {
    Object.assign(this.sectors, { read: 0, written: 0 });
  }

  /** What the driver did that the device stands still for until it is reset. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** @throws Error with a sentence when the setting cannot be */
  setPace(setting: Readonly<Record<string, unknown>>): void {
    const pace = changePace(this.#pace, setting);
    const due = this.#options.now() + pace.latency;
    this.#pace = pace;
    this.#taken = this.#taken.map(({ request }, index) => ({ request, due: due + index * pace.latency }));
    this.#look = true;
    this.#internals.observation.soon();
  }

  /**
   * Goes on by one stage of one request, or until the device interrupts or has nothing to do. In stepping alone.
   *
   * @returns false when there was nothing to do
   */
  step(by: "slot" | "notification"): boolean {
    if (!this.#pace.stepping || !driverRuns(this.#virtio)) return false;
    if (by === "slot") return this.#stage() !== undefined;
    let done = false;
    // each chain has two stages, and one look cannot find more chains than the queue has
    for (let stages = 0; stages < 2 * QUEUE_SIZE; stages++) {
      const interrupted = this.#stage();
      if (interrupted === undefined) return done;
      done = true;
      if (interrupted) return true;
    }
    return done;
  }

  get_state(): unknown[] {
    const taken = this.#taken.map(({ request, due }) => {
      const { head, type, sector, data, bytes, statusAt } = request;
      return [due, head, type, sector, data.map((buffer) => [buffer.address, buffer.bytes]), bytes, statusAt];
    });
    const { latency, batch, stepping } = this.#pace;
    return [this.#virtio, taken, this.#look, this.#kicked, latency, batch, stepping, this.#fault ?? ""];
  }

  set_state(state: unknown[]): void {
    const [virtio, taken, look, kicked, latency, batch, stepping, fault] = state as [
      ...[unknown, SavedRequest[], boolean, boolean, number, number, boolean, string],
    ];
    this.#virtio.set_state(virtio);
    this.#taken = taken.map(([due, head, type, sector, data, bytes, statusAt]) => ({
      due,
      request: {
        ...{ head, type, sector, bytes, statusAt },
        data: data.map(([address, length]) => ({ address, bytes: length })),
      },
    }));
    this.#look = look;
    this.#kicked = kicked;
    this.#pace = { latency, batch, stepping, available: true };
    this.#fault = fault || undefined;
  }

  reset(): void {
    this.#virtio.reset();
  }

  #forget(): void {
    this.#taken = [];
    this.#look = false;
    this.#kicked = false;
    this.#fault = undefined;
  }

  #notified(): void {
    this.meter.notified();
    if (this.#fault !== undefined) return;
    this.#look = true;
    this.#kicked = true;
    if (this.#options.quiet) this.#queue.quiet();
  }

  /** Serves what is due. @returns milliseconds until more is */
  #work(): number {
    if ((!this.#look && this.#taken.length === 0) || this.#pace.stepping) return Number.POSITIVE_INFINITY;
    if (!driverRuns(this.#virtio) || this.#fault !== undefined) return Number.POSITIVE_INFINITY;
    this.#watchRoom();
    const moved = this.#answerDue();
    if (moved >= BYTES_A_LOOK) return 0;
    if (this.#taken.length === 0 && this.#look) this.#takeSome(this.#pace.batch || QUEUE_SIZE);
    // at full speed what was taken is done at once
    if (this.#pace.latency === 0 && this.#taken.length > 0) this.#answerDue();
    if (this.#taken.length > 0) return Math.max(0, this.#taken[0]!.due - this.#options.now());
    return this.#look ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Answers what is done by now, together. @returns bytes moved */
  #answerDue(): number {
    const now = this.#options.now();
    let moved = 0;
    while (this.#taken.length > 0 && this.#taken[0]!.due <= now && moved < BYTES_A_LOOK) moved += this.#answerOldest();
    this.#publish();
    return moved;
  }

  /** Looks at the queue and takes at most `most` requests off it. */
  #takeSome(most: number): void {
    const fault = this.#tryTaking(most);
    if (fault) this.#breakDown(fault);
  }

  #tryTaking(most: number): QueueFault | undefined {
    const waiting = this.#queue.waiting();
    if (waiting instanceof QueueFault) return waiting;
    const count = Math.min(waiting, most);
    if (count > 0) this.meter.looked(count, this.#driversCondition(waiting));
    this.#kicked = false;
    const now = this.#options.now();
    for (let taken = 1; taken <= count; taken++) {
      const chain = this.#queue.take();
      const request = chain instanceof QueueFault ? chain : openRequest(chain, this.#internals.memory());
      if (request instanceof QueueFault) return request;
      this.#taken.push({ request, due: now + taken * this.#pace.latency });
      this.meter.taken(inWords(request));
    }
    // as long as something is left the device looks by itself; then the driver has to say when it adds something
    this.#look = waiting > most || this.#queue.listen();
    return undefined;
  }

  /** One stage of one request. @returns whether it interrupted; undefined when there was nothing to do */
  #stage(): boolean | undefined {
    if (this.#fault !== undefined) return undefined;
    this.#watchRoom();
    if (this.#taken.length > 0) {
      this.#answerOldest();
      return this.#publish();
    }
    this.#takeSome(1);
    return this.#taken.length > 0 ? false : undefined;
  }

  #answerOldest(): number {
    const { request } = this.#taken.shift()!;
    const { observation } = this.#internals;
    const { status, written, moved } = perform(request, {
      disk: this.#options.disk,
      identity: `ringside-${this.name}`,
      memory: this.#internals.memory(),
      discards: negotiated(this.#virtio, F_DISCARD),
      written: (address, bytes) => observation.written(address, bytes),
    });
    this.#queue.answer(request.head, written);
    this.sectors[request.type === BLOCK_TYPE.read ? "read" : "written"] += moved / SECTOR;
    this.meter.answered(status === 0 ? inWords(request) : `${inWords(request)}: status ${status}`, moved, moved);
    return moved;
  }

  #publish(): boolean {
    const { count, condition } = this.#queue.publish();
    if (count === 0) return false;
    this.meter.published(count, condition);
    if (condition.holds) this.#virtio.raise_irq(USED_BUFFER);
    return condition.holds;
  }

  /** What the driver decided about the `waiting` chains it added since the last look, by the words it went by. */
  #driversCondition(waiting: number): NotifyCondition {
    const { lastAvailIdx } = queueRegisters(this.#virtio, 0);
    return {
      direction: "front-to-back",
      rule: this.eventIdx ? "event-idx" : "flags",
      new: (lastAvailIdx + waiting) & 0xffff,
      old: lastAvailIdx,
      event: this.#queue.threshold(),
      holds: this.#kicked,
    };
  }

  /** Counts the times that the driver can add nothing more before something is answered. */
  #watchRoom(): void {
    const waiting = this.#queue.waiting();
    if (waiting instanceof QueueFault) return;
    const { size } = queueRegisters(this.#virtio, 0);
    // without an indirect table a request takes three descriptors at least: header, data, status
    const most = this.indirect ? size : Math.floor(size / 3);
    const full = waiting + this.#taken.length >= most;
    if (full && !this.#full) this.meter.filled();
    this.#full = full;
  }

  /** The driver broke the rules: DEVICE_NEEDS_RESET (virtio 1.2, 2.1.2), and nothing more until it resets the device. */
  #breakDown({ reason }: QueueFault): void {
    this.#publish();
    this.#taken = [];
    this.#look = false;
    this.#fault = reason;
    this.#virtio.needs_reset();
  }
}

type SavedRequest = [number, number, number, number, [number, number][], number, number];

const inWords = ({ type, sector, bytes }: BlockRequest) => `${blockOperation(type)}, sector ${sector}, ${bytes} bytes`;

/** `struct virtio_blk_config` (virtio 1.2, 5.2.4), up to the fields of the features we offer. */
function configuration(disk: Disk): VirtioField[] {
  const field = (bytes: 1 | 2 | 4, name: string, value: number): VirtioField => ({
    bytes,
    name,
    read: () => value,
    write: () => {},
  });
  return [
    field(4, "capacity (low)", disk.sectors),
    field(4, "capacity (high)", 0),
    field(4, "size_max", LIMITS.segmentBytes),
    field(4, "seg_max", LIMITS.segments),
    field(2, "cylinders", 0),
    field(1, "heads", 0),
    field(1, "sectors", 0),
    field(4, "blk_size", SECTOR),
    field(1, "physical_block_exp", 0),
    field(1, "alignment_offset", 0),
    field(2, "min_io_size", 0),
    field(4, "opt_io_size", 0),
    field(1, "writeback", 0),
    field(1, "unused0", 0),
    field(2, "num_queues", 1),
    field(4, "max_discard_sectors", disk.sectors),
    field(4, "max_discard_seg", LIMITS.ranges),
    field(4, "discard_sector_alignment", 8), // a block of 4 KiB is what a disk of ours gives back
    field(4, "max_write_zeroes_sectors", disk.sectors),
    field(4, "max_write_zeroes_seg", LIMITS.ranges),
    field(1, "write_zeroes_may_unmap", 1),
  ];
}
