import { type Fault, LANGUAGES, type LabReading } from "../lab/index.ts";
import type { AskTask, CheckTask, Deed, Lab, ProbeTask, Restart, Script, Task, Turn } from "../lab/lab.ts";
import { parseNumber } from "../lab/running/judge.ts";
import { type Ended, type Found, Look } from "../lab/running/look.ts";
import type { Machines } from "../lab/running/machines.ts";
import type { Waiting } from "../lab/running/types.ts";

/** Milliseconds: a solution may install a world, a check runs once a second. */
const SOLVE_LIMIT = 120_000;
const CHECK_LIMIT = 20_000;

/** What a solution leaves in the background may take this long to be there, in milliseconds. */
const SETTLE = 10_000;
const SETTLE_STEP = 250;

/** What sh says when a command is not there or cannot be run; no check means to end like that. */
const NOT_RUN = [126, 127];

type LiveTask = CheckTask | ProbeTask;
type Key = "check" | "probe" | "fail" | "hint" | "solve" | "answer" | "needs";

/** Tries the tasks of a lab one after the other, as the best of students would do them. */
export class TaskTrial {
  readonly #lab: Lab;
  readonly #look: Look;
  readonly #solver: Look;
  readonly #faultAt: NonNullable<LabReading["fault"]>;
  readonly #done = new Set<string>();
  #faults: Fault[] = [];

  constructor(lab: Lab, machines: Machines, faultAt: NonNullable<LabReading["fault"]>) {
    this.#lab = lab;
    this.#look = new Look(machines, CHECK_LIMIT);
    this.#solver = new Look(machines, SOLVE_LIMIT);
    this.#faultAt = faultAt;
  }

  /** @returns what is wrong with the task; nothing when it fails, is solved and holds */
  async task(task: Task): Promise<Fault[]> {
    this.#faults = [];
    const need = task.needs.find((id) => !this.#done.has(id));
    if (need !== undefined) this.#fault(task, "needs", `\`${need}\` is not done at this point of the lab.`);
    if (task.kind === "ask") await this.#question(task);
    else await this.#live(task);
    this.#done.add(task.id);
    for (const waiting of this.#revealedBy(task)) await this.#value(waiting);
    return this.#faults;
  }

  async #live(task: LiveTask): Promise<void> {
    if (!task.solve) this.#fault(task, task.kind, "the task has no `solve`, so nobody knows that it can be done.");
    const before = await this.#holds(task);
    if (before === true) this.#fault(task, task.kind, "it holds before the task is solved.");
    await this.#fail(task, "before the task is solved");
    await this.#hint(task, "before the task is solved");
    if (!task.solve || !(await this.#solve(task, task.solve))) return;
    if (!(await this.#settles(task))) this.#fault(task, task.kind, "it does not hold after `solve`.");
    await this.#fail(task, "after `solve`");
    await this.#hint(task, "after `solve`");
  }

  /** @returns false when a deed failed; those after it are not done */
  async #solve(task: LiveTask, deeds: readonly Deed[]): Promise<boolean> {
    for (const deed of deeds) {
      if (!(await this.#solveBy(task, deed))) return false;
    }
    return true;
  }

  #solveBy(task: LiveTask, deed: Deed): Promise<boolean> {
    if ("run" in deed) return this.#solveRun(task, deed);
    return "restart" in deed ? this.#solveRestart(task, deed) : this.#solveTurn(task, deed);
  }

  async #solveRun(task: LiveTask, script: Script): Promise<boolean> {
    const ended = this.#known(task, "solve", await this.#solver.script(script));
    if (ended && ended.exit !== 0) this.#fault(task, "solve", `it ended with ${ending(ended)}`);
    return ended?.exit === 0;
  }

  async #solveTurn(task: LiveTask, turn: Turn): Promise<boolean> {
    const found = await this.#solver.turn(turn);
    if (!found.known) this.#fault(task, "solve", `\`${turn.control}\` was refused: ${reason(found.why)}`);
    return found.known;
  }

  async #solveRestart(task: LiveTask, restart: Restart): Promise<boolean> {
    const found = await this.#solver.restart(restart, "en");
    if (!found.known) this.#fault(task, "solve", `\`${restart.machine}\` did not start: ${reason(found.why)}`);
    return found.known;
  }

  /** Looks until the task holds or the time to settle is over. */
  async #settles(task: LiveTask): Promise<boolean> {
    const end = performance.now() + SETTLE;
    for (;;) {
      const holds = await this.#holds(task);
      if (holds !== false || performance.now() > end) return holds !== false;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_STEP));
    }
  }

  /** @returns undefined, with a fault noted, when it cannot be said */
  async #holds(task: LiveTask): Promise<boolean | undefined> {
    if (task.kind === "probe") {
      return this.#known(task, "probe", await this.#look.pattern(task));
    }
    const ended = this.#known(task, "check", await this.#look.script(task.check));
    if (!ended) return undefined;
    if (!NOT_RUN.includes(ended.exit)) return ended.exit === 0;
    this.#fault(task, "check", `it could not be run: ${ending(ended)}`);
    return undefined;
  }

  async #fail(task: LiveTask, when: string): Promise<void> {
    if (!task.fail) return;
    const ended = this.#known(task, "fail", await this.#look.script(task.fail));
    if (ended?.exit === 0) this.#fault(task, "fail", `it ends the attempt ${when}.`);
    if (ended && NOT_RUN.includes(ended.exit)) this.#fault(task, "fail", `it could not be run: ${ending(ended)}`);
  }

  /** A hint may find nothing to say (exit 1 is how `test … && echo` does that); what it may not do is complain. */
  async #hint(task: LiveTask, when: string): Promise<void> {
    if (!task.hint) return;
    for (const language of LANGUAGES) {
      if ("cases" in task.hint) {
        this.#known(task, "hint", await this.#look.hint(task, language));
        continue;
      }
      const ended = this.#known(task, "hint", await this.#look.hintRun(task.hint, language));
      if (!ended || (ended.exit <= 1 && ended.stderr.trim() === "")) continue;
      this.#fault(task, "hint", `${when}, in \`${language}\`, it ended with ${ending(ended)}`);
    }
  }

  async #question(task: AskTask): Promise<void> {
    if (task.answer && (task.reveal === undefined || this.#done.has(task.reveal))) await this.#value(task);
  }

  #revealedBy(done: Task): AskTask[] {
    return Object.values(this.#lab.tasks).filter(
      (task): task is AskTask => task.kind === "ask" && task.reveal === done.id && this.#done.has(task.id),
    );
  }

  /** The true value must be there, and be one that somebody can answer. */
  async #value(task: AskTask): Promise<void> {
    const value = this.#known(task, "answer", await this.#look.answer(task.answer!));
    if (value === undefined) return;
    if (task.reply.kind === "number" && parseNumber(value) === undefined) {
      this.#fault(task, "answer", `\`${value}\` is not a number.`);
    }
    const choices = task.reply.kind === "choice" ? task.reply.choices.map((choice) => choice.value) : undefined;
    if (choices && !choices.includes(value)) {
      this.#fault(task, "answer", `\`${value}\` is none of the choices: ${choices.join(", ")}.`);
    }
  }

  #known<T>(task: Task, key: Key, found: Found<T>): T | undefined {
    if (found.known) return found.value;
    this.#fault(task, key, `it gave no result: ${reason(found.why)}`);
    return undefined;
  }

  #fault(task: Task, key: Key, message: string): void {
    const fault = this.#faultAt(["tasks", task.id, key], message);
    const isNew = this.#faults.every((known) => known.path !== fault.path || known.message !== fault.message);
    if (isNew) this.#faults.push(fault);
  }
}

const ending = ({ exit, stderr }: Ended) => (stderr.trim() ? `exit ${exit}: ${oneLine(stderr)}` : `exit ${exit}.`);

const reason = (why: Waiting) => (why.message ? `${why.code}: ${oneLine(why.message)}` : `${why.code}.`);

/** A fault is one line; of what a script complained about, the beginning says most. */
function oneLine(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, " / ");
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
