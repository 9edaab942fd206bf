/**
 * What a guest can be plugged into beside a bare PC. A platform (src/xen) lives in the host, sees all its guests and
 * takes over instructions of theirs; `machine` knows it by this interface alone, and is handed one by whoever makes
 * the host.
 */
import type { LinkPort } from "../network/link.ts";
import type { Disk } from "./disk/disk.ts";
import type { MachineSpec } from "./spec.ts";
import type { HookSet } from "./wasm/hooks.ts";

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
  /** A page was changed from outside the guest: compiled code of it is dropped and the dirty log told. */
  pageChanged(gpa: number): void;
  plugPci(pci: PlatformPciFunction): { raise(): void; lower(): void };
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
  /** The guest's own end of a link, made on first use. */
  port(link: string): LinkPort;
  /** The disks of the spec by their names: content lives with the host, not with the platform. */
  readonly disks: ReadonlyMap<string, Disk>;
  /** Runs a script in another guest of this host, as its administrator would. Rejects with a sentence when it fails. */
  run(machine: string, script: string): Promise<void>;
  /** The guest ended itself, or was ended for `message`. */
  stopped(reason: "poweroff" | "reboot" | "panic" | "fault", message: string): void;
  /** Bytes the guest wrote to the platform's console. */
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
  /** @throws Error with a sentence when the state cannot be this guest's; nothing is changed then */
  restore(state: unknown): void;
  /** Takes the guest off the platform, as if its power was cut: others see its devices closed. */
  detach(): void;
}

/** One for each host. */
export interface Platform {
  /** Changes to the emulator that its guests need. */
  readonly hooks: HookSet;
  /**
   * @param platform what the image says it boots on, `xen`
   * @throws Error with a sentence when the spec asks for what the platform has not
   */
  plug(spec: MachineSpec, surroundings: PlatformSurroundings): PlatformGuest;
  /** Probes of the whole platform and of a guest on it; plain JSON. Undefined when the name is not one of its own. */
  probe(machine: string, name: string, args: Readonly<Record<string, unknown>>): unknown;
  /** Settings that a student turns (slow motion, stepping, hot plug). @throws Error with a sentence for a wrong one */
  control(machine: string, control: string, args: Readonly<Record<string, unknown>>): unknown;
  /** State of what belongs to no guest alone, saved together with all guests. */
  save(): unknown;
  restore(state: unknown): void;
}
