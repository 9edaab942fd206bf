/**
 * The one boundary to v86's inside.
 *
 * The library's published interface starts, stops and saves a machine. A host needs more: its own scheduling, devices
 * of its own, guest memory without copies through proxies, and the repairs a restore needs. All of that is reached
 * here, checked once when a machine is made, and handed on with types. Names of v86's are in the files v86-*.ts alone.
 */
import type { V86 } from "v86";
import type { VirtioDevice, VirtioOptions } from "./devices/virtio.ts";
import type { GuestAccess } from "./platform.ts";
import { type AccessParts, V86GuestAccess } from "./v86-guest-access.ts";
import { onClock } from "./v86-library.ts";
import { Observation } from "./v86-observation.ts";
import { packMemoryRaw } from "./v86-packing.ts";
import {
  MissingInternal,
  RELIED_ON,
  type UntypedBus,
  type UntypedCpu,
  type UntypedEmulator,
  type UntypedNe2000,
} from "./v86-parts.ts";

export { MissingInternal, V86_VERSION } from "./v86-parts.ts";

/** A device of ours that v86 saves and restores with the machine. */
export interface SavedDevice {
  /** Numbers, strings, typed arrays, arrays of these, and v86's own devices. */
  get_state(): unknown[];
  set_state(state: unknown[]): void;
  reset(): void;
}

type VirtioConstructor = new (cpu: unknown, options: VirtioOptions) => VirtioDevice;

/** EFLAGS.IF, bit 9 (Intel SDM vol. 1, 3.4.3). */
const INTERRUPT_FLAG = 1 << 9;

/** Place of {@link Internals.saveWith}'s devices in v86's list of a machine's parts, which ends at 89. */
const OWN_DEVICES = 100;

/** v86's TSC_RATE: the counter runs at 1 GHz. */
const TSC_PER_MILLISECOND = 1e6;

/** A v86 opened up: everything a {@link Machine} does beyond the published interface. */
export class Internals {
  readonly #v86: UntypedEmulator;
  readonly #cpu: UntypedCpu;
  #access: V86GuestAccess | undefined;
  readonly #bus: UntypedBus;
  #virtio: VirtioConstructor | undefined;
  #memory: Uint8Array | undefined;
  readonly #plugged: VirtioDevice[] = [];
  /** Its devices, to be watched; and what devices of ours need to serve their queues. */
  readonly observation: Observation;

  constructor(v86: UntypedEmulator, bus: UntypedBus) {
    this.#v86 = v86;
    this.#cpu = v86.cpu;
    this.#bus = bus;
    this.observation = new Observation(v86.cpu, bus);
  }

  /**
   * Guest-physical memory as it is, byte 0 first. The view dies when WebAssembly memory grows, so take it anew for
   * each use; v86's own `mem8` is a proxy and thousands of times slower.
   */
  memory(): Uint8Array {
    const { buffer } = this.#cpu.wasm_memory;
    // devices ask for it at every descriptor, and v86's two numbers come through proxies
    if (this.#memory?.buffer !== buffer) {
      this.#memory = new Uint8Array(buffer, this.#cpu.mem8.byteOffset, this.#cpu.memory_size[0]);
    }
    return this.#memory;
  }

  /** Instructions executed since the machine was made, modulo 2^32. */
  instructions(): number {
    return this.#cpu.instruction_counter[0]! >>> 0;
  }

  /** True while the CPU waits in HLT. */
  halted(): boolean {
    return this.#cpu.in_hlt[0] !== 0;
  }

  /** True when the CPU waits in HLT with interrupts off: nothing will wake it again. */
  dead(): boolean {
    return this.halted() && (this.#cpu.flags[0]! & INTERRUPT_FLAG) === 0;
  }

  /** Switches compiling of hot code on or off; code already compiled stays in use. */
  setJit(on: boolean): void {
    this.#cpu.set_jit_config(0, on ? 0 : 1);
  }

  /** The time-stamp counter, 64 bits. */
  tsc(): bigint {
    this.#cpu.store_current_tsc();
    return (BigInt(this.#cpu.current_tsc[1]! >>> 0) << 32n) | BigInt(this.#cpu.current_tsc[0]! >>> 0);
  }

  /**
   * Sets the time-stamp counter, 64 bits.
   *
   * v86 keeps an offset from its clock and computes the new one from the counter, not from the clock, so that from the
   * second time on the old offset is in it twice; it is taken out of the value here.
   */
  setTsc(value: bigint): void {
    const clock = BigInt(Math.trunc(performance.now() * TSC_PER_MILLISECOND));
    const offset = clock - this.tsc();
    const given = BigInt.asUintN(64, value - offset);
    this.#cpu.set_tsc(Number(given & 0xffffffffn), Number(given >> 32n));
  }

  /**
   * Takes over scheduling: `later(delay, turn)` is called whenever the machine wants its next turn, in `delay`
   * milliseconds; it calls `turn` then. A turn is about a millisecond of guest code and throws what the guest broke.
   */
  schedule(later: (delay: number, turn: () => void) => void): void {
    this.#v86.unregister_yield();
    this.#v86.yield = (delay, tick) => later(delay, () => this.#v86.yield_callback(tick));
  }

  /** Ends it for good. v86's own way waits for a last turn, which a paused machine never takes. */
  end(): void {
    this.#v86.running = false;
    this.#v86.yield = () => {};
  }

  /** Calls `report` with the milliseconds each turn took. */
  meter(report: (milliseconds: number) => void): void {
    const mainLoop = this.#cpu.main_loop;
    this.#cpu.main_loop = () => {
      const start = performance.now();
      const delay = mainLoop();
      report(performance.now() - start);
      return delay;
    };
  }

  /**
   * Takes over turns: `around` is called for each with v86's own turn, which executes guest code for about a
   * millisecond of the machine's clock or until the CPU halts, and returns the milliseconds until a timer is due.
   * While it runs the machine reads time from `now`, in milliseconds.
   */
  turns(now: () => number, around: (turn: () => number) => number): void {
    const mainLoop = this.#cpu.main_loop;
    this.#cpu.main_loop = () => onClock(now, () => around(mainLoop));
  }

  /**
   * Calls `before` and `after` around each turn, `after` also when executing the guest threw. True from it asks for the
   * next turn at once, and so does a platform that woke the guest at the end of this one.
   */
  aroundTurns(before: () => void, after: () => boolean): void {
    const mainLoop = this.#cpu.main_loop;
    this.#cpu.main_loop = () => {
      before();
      this.#access?.takeWoken();
      let rest = 0;
      let more = false;
      try {
        rest = mainLoop();
      } finally {
        more = after();
      }
      return this.#access?.takeWoken() || more ? 0 : rest;
    };
  }

  /** The guest's processor and memory for a platform. Once for each machine, which was made with {@link instantiate}. */
  guestAccess(parts: AccessParts): GuestAccess {
    this.#access = new V86GuestAccess(this.#cpu, parts);
    return this.#access;
  }

  /** Asks for a turn now where the machine waits for one, in a HLT for example. */
  wake(): void {
    this.#cpu.stop_idling();
  }

  /** Makes it wait in HLT with interrupts off, in the middle of a turn too: it executes nothing more. */
  halt(): void {
    this.#cpu.flags[0]! &= ~INTERRUPT_FLAG;
    this.#cpu.in_hlt[0] = 1;
  }

  /** Ends a HLT, interrupts on or not: the next turn goes on behind it. */
  letGo(): void {
    this.#cpu.in_hlt[0] = 0;
  }

  /** A byte arrives at a serial port, 0 or 1. */
  receive(port: number, byte: number): void {
    this.#bus.send(`serial${port}-input`, byte);
  }

  /** Answers 32-bit reads of a port. Narrower reads give all ones, as an empty port does. */
  onPortRead(port: number, read: () => number): void {
    this.#cpu.io.register_read(
      port,
      {},
      () => 0xff,
      () => 0xffff,
      () => read() | 0,
    );
  }

  /** Hears writes to a port, of any width. */
  onPortWrite(port: number, write: (value: number) => void): void {
    const heard = (value: number) => write(value >>> 0);
    this.#cpu.io.register_write(port, {}, heard, heard, heard);
  }

  /** Control registers as the CPU has them. */
  control(): { readonly cr0: number; readonly cr2: number; readonly cr3: number; readonly cr4: number } {
    const [cr0, , cr2, cr3, cr4] = [0, 1, 2, 3, 4].map((index) => this.#cpu.cr[index]! >>> 0);
    return { cr0: cr0!, cr2: cr2!, cr3: cr3!, cr4: cr4! };
  }

  /** Sets the instruction counter, which v86 leaves out of its states. */
  setInstructions(count: number): void {
    this.#cpu.instruction_counter[0] = count | 0;
  }

  /**
   * Clears the base addresses that PCI devices without such a register start with. v86 cannot restore them: it looks
   * for a register that is not there.
   */
  clearAbsentBars(): void {
    const { devices, device_spaces } = this.#cpu.devices.pci;
    devices.forEach((device, index) => {
      device?.pci_bars.forEach((bar, number) => {
        const space = device_spaces[index];
        if (!bar && space) space[4 + number] = 0;
      });
    });
  }

  /** Calls `handler` instead of resetting the CPU when the guest asks for a reset. */
  onReset(handler: () => void): void {
    this.#cpu.reboot_internal = handler;
  }

  /**
   * Makes a virtio device and plugs it into the PCI bus. Before the machine first runs.
   *
   * @throws MissingInternal when the machine was made without v86's own console, whose class is borrowed
   */
  plugVirtio(options: VirtioOptions): VirtioDevice {
    // v86's own console is gone once ours has been adopted
    this.#virtio ??= this.#cpu.devices.virtio_console?.virtio?.constructor as VirtioConstructor | undefined;
    if (!this.#virtio) throw new MissingInternal("cpu.devices.virtio_console.virtio");
    if (this.#plugged.length === 0) this.#addUpLevels();
    const device = new this.#virtio(this.#cpu, options);
    this.#plugged.push(device);
    return device;
  }

  /**
   * Interrupt lines of PCI are shared, and up as long as anyone holds them up. v86 lets a line fall for all when one
   * device lets go, and an interrupt raised between two drivers' looks at their devices would be lost.
   */
  #addUpLevels(): void {
    const { pci } = this.#cpu.devices;
    const { lower_irq } = pci;
    pci.lower_irq = (id) => {
      lower_irq.call(pci, id);
      const holding = this.#plugged.find(({ pci_id, isr_status }) => isr_status !== 0 && sameLine(pci_id, id));
      if (holding) pci.raise_irq(holding.pci_id);
    };
  }

  /**
   * Saves and restores devices of ours with the machine; v86 knows its own alone. Once, before the machine first runs,
   * with the same devices in the same order as when a state was saved.
   */
  saveWith(devices: readonly SavedDevice[]): void {
    const cpu = this.#cpu;
    const { get_state, set_state } = cpu;
    cpu.get_state = () => {
      const state = get_state.call(cpu);
      state[OWN_DEVICES] = [...devices];
      return state;
    };
    cpu.set_state = (state) => {
      set_state.call(cpu, state);
      const own = state[OWN_DEVICES] as unknown[][] | undefined;
      devices.forEach((device, index) => {
        device.set_state(own![index]!);
      });
    };
  }

  /** Puts a device of ours, plugged into the same slot and ports, in the place of v86's own console. */
  adoptConsole(device: SavedDevice): void {
    (this.#cpu.devices as { virtio_console: unknown }).virtio_console = device;
  }

  /**
   * @param mac six bytes: the address of v86's NE2000, if there is one. Before the machine first runs.
   */
  setMac(mac: Uint8Array): void {
    const { net } = this.#cpu.devices;
    if (!net) return;
    net.mac.set(mac);
    // the PROM the driver reads it from: each byte twice, as a card on a 16-bit bus shows it
    mac.forEach((byte, index) => {
      net.memory.fill(byte, 2 * index, 2 * index + 2);
    });
  }

  /** Calls `sent` with each frame v86's NE2000 sends: Ethernet without FCS, in a buffer it uses again. */
  onFrame(sent: (frame: Uint8Array) => void): void {
    this.#bus.register("net0-send", sent, undefined);
  }

  /** A frame for v86's NE2000. One for which there is no room is lost: ask {@link hasRoomFor}. */
  receiveFrame(frame: Uint8Array): void {
    this.#bus.send("net0-receive", frame);
  }

  /** True when v86's NE2000 can take a frame of this many bytes, or would not take it anyway. */
  hasRoomFor(bytes: number): boolean {
    const { net } = this.#cpu.devices;
    return net !== undefined && hasRoom(net, bytes);
  }

  /** Calls `visit` with the 256 bytes of configuration space of each PCI function on bus 0 and its slot number. */
  eachPciFunction(visit: (space: Uint8Array, slot: number) => void): void {
    this.#cpu.devices.pci.device_spaces.forEach((space, address) => {
      if (space) visit(new Uint8Array(space.buffer, space.byteOffset, 256), address >> 3);
    });
  }

  /** Makes saving and restoring memory quick (v86-packing.ts). */
  packMemoryRaw(): void {
    packMemoryRaw(this.#cpu, () => this.memory());
  }

  /**
   * Runs `restore`, then puts three registers back into the CPU: v86 replaces its views of the last result (lazy
   * flags), the FPU status word and MXCSR by the saved arrays and never writes them to the machine.
   */
  async restoring(restore: () => Promise<void>): Promise<void> {
    const cpu = this.#cpu;
    const names = ["last_result", "fpu_status_word", "mxcsr"] as const;
    const views = names.map((name) => cpu[name]);
    await restore();
    names.forEach((name, index) => {
      const saved = cpu[name][0]!;
      cpu[name] = views[index]!;
      cpu[name][0] = saved;
    });
  }
}

/** Whether two PCI functions' pins A are routed to the same line. */
const sameLine = (one: number, other: number): boolean => (((one - other) >> 3) & 3) === 0;

/** Whether an NE2000's ring has room, in pages of 256 bytes: `boundary` is behind what the driver has read. */
function hasRoom({ cr, boundary, curpg, pstart, pstop }: UntypedNe2000, bytes: number): boolean {
  const stopped = (cr & 1) !== 0;
  const free = boundary > curpg ? boundary - curpg : pstop - curpg + boundary - pstart;
  return stopped || free >= 1 + ((Math.max(60, bytes) + 4) >> 8);
}

/**
 * Opens a v86 that has loaded (`emulator-loaded`) and not yet run.
 *
 * @throws MissingInternal naming the first part this version lacks
 */
export function openInternals(emulator: V86): Internals {
  const { v86, bus } = emulator as unknown as { v86?: UntypedEmulator; bus?: UntypedBus };
  if (!v86) throw new MissingInternal("v86");
  for (const path of RELIED_ON) {
    let part: unknown = v86;
    for (const name of path.split(".")) part = (part as Record<string, unknown> | undefined)?.[name];
    if (part === undefined || part === null) throw new MissingInternal(path);
  }
  if (!bus?.send) throw new MissingInternal("bus.send");
  return new Internals(v86, bus);
}
