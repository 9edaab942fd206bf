/**
 * A virtio network device (virtio 1.2, 5.1) on an end of a link, with offloads: partial checksums and large segments
 * pass whole both ways. Its queues are served when the machine next looks at its timers, not in the notification, so
 * that frames come together: about once in 100,000 instructions, and always before the guest rests.
 *
 * Frames that wait for the guest are a card's, not the guest's: they are lost when it is put back to a save point.
 */
import type { Frame, LinkPort } from "../../network/link.ts";
import { parseMac } from "../../network/mac.ts";
import { USUAL_MTU } from "../../network/trunk/messages.ts";
import { QueueMeter } from "../observe/queue-meter.ts";
import { NO_PACE, type Server } from "../observe/queue-watch.ts";
import type { ServedDevice } from "../observe/served-device.ts";
import type { Internals, SavedDevice } from "../v86-internals.ts";
import { driverRuns, negotiated, queueRegisters, setLastAvailIdx } from "../v86-observation.ts";
import { type Buffer, QueueFault, SplitQueue } from "./split-queue.ts";
import type { VirtioDevice, VirtioField } from "./virtio.ts";
import { ReceiveControl, type SavedControl } from "./virtio-net/control.ts";
import { F, offered } from "./virtio-net/features.ts";
import { ReceiveQueue } from "./virtio-net/receive.ts";
import { TransmitQueue } from "./virtio-net/transmit.ts";

const RX = 0;
const TX = 1;
const CONTROL = 2;

/** Entries of the queues. 256 is what QEMU gives; Linux fills the receive queue with as many buffers. */
const QUEUE_SIZES = [256, 256, 16] as const;

/** ISR status bit of a used buffer (virtio 1.2, 4.1.4.5). */
const USED_BUFFER = 1;

/** VIRTIO_NET_S_LINK_UP. */
const LINK_UP = 1;

/** VIRTIO_NET_OK and VIRTIO_NET_ERR. */
const OK = 0;
const ERROR = 1;

/** Bytes of a command that are read: two tables of a few hundred addresses. */
const MOST_COMMAND = 4096;

/**
 * PCI slots of up to four cards, and their I/O ports, where v86 has nothing. By our ROM's router a slot's interrupt line
 * is its number modulo 4; these are neither the console's nor that of Xen's platform device, which is an edge.
 */
const SLOTS = [10, 11, 14, 15] as const;
const FIRST_PORT = 0xd000;
const PORTS = { common: 0, notify: 0x100, isr: 0x200, device: 0x300, each: 0x400 } as const;

export interface NetOptions {
  /** `eth0`. */
  readonly name: string;
  /** `aa:bb:cc:dd:ee:ff`. */
  readonly mac: string;
  /** Where its cable goes; undefined for a card without one. */
  readonly port: LinkPort | undefined;
  /** Offer the driver offloads. */
  readonly offloads: boolean;
  /** Milliseconds of the machine's clock. */
  readonly now: () => number;
}

/** Frames from the guest and to it; of those that were not, why. */
export interface NetTotals {
  sent: number;
  received: number;
  /** No room for them. */
  dropped: number;
  /** The guest sent what is no frame, or not the one it says it is. */
  malformed: number;
}

type SavedNet = [virtio: unknown, control: SavedControl, link: boolean, mtu: number, fault: string];

export class VirtioNet implements SavedDevice, ServedDevice {
  readonly name: string;
  readonly slot: number;
  /** Of the receive, transmit and control queue. */
  readonly meters: readonly QueueMeter[];
  readonly totals: NetTotals = { sent: 0, received: 0, dropped: 0, malformed: 0 };
  readonly #internals: Internals;
  readonly #port: LinkPort | undefined;
  readonly #virtio: VirtioDevice;
  readonly #control: ReceiveControl;
  readonly #controlQueue: SplitQueue;
  readonly #receive: ReceiveQueue;
  readonly #transmit: TransmitQueue;
  /** What the driver was last told, or could read, of the link. */
  #link: boolean;
  /** The link's when the driver was to begin with it: drivers do not learn another. */
  #mtu: number;
  #fault: string | undefined;

  /** Plugs the device in. Before the machine first runs. @param index 0 to 3 */
  constructor(internals: Internals, index: number, { name, mac, port, offloads, now }: NetOptions) {
    this.#internals = internals;
    this.#port = port;
    this.name = name;
    this.slot = SLOTS[index]!;
    this.meters = QUEUE_SIZES.map(() => new QueueMeter(now));
    this.#control = new ReceiveControl(parseMac(mac)!);
    this.#link = port?.carrier ?? false;
    this.#mtu = port?.mtu ?? USUAL_MTU;
    this.#virtio = this.#plug(index, offloads);
    this.#controlQueue = this.#queue(CONTROL);
    this.#receive = this.#makeReceive();
    this.#transmit = this.#makeTransmit();
    const ownReset = this.#virtio.reset.bind(this.#virtio);
    this.#virtio.reset = () => {
      this.#forget();
      ownReset();
    };
    internals.observation.atTimers(() => this.#work());
    if (port) this.#connect(port);
  }

  /** What the driver did that the device stands still for until it is reset. */
  get fault(): string | undefined {
    return this.#fault;
  }

  get servers(): readonly Server[] {
    return QUEUE_SIZES.map(() => ({ serving: [], pace: NO_PACE, fault: this.#fault }));
  }

  carried() {
    const { sent, received } = this.totals;
    return { requests: sent + received, packets: { ...this.totals } };
  }

  countAnew(): void {
    Object.assign(this.totals, { sent: 0, received: 0, dropped: 0, malformed: 0 });
  }

  close(): void {
    this.#port?.close();
    this.#receive.reset();
  }

  get_state(): unknown[] {
    return [this.#virtio, this.#control.save(), this.#link, this.#mtu, this.#fault ?? ""] satisfies SavedNet;
  }

  set_state(state: unknown[]): void {
    const [virtio, control, link, mtu, fault] = state as SavedNet;
    this.#virtio.set_state(virtio);
    this.#control.restore(control);
    this.#link = link;
    this.#mtu = mtu;
    this.#fault = fault || undefined;
    this.#receive.reset();
    this.#receive.lookAgain();
    this.#transmit.reset();
    this.#transmit.lookAgain();
  }

  reset(): void {
    this.#virtio.reset();
  }

  #plug(index: number, offloads: boolean): VirtioDevice {
    const port = FIRST_PORT + index * PORTS.each;
    return this.#internals.plugVirtio({
      name: `virtio-net ${this.name}`,
      pci_id: this.slot << 3,
      device_id: 0x1041, // 0x1040 + device type 1, network card (virtio 1.2, 4.1.2.1 and 5)
      subsystem_device_id: 1,
      common: {
        initial_port: port + PORTS.common,
        queues: QUEUE_SIZES.map((size, queue) => ({ size_supported: size, notify_offset: queue })),
        features: offered(offloads),
        on_driver_ok: () => {},
      },
      notification: {
        initial_port: port + PORTS.notify,
        single_handler: false,
        handlers: QUEUE_SIZES.map((_, queue) => () => this.#notified(queue)),
      },
      isr_status: { initial_port: port + PORTS.isr },
      device_specific: { initial_port: port + PORTS.device, struct: this.#configuration() },
    });
  }

  /** `struct virtio_net_config` (virtio 1.2, 5.1.4), up to the fields of the features we offer. */
  #configuration(): VirtioField[] {
    const field = (bytes: 1 | 2, name: string, read: () => number): VirtioField => ({
      ...{ bytes, name, read },
      write: () => {},
    });
    return [
      ...[0, 1, 2, 3, 4, 5].map((byte) => field(1, `mac[${byte}]`, () => this.#control.mac[byte]!)),
      field(2, "status", () => {
        this.#link = this.#port?.carrier ?? false;
        return this.#link ? LINK_UP : 0;
      }),
      field(2, "max_virtqueue_pairs", () => 1),
      field(2, "mtu", () => this.#mtu),
    ];
  }

  #connect(port: LinkPort): void {
    port.offloads = true; // what the driver does not take is made good here
    port.receive = (frame) => this.#arrive(frame);
    port.onCarrier = () => this.#internals.observation.soon();
  }

  #queue(queue: number): SplitQueue {
    const { observation } = this.#internals;
    return new SplitQueue({
      memory: () => this.#internals.memory(),
      registers: () => queueRegisters(this.#virtio, queue),
      setLastAvailIdx: (last) => setLastAvailIdx(this.#virtio, queue, last),
      eventIdx: () => this.#has(F.eventIdx),
      indirect: () => this.#has(F.indirectDesc),
      written: (address, bytes) => observation.written(address, bytes),
    });
  }

  #makeReceive(): ReceiveQueue {
    return new ReceiveQueue({
      queue: this.#queue(RX),
      meter: this.meters[RX]!,
      takes: () => this.#control.takes((feature) => this.#has(feature)),
      mergeable: () => this.#has(F.mrgRxbuf),
      eventIdx: () => this.#has(F.eventIdx),
      written: (address, bytes) => this.#internals.observation.written(address, bytes),
      delivered: (frames) => {
        this.totals.received += frames;
      },
      dropped: (frames) => {
        this.totals.dropped += frames;
        this.#port?.dropped(frames);
      },
      interrupt: () => this.#virtio.raise_irq(USED_BUFFER),
    });
  }

  #makeTransmit(): TransmitQueue {
    return new TransmitQueue({
      queue: this.#queue(TX),
      meter: this.meters[TX]!,
      leaves: () => ({
        checksum: this.#has(F.csum),
        tcp4: this.#has(F.hostTso4),
        tcp6: this.#has(F.hostTso6),
      }),
      eventIdx: () => this.#has(F.eventIdx),
      send: (frame) => {
        this.totals.sent++;
        this.#port?.send(frame);
      },
      malformed: () => this.totals.malformed++,
      interrupt: () => this.#virtio.raise_irq(USED_BUFFER),
    });
  }

  #has(feature: number): boolean {
    return negotiated(this.#virtio, feature);
  }

  #arrive(frame: Frame): void {
    if (this.#fault !== undefined || !driverRuns(this.#virtio) || !this.#control.wants(frame.bytes)) return;
    if (this.#receive.arrive(frame)) this.#internals.observation.soon();
  }

  #notified(queue: number): void {
    this.meters[queue]!.notified();
    if (this.#fault !== undefined) return;
    if (queue === RX) this.#receive.notified();
    else if (queue === TX) this.#transmit.notified();
    else this.#serveControl();
  }

  /** Serves both queues. @returns milliseconds until it wants to again */
  #work(): number {
    if (!driverRuns(this.#virtio) || this.#fault !== undefined) return Number.POSITIVE_INFINITY;
    this.#tellLink();
    const fault =
      (this.#transmit.busy ? this.#transmit.serve() : undefined) ??
      (this.#receive.busy ? this.#receive.serve() : undefined);
    if (fault) this.#breakDown(fault);
    return this.#transmit.busy || this.#receive.busy ? 0 : Number.POSITIVE_INFINITY;
  }

  /** A configuration change notification, when the cable came or went (4.1.5.4). */
  #tellLink(): void {
    const link = this.#port?.carrier ?? false;
    if (link === this.#link) return;
    this.#link = link;
    this.#virtio.notify_config_changes();
  }

  /** Drivers wait for the answer to a command and do nothing else: it is given in the notification. */
  #serveControl(): void {
    if (!driverRuns(this.#virtio)) return;
    const fault = this.#tryControl();
    if (fault) this.#breakDown(fault);
  }

  #tryControl(): QueueFault | undefined {
    const queue = this.#controlQueue;
    const meter = this.meters[CONTROL]!;
    const waiting = queue.waiting();
    if (waiting instanceof QueueFault) return waiting;
    for (let taken = 0; taken < waiting; taken++) {
      const chain = queue.take();
      if (chain instanceof QueueFault) return chain;
      const answer = chain.writable.find(({ bytes }) => bytes > 0);
      if (!answer) return new QueueFault("A command has no room for its answer.");
      const command = gather(queue.memory, chain.readable);
      const done = command.length >= 2 && this.#control.command(command, (feature) => this.#has(feature));
      queue.memory[answer.address] = done ? OK : ERROR;
      this.#internals.observation.written(answer.address, 1);
      queue.answer(chain.head, 1);
      meter.taken(`class ${command[0]}, command ${command[1]}`);
      meter.answered(done ? "done" : "refused", command.length, command.length);
    }
    queue.listen();
    const { count, condition } = queue.publish();
    if (count === 0) return undefined;
    meter.published(count, condition);
    if (condition.holds) this.#virtio.raise_irq(USED_BUFFER);
    return undefined;
  }

  #forget(): void {
    this.#receive.reset();
    this.#transmit.reset();
    this.#control.reset();
    this.#mtu = this.#port?.mtu ?? USUAL_MTU;
    this.#fault = undefined;
  }

  /** The driver broke the rules: DEVICE_NEEDS_RESET (virtio 1.2, 2.1.2), and nothing more until it resets the device. */
  #breakDown({ reason }: QueueFault): void {
    this.#receive.reset();
    this.#transmit.reset();
    this.#fault = reason;
    this.#virtio.needs_reset();
  }
}

/** The first bytes of a command, wherever they are cut. */
function gather(memory: Uint8Array, buffers: readonly Buffer[]): Uint8Array {
  const bytes = new Uint8Array(
    Math.min(
      MOST_COMMAND,
      buffers.reduce((sum, { bytes }) => sum + bytes, 0),
    ),
  );
  let at = 0;
  for (const { address, bytes: length } of buffers) {
    const piece = memory.subarray(address, address + Math.min(length, bytes.length - at));
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
