/**
 * The third part of the boundary to v86's inside: its devices, watched. Every access of a guest to a device's ports,
 * every interrupt line, every step of a virtqueue is heard without changing what the device does; and the queue
 * memory that devices of our own serve.
 */
import type { VirtioDevice } from "./devices/virtio.ts";
import { MissingInternal, type UntypedBus, type UntypedCpu } from "./v86-parts.ts";

/** An entry of v86's port table. Registers move with their base address: the entry is the same object then. */
interface UntypedPort {
  read8(port: number): number;
  read16(port: number): number;
  read32(port: number): number;
  write8(value: number): void;
  write16(value: number): void;
  write32(value: number): void;
}

interface UntypedBar {
  readonly size: number;
  readonly entries: UntypedPort[];
}

interface UntypedChain {
  readonly head_idx: number;
  readonly length_readable: number;
  readonly length_writable: number;
  readonly length_written: number;
}

interface UntypedQueue {
  readonly size: number;
  readonly desc_addr: number;
  readonly avail_addr: number;
  readonly used_addr: number;
  readonly avail_last_idx: number;
  readonly num_staged_replies: number;
  pop_request(): UntypedChain;
  push_reply(chain: UntypedChain): void;
  flush_replies(): void;
}

interface UntypedVirtio {
  readonly name: string;
  readonly pci_id: number;
  readonly device_id: number;
  readonly device_status: number;
  readonly queues: UntypedQueue[];
  readonly pci_bars: (UntypedBar | undefined)[];
  is_feature_negotiated(feature: number): boolean;
}

interface UntypedNe2k {
  readonly pci_id: number;
  readonly port: number;
  /** Command register. */
  readonly cr: number;
  /** Transmit byte count. */
  readonly tcnt: number;
  /** Page of its memory the next frame goes to. */
  readonly curpg: number;
  readonly pci_bars: UntypedBar[];
  receive(frame: Uint8Array): void;
}

interface UntypedChannel {
  readonly command_base: number;
  readonly control_base: number;
  readonly irq: number;
  readonly channel_nr: number;
}

/** What the IDE controller tells the outside: channel, bytes, sectors. */
interface IdeBus {
  register(name: "ide-read-end" | "ide-write-end", listener: (told: readonly number[]) => void, self: unknown): void;
}

/** What observation uses of the CPU beyond what {@link UntypedCpu} has. */
interface ObservedCpu {
  device_raise_irq(line: number): void;
  device_lower_irq(line: number): void;
  io: { ports: UntypedPort[] };
  devices: {
    pci: { devices: (object | undefined)[]; raise_irq(id: number): void; lower_irq(id: number): void };
    net?: UntypedNe2k;
    ide: { primary?: UntypedChannel; pci_bars?: (UntypedBar | undefined)[] };
  };
}

/**
 * One access of a guest to a port.
 *
 * @param offset in bytes from the first of the ports that are watched
 * @param bytes width: 1, 2 or 4
 */
export type HearAccess = (offset: number, bytes: number, write: boolean, value: number) => void;

/** Ports of one device that are next to each other. */
export interface PortRange {
  /** Base address register it is behind, 0 to 5. */
  readonly bar: number;
  watch(heard: HearAccess): void;
  /** One of them alone; its offset is 0. */
  port(offset: number): PortRange;
}

/** A queue as its device has it now. */
export interface QueueRegisters {
  readonly size: number;
  readonly desc: number;
  readonly avail: number;
  readonly used: number;
  /** The device's private index: what it will take next, 16 bits. */
  readonly lastAvailIdx: number;
}

export interface HearQueue {
  /** The device took a chain: bytes it may read and may write. */
  taken(head: number, readable: number, writable: number): void;
  /** It put a chain into the used ring, not visible yet. */
  answered(head: number, written: number): void;
  /** It made `count` answers visible. Called after it may have raised its interrupt. */
  published(count: number): void;
}

/** A virtio device of v86's making. */
export interface WatchedVirtio {
  readonly name: string;
  readonly slot: number;
  /** Device type (virtio 1.2, 5): 1 network card, 2 block device, 3 console, 5 balloon. */
  readonly type: number;
  readonly queues: number;
  registers(queue: number): QueueRegisters;
  /** True from DRIVER_OK on (2.1). */
  running(): boolean;
  /** @param feature bit number */
  negotiated(feature: number): boolean;
  readonly ports: readonly PortRange[];
  /** Of a device whose queues v86's own class serves. */
  watchQueue(queue: number, heard: HearQueue): void;
}

/** v86's NE2000 behind PCI. */
export interface WatchedNe2000 {
  readonly slot: number;
  readonly ports: PortRange;
  /** Page of registers that is switched in, 0 to 3: bits 7 and 6 of the command register. */
  page(): number;
  /** Bytes it sends when told to. */
  transmitCount(): number;
  /** Frames that it takes: for it, with room for them, while it is not stopped. */
  watchReceived(heard: (bytes: number) => void): void;
}

/** v86's first IDE channel with a disk. */
export interface WatchedIde {
  /** Input of the 8259s. */
  readonly line: number;
  /** Ports of the command block, 0x1f0, and of alternate status and device control, 0x3f6. */
  readonly commandBase: number;
  readonly controlBase: number;
  readonly command: PortRange;
  readonly control: PortRange;
  /** Bus master registers of this channel. */
  readonly busMaster: PortRange;
  watchTransfers(heard: (bytes: number, write: boolean) => void): void;
}

/** DRIVER_OK of the device status (virtio 1.2, 2.1). */
const DRIVER_OK = 4;
/** PCI device ids of virtio devices: this and the type (4.1.2.1). */
const VIRTIO_PCI = 0x1040;

/** Base address register of the bus master registers (PIIX3 IDE). */
const BUS_MASTER_BAR = 4;

export class Observation {
  readonly #cpu: UntypedCpu & ObservedCpu;
  readonly #bus: IdeBus;

  constructor(cpu: UntypedCpu, bus: UntypedBus) {
    this.#bus = bus as unknown as IdeBus;
    const observed = cpu as UntypedCpu & Partial<ObservedCpu>;
    if (!observed.device_raise_irq || !observed.device_lower_irq) throw new MissingInternal("cpu.device_raise_irq");
    if (!observed.io || !("ports" in observed.io)) throw new MissingInternal("cpu.io.ports");
    this.#cpu = observed as UntypedCpu & ObservedCpu;
  }

  /** Every virtio device that is plugged in, by PCI slot. */
  virtio(): WatchedVirtio[] {
    const devices = this.#cpu.devices.pci.devices as (object | undefined)[];
    return devices.flatMap((device) => (device && "queues" in device ? [watchedVirtio(device as UntypedVirtio)] : []));
  }

  ne2000(): WatchedNe2000 | undefined {
    const card = this.#cpu.devices.net;
    if (!card) return undefined;
    return {
      slot: card.pci_id >> 3,
      ports: range(0, card.pci_bars[0]!.entries),
      page: () => (card.cr >> 6) & 3,
      transmitCount: () => card.tcnt,
      watchReceived: (heard) => {
        const own = card.receive;
        card.receive = function (this: UntypedNe2k, frame) {
          const before = this.curpg;
          own.call(this, frame);
          if (this.curpg !== before) heard(frame.length);
        };
      },
    };
  }

  /** @returns undefined when there is no disk on the first channel */
  ide(): WatchedIde | undefined {
    const { primary, pci_bars } = this.#cpu.devices.ide;
    if (!primary) return undefined;
    const { ports } = this.#cpu.io;
    const busMaster = pci_bars?.[BUS_MASTER_BAR]?.entries ?? [];
    return {
      line: primary.irq,
      commandBase: primary.command_base,
      controlBase: primary.control_base,
      command: range(0, ports.slice(primary.command_base, primary.command_base + 8)),
      control: range(1, [ports[primary.control_base]!]),
      busMaster: range(BUS_MASTER_BAR, busMaster.slice(0, 8)),
      watchTransfers: (heard) => {
        const listen = (name: "ide-read-end" | "ide-write-end", write: boolean) =>
          this.#bus.register(name, ([channel, bytes]) => channel === primary.channel_nr && heard(bytes!, write), null);
        listen("ide-read-end", false);
        listen("ide-write-end", true);
      },
    };
  }

  /**
   * Hears every change of an interrupt line: of a PCI function by its slot, and of the 8259s' inputs by number. A line
   * that is raised while it is up already is not heard.
   */
  watchInterrupts(ofSlot: (slot: number, up: boolean) => void, ofLine: (line: number, up: boolean) => void): void {
    const cpu = this.#cpu;
    const { pci } = cpu.devices;
    [pci.raise_irq, pci.lower_irq] = edges(pci, pci.raise_irq, pci.lower_irq, (id, up) => ofSlot(id >> 3, up));
    [cpu.device_raise_irq, cpu.device_lower_irq] = edges(cpu, cpu.device_raise_irq, cpu.device_lower_irq, ofLine);
  }

  /**
   * Calls `work` whenever the machine looks at its timers: about once in 100,000 instructions, and always before it
   * rests in a HLT. What `work` raises is taken at once.
   *
   * @param work returns the milliseconds after which it wants to be called at the latest
   */
  atTimers(work: () => number): void {
    const cpu = this.#cpu;
    const own = cpu.run_hardware_timers;
    cpu.run_hardware_timers = (acpi, now) => Math.min(own.call(cpu, acpi, now), work());
  }

  /** Asks for a turn: what waits for {@link atTimers} is not kept waiting by a HLT. A paused machine takes it later. */
  soon(): void {
    this.#cpu.stop_idling();
  }

  /** A device wrote to guest-physical memory: code compiled from it is dropped. */
  written(address: number, bytes: number): void {
    this.#cpu.jit_dirty_cache(address, address + bytes);
  }

  /** Sets the class code in the configuration space of a device: v86's virtio devices all say network card. */
  setClass(slot: number, base: number, sub: number): void {
    const space = this.#cpu.devices.pci.device_spaces[slot << 3];
    if (space) new Uint8Array(space.buffer, space.byteOffset, 256).set([0, sub, base], 9);
  }
}

function watchedVirtio(device: UntypedVirtio): WatchedVirtio {
  const queue = (index: number) => device.queues[index]!;
  return {
    name: device.name,
    slot: device.pci_id >> 3,
    type: device.device_id - VIRTIO_PCI,
    queues: device.queues.length,
    registers: (index) => registersOf(queue(index)),
    running: () => (device.device_status & DRIVER_OK) !== 0,
    negotiated: (feature) => device.is_feature_negotiated(feature),
    ports: device.pci_bars.flatMap((bar, index) => (bar ? [range(index, bar.entries)] : [])),
    watchQueue: (index, heard) => watchQueue(queue(index), heard),
  };
}

const registersOf = (queue: UntypedQueue): QueueRegisters => ({
  size: queue.size,
  desc: queue.desc_addr >>> 0,
  avail: queue.avail_addr >>> 0,
  used: queue.used_addr >>> 0,
  lastAvailIdx: queue.avail_last_idx & 0xffff,
});

/** The same of a device of ours, whose queue is v86's to set up and ours to serve. */
export function queueRegisters(device: VirtioDevice, queue: number): QueueRegisters {
  return registersOf(device.queues[queue] as unknown as UntypedQueue);
}

/** Keeps a device's private index where v86 keeps it: saved, restored and reset with the queue. */
export function setLastAvailIdx(device: VirtioDevice, queue: number, index: number): void {
  (device.queues[queue] as unknown as { avail_last_idx: number }).avail_last_idx = index & 0xffff;
}

/** @param feature bit number */
export function negotiated(device: VirtioDevice, feature: number): boolean {
  return (device as unknown as UntypedVirtio).is_feature_negotiated(feature);
}

export function driverRuns(device: VirtioDevice): boolean {
  return ((device as unknown as UntypedVirtio).device_status & DRIVER_OK) !== 0;
}

function watchQueue(queue: UntypedQueue, heard: HearQueue): void {
  const { pop_request, push_reply, flush_replies } = queue;
  queue.pop_request = function (this: UntypedQueue) {
    const chain = pop_request.call(this);
    heard.taken(chain.head_idx, chain.length_readable, chain.length_writable);
    return chain;
  };
  queue.push_reply = function (this: UntypedQueue, chain) {
    heard.answered(chain.head_idx, chain.length_written);
    push_reply.call(this, chain);
  };
  queue.flush_replies = function (this: UntypedQueue) {
    const count = this.num_staged_replies;
    flush_replies.call(this);
    if (count > 0) heard.published(count);
  };
}

/** Wraps the two ends of interrupt lines so that `heard` hears each change and nothing else. */
function edges(
  owner: object,
  raise: (line: number) => void,
  lower: (line: number) => void,
  heard: (line: number, up: boolean) => void,
): [(line: number) => void, (line: number) => void] {
  const up = new Set<number>();
  return [
    (line) => {
      if (!up.has(line)) heard(line, true);
      up.add(line);
      raise.call(owner, line);
    },
    (line) => {
      if (up.delete(line)) heard(line, false);
      lower.call(owner, line);
    },
  ];
}

const range = (bar: number, entries: readonly UntypedPort[]): PortRange => ({
  bar,
  watch: (heard) => {
    for (const [offset, entry] of entries.entries()) watchPort(entry, offset, heard);
  },
  port: (offset) => range(bar, entries.slice(offset, offset + 1)),
});

function watchPort(entry: UntypedPort, offset: number, heard: HearAccess): void {
  const { read8, read16, read32, write8, write16, write32 } = entry;
  const reading = (own: (port: number) => number, bytes: number) =>
    function (this: unknown, port: number): number {
      const value = own.call(this, port);
      heard(offset, bytes, false, value);
      return value;
    };
  const writing = (own: (value: number) => void, bytes: number) =>
    function (this: unknown, value: number): void {
      heard(offset, bytes, true, value);
      own.call(this, value);
    };
  entry.read8 = reading(read8, 1);
  entry.read16 = reading(read16, 2);
  entry.read32 = reading(read32, 4);
  entry.write8 = writing(write8, 1);
  entry.write16 = writing(write16, 2);
  entry.write32 = writing(write32, 4);
}
