/**
 * A processor without a program: memory, registers and a clock, for guests that are written in TypeScript. Guest-virtual
 * addresses are guest-physical ones; above the memory nothing is mapped.
 */
import type { GuestAccess, PlatformPciFunction } from "../../../machine/platform.ts";
import { PAGE_SIZE } from "../../../xen/abi/domains.ts";

/** Where the instruction stands that traps. */
const CODE = 0x1000;
const VMCALL = [0x0f, 0x01, 0xc1];

/** What a platform did on behalf of guests, in looks at their memory, registers and page tables. */
export class Steps {
  count = 0;
}

export class Processor implements GuestAccess {
  readonly memoryBytes: number;
  clock = 0;
  /** Called whenever this program looks at the memory: another processor of the guest's may store at that moment. */
  onLook: (() => void) | undefined;
  upcall: { readonly flag: number; readonly vector: number } | undefined;
  readonly #memory: Uint8Array;
  readonly #registers = new Int32Array(8);
  readonly #steps: Steps;
  readonly #reads = new Map<number, (bytes: number) => number>();
  readonly #writes = new Map<number, (value: number, bytes: number) => void>();
  /** Pages with their content when they were first watched. */
  readonly #watched = new Map<number, Uint8Array>();
  #timer: { readonly at: number; readonly due: () => void } | undefined;

  constructor(memoryBytes: number, steps: Steps) {
    this.memoryBytes = memoryBytes;
    this.#memory = new Uint8Array(memoryBytes);
    this.#memory.set(VMCALL, CODE);
    this.#steps = steps;
  }

  /** As the guest itself sees it; not counted. */
  get bytes(): Uint8Array {
    return this.#memory;
  }

  memory(): Uint8Array {
    this.#steps.count += 1;
    this.onLook?.();
    return this.#memory;
  }

  registers(): Int32Array {
    this.#steps.count += 1;
    return this.#registers;
  }

  privilege(): number {
    return 0;
  }

  trapped(): number {
    return CODE;
  }

  translate(gva: number): number {
    this.#steps.count += 1;
    return gva < this.memoryBytes ? gva : -1;
  }

  halted(): boolean {
    return false;
  }

  wake(): void {
    this.#steps.count += 1;
  }

  setUpcall(upcall: { readonly flag: number; readonly vector: number } | undefined): void {
    this.upcall = upcall;
  }

  deliver(): void {
    this.#steps.count += 1;
  }

  pageChanged(): void {
    this.#steps.count += 1;
  }

  watchStores(pages: readonly number[]): void {
    for (const page of pages) this.#watched.set(page, this.#memory.slice(page, page + PAGE_SIZE));
  }

  unwatchStores(page: number): void {
    this.#watched.delete(page);
  }

  /** A store is known by what it changed. */
  takeStores(): readonly number[] {
    const stored = [...this.#watched].flatMap(([page, was]) => {
      return was.every((byte, at) => byte === this.#memory[page + at]) ? [] : [page];
    });
    for (const page of stored) this.#watched.delete(page);
    return stored;
  }

  plugPci(_pci: PlatformPciFunction): { interrupt(): void } {
    const interrupt = () => {
      this.#steps.count += 1;
    };
    return { interrupt };
  }

  onPortRead(port: number, read: (bytes: number) => number): void {
    this.#reads.set(port, read);
  }

  onPortWrite(port: number, write: (value: number, bytes: number) => void): void {
    this.#writes.set(port, write);
  }

  now(): number {
    return this.clock;
  }

  setTimer(at: number | undefined, due: () => void): void {
    this.#timer = at === undefined ? undefined : { at, due };
  }

  in(port: number, bytes: number): number | undefined {
    return this.#reads.get(port)?.(bytes);
  }

  out(port: number, value: number, bytes: number): void {
    this.#writes.get(port)?.(value, bytes);
  }

  /** Lets time pass; the timer runs out when it is due, once. */
  pass(milliseconds: number): void {
    this.clock += milliseconds;
    const timer = this.#timer;
    if (!timer || timer.at > this.clock) return;
    this.#timer = undefined;
    timer.due();
  }
}
