import type { Identity } from "./agent/protocol.ts";
import type { Meters, RunOptions, RunResult, StartOptions, TravelReport, TravelTarget } from "./api.ts";
import type { MachineSpec } from "./spec.ts";

/** What a host may do with a guest, whatever it boots. */
export interface GuestMachine {
  readonly spec: MachineSpec;
  /** What it wrote to its serial port: early boot messages and panics. */
  readonly serial: string;
  /** True while the guest has nothing to do. */
  readonly resting: boolean;

  /** Opens the student's console. */
  openConsole(options: StartOptions): Promise<void>;
  /** Makes a clone itself. A guest that keeps nothing of its own to tell it from another does nothing. */
  identify(identity: Identity, patience?: number): Promise<void>;
  /** Bytes for the console, as typed. */
  type(bytes: Uint8Array): void;
  acknowledge(bytes: number): void;
  resize(columns: number, rows: number): void;
  run(script: string, options?: RunOptions): Promise<RunResult>;
  put(path: string, bytes: Uint8Array, mode?: number): Promise<void>;
  get(path: string): Promise<Uint8Array>;

  pause(): void;
  resume(): void;
  /** @param speed share of full speed, above 0 to 1 */
  setSpeed(speed: number): void;
  meters(): Meters;
  /** Makes it stand still, in its own time too, until {@link release}. */
  hold(): void;
  release(): void;

  /** The state between two turns, so that it can be restored anywhere. */
  save(): Promise<ArrayBuffer>;
  /** The newest state it kept by itself, for when it can run no more; undefined when there is none. */
  rescue(): Promise<ArrayBuffer | undefined>;
  /** Puts a machine that has not run into a saved state; it stands still until {@link release}. */
  restore(state: ArrayBuffer): Promise<void>;

  /** Reads a probe that looks at memory from outside. */
  probe(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Turns a setting of its devices. @throws Error with a sentence when there is none of that name */
  control(control: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Runs to an exit, forwards or back, and stops there. */
  travel(to: TravelTarget): Promise<TravelReport>;

  /** False once it can run no more. */
  readonly alive: boolean;
  /** @throws Error saying why the machine stopped, if it has */
  assertAlive(): void;
  /** Ends the machine and frees what it holds. */
  destroy(): void;
}
