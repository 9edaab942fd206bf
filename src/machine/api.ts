import type { MessageEnd } from "../network/api.ts";
import type { LinkSpec } from "../network/link-spec.ts";
import type { MachineSpec } from "./spec.ts";

/**
 * What a page, the command line or a test may ask of a host, and what a host tells. Types alone: both sides of the
 * worker boundary import this file, and everything in it crosses a `postMessage` as it is.
 */

/** How a script in the guest ended. */
export interface RunResult {
  /** Exit code 0 to 255; 128 + the signal's number where a signal ended it; 124 when the time limit did. */
  readonly exit: number;
  readonly how: "exited" | "signal" | "time limit";
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** True when output past the limit was dropped and the script ended for it. */
  readonly truncated: boolean;
}

export interface RunOptions {
  /** Milliseconds until the script's process group is killed; 0 for none. Default 10,000. */
  readonly limit?: number;
  /** Bytes of output kept, stdout and stderr together; past it the script is killed. Default 4 MiB. */
  readonly maxOutput?: number;
}

/** Where a starting machine is. `loaded` and `total` are bytes over the wire, where a stage has bytes. */
export interface Progress {
  readonly stage: "download" | "restore" | "boot" | "layer" | "ready";
  /** The image's part or layer: `kernel`, `initramfs`, `nft` … */
  readonly part?: string;
  readonly loaded?: number;
  readonly total?: number;
}

/** Why a machine stopped by itself. */
export type StopReason = "panic" | "poweroff" | "reboot" | "fault";

/** Things worth a quiet word, none of which stops a lab. */
export type NoticeCode =
  | "snapshot-stored"
  | "snapshot-refused" // storage is full or forbidden: the next start boots
  | "snapshot-damaged" // what was stored could not be trusted and is gone: this start boots
  | "agent-lost" // the guest agent was killed; a new one is being started
  | "agent-silent" // the guest runs but its agent does not answer
  | "agent-back"; // after either

export type MachineEvent =
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "console"; readonly bytes: Uint8Array }
  | { readonly type: "stopped"; readonly reason: StopReason; readonly message: string }
  | { readonly type: "notice"; readonly code: NoticeCode; readonly message: string };

export interface StartOptions {
  /** `instant`: restore the stored snapshot if there is a sound one, else boot and store one. Default `instant`. */
  readonly start?: "instant" | "boot";
  /** Environment of the console's shell, for example `LANG`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  /**
   * Links of this host, by name; one that is already there stays what it is. A card's link that is not among them is
   * reached over the cable ({@link HostApi.join}), and on a host without one is a switch of its own.
   */
  readonly links?: Readonly<Record<string, LinkSpec>>;
  /** What is on the machine's disks: what it wrote in an earlier life, or nothing. Default `kept`. */
  readonly disks?: "kept" | "empty";
}

export interface StartReport {
  readonly how: "boot" | "restore";
  /** Milliseconds from the call to a shell on the console, and of that until the agent's first word. */
  readonly milliseconds: number;
  readonly agentMilliseconds: number;
  /** Guest instructions until the agent's first word; 0 after a restore. */
  readonly instructions: number;
}

/** One look at a machine's meters. */
export interface Meters {
  readonly running: boolean;
  /** Guest instructions since the machine started, modulo 2^32 as v86 counts them. */
  readonly instructions: number;
  /** Share of host time spent executing the guest since the last look, 0 to 1. */
  readonly busy: number;
  readonly jit: boolean;
  /** Exits to the hypervisor since the machine started, where there is one. */
  readonly exits?: number;
}

/** Where a machine that counts its exits should go (the teaching hypervisor's). */
export type TravelTarget =
  | { readonly to: "next" }
  /** To the exit before the one it stands at. */
  | { readonly to: "previous" }
  /** To a numbered exit, counted from 1 at the machine's start; 0 is the start itself. */
  | { readonly to: "exit"; readonly exit: number }
  /** To the next exit of one of these kinds (names of `enum trace_kind`). */
  | { readonly to: "kind"; readonly kinds: readonly string[] };

export interface TravelReport {
  /** False when it was stopped, or the machine ended, before it got there. */
  readonly reached: boolean;
  /** Exits until here. */
  readonly exit: number;
  /** Instructions until here. */
  readonly instructions: number;
  readonly milliseconds: number;
}

/** The host in its worker, as comlink shows it. Every method names the machine by {@link MachineSpec.name}. */
export interface HostApi {
  start(spec: MachineSpec, options: StartOptions, events: (event: MachineEvent) => void): Promise<StartReport>;
  /** Ends a machine and frees its memory; it may be started again. */
  stop(machine: string): Promise<void>;
  /** Bytes typed on the console. */
  type(machine: string, bytes: Uint8Array): Promise<void>;
  /** Console bytes the receiver has dealt with: the guest pauses when it is too far ahead. */
  acknowledge(machine: string, bytes: number): Promise<void>;
  resize(machine: string, columns: number, rows: number): Promise<void>;
  run(machine: string, script: string, options?: RunOptions): Promise<RunResult>;
  put(machine: string, path: string, bytes: Uint8Array, mode?: number): Promise<void>;
  get(machine: string, path: string): Promise<Uint8Array>;
  pause(machine: string): Promise<void>;
  resume(machine: string): Promise<void>;
  /** Slow motion: `speed` is a share of full speed, above 0 to 1. A restart or a restore goes at full speed. */
  speed(machine: string, speed: number): Promise<void>;
  meters(machine: string): Promise<Meters>;
  /** Runs a machine to an exit, forwards or back, and leaves it paused there. */
  travel(machine: string, target: TravelTarget): Promise<TravelReport>;
  /** Reads a probe that looks into the machine's memory. Plain JSON data; the machine notices nothing. */
  probe(machine: string, probe: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Turns a setting of a machine's devices: slow motion, stepping, counters, hot plug. Rejects with a sentence for a wrong one. */
  control(machine: string, control: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The cable to the network's worker, for links between hosts; another takes its place. Resolves when it answers. */
  join(end: MessageEnd): Promise<void>;
  /** A probe `network.*` of the links inside this host (network/api.ts). Rejects with a sentence for a wrong one. */
  networkProbe(probe: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** A control `network.*` of the links inside this host (network/api.ts). Rejects with a sentence for a wrong one. */
  networkControl(control: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /**
   * The machine as it is now, for {@link HostApi.restore}; it runs on. Guests of one platform share memory: a snapshot
   * of one is of all of them in this host, at one moment.
   */
  snapshot(machine: string): Promise<Uint8Array>;
  /**
   * Puts a running machine back to a snapshot of its own, one on a platform together with all guests of it. Refused with
   * a reason when it is not one, losing nothing.
   */
  restore(machine: string, snapshot: Uint8Array): Promise<void>;
}
