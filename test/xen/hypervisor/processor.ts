import type { GuestAccess, PlatformPciFunction, Trap } from "../../../src/machine/platform.ts";
import { REGISTER } from "../../../src/machine/platform.ts";
import { ERRNO } from "../../../src/xen/abi/errors.ts";
import type { AnyLayout, Values } from "../../../src/xen/abi/layout.ts";
import { readLayout, writeLayout } from "../../../src/xen/abi/layout.ts";
import type { Guest } from "../../../src/xen/hypervisor/guest.ts";
import { trap } from "../../../src/xen/hypervisor/traps.ts";
import { Xen } from "../../../src/xen/hypervisor/xen.ts";

export const PAGE = 4096;

/** Memory, registers and a clock, and nothing that executes: what a hypercall sees of a processor. */
export class Processor implements GuestAccess {
  readonly memoryBytes: number;
  /** Pages told to have changed. */
  readonly changed = new Set<number>();
  /** Virtual pages that are not mapped; all others are at their own address. */
  readonly unmapped = new Set<number>();
  readonly line = { edges: 0, interrupt: () => this.#edge() };
  upcall: { readonly flag: number; readonly vector: number } | undefined;
  delivered = 0;
  woken = 0;
  asleep = false;
  ring = 0;
  clock = 0;
  #ip = 0;
  readonly #bytes: Uint8Array;
  readonly #registers = new Int32Array(8);
  readonly #watched = new Map<number, Uint8Array>();
  #timer: { readonly at: number; readonly due: () => void } | undefined;

  constructor(pages: number) {
    this.memoryBytes = pages * PAGE;
    this.#bytes = new Uint8Array(this.memoryBytes);
  }

  memory = (): Uint8Array => this.#bytes.subarray(0);
  registers = (): Int32Array => this.#registers;
  privilege = (): number => this.ring;
  trapped = (): number => this.#ip;
  halted = (): boolean => this.asleep;
  now = (): number => this.clock;

  translate(gva: number): number {
    return this.unmapped.has(gva >>> 12) ? -1 : gva;
  }

  wake(): void {
    this.woken++;
    this.asleep = false;
  }

  setUpcall(upcall: { readonly flag: number; readonly vector: number } | undefined): void {
    this.upcall = upcall;
  }

  deliver(): void {
    this.delivered++;
  }

  pageChanged(gpa: number): void {
    this.changed.add(gpa >>> 12);
  }

  watchStores(pages: readonly number[]): void {
    for (const page of pages) this.#watched.set(page, this.#bytes.slice(page, page + PAGE));
  }

  unwatchStores(page: number): void {
    this.#watched.delete(page);
  }

  /** A store that does not change anything is not seen: neither does it matter. */
  takeStores(): readonly number[] {
    const stored = [...this.#watched].filter(([page, content]) =>
      content.some((byte, at) => this.#bytes[page + at] !== byte),
    );
    for (const [page] of stored) this.#watched.delete(page);
    return stored.map(([page]) => page);
  }

  plugPci(_pci: PlatformPciFunction): { interrupt(): void } {
    return this.line;
  }

  onPortRead(): void {}
  onPortWrite(): void {}

  setTimer(at: number | undefined, due: () => void): void {
    this.#timer = at === undefined ? undefined : { at, due };
  }

  /** Lets the clock run, and the timer with it. */
  advance(milliseconds: number): void {
    const end = this.clock + milliseconds;
    while (this.#timer && this.#timer.at <= end) {
      const { at, due } = this.#timer;
      this.#timer = undefined;
      this.clock = Math.max(this.clock, at);
      due();
    }
    this.clock = end;
  }

  /** Puts an instruction where the processor is, and the arguments into its registers. */
  prepare(instruction: readonly number[], registers: Partial<Record<keyof typeof REGISTER, number>>): void {
    this.#ip = this.memoryBytes - 16;
    this.#bytes.set(instruction, this.#ip);
    for (const [name, value] of Object.entries(registers)) {
      this.#registers[REGISTER[name as keyof typeof REGISTER]] = value;
    }
  }

  #edge(): void {
    this.line.edges++;
  }
}

/** A guest of a test: its domain, and hypercalls made as its kernel makes them. */
export class TestGuest {
  readonly cpu: Processor;
  readonly guest: Guest;
  readonly crashes: string[] = [];
  readonly #xen: Xen;

  constructor(xen: Xen, id: number, pages = 64) {
    this.#xen = xen;
    this.cpu = new Processor(pages);
    const crashed = (message: string) => this.crashes.push(message);
    this.guest = xen.create(id, `guest${id}`, this.cpu, { line: this.cpu.line, crashed });
  }

  /** Where structures are put: the last page but one. */
  get scratch(): number {
    return this.cpu.memoryBytes - 2 * PAGE;
  }

  trap(kind: Trap): boolean {
    return trap(this.#xen, this.guest, kind);
  }

  /** A hypercall by VMCALL. @returns EAX */
  call(number: number, ...args: number[]): number {
    const [ebx = 0, ecx = 0, edx = 0, esi = 0, edi = 0] = args;
    this.cpu.prepare([0x0f, 0x01, 0xc1], { eax: number, ebx, ecx, edx, esi, edi });
    this.trap("invalid-opcode");
    return this.cpu.registers()[REGISTER.eax]!;
  }

  /** Puts a structure, or an array of them, into the scratch page. @returns its address */
  put<L extends AnyLayout>(layout: L, ...all: Partial<Values<L>>[]): number {
    const view = this.view();
    this.cpu.memory().fill(0, this.scratch, this.scratch + PAGE);
    for (const [index, values] of all.entries()) writeLayout(view, this.scratch + index * layout.bytes, layout, values);
    return this.scratch;
  }

  get<L extends AnyLayout>(layout: L, index = 0): Values<L> {
    return readLayout(this.view(), this.scratch + index * layout.bytes, layout);
  }

  /** A hypercall with one structure. @returns the result and the structure as it is then */
  with<L extends AnyLayout>(number: number, command: number, layout: L, values: Partial<Values<L>>, ...more: number[]) {
    const result = this.call(number, command, this.put(layout, values), ...more);
    return { result, ...this.get(layout) };
  }

  view(): DataView {
    const memory = this.cpu.memory();
    return new DataView(memory.buffer, memory.byteOffset, memory.length);
  }

  /** A turn in which the guest does something. */
  turn(work: () => void): void {
    this.#xen.enter(this.guest);
    work();
    this.#xen.leave(this.guest);
  }
}

/** A hypervisor with some guests, ids from 1. */
export function hypervisor(guests: number, pages?: number): { xen: Xen; guests: TestGuest[] } {
  const xen = new Xen({ emergencyConsole: () => {}, ringOf: () => undefined, sending: () => {} });
  return { xen, guests: Array.from({ length: guests }, (_, index) => new TestGuest(xen, index + 1, pages)) };
}

/** A hypercall's error by name, or the result. */
export const named = (result: number): string | number => {
  const name = Object.entries(ERRNO).find(([, number]) => number === -result)?.[0];
  return result < 0 && name ? name : result;
};
