import type { RunResult } from "../../machine/api.ts";
import { lookUp } from "../format/template.ts";
import type { Answer, HintCases, HintScript, ProbeTask, Restart, Script, Task, Turn } from "../lab.ts";
import type { ProbeArguments } from "../probes.ts";
import { type Language, LOCALES } from "../text.ts";
import { type Machines, messageOf, Unavailable } from "./machines.ts";
import { holds } from "./match.ts";
import type { Waiting } from "./types.ts";

/** What a look at a machine found: a value, or why there is none. Unknown is not failed. */
export type Found<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: Waiting };

/** A script that ended by itself. */
export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const known = <T>(value: T): Found<T> => ({ known: true, value });
const unknown = (why: Waiting): Found<never> => ({ known: false, why });

/** Looks at machines through scripts and probes. Never throws: what keeps a look from its answer is an answer. */
export class Look {
  readonly #machines: Machines;
  readonly #limit: number;

  /** @param limit time limit of a script, in milliseconds */
  constructor(machines: Machines, limit: number) {
    this.#machines = machines;
    this.#limit = limit;
  }

  async script({ machine, run }: Script): Promise<Found<Ended>> {
    try {
      return judgeEnd(machine, await this.#machines.run(machine, run, { limit: this.#limit }));
    } catch (error) {
      return unknown(waitingOf(error, machine));
    }
  }

  /** Turns a setting of a machine's devices, also while it stands still, or of the links. */
  async turn({ machine, control, with: args }: Turn): Promise<Found<unknown>> {
    try {
      return known(await this.#machines.turn(machine, control, args, this.#limit));
    } catch (error) {
      return unknown(waitingOf(error, machine));
    }
  }

  /** Starts a machine anew, running or not, and waits until it runs. */
  async restart({ machine }: Restart, language: Language): Promise<Found<undefined>> {
    await this.#machines.start(language, { names: [machine] });
    const why = this.#machines.obstacle(machine);
    return why ? unknown(why) : known(undefined);
  }

  /** @returns the task's hint, empty when there is nothing to say */
  async hint(task: Task, language: Language): Promise<Found<string>> {
    const { hint } = task;
    if (!hint) return known("");
    if ("cases" in hint) return task.kind === "probe" ? this.#hintCase(task, hint, language) : known("");
    const found = await this.hintRun(hint, language);
    return found.known ? known(found.value.stdout.trim()) : found;
  }

  async #hintCase(task: ProbeTask, { cases }: HintCases, language: Language): Promise<Found<string>> {
    const found = await this.#probe(task.probe, task.with, task.machine);
    if (!found.known) return found;
    const fitting = cases.find(({ where }) => where === undefined || holds(found.value, where));
    return known(fitting?.text[language] ?? "");
  }

  /**
   * Runs a hint's script. One script for both languages has `LANG` set; on the same line, so that the shell's line
   * numbers stay the author's. Not every shell knows `export`, and a script of one language needs none.
   */
  hintRun({ machine, run }: HintScript, language: Language): Promise<Found<Ended>> {
    const locale = run.en === run.zh ? `export LANG=${LOCALES[language]}; ` : "";
    return this.script({ machine, run: `${locale}${run[language]}` });
  }

  /** @returns whether the probe's reading holds the pattern */
  async pattern({ probe, machine, with: args, where }: ProbeTask): Promise<Found<boolean>> {
    const found = await this.#probe(probe, args, machine);
    return found.known ? known(holds(found.value, where)) : found;
  }

  /** @returns the true value of a question, as text */
  async answer(answer: Answer): Promise<Found<string>> {
    if (answer.kind === "literal") return known(answer.value);
    if (answer.kind === "probe") return this.#probeValue(answer);
    const { machine } = answer.script;
    const found = await this.script(answer.script);
    if (!found.known) return found;
    const { exit, stdout, stderr } = found.value;
    const text = stdout.trim();
    if (exit === 0 && text !== "") return known(text);
    return unknown({ code: "no-result", machine, message: stderr.trim() || `exit ${exit}` });
  }

  async #probeValue(answer: Extract<Answer, { kind: "probe" }>): Promise<Found<string>> {
    const found = await this.#probe(answer.probe, answer.with, answer.machine);
    if (!found.known) return found;
    const value = lookUp(found.value, answer.path);
    if (value !== undefined && typeof value !== "object") return known(String(value));
    const message = `${answer.probe}: ${answer.path.join(".")}`;
    return unknown(noResult(answer.machine, message));
  }

  async #probe(name: string, args: ProbeArguments, machine: string | undefined): Promise<Found<unknown>> {
    try {
      return known(
        await this.#machines.read(name, { ...args, ...(machine !== undefined && { machine }) }, this.#limit),
      );
    } catch (error) {
      return unknown(waitingOf(error, machine));
    }
  }
}

function judgeEnd(machine: string, result: RunResult): Found<Ended> {
  const stderr = decode(result.stderr);
  if (result.how === "time limit") return unknown({ code: "time-limit", machine });
  if (result.how === "signal" || result.truncated)
    return unknown({ code: "no-result", machine, message: stderr.trim() });
  return known({ exit: result.exit, stdout: decode(result.stdout), stderr });
}

function waitingOf(error: unknown, machine: string | undefined): Waiting {
  return error instanceof Unavailable ? error.waiting : noResult(machine, messageOf(error));
}

const noResult = (machine: string | undefined, message: string): Waiting => ({
  code: "no-result",
  ...(machine !== undefined && { machine }),
  message,
});

/** @returns a guest's output as text; bytes that are not UTF-8 show as U+FFFD */
export const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
