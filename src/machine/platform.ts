/**
 * What a guest can be plugged into beside a bare PC. A platform (src/xen) lives in the host, sees all its guests and
 * takes over instructions of theirs; `machine` knows it by this interface alone, and is handed one by whoever makes
 * the host.
 */
import type { LinkPort } from "../network/link.ts";
import type { Disk } from "./disk/disk.ts";
import type { MachineSpec } from "./spec.ts";

/** Registers in the order the processor encodes them; indices into {@link GuestAccess.registers}. */
export const REGISTER = { eax: 0, ecx: 1, edx: 2, ebx: 3, esp: 4, ebp: 5, esi: 6, edi: 7 } as const;

/** Why the emulator asks a platform: an instruction it may take over. */
export type Trap = "invalid-opcode" | "cpuid" | "rdmsr" | "wrmsr";

/** A PCI function of a platform's own, on bus 0. */
export interface PlatformPciFunction {
  readonly name: string;
  readonly slot: number;
  /** The 256 bytes of configuration space at power-on, base addresses included (they do not move). */
  readonly space: Uint8Array;
  /** Bytes of each base address region; undefined where there is none. */
  readonly bars: readonly (number | undefined)[];
}

/** One guest's processor and memory, as a platform sees them in a trap and between turns. All addresses in bytes. */
export interface GuestAccess {
  /** Guest-physical memory in bytes. */
  readonly memoryBytes: number;
  /** Guest-physical memory as it is. The view dies when WebAssembly memory grows: take it anew for each use. */
  memory(): Uint8Array;
  /** The eight general registers, live: what is written here the guest finds there. Take it anew for each use. */
  registers(): Int32Array;
  /** Current privilege level, 0 to 3. */
  privilege(): number;
  /** Linear address of the instruction that trapped. */
  trapped(): number;
  /** @returns guest-physical address behind a guest-virtual one, or -1 where nothing is mapped; reads only */
  translate(gva: number): number;
  /** True while the processor waits in HLT. */
  halted(): boolean;
  /** Ends a HLT so that a pending upcall is looked at. */
  wake(): void;
  /**
   * Level-triggered vector callback, as Xen's HVM callback by vector: whenever the processor looks for interrupts and
   * the byte at `flag` (guest-physical) is not zero, it takes `vector`. Undefined switches it off.
   */
  setUpcall(upcall: { readonly flag: number; readonly vector: number } | undefined): void;
  /** Looks for interrupts now, as a processor does on its way back into the guest. */
  deliver(): void;
  /** A page was changed from outside the guest: compiled code of it is dropped. */
  pageChanged(gpa: number): void;
  /** Plugs a function in. `interrupt` is one edge of its interrupt pin A, of which the controller takes each for one. */
  /**
   * Watches pages for stores, by the processor or by a device of the emulator: the first into each is reported once by
   * {@link takeStores}, and ends the watch. Between two turns only. At most 8192 pages at a time.
   *
   * @param pages guest-physical addresses of pages
   */
  watchStores(pages: readonly number[]): void;
  unwatchStores(page: number): void;
  /** Guest-physical addresses of the watched pages that were stored to since the last call. */
  takeStores(): readonly number[];
  plugPci(pci: PlatformPciFunction): { interrupt(): void };
  /** Answers reads of an I/O port; `bytes` is the width, 1, 2 or 4. */
  onPortRead(port: number, read: (bytes: number) => number): void;
  onPortWrite(port: number, write: (value: number, bytes: number) => void): void;
  /** Milliseconds of the machine's clock, which stands still while the machine is paused. */
  now(): number;
  /** Calls `due` once the machine's clock is at or past `at` milliseconds, a HLT notwithstanding; undefined for never. */
  setTimer(at: number | undefined, due: () => void): void;
}

/** What the host does for a platform's guest. */
export interface PlatformSurroundings {
  /** A new end of a link for the guest's card `nic`, counted from 0: close it when its device goes. */
  port(link: string, nic: number): LinkPort;
  /** The disks of the spec by their names: content lives with the host, not with the platform. */
  readonly disks: ReadonlyMap<string, Disk>;
  /** Runs a script in another guest of this host, as its administrator would. Rejects with a sentence when it fails. */
  run(machine: string, script: string): Promise<void>;
  /**
   * The guest ended itself, or was ended: it executes nothing more, and {@link PlatformGuest.detach} is called soon, not
   * from within.
   *
   * @param message goes on from "Machine `domU` stopped: …", without a full stop
   */
  stopped(reason: "poweroff" | "reboot" | "panic" | "fault", message: string): void;
  /** Bytes the guest wrote to the platform's console; the newest are kept with the machine. */
  console(bytes: Uint8Array): void;
}

/** One guest's place on a platform. */
export interface PlatformGuest {
  /** Bytes at the top of guest-physical memory that are the platform's; the memory map says reserved. */
  readonly reservedTop: number;
  /** Once, when the emulator has loaded and before the guest first runs. */
  attach(access: GuestAccess): void;
  /** @returns true when the platform took the instruction over; the emulator goes on behind it */
  trap(trap: Trap): boolean;
  /** Before each turn of this guest: pages it shares are brought here. */
  beforeTurn(): void;
  /** After each turn. */
  afterTurn(): void;
  /** The guest has said its first word: devices whose other end is in another guest are made now or earlier. */
  ready(): Promise<void>;
  /** JSON data, for {@link restore} into a fresh place of the same spec, before the guest's first turn. */
  save(): unknown;
  /**
   * The guest's memory is as it was saved already; its processor's {@link GuestAccess.setUpcall} is to be set again.
   *
   * @throws Error with a sentence when the state cannot be this guest's
   */
  restore(state: unknown): void;
  /** Takes the guest off the platform, as if its power was cut: others see its devices closed. */
  detach(): void;
}

/**
 * One for each host. Its guests run in an emulator with the hooks of v86-hooks.ts.
 *
 * Guests share memory, so they are saved and put back together, with everything standing still: `save` of the platform
 * and of all guests is called in one go. To put them back, the guests there are {@link PlatformGuest.detach}ed; each
 * saved one is plugged in and attached anew, in the order it was first, and its memory and disks are put back; then the
 * platform's {@link restore} and each guest's are called, and only then does any of them run.
 */
export interface Platform {
  /**
   * @param platform what the image says it boots on, `xen`
   * @throws Error with a sentence when the spec asks for what the platform has not
   */
  plug(spec: MachineSpec, surroundings: PlatformSurroundings): PlatformGuest;
  /** Probes of the whole platform and of a guest on it; plain JSON. Undefined when the name is not one of its own. */
  probe(machine: string, name: string, args: Readonly<Record<string, unknown>>): unknown;
  /** Settings that a student turns (slow motion, stepping, hot plug). @throws Error with a sentence for a wrong one */
  control(machine: string, control: string, args: Readonly<Record<string, unknown>>): unknown;
  /** State of what belongs to no guest alone, saved together with all guests. JSON data. */
  save(): unknown;
  /** @throws Error with a sentence when it cannot be its state */
  restore(state: unknown): void;
}
