import type { Strings } from "./language.ts";

/** A machine as the page shows it. Plain data: made by the page from what the host and the lab's session tell. */

/** One piece on its way over the wire, in bytes. */
export interface Part {
  readonly name: string;
  readonly loaded: number;
  /** Undefined when nobody said how much there is. */
  readonly total: number | undefined;
}

export type Stage = "waiting" | "download" | "restore" | "boot" | "layer" | "ready";

/** What a machine does at the moment, between two looks at its meters. */
export interface Load {
  /** Guest instructions in a second. */
  readonly instructions: number;
  /** Share of the host's time, 0 to 1. */
  readonly busy: number;
  readonly jit: boolean;
}

export type MachineNotice =
  | "snapshot-stored"
  | "snapshot-refused"
  | "snapshot-damaged"
  | "agent-lost"
  | "agent-back"
  | "agent-silent";

export interface MachineStatus {
  readonly name: string;
  /** The sign it carries everywhere: A, B, C … */
  readonly letter: string;
  readonly phase: "starting" | "running" | "paused" | "stopped";
  readonly stage: Stage;
  readonly parts: readonly Part[];
  /** How it came to its prompt; undefined before that. */
  readonly ready: { readonly how: "boot" | "restore"; readonly milliseconds: number } | undefined;
  readonly stopped: { readonly reason: string; readonly message: string } | undefined;
  readonly notice: MachineNotice | undefined;
  readonly load: Load | undefined;
  /** Share of full speed, above 0 to 1: below 1 it is in slow motion. */
  readonly speed: number;
  /** When its save point was made, milliseconds since 1970. */
  readonly saved: number | undefined;
  /** Names of the machines that share its save point, itself among them. */
  readonly savedWith: readonly string[];
}

const LETTERS = "ABCDEF";

/** The letter of the n-th machine of a lab, from 0. After F they begin again. */
export function machineLetter(index: number): string {
  return LETTERS[index % LETTERS.length]!;
}

/** The colour that goes with a letter, as a CSS value. */
export function machineColour(letter: string): string {
  return `var(--guest-${letter.toLowerCase()})`;
}

/** Why a machine is not there, in a sentence. `reason` is what the session's state says. */
export function stoppedSentence(text: Strings, machine: string, reason: string): string {
  if (reason === "panic" || reason === "poweroff" || reason === "reboot") return text.stopped[reason](machine);
  return reason === "start" ? text.startFailed(machine) : text.stopped.fault(machine);
}

/**
 * The machine's or the browser's own words about it, without the sentence around them: the kernel's in a panic, the
 * error's otherwise. Empty where there is nothing to add.
 *
 * @param message as the host tells it: a sentence in English with those words in parentheses, or the words alone
 */
export function stoppedDetail(reason: string, message: string): string {
  if (reason === "poweroff" || reason === "reboot") return "";
  const inside = /\((.+)\)/s.exec(message)?.[1] ?? (reason === "panic" ? "" : message);
  return inside.replace(/^`(.*)`$/s, "$1");
}
