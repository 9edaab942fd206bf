import type { Language } from "../text.ts";
import type { Look } from "./look.ts";
import type { TaskRecord, Tasks } from "./tasks.ts";
import type { Pace } from "./types.ts";

/** One task's timetable. Times are milliseconds of `performance.now()`. */
interface Watched {
  busy: boolean;
  due: number;
  /** A look was asked for while one was under way. */
  again: boolean;
  failingSince: number | undefined;
  hintDue: number;
}

/** What the watch needs to know of its session. */
export interface Watch {
  readonly tasks: Tasks;
  readonly look: Look;
  readonly pace: Pace;
  readonly place: () => string;
  readonly language: () => Language;
  /** Whether the machine of a task can be looked at now. */
  readonly ready: (record: TaskRecord) => boolean;
  /** Called when something was found; `kept` when it is to outlive the page. */
  readonly changed: (kept: boolean) => void;
}

/** A command takes a moment to do what it does: this long after Enter the first look is worth its cost. Chosen. */
const AFTER_ENTER = 150;

/**
 * Looks at tasks again and again: each one by its own timetable and never twice at once, so that a slow check delays
 * nothing but itself.
 */
export class Watcher {
  readonly #watch: Watch;
  readonly #watched = new Map<string, Watched>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attention = true;
  /** Counts forgettings: what an earlier look finds is then no longer meant. */
  #era = 0;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  setAttention(attention: boolean): void {
    this.#attention = attention;
    if (attention) this.now();
    else this.#later(performance.now() + this.#watch.pace.hidden);
  }

  #later(due: number): void {
    for (const watched of this.#watched.values()) watched.due = Math.max(watched.due, due);
    this.#schedule();
  }

  /** Looks at every task of the place now. */
  now(): void {
    this.#hasten(0, () => true);
  }

  /** The student did something: looks soon at what is not done; what is being looked at is looked at again. */
  nudge(): void {
    this.#hasten(AFTER_ENTER, ({ done }) => !done);
  }

  #hasten(delay: number, isMeant: (record: TaskRecord) => boolean): void {
    const due = performance.now() + delay;
    for (const record of this.#watch.tasks.lookedAt(this.#watch.place()).filter(isMeant)) {
      const watched = this.#of(record);
      if (watched.busy) watched.again = true;
      else watched.due = Math.min(watched.due, due);
    }
    this.#schedule();
  }

  /** Drops what is under way and every timetable: the machines or the tasks are not what they were. */
  forget(): void {
    this.#era += 1;
    this.#watched.clear();
    this.#schedule();
  }

  stop(): void {
    this.forget();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Looks for a task's hint now, on the student's wish. */
  async askHint(record: TaskRecord): Promise<void> {
    const { task } = record;
    if (!task.hint) return;
    const era = this.#era;
    const found = await this.#watch.look.hint(task, this.#watch.language());
    if (era !== this.#era) return;
    if (found.known) record.hint = { text: found.value, asked: true };
    else record.unknown = found.why;
    this.#watch.changed(false);
  }

  #of(record: TaskRecord): Watched {
    const { id } = record.task;
    let watched = this.#watched.get(id);
    if (!watched) {
      watched = { busy: false, due: 0, again: false, failingSince: undefined, hintDue: 0 };
      this.#watched.set(id, watched);
    }
    return watched;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const waiting = this.#watch.tasks.lookedAt(this.#watch.place()).filter((record) => this.#isWatched(record));
    const dues = waiting.map((record) => this.#of(record)).filter(({ busy }) => !busy);
    if (dues.length === 0) return;
    const next = Math.min(...dues.map(({ due }) => due));
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, next - performance.now()));
  }

  #tick(): void {
    const now = performance.now();
    for (const record of this.#watch.tasks.lookedAt(this.#watch.place())) {
      const watched = this.#of(record);
      if (!watched.busy && watched.due <= now && this.#isWatched(record)) void this.#visit(record, watched);
    }
    this.#schedule();
  }

  #isWatched(record: TaskRecord): boolean {
    if (!this.#watch.ready(record) || record.failure !== undefined) return false;
    if (record.task.kind === "ask") return this.#watch.tasks.wantsValue(record);
    return record.done || this.#watch.tasks.missingNeed(record) === undefined;
  }

  async #visit(record: TaskRecord, watched: Watched): Promise<void> {
    const era = this.#era;
    watched.busy = true;
    watched.again = false;
    const kept = await this.#lookAt(record, watched, () => era !== this.#era);
    watched.busy = false;
    if (era !== this.#era) return;
    watched.due = watched.again ? 0 : performance.now() + this.#interval(record);
    this.#watch.changed(kept);
    this.#schedule();
  }

  #interval(record: TaskRecord): number {
    const { check, recheck, hidden } = this.#watch.pace;
    return Math.max(record.done ? recheck : check, this.#attention ? 0 : hidden);
  }

  /** @returns whether something was found that is to outlive the page */
  async #lookAt(record: TaskRecord, watched: Watched, stale: () => boolean): Promise<boolean> {
    if (record.task.kind === "ask") return this.#lookAtQuestion(record, stale);
    const { task } = record;
    const { look } = this.#watch;
    const found = task.kind === "check" ? await look.script(task.check) : await look.pattern(task);
    if (stale()) return false;
    record.unknown = found.known ? undefined : found.why;
    if (!found.known) return false;
    const holds = typeof found.value === "boolean" ? found.value : found.value.exit === 0;
    if (record.done || holds) return markHolds(record, holds);
    await this.#lookForFailure(record, stale);
    if (!stale() && record.failure === undefined) await this.#lookForHint(record, watched, stale);
    return false;
  }

  async #lookAtQuestion(record: TaskRecord, stale: () => boolean): Promise<boolean> {
    if (record.task.kind !== "ask" || !record.task.answer) return false;
    const found = await this.#watch.look.answer(record.task.answer);
    if (stale()) return false;
    record.unknown = found.known ? undefined : found.why;
    if (!found.known) return false;
    record.value = found.value;
    this.#watch.tasks.settle(record);
    return true;
  }

  async #lookForFailure(record: TaskRecord, stale: () => boolean): Promise<void> {
    const fail = record.task.kind === "ask" ? undefined : record.task.fail;
    if (!fail) return;
    const found = await this.#watch.look.script(fail);
    if (!stale() && found.known && found.value.exit === 0) record.failure = found.value.stdout.trim();
  }

  async #lookForHint(record: TaskRecord, watched: Watched, stale: () => boolean): Promise<void> {
    const now = performance.now();
    watched.failingSince ??= now;
    const { hintAfter, hintEvery } = this.#watch.pace;
    const isTime = record.hint?.asked || now - watched.failingSince >= hintAfter;
    if (!record.task.hint || !isTime || now < watched.hintDue) return;
    watched.hintDue = now + hintEvery;
    const found = await this.#watch.look.hint(record.task, this.#watch.language());
    if (stale() || !found.known) return;
    record.hint =
      found.value || record.hint?.asked ? { text: found.value, asked: record.hint?.asked ?? false } : undefined;
  }
}

/** @returns whether the task has become done by it */
function markHolds(record: TaskRecord, holds: boolean): boolean {
  const newlyDone = !record.done;
  record.done = true;
  record.holds = holds;
  record.hint = undefined;
  return newlyDone;
}
