/**
 * A virtio console with several ports (virtio 1.2, 5.3): terminals and byte streams between a guest and its host.
 *
 * v86 has such a device; it loses input when the guest has no buffer free, announces every port as a console and
 * answers each buffer with its own interrupt. This one keeps input until the guest takes it, knows which ports are
 * open, and answers a burst with one interrupt.
 */
import { concat } from "../bytes.ts";
import type { Internals, SavedDevice } from "../v86-internals.ts";
import type { BufferChain, VirtioDevice } from "./virtio.ts";

/** Feature bits (virtio 1.2, 5.3.3 and 6). */
const F_SIZE = 0;
const F_MULTIPORT = 1;
const F_VERSION_1 = 32;

/** Control events (virtio 1.2, 5.3.6.2). */
const DEVICE_READY = 0;
const DEVICE_ADD = 1;
const PORT_READY = 3;
const CONSOLE_PORT = 4;
const RESIZE = 5;
const PORT_OPEN = 6;
const PORT_NAME = 7;

/** Control queues come after port 0's pair; port n > 0 has the pair from 2n + 2 on (virtio 1.2, 5.3.2). */
const CONTROL_RECEIVE = 2;
const CONTROL_TRANSMIT = 3;
const receiveQueue = (port: number) => (port === 0 ? 0 : 2 * port + 2);
const transmitQueue = (port: number) => receiveQueue(port) + 1;

/** ISR status bit of a used buffer (virtio 1.2, 4.1.4.5). */
const USED_BUFFER = 1;

/** Slots of each queue. Linux gives receive queues a page per slot, so this is also 256 KiB of buffers a port. */
const QUEUE_SIZE = 64;

/** Linux writes at most 32 KiB at once (drivers/char/virtio_console.c); a longer chain is a broken or hostile driver. */
const LONGEST_CHAIN = 1 << 20;

/** PCI slot and I/O ports: v86's own console's, which is never built beside this one. */
const PCI_SLOT = 0x0c;
const IO = { device: 0xb600, isr: 0xb700, common: 0xb800, notify: 0xb900 };

export interface ConsolePort {
  /** Shows up in the guest as `/sys/class/virtio-ports/<port>/name`. */
  readonly name: string;
  /** A terminal (`/dev/hvc<n>`) or a plain stream (`/dev/vport<n>p<n>`). */
  readonly terminal: boolean;
  /** Bytes the guest wrote; the array is the receiver's to keep. */
  readonly output: (bytes: Uint8Array) => void;
  /** The guest opened or closed a stream. A terminal counts as open from the start. */
  readonly opened?: (open: boolean) => void;
}

interface PortState {
  /** Bytes for the guest that found no buffer yet, oldest first. */
  waiting: Uint8Array[];
  open: boolean;
}

export class VirtioConsole implements SavedDevice {
  readonly #ports: readonly ConsolePort[];
  readonly #states: PortState[];
  readonly #virtio: VirtioDevice;
  /** Control messages that found no buffer yet. */
  #control: Uint8Array[] = [];
  #columns = 80;
  #rows = 24;
  readonly #interrupt: (type: number) => void;
  #moderating = false;
  #late: ReturnType<typeof setTimeout> | undefined;

  /** Plugs the device in. Before the machine first runs; port 0 is the kernel's `hvc0`. */
  constructor(internals: Internals, ports: readonly ConsolePort[]) {
    this.#ports = ports;
    this.#states = ports.map((port) => ({ waiting: [], open: port.terminal }));
    const queues = 2 * ports.length + 2;
    this.#virtio = internals.plugVirtio({
      name: "virtio-console",
      pci_id: PCI_SLOT << 3,
      device_id: 0x1043, // 0x1040 + device type 3, console (virtio 1.2, 4.1.2.1 and 5)
      subsystem_device_id: 3,
      common: {
        initial_port: IO.common,
        queues: Array.from({ length: queues }, (_, queue) => ({ size_supported: QUEUE_SIZE, notify_offset: queue })),
        features: [F_SIZE, F_MULTIPORT, F_VERSION_1],
        on_driver_ok: () => {},
      },
      notification: {
        initial_port: IO.notify,
        single_handler: false,
        handlers: Array.from({ length: queues }, () => (queue: number) => this.#notified(queue)),
      },
      isr_status: { initial_port: IO.isr },
      device_specific: {
        initial_port: IO.device,
        struct: [
          { bytes: 2, name: "cols", read: () => this.#columns, write: () => {} },
          { bytes: 2, name: "rows", read: () => this.#rows, write: () => {} },
          { bytes: 4, name: "max_nr_ports", read: () => ports.length, write: () => {} },
          { bytes: 4, name: "emerg_wr", read: () => 0, write: () => {} },
        ],
      },
    });
    this.#interrupt = this.#virtio.raise_irq.bind(this.#virtio);
    this.#virtio.raise_irq = (type) => this.#raise(type);
    internals.adoptConsole(this);
  }

  /** Gives bytes to the guest, in order, as soon as it has room. For a stream nobody opened they are dropped. */
  send(port: number, bytes: Uint8Array): void {
    const state = this.#states[port]!;
    if (!state.open || bytes.length === 0) return;
    state.waiting.push(bytes);
    this.#deliver(port);
  }

  /** Tells the guest the terminal's size, which sends its foreground process SIGWINCH. */
  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    this.#sendSize();
  }

  get_state(): unknown[] {
    const ports = this.#states.map((state) => [state.open, concat(state.waiting)]);
    return [this.#virtio, this.#columns, this.#rows, ports, this.#control];
  }

  set_state(state: unknown[]): void {
    const [virtio, columns, rows, ports, control] = state as [
      ...[unknown, number, number, [boolean, Uint8Array][], Uint8Array[]],
    ];
    this.#virtio.set_state(virtio);
    this.#columns = columns;
    this.#rows = rows;
    ports.forEach(([open, waiting], port) => {
      this.#states[port] = { open, waiting: waiting.length > 0 ? [waiting] : [] };
      if (!this.#ports[port]!.terminal) this.#ports[port]!.opened?.(open);
    });
    this.#control = control;
  }

  reset(): void {
    this.#virtio.reset();
    this.#control = [];
    this.#states.forEach((state, port) => {
      state.waiting = [];
      state.open = this.#ports[port]!.terminal;
    });
  }

  #notified(queue: number): void {
    if (queue === CONTROL_TRANSMIT) this.#drain(queue, (bytes) => this.#onControl(bytes));
    else if (queue === CONTROL_RECEIVE) this.#deliverControl();
    else {
      const port = queue < 2 ? 0 : (queue - 2) >> 1;
      if (queue === transmitQueue(port)) this.#drain(queue, this.#ports[port]!.output);
      else this.#deliver(port);
    }
  }

  /** Takes everything the guest put into a transmit queue. */
  #drain(index: number, receive: (bytes: Uint8Array) => void): void {
    const queue = this.#virtio.queues[index]!;
    while (queue.has_request()) {
      const chain = queue.pop_request();
      if (chain.length_readable > LONGEST_CHAIN || chain.length_readable < 0) {
        this.#virtio.needs_reset();
        return;
      }
      const bytes = new Uint8Array(chain.length_readable);
      chain.get_next_blob(bytes);
      queue.push_reply(chain);
      receive(bytes);
    }
    this.#moderating = true;
    queue.flush_replies();
    this.#moderating = false;
  }

  /**
   * Tells the guest about buffers, those it sent not more than once a turn: its terminal driver waits for each by
   * spinning (`__send_to_port`), so an interrupt for each would find nothing left to do and cost most of the time.
   */
  #raise(type: number): void {
    if (this.#moderating && type === USED_BUFFER) this.#late ??= setTimeout(() => this.settle(), 0);
    else this.#interrupt(type);
  }

  /**
   * Raises an interrupt that is due. To be called before the state is saved, not from {@link get_state}: an interrupt
   * changes the CPU, and v86 has taken half of its registers by then.
   */
  settle(): void {
    if (this.#late === undefined) return;
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#interrupt(USED_BUFFER);
  }

  #deliver(port: number): void {
    const { waiting } = this.#states[port]!;
    this.#fill(receiveQueue(port), waiting);
  }

  #deliverControl(): void {
    const queue = this.#virtio.queues[CONTROL_RECEIVE]!;
    if (!queue.is_configured()) return;
    while (this.#control.length > 0 && queue.has_request()) {
      const chain = queue.pop_request();
      chain.set_next_blob(this.#control.shift()!);
      queue.push_reply(chain);
    }
    queue.flush_replies();
  }

  /** Moves as much of `waiting` as the guest has buffers for; what is left stays, in order. */
  #fill(index: number, waiting: Uint8Array[]): void {
    const queue = this.#virtio.queues[index]!;
    if (!queue.is_configured()) return;
    while (waiting.length > 0 && queue.has_request()) {
      const chain = queue.pop_request();
      chain.set_next_blob(takeFrom(waiting, room(chain)));
      queue.push_reply(chain);
    }
    queue.flush_replies();
  }

  /** A control message from the guest: port u32, event u16, value u16 (virtio 1.2, 5.3.6.2). */
  #onControl(bytes: Uint8Array): void {
    if (bytes.length < 8) return;
    const view = new DataView(bytes.buffer);
    const port = view.getUint32(0, true);
    const event = view.getUint16(4, true);
    if (event === DEVICE_READY) {
      for (const each of this.#ports.keys()) this.#sendControl(each, DEVICE_ADD, 1);
      return;
    }
    const which = this.#ports[port];
    if (!which) return;
    if (event === PORT_READY) this.#introduce(port, which);
    else if (event === PORT_OPEN) this.#onOpen(port, which, view.getUint16(6, true) !== 0);
  }

  #introduce(port: number, which: ConsolePort): void {
    this.#sendControl(port, PORT_NAME, 1, new TextEncoder().encode(which.name));
    if (which.terminal) {
      this.#sendControl(port, CONSOLE_PORT, 1);
      this.#sendSize();
    }
    this.#sendControl(port, PORT_OPEN, 1);
  }

  #onOpen(port: number, which: ConsolePort, open: boolean): void {
    if (which.terminal) return;
    const state = this.#states[port]!;
    state.open = open;
    state.waiting = [];
    which.opened?.(open);
  }

  #sendSize(): void {
    const size = new Uint8Array(4);
    const view = new DataView(size.buffer);
    // columns first, as the standard has it; Linux read rows first until its stable series took the correction in 2025
    view.setUint16(0, this.#columns, true);
    view.setUint16(2, this.#rows, true);
    this.#sendControl(0, RESIZE, 0, size);
  }

  #sendControl(port: number, event: number, value: number, rest: Uint8Array = new Uint8Array(0)): void {
    const message = new Uint8Array(8 + rest.length);
    const view = new DataView(message.buffer);
    view.setUint32(0, port, true);
    view.setUint16(4, event, true);
    view.setUint16(6, value, true);
    message.set(rest, 8);
    // Before the driver is there only the newest size matters, and the driver is told it when it asks for its ports.
    if (event === RESIZE && !this.#virtio.queues[CONTROL_RECEIVE]!.is_configured()) return;
    this.#control.push(message);
    this.#deliverControl();
  }
}

/** Bytes to put into one chain: its room, as the driver says, within reason. */
const room = (chain: BufferChain) => Math.max(1, Math.min(chain.length_writable, LONGEST_CHAIN));

/** Takes up to `most` bytes off the front of a list of pieces. */
function takeFrom(pieces: Uint8Array[], most: number): Uint8Array {
  const first = pieces[0]!;
  if (first.length <= most) {
    pieces.shift();
    return first;
  }
  pieces[0] = first.subarray(most);
  return first.subarray(0, most);
}
