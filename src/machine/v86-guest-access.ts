/** The processor and memory of one guest, for a platform (platform.ts): the half of v86's inside that it needs. */
import type { GuestAccess, PlatformPciFunction } from "./platform.ts";
import { SCRATCH } from "./v86-hooks.ts";
import { PIC_ELCR, type UntypedCpu } from "./v86-parts.ts";
import { STORES } from "./v86-store-hooks.ts";

const PAGE = 4096;
const NO_PAGES: readonly number[] = [];

/** CR0.PG, CR4.PSE and CR4.PAE (Intel SDM vol. 3A, 2.5). */
const PAGING = 1 << 31;
const LARGE_PAGES = 1 << 4;
const PHYSICAL_EXTENSION = 1 << 5;

/** Bits of an entry: present, and for a directory's, a page of 4 MiB (2 MiB with PAE) (4.3, 4.4). */
const PRESENT = 1;
const LARGE = 1 << 7;

/** The high half of a PAE entry without its no-execute bit: address bits 32 and up, beyond this processor's. */
const ABOVE_4_GIB = 0x7fffffff;

/** What a platform's guest gets from its machine. */
export interface AccessParts {
  /** Address of the hooks' scratch page in WebAssembly memory. */
  readonly scratch: number;
  /** Milliseconds of the machine's clock. */
  readonly now: () => number;
}

export class V86GuestAccess implements GuestAccess {
  readonly #cpu: UntypedCpu;
  readonly #parts: AccessParts;
  /** Where things are in WebAssembly memory, in bytes: v86 never moves them. */
  readonly #base: number;
  readonly #control: number;
  readonly #directories: number;
  readonly #trapped: number;
  readonly #level: number;
  readonly #general: number;
  readonly memoryBytes: number;
  #woken = false;
  #timer: { readonly at: number; readonly due: () => void } | undefined;
  /** Views of all of WebAssembly memory, for as long as it does not grow. */
  #buffer: ArrayBuffer | undefined;
  #bytes = new Uint8Array(0);
  #words = new Int32Array(0);

  constructor(cpu: UntypedCpu, parts: AccessParts) {
    this.#cpu = cpu;
    this.#parts = parts;
    this.memoryBytes = cpu.memory_size[0]!;
    this.#base = cpu.mem8.byteOffset;
    this.#control = cpu.cr.byteOffset >> 2;
    this.#directories = cpu.reg_pdpte.byteOffset >> 2;
    this.#trapped = cpu.previous_ip.byteOffset >> 2;
    this.#level = cpu.cpl.byteOffset;
    this.#general = cpu.reg32.byteOffset;
    this.#setWord(STORES.base, this.#base);
    this.#setWord(STORES.pages, this.memoryBytes / PAGE);
    this.#runTimer();
  }

  memory(): Uint8Array {
    this.#renew();
    return this.#bytes.subarray(this.#base, this.#base + this.memoryBytes);
  }

  registers(): Int32Array {
    this.#renew();
    return new Int32Array(this.#bytes.buffer, this.#general, 8);
  }

  privilege(): number {
    this.#renew();
    return this.#bytes[this.#level]!;
  }

  trapped(): number {
    this.#renew();
    return this.#words[this.#trapped]! >>> 0;
  }

  translate(gva: number): number {
    this.#renew();
    const address = gva >>> 0;
    const control = (index: number) => this.#words[this.#control + index]!;
    if ((control(0) & PAGING) === 0) return address;
    if (control(4) & PHYSICAL_EXTENSION) return this.#translateExtended(address);
    return this.#translatePlain(address, control(3), (control(4) & LARGE_PAGES) !== 0);
  }

  /** "32-bit paging" (Intel SDM vol. 3A, 4.3). */
  #translatePlain(address: number, cr3: number, largePages: boolean): number {
    const directory = this.#word(frame(cr3) + (address >>> 22) * 4);
    if ((directory & PRESENT) === 0) return -1;
    if (largePages && directory & LARGE) return ((directory & 0xffc00000) >>> 0) + (address & 0x3fffff);
    const table = this.#word(frame(directory) + ((address >>> 12) & 1023) * 4);
    return table & PRESENT ? frame(table) + (address & 0xfff) : -1;
  }

  /** "PAE paging" (4.4): the four directory pointers are as the processor loaded them with CR3. */
  #translateExtended(address: number): number {
    const pointer = this.#directories + (address >>> 30) * 2;
    if ((this.#words[pointer]! & PRESENT) === 0 || this.#words[pointer + 1]! & ABOVE_4_GIB) return -1;
    const directory = frame(this.#words[pointer]!) + ((address >>> 21) & 511) * 8;
    const entry = this.#extended(directory);
    if (entry & LARGE) return ((entry & 0xffe00000) >>> 0) + (address & 0x1fffff);
    if ((entry & PRESENT) === 0) return -1;
    const page = this.#extended(frame(entry) + ((address >>> 12) & 511) * 8);
    return page & PRESENT ? frame(page) + (address & 0xfff) : -1;
  }

  /** The low half of an 8-byte entry; 0, not present, when it is not or points beyond 4 GiB. */
  #extended(gpa: number): number {
    const low = this.#word(gpa);
    return low & PRESENT && (this.#word(gpa + 4) & ABOVE_4_GIB) === 0 ? low : 0;
  }

  /** An aligned word of guest-physical memory; 0 outside. */
  #word(gpa: number): number {
    return gpa + 4 <= this.memoryBytes ? this.#words[(this.#base + gpa) >>> 2]! : 0;
  }

  halted(): boolean {
    return this.#cpu.in_hlt[0] !== 0;
  }

  /** The turn that is asked for looks for interrupts, and one of them ends the HLT; without one it goes on. */
  wake(): void {
    if (!this.halted()) return;
    this.#woken = true;
    this.#cpu.stop_idling();
  }

  /**
   * True when {@link wake} was called since this was last asked. v86 learns of it only while it waits between two
   * turns: at the end of one, the rest that it is about to take has to be left out.
   */
  takeWoken(): boolean {
    const woken = this.#woken;
    this.#woken = false;
    return woken;
  }

  setUpcall(upcall: { readonly flag: number; readonly vector: number } | undefined): void {
    this.#renew();
    if (upcall && !(upcall.flag >= 0 && upcall.flag < this.memoryBytes)) {
      throw new RangeError(`An upcall's flag cannot be at ${upcall.flag}: this guest has ${this.memoryBytes} bytes.`);
    }
    this.#words[(this.#parts.scratch + SCRATCH.vector) >> 2] = upcall?.vector ?? 0;
    this.#words[(this.#parts.scratch + SCRATCH.flag) >> 2] = upcall ? this.#base + upcall.flag : 0;
  }

  deliver(): void {
    this.#cpu.handle_irqs();
  }

  pageChanged(gpa: number): void {
    const page = (gpa & -PAGE) >>> 0;
    if (page < this.memoryBytes) this.#cpu.jit_dirty_cache(page, page + PAGE);
  }

  watchStores(pages: readonly number[]): void {
    this.#renew();
    for (const page of pages) this.#bytes[this.#parts.scratch + STORES.watched + page / PAGE] = 1;
    this.#cpu.wm.exports.full_clear_tlb();
  }

  unwatchStores(page: number): void {
    this.#renew();
    this.#bytes[this.#parts.scratch + STORES.watched + page / PAGE] = 0;
  }

  takeStores(): readonly number[] {
    this.#renew();
    const count = this.#words[(this.#parts.scratch + STORES.logged) >> 2]!;
    if (count === 0) return NO_PAGES;
    this.#setWord(STORES.logged, 0);
    const log = (this.#parts.scratch + STORES.log) >> 2;
    return Array.from(this.#words.subarray(log, log + count), (page) => page * PAGE);
  }

  plugPci({ name, slot, space, bars }: PlatformPciFunction): { interrupt(): void } {
    const { pci } = this.#cpu.devices;
    const id = slot << 3;
    const pciBars = bars.map((size) => (size === undefined ? undefined : { size }));
    pci.register_device({ pci_id: id, pci_space: [...space], pci_bars: pciBars, name });
    return {
      interrupt: () => {
        this.#makeEdge(slot);
        pci.lower_irq(id);
        pci.raise_irq(id);
      },
    };
  }

  /**
   * Makes the input of a slot's pin A edge-triggered. As a level it would have to fall when the guest clears what it
   * stands for, which nobody sees; a kernel sets it back to a level when it sets the card up, so it is done each time.
   */
  #makeEdge(slot: number): void {
    this.#renew();
    const { devices, wm } = this.#cpu;
    const irq = devices.pci.isa_bridge_space8[0x60 + ((slot - 1) & 3)]!;
    const controller = irq < 8 ? wm.exports.get_pic_addr_master() : wm.exports.get_pic_addr_slave();
    this.#bytes[controller + PIC_ELCR]! &= ~(1 << (irq & 7));
  }

  onPortRead(port: number, read: (bytes: number) => number): void {
    const { io } = this.#cpu;
    io.register_read(
      port,
      {},
      () => read(1) & 0xff,
      () => read(2) & 0xffff,
      () => read(4) | 0,
    );
  }

  onPortWrite(port: number, write: (value: number, bytes: number) => void): void {
    const { io } = this.#cpu;
    io.register_write(
      port,
      {},
      (value) => write(value & 0xff, 1),
      (value) => write(value & 0xffff, 2),
      (value) => write(value >>> 0, 4),
    );
  }

  now(): number {
    return this.#parts.now();
  }

  setTimer(at: number | undefined, due: () => void): void {
    this.#timer = at === undefined ? undefined : { at, due };
    if (at !== undefined) this.wake(); // whoever rests until the next timer has to learn of this one
  }

  /** v86 asks its own timers once in a few hundred microseconds, and before it rests in a HLT; this one beside them. */
  #runTimer(): void {
    const cpu = this.#cpu;
    const own = cpu.run_hardware_timers;
    cpu.run_hardware_timers = (acpi, now) => {
      const rest = own.call(cpu, acpi, now);
      if (!this.#timer) return rest;
      const left = this.#timer.at - this.now();
      if (left > 0) return Math.min(rest, left);
      const { due } = this.#timer;
      this.#timer = undefined;
      due();
      return 0;
    };
  }

  /** A word of the hooks' scratch memory, which v86 neither saves nor clears. */
  #setWord(offset: number, value: number): void {
    this.#renew();
    this.#words[(this.#parts.scratch + offset) >> 2] = value;
  }

  #renew(): void {
    const { buffer } = this.#cpu.wasm_memory;
    if (buffer === this.#buffer) return;
    this.#buffer = buffer as ArrayBuffer;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
  }
}

/** The address in an entry or CR3: bits 31 to 12. */
const frame = (entry: number) => (entry & -PAGE) >>> 0;
