import type {
  HostApi,
  MachineEvent,
  Progress,
  RunOptions,
  RunResult,
  StartOptions,
  StartReport,
  StopReason,
  TravelReport,
  TravelTarget,
} from "../../machine/api.ts";
import type { FabricApi } from "../../network/api.ts";
import type { Lab } from "../lab.ts";
import type { LabSource } from "../load.ts";
import type { ProgressStore } from "../progress.ts";
import type { Language, Text } from "../text.ts";

/**
 * Everything a page shows of a lab that runs. A new object for every change, never changed itself; plain data.
 * It holds codes and facts, not sentences: the page has the words, in both languages.
 */
export interface SessionState {
  /** `starting` until every machine runs or has failed to; `open` after it; `closed` for good. */
  readonly phase: "starting" | "open" | "closed";
  /** What the student reads: a step's id, `intro` or `finish`. */
  readonly place: string;
  readonly language: Language;
  readonly machines: Readonly<Record<string, MachineState>>;
  readonly tasks: Readonly<Record<string, TaskState>>;
  readonly steps: readonly StepState[];
  /** There once every task is done or the student has finished. */
  readonly result: Result | undefined;
  readonly notices: readonly Notice[];
}

export interface StepState {
  readonly id: string;
  /** Every task of the step is done; true for a step without tasks once it has been read. */
  readonly done: boolean;
}

export type MachineState =
  | { readonly status: "starting"; readonly progress: Progress | undefined; readonly saved: number | undefined }
  | {
      readonly status: "running";
      readonly report: StartReport;
      readonly paused: boolean;
      /** Share of full speed, above 0 to 1. */
      readonly speed: number;
      /** `lost`: killed, a new one is being started; `silent`: it does not answer. Checks wait meanwhile. */
      readonly agent: "ready" | "lost" | "silent";
      readonly saved: number | undefined;
    }
  | {
      readonly status: "stopped";
      /** `start`: it never ran, or what the lab needs could not be put into it. `host`: its worker is gone. */
      readonly reason: StopReason | "start" | "host";
      readonly message: string;
      /** When the last save point was made, milliseconds since 1970; undefined without one. */
      readonly saved: number | undefined;
    };

export interface TaskState {
  readonly id: string;
  /**
   * `blocked`: a task it needs is not done. `open`: being checked while its step is open. `done`: for good, also after
   * a reload. `failed`: the attempt ended (`fail`); `retry` opens it again.
   */
  readonly status: "blocked" | "open" | "done" | "failed";
  /** Of a task that is done: whether its check still holds; undefined while nobody looked. */
  readonly holds: boolean | undefined;
  /** Why nothing can be said at the moment. Unknown is not failed. */
  readonly waiting: Waiting | undefined;
  readonly hint: Hint | undefined;
  /** True when the task has a hint that may be asked for. */
  readonly hasHint: boolean;
  /** What the `fail` script printed. */
  readonly failure: string | undefined;
  /** What the student answered, as text; for a choice, its value. */
  readonly answer: string | undefined;
  readonly verdict: Verdict | undefined;
}

/** What a task waits for. `message` is the machine's own words, where there are any. */
export interface Waiting {
  readonly code:
    | "needs" // a task it needs; `task` names it
    | "machine-starting"
    | "machine-paused"
    | "machine-stopped"
    | "agent" // the guest agent was lost or does not answer
    | "time-limit" // the script took too long
    | "no-result" // the script was ended, or a probe could not be read
    | "reveal"; // answered; the true value is read once `task` is done
  readonly machine?: string;
  readonly task?: string;
  readonly message?: string;
}

export interface Hint {
  /** What was found, in the session's language, as plain text; empty when the script found nothing to say. */
  readonly text: string;
  /** True when the student asked for it. */
  readonly asked: boolean;
}

export interface Verdict {
  readonly right: boolean;
  /** The true value; left out while a question that must be right is not. */
  readonly value: string | undefined;
  readonly because: Text | undefined;
}

export interface Result {
  /** Share of tasks done, 0 to 1. A prediction counts once it is answered. */
  readonly score: number;
  /** Seconds the lab was open and looked at, over all visits. */
  readonly seconds: number;
  readonly done: number;
  readonly tasks: number;
  /** Questions with a verdict, and how many of those were right. */
  readonly judged: number;
  readonly right: number;
}

/** Things worth a quiet word; none stops the lab. */
export interface Notice {
  readonly code:
    | "progress-damaged" // what was kept could not be read and was dropped
    | "progress-not-kept"; // the storage refuses; progress lasts as long as the page
  readonly message: string;
}

/** How often things are looked at, in milliseconds. */
export interface Pace {
  /** Between two checks of an open task. */
  readonly check: number;
  /** Between two checks of a task that is done. */
  readonly recheck: number;
  /** Both, while the page is hidden. */
  readonly hidden: number;
  /** How long a check has to fail before its hint is looked for. */
  readonly hintAfter: number;
  /** Between two looks for a hint. */
  readonly hintEvery: number;
  /** Time limit of a script. */
  readonly limit: number;
  /** Past the limit, how long the host may take to answer before the result counts as unknown. */
  readonly grace: number;
}

export interface SessionOptions {
  readonly lab: Lab;
  /** Where the lab's `files/` are read from. */
  readonly source: LabSource;
  /** The host a machine runs on; asked again at every start, so that a new worker can take a dead one's place. */
  readonly hostOf: (machine: string) => HostApi | Promise<HostApi>;
  /** The links between hosts; asked only where the lab has some. */
  readonly network?: () => FabricApi | Promise<FabricApi>;
  readonly store: ProgressStore;
  readonly language: Language;
  /** Where to begin; default: where the student was, else `intro`. */
  readonly place?: string;
  /** Every event of every machine, as it comes: console bytes for the terminals among them. */
  readonly onMachineEvent?: (machine: string, event: MachineEvent) => void;
  /** Terminal size and environment for a start. */
  readonly startOptions?: (machine: string) => StartOptions;
  readonly pace?: Partial<Pace>;
}

/** A lab that runs. Made by `openSession`; nothing runs before `start`. */
export interface LabSession {
  readonly lab: Lab;
  readonly state: SessionState;
  /** @returns a function that ends the subscription */
  subscribe(listener: (state: SessionState) => void): () => void;
  /**
   * Reads progress and starts every machine, those that others need before them first. Resolves when each runs or has
   * failed; never rejects for that.
   */
  start(): Promise<void>;
  /** Shows a step, `intro` or `finish`; its checks run while it is open. Unknown places change nothing. */
  goto(place: string): void;
  setLanguage(language: Language): void;
  /** False while nobody looks: checks run rarely and the time does not count. */
  setAttention(attention: boolean): void;
  /** Something probably changed (the student pressed Enter): look soon. */
  nudge(): void;
  /** Looks for a hint now. */
  askHint(task: string): Promise<void>;
  /** @returns false when the question cannot take this answer (not a number, not one of the choices, already judged) */
  answer(task: string, text: string): boolean;
  /** Opens a failed task again. */
  retry(task: string): void;
  /** Drops progress and starts every machine anew, with empty disks. */
  reset(): Promise<void>;
  /** Starts machines anew, with the files the lab puts into them; failed tasks of theirs open again. */
  restart(...machines: readonly string[]): Promise<void>;
  pause(machine: string): Promise<void>;
  resume(machine: string): Promise<void>;
  /** Slow motion of a running machine: a share of full speed, above 0 to 1. A restart or a step back ends it. */
  setSpeed(machine: string, speed: number): Promise<void>;
  /** Takes a machine that counts its exits to one of them, forwards or back; it stands paused there. */
  travel(machine: string, target: TravelTarget): Promise<TravelReport>;
  /** Makes a save point of a running machine, and of all on its Xen host; the last one is kept, in memory. */
  save(machine: string): Promise<void>;
  /**
   * Puts a machine, running or stopped, back to its save point, and with it all that were saved with it. Rejects with the
   * reason when that is refused.
   *
   * @returns the names of the machines put back
   */
  back(machine: string): Promise<readonly string[]>;
  /** The machine's worker died: says so in the state until it is restarted. */
  hostLost(machine: string, message: string): void;
  run(machine: string, script: string, options?: RunOptions): Promise<RunResult>;
  /** Reads a probe; rejects with a `ProbeError` that says what is wrong. */
  probe(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /**
   * Turns a setting of a machine's devices, also while it stands still, or of the links, for which no machine is named;
   * rejects with a sentence for a wrong one.
   */
  control(machine: string | undefined, control: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Ends the lab as it stands and shows `finish`. */
  finish(): Result;
  /** Stops the machines and keeps progress. */
  close(): Promise<void>;
}
