import { FINISH, INTRO } from "../format/crosscheck.ts";
import type { AskTask, Lab, Task } from "../lab.ts";
import type { KeptProgress } from "../progress.ts";
import { isRight } from "./judge.ts";
import type { Hint, Result, StepState, TaskState, Verdict, Waiting } from "./types.ts";

/** What the session knows of one task; the state that pages see is derived from it. */
export interface TaskRecord {
  readonly task: Task;
  done: boolean;
  holds: boolean | undefined;
  failure: string | undefined;
  unknown: Waiting | undefined;
  hint: Hint | undefined;
  answer: string | undefined;
  /** The true value of a question, once it was read. */
  value: string | undefined;
}

/** The tasks of a session: what is done, what waits for what, what it scores. Knows nothing of machines or time. */
export class Tasks {
  readonly #lab: Lab;
  readonly #records: ReadonlyMap<string, TaskRecord>;
  readonly #seen = new Set<string>();

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#records = new Map(Object.values(lab.tasks).map((task) => [task.id, freshRecord(task)]));
  }

  /** @returns undefined when the lab has no such task */
  find(id: string): TaskRecord | undefined {
    return this.#records.get(id);
  }

  all(): TaskRecord[] {
    return [...this.#records.values()];
  }

  /** Whether a place is one the student can be at. */
  isPlace(place: string): boolean {
    return place === INTRO || place === FINISH || this.#lab.steps.some((step) => step.id === place);
  }

  see(place: string): void {
    this.#seen.add(place);
  }

  reset(): void {
    for (const record of this.all()) Object.assign(record, freshRecord(record.task));
    this.#seen.clear();
  }

  /** The first task it needs that is not done. */
  missingNeed(record: TaskRecord): string | undefined {
    return record.task.needs.find((need) => !this.#records.get(need)?.done);
  }

  /**
   * Tasks worth a look while the student is at a place: those of the step, and questions anywhere whose true value
   * can be read by now.
   */
  lookedAt(place: string): TaskRecord[] {
    const here = this.#lab.steps.find((step) => step.id === place)?.tasks ?? [];
    return this.all().filter((record) => here.includes(record.task.id) || this.wantsValue(record));
  }

  /** Whether the true value of a question is to be read now. */
  wantsValue({ task, answer, value }: TaskRecord): boolean {
    if (task.kind !== "ask" || !task.answer || value !== undefined) return false;
    return task.reveal === undefined ? answer !== undefined : this.#isDone(task.reveal);
  }

  /** Marks a question done when its answer does it. */
  settle(record: TaskRecord): void {
    if (record.task.kind !== "ask" || record.answer === undefined) return;
    record.done ||= !record.task.must || this.#verdict(record.task, record)?.right === true;
  }

  states(obstacle: (record: TaskRecord) => Waiting | undefined): Record<string, TaskState> {
    return Object.fromEntries(this.all().map((record) => [record.task.id, this.#state(record, obstacle(record))]));
  }

  steps(): StepState[] {
    return this.#lab.steps.map(({ id, tasks }) => ({
      id,
      done: tasks.length ? tasks.every((task) => this.#isDone(task)) : this.#seen.has(id),
    }));
  }

  result(seconds: number): Result {
    const records = this.all();
    const done = records.filter((record) => record.done).length;
    const verdicts = records.flatMap((record) => this.#verdictOf(record) ?? []);
    const right = verdicts.filter((verdict) => verdict.right).length;
    const score = records.length ? done / records.length : 1;
    return { score, seconds: Math.round(seconds), done, tasks: records.length, judged: verdicts.length, right };
  }

  allDone(): boolean {
    return this.#records.size > 0 && this.all().every((record) => record.done);
  }

  keep(): Pick<KeptProgress, "seen" | "done" | "answers"> {
    const answered = this.all().filter(({ answer, value }) => answer !== undefined || value !== undefined);
    return {
      seen: [...this.#seen],
      done: this.all().flatMap((record) => (record.done ? [record.task.id] : [])),
      answers: answered.map(({ task, answer, value }) => ({ task: task.id, answer, value })),
    };
  }

  /** Takes up kept progress; names the lab no longer has are passed over. */
  takeUp({ seen, done, answers }: KeptProgress): void {
    for (const place of seen) if (this.isPlace(place)) this.#seen.add(place);
    for (const { task, answer, value } of answers) {
      const record = this.find(task);
      if (record?.task.kind === "ask") Object.assign(record, { answer, value });
    }
    for (const id of done) {
      const record = this.find(id);
      if (record) record.done = true;
    }
  }

  #isDone(id: string): boolean {
    return this.#records.get(id)?.done === true;
  }

  #verdictOf(record: TaskRecord): Verdict | undefined {
    return record.task.kind === "ask" ? this.#verdict(record.task, record) : undefined;
  }

  #verdict(task: AskTask, { answer, value }: TaskRecord): Verdict | undefined {
    if (answer === undefined || value === undefined) return undefined;
    if (task.reveal !== undefined && !this.#isDone(task.reveal)) return undefined;
    const right = isRight(task, answer, value);
    // a question that has to be right does not give its answer away
    return right || !task.must
      ? { right, value, because: task.because }
      : { right, value: undefined, because: undefined };
  }

  #state(record: TaskRecord, obstacle: Waiting | undefined): TaskState {
    const { task, done, holds, failure, hint, answer } = record;
    const need = this.missingNeed(record);
    const verdict = this.#verdictOf(record);
    const status = done ? "done" : failure !== undefined ? "failed" : need !== undefined ? "blocked" : "open";
    const waiting = this.#waiting(record, status, need, obstacle, verdict);
    return { id: task.id, status, holds, waiting, hint, hasHint: task.hint !== undefined, failure, answer, verdict };
  }

  #waiting(
    record: TaskRecord,
    status: TaskState["status"],
    need: string | undefined,
    obstacle: Waiting | undefined,
    verdict: Verdict | undefined,
  ): Waiting | undefined {
    if (status === "blocked") return { code: "needs", task: need! };
    if (status === "failed") return undefined;
    const { task, answer } = record;
    if (task.kind !== "ask") return status === "open" ? (obstacle ?? record.unknown) : undefined;
    if (answer === undefined || !task.answer || verdict) return undefined;
    if (task.reveal !== undefined && !this.#isDone(task.reveal)) return { code: "reveal", task: task.reveal };
    return obstacle ?? record.unknown;
  }
}

function freshRecord(task: Task): TaskRecord {
  return {
    task,
    done: false,
    holds: undefined,
    failure: undefined,
    unknown: undefined,
    hint: undefined,
    answer: undefined,
    value: undefined,
  };
}

/** @returns the machine a task looks at; undefined when it looks at none */
export function machineOf(task: Task): string | undefined {
  if (task.kind === "check") return task.check.machine;
  if (task.kind === "probe") return task.machine;
  if (task.answer?.kind === "script") return task.answer.script.machine;
  return task.answer?.kind === "probe" ? task.answer.machine : undefined;
}
