import type { MachineSpec } from "../machine/spec.ts";
import type { LinkSpec } from "../network/link-spec.ts";
import type { Prose } from "./prose.ts";
import type { Language, Text } from "./text.ts";

/**
 * A lab as the rest of the program sees it: plain data, checked, with the seed's values filled in everywhere.
 * What an author writes is described in schema.ts; names here are known to exist (see format/crosscheck.ts).
 */
export interface Lab {
  readonly id: string;
  /** Where its files were read from, for people: an address or a folder. */
  readonly address: string;
  /** True when the files do not belong to this site: the page says where they come from. */
  readonly foreign: boolean;
  /** The number this instance was made from, 0 to 2^32 − 1. */
  readonly seed: number;
  /** Version of the format, from `lab.yaml`. */
  readonly version: 1;
  readonly title: Text;
  /** One line for the catalogue: what is real in this lab. */
  readonly summary: Text | undefined;
  /** How long a student needs, roughly. */
  readonly minutes: number;
  readonly machines: readonly LabMachine[];
  readonly links: readonly LabLink[];
  /** Panels of the page, in the lab's order. */
  readonly layout: readonly Panel[];
  /** The same, panels that share a place on the page together. */
  readonly places: readonly (readonly Panel[])[];
  /** Every task by its id. */
  readonly tasks: Readonly<Record<string, Task>>;
  readonly steps: readonly Step[];
  readonly prose: Readonly<Record<Language, Prose>>;
}

export interface LabMachine {
  readonly spec: MachineSpec;
  /** Machines with the same host share a worker. Without a host of its own a machine has the host of its name. */
  readonly host: string;
  readonly files: readonly LabFile[];
}

/** The {@link LabLink.place} of links between hosts; no host has this name. */
export const NETWORK = "network";

/** What cards are plugged into. */
export interface LabLink {
  readonly name: string;
  readonly spec: LinkSpec;
  /** Whose thread it is in: a host's name, or {@link NETWORK}. */
  readonly place: string;
}

/** A file of the lab's `files/` folder that is put into a machine before its first prompt matters. */
export interface LabFile {
  /** Path in the lab's folder, for example `files/setup.sh`. */
  readonly from: string;
  /** Absolute path in the guest. */
  readonly to: string;
  /** Permission bits. */
  readonly mode: number;
}

/** Panels that look into a machine that boots the teaching hypervisor. */
export const HYPERVISOR_PANELS = [
  "translation",
  "page-tables",
  "exits",
  "anatomy",
  "memory",
  "nested-walk",
  "program",
] as const;

/** Panels that look at a machine's devices: their rings, and the Xen host they are shared on. */
export const DEVICE_PANELS = ["ring", "domains"] as const;

/** Panels that show one machine each. */
export const MACHINE_PANELS = ["terminal", ...HYPERVISOR_PANELS, ...DEVICE_PANELS] as const;

/** Panels of the whole lab: the wires, the namespaces inside a guest, what designs and what devices cost, the steps. */
export const PANELS = ["network", "namespaces", "costs", "io-costs", "steps"] as const;

export type MachinePanel = { readonly kind: (typeof MACHINE_PANELS)[number]; readonly machine: string };
export type Panel = MachinePanel | { readonly kind: (typeof PANELS)[number] };

export interface Step {
  readonly id: string;
  /** Task ids, in the lab's order. */
  readonly tasks: readonly string[];
}

/** A script and the machine that runs it. */
export interface Script {
  readonly machine: string;
  readonly run: string;
}

/** A setting of a machine's devices, turned. */
export interface Turn {
  /** Undefined for a setting of the links. */
  readonly machine: string | undefined;
  readonly control: string;
  readonly with: Readonly<Record<string, unknown>>;
}

/** A machine, started anew. */
export interface Restart {
  readonly machine: string;
  readonly restart: true;
}

/** What a student does: something typed, something turned in a panel, or a machine restarted. */
export type Deed = Script | Turn | Restart;

/** A script that prints a hint, one for each language; often the same one, which looks at `LANG`. */
export interface HintScript {
  readonly machine: string;
  readonly run: Text;
}

/** What a reading of the task's own probe means for the student: the first hint whose pattern it holds. */
export interface HintCases {
  readonly cases: readonly { readonly where: Pattern | undefined; readonly text: Text }[];
}

interface TaskBase {
  readonly id: string;
  /** What to do, in one line. */
  readonly say: Text | undefined;
  /** Tasks that must be done before this one counts. */
  readonly needs: readonly string[];
  readonly hint: HintScript | HintCases | undefined;
  /** Does the task, one deed after the other; for the author's `lab check`, never done for a student. */
  readonly solve: readonly Deed[] | undefined;
}

/** Done when a script exits with 0. */
export interface CheckTask extends TaskBase {
  readonly kind: "check";
  readonly check: Script;
  /** Exit 0 ends the attempt; its output says why. */
  readonly fail: Script | undefined;
}

/** Done when a probe's reading holds the pattern `where`. */
export interface ProbeTask extends TaskBase {
  readonly kind: "probe";
  readonly probe: string;
  /** Undefined for a probe of the links. */
  readonly machine: string | undefined;
  /** What the probe is asked besides its machine. */
  readonly with: Readonly<Record<string, unknown>>;
  readonly where: Pattern;
  readonly fail: Script | undefined;
}

/** A question: done when answered, or when answered right where `must` is set. */
export interface AskTask extends TaskBase {
  readonly kind: "ask";
  readonly question: Text;
  readonly reply: Reply;
  /** True: only the right answer does it. False: a prediction, which never blocks. */
  readonly must: boolean;
  readonly answer: Answer | undefined;
  /** The true value is read when this task is done; without it, when the question is answered. */
  readonly reveal: string | undefined;
  /** Why the true value is what it is; shown with the verdict. */
  readonly because: Text | undefined;
}

export type Task = CheckTask | ProbeTask | AskTask;

export type Reply =
  | { readonly kind: "text" }
  | { readonly kind: "choice"; readonly choices: readonly Choice[] }
  | { readonly kind: "number"; readonly tolerance: Tolerance };

export interface Choice {
  /** What an answer holds and is compared by. */
  readonly value: string;
  readonly label: Text;
}

/** How far a number may be off: in its own unit, or as a share of the true value (0.1 is 10 %). */
export interface Tolerance {
  readonly by: "amount" | "share";
  readonly value: number;
}

/** Where the true value of a question comes from. */
export type Answer =
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "script"; readonly script: Script }
  | {
      readonly kind: "probe";
      readonly probe: string;
      readonly machine: string | undefined;
      readonly with: Readonly<Record<string, unknown>>;
      readonly path: readonly string[];
    };

/** Plain data that a reading is compared with; see `matches` in running/match.ts. */
export type Pattern = string | number | boolean | null | readonly Pattern[] | { readonly [key: string]: Pattern };
