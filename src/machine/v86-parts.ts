/**
 * What there is inside v86, as far as we rely on it: types and names alone. Used by v86-internals.ts and
 * v86-guest-access.ts, and by nothing else.
 */

/** The version the names below belong to; part of every snapshot's key. */
export const V86_VERSION = "0.5.462";

/** Thrown when this version of v86 lacks something we rely on. */
export class MissingInternal extends Error {
  override name = "MissingInternal";
  constructor(part: string) {
    super(`v86 has no \`${part}\`: this site was written for version ${V86_VERSION}. Install that exact version.`);
  }
}

export type Word = { [index: number]: number };
/** A typed array over WebAssembly memory that v86 keeps alive by a proxy: slow, but it knows where it lies. */
export type View = Word & { readonly byteOffset: number };

export type ReadPort = () => number;
export type WritePort = (value: number) => void;

/** A function of a PCI device as v86 keeps it; `pci_id` is slot << 3. */
export interface UntypedPciDevice {
  readonly pci_id: number;
  readonly pci_space: readonly number[];
  readonly pci_bars: ({ readonly size: number } | undefined)[];
  readonly name: string;
}

export interface UntypedPci {
  devices: ({ pci_bars: (object | undefined)[] } | undefined)[];
  device_spaces: ({ [word: number]: number; buffer: ArrayBufferLike; byteOffset: number } | undefined)[];
  register_device(device: UntypedPciDevice): void;
  /** The PIIX3's configuration space: 0x60 to 0x63 are the IRQs its four interrupt inputs go to. */
  isa_bridge_space8: Word;
  raise_irq(id: number): void;
  lower_irq(id: number): void;
}

/** The NE2000, with its PROM at the start of its memory and its registers by their names. */
export interface UntypedNe2000 {
  mac: Uint8Array;
  memory: Uint8Array;
  cr: number;
  boundary: number;
  curpg: number;
  pstart: number;
  pstop: number;
}

export interface UntypedCpu {
  wasm_memory: WebAssembly.Memory;
  mem8: { byteOffset: number; length: number };
  memory_size: Word;
  in_hlt: Word;
  flags: Word;
  instruction_counter: Word;
  current_tsc: Word;
  last_result: Word;
  fpu_status_word: Word;
  mxcsr: Word;
  cr: View;
  cpl: View;
  reg32: View;
  reg_pdpte: View;
  previous_ip: View;
  main_loop(): number;
  /** @param now milliseconds. @returns milliseconds until the next timer is due */
  run_hardware_timers(acpi: boolean, now: number): number;
  /** Takes a pending interrupt if the processor may. */
  handle_irqs(): void;
  /** Asks for a turn now, if the machine waits for one. */
  stop_idling(): void;
  /** Drops compiled code of the pages between two guest-physical addresses. */
  jit_dirty_cache(start: number, end: number): void;
  wm: {
    exports: {
      /** Addresses of the interrupt controllers in WebAssembly memory (see {@link PIC_ELCR}). */
      get_pic_addr_master(): number;
      get_pic_addr_slave(): number;
      /** Empties the TLB, global entries too. */
      full_clear_tlb(): void;
    };
  };
  reboot_internal(): void;
  set_jit_config(index: number, value: number): void;
  store_current_tsc(): void;
  set_tsc(low: number, high: number): void;
  is_memory_zeroed(address: number, bytes: number): boolean;
  zero_memory(address: number, bytes: number): void;
  /** What a machine consists of, in an order of v86's; its devices give their own. */
  get_state(): unknown[];
  set_state(state: unknown[]): void;
  pack_memory(): { packed_memory: Uint8Array; bitmap: { get_buffer(): ArrayBuffer } };
  unpack_memory(bitmap: { get(index: number): number }, packed: Uint8Array): void;
  io: {
    register_read(port: number, device: object, read8: ReadPort, read16: ReadPort, read32: ReadPort): void;
    register_write(port: number, device: object, write8: WritePort, write16: WritePort, write32: WritePort): void;
  };
  devices: {
    pci: UntypedPci;
    net?: UntypedNe2000;
    virtio_console?: { virtio?: object };
  };
}

/** The outer end of v86's bus: what is sent here arrives at the devices. */
export interface UntypedBus {
  send(name: string, value: unknown): void;
  register(name: string, listener: (value: Uint8Array) => void, receiver: unknown): void;
}

export interface UntypedEmulator {
  cpu: UntypedCpu;

  running: boolean;
  yield(delay: number, tick: number): void;
  yield_callback(tick: number): void;
  next_tick(delay: number): void;
  unregister_yield(): void;
}

/** Offset of the edge/level register in v86's state of an interrupt controller: a bit set is a level-triggered input. */
export const PIC_ELCR = 10;

/** What is looked for before anything is used, as paths from the emulator. */
export const RELIED_ON = [
  ...["yield", "yield_callback", "next_tick", "unregister_yield", "cpu.wasm_memory", "cpu.mem8", "cpu.memory_size"],
  ...["cpu.in_hlt", "cpu.flags", "cpu.instruction_counter", "cpu.current_tsc", "cpu.last_result"],
  ...["cpu.fpu_status_word", "cpu.mxcsr", "cpu.main_loop", "cpu.reboot_internal", "cpu.set_jit_config"],
  ...["cpu.store_current_tsc", "cpu.set_tsc", "cpu.is_memory_zeroed", "cpu.zero_memory", "cpu.pack_memory"],
  ...["cpu.unpack_memory", "cpu.devices.pci.device_spaces", "cpu.devices.pci.devices", "cpu.cr", "cpu.cpl"],
  ...["cpu.io.register_read", "cpu.io.register_write", "cpu.reg32", "cpu.reg_pdpte", "cpu.previous_ip"],
  ...["cpu.run_hardware_timers", "cpu.handle_irqs", "cpu.stop_idling", "cpu.jit_dirty_cache"],
  ...["cpu.get_state", "cpu.set_state"],
  ...["cpu.devices.pci.register_device", "cpu.devices.pci.raise_irq", "cpu.devices.pci.lower_irq"],
  ...["cpu.devices.pci.isa_bridge_space8", "cpu.wm.exports.get_pic_addr_master", "cpu.wm.exports.get_pic_addr_slave"],
  "cpu.wm.exports.full_clear_tlb",
];
