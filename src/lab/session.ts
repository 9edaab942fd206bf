import type { RunOptions, RunResult, TravelReport, TravelTarget } from "../machine/api.ts";
import { FINISH, INTRO } from "./format/crosscheck.ts";
import type { Lab, Task } from "./lab.ts";
import { looksInside, type ProbeArguments } from "./probes.ts";
import { parseProgress, progressKey } from "./progress.ts";
import { acceptAnswer } from "./running/judge.ts";
import { Look } from "./running/look.ts";
import { Machines, messageOf } from "./running/machines.ts";
import { machineOf, type TaskRecord, Tasks } from "./running/tasks.ts";
import type { LabSession, Notice, Pace, Result, SessionOptions, SessionState } from "./running/types.ts";
import { Watcher } from "./running/watch.ts";
import type { Language } from "./text.ts";

/** Checks about once a second, hints after half a minute; a guest's script is given the agent's usual ten seconds. */
const PACE: Pace = {
  check: 1000,
  recheck: 5000,
  hidden: 15_000,
  hintAfter: 30_000,
  hintEvery: 5000,
  limit: 10_000,
  grace: 5000,
};

/** Opens a lab. Nothing runs before `start`. */
export function openSession(options: SessionOptions): LabSession {
  return new Session(options);
}

class Session implements LabSession {
  readonly lab: Lab;
  readonly #options: SessionOptions;
  readonly #machines: Machines;
  readonly #tasks: Tasks;
  readonly #watcher: Watcher;
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #notices: Notice[] = [];
  #phase: SessionState["phase"] = "starting";
  #place = INTRO;
  #language: Language;
  #finished = false;
  #attention = true;
  #seconds = 0;
  /** Since when the time counts, by `performance.now()`; undefined while it does not. */
  #since: number | undefined;
  #keeping: Promise<void> = Promise.resolve();
  #state: SessionState;

  constructor(options: SessionOptions) {
    const pace = { ...PACE, ...options.pace };
    this.lab = options.lab;
    this.#options = options;
    this.#language = options.language;
    this.#tasks = new Tasks(options.lab);
    this.#machines = new Machines(options, pace.grace, (machine) => this.#machineChanged(machine));
    this.#watcher = new Watcher({
      tasks: this.#tasks,
      look: new Look(this.#machines, pace.limit),
      pace,
      place: () => this.#place,
      language: () => this.#language,
      ready: (record) => this.#phase !== "closed" && this.#obstacle(record) === undefined,
      changed: (kept) => this.#changed(kept),
    });
    if (options.place !== undefined && this.#tasks.isPlace(options.place)) this.#place = options.place;
    this.#state = this.#derive();
  }

  get state(): SessionState {
    return this.#state;
  }

  subscribe(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    await this.#takeUpProgress();
    this.#tasks.see(this.#place);
    this.#since = this.#attention ? performance.now() : undefined;
    this.#publish();
    await this.#startMachines("kept");
  }

  async #startMachines(disks: "kept" | "empty"): Promise<void> {
    await this.#machines.start(this.#language, { disks });
    if (disks === "empty") await this.#machines.putLinksBack(PACE.limit);
    if (this.#phase === "starting") this.#phase = "open";
    this.#publish();
    this.#watcher.now();
  }

  goto(place: string): void {
    if (!this.#tasks.isPlace(place) || place === this.#place) return;
    this.#place = place;
    this.#tasks.see(place);
    this.#changed(true);
    this.#watcher.now();
  }

  setLanguage(language: Language): void {
    if (language === this.#language) return;
    this.#language = language;
    for (const record of this.#tasks.all()) {
      const { hint } = record;
      record.hint = undefined;
      if (hint?.asked) void this.#watcher.askHint(record);
    }
    this.#publish();
    this.#watcher.now();
  }

  setAttention(attention: boolean): void {
    this.#count();
    this.#attention = attention;
    this.#since = attention ? performance.now() : undefined;
    this.#watcher.setAttention(attention);
    if (!attention) this.#keep();
  }

  nudge(): void {
    this.#watcher.nudge();
  }

  async askHint(task: string): Promise<void> {
    const record = this.#tasks.find(task);
    if (record) await this.#watcher.askHint(record);
  }

  answer(task: string, text: string): boolean {
    const record = this.#tasks.find(task);
    if (record?.task.kind !== "ask" || this.#tasks.missingNeed(record) !== undefined) return false;
    const { verdict } = this.#state.tasks[task]!;
    const answer = acceptAnswer(record.task, text);
    if (answer === undefined || (verdict && (verdict.right || !record.task.must))) return false;
    record.answer = answer;
    // a question that has to be right is about the machine as it is now
    if (record.task.must && record.task.reveal === undefined) record.value = undefined;
    this.#tasks.settle(record);
    this.#changed(true);
    this.#watcher.now();
    return true;
  }

  retry(task: string): void {
    const record = this.#tasks.find(task);
    if (record?.failure === undefined) return;
    record.failure = undefined;
    this.#publish();
    this.#watcher.now();
  }

  async reset(): Promise<void> {
    this.#watcher.forget();
    this.#tasks.reset();
    this.#finished = false;
    this.#seconds = 0;
    this.#since = this.#since === undefined ? undefined : performance.now();
    this.#place = INTRO;
    this.#phase = "starting";
    this.#tasks.see(INTRO);
    this.#keep();
    await this.#startMachines("empty");
  }

  async restart(...machines: readonly string[]): Promise<void> {
    for (const machine of machines) this.#forgetMachine(machine);
    await this.#machines.start(this.#language, { names: machines });
    this.#watcher.now();
  }

  async pause(machine: string): Promise<void> {
    await this.#machines.pause(machine);
  }

  async resume(machine: string): Promise<void> {
    await this.#machines.resume(machine);
  }

  async setSpeed(machine: string, speed: number): Promise<void> {
    await this.#machines.setSpeed(machine, speed);
  }

  async travel(machine: string, target: TravelTarget): Promise<TravelReport> {
    const report = await this.#machines.travel(machine, target);
    this.#watcher.now();
    return report;
  }

  async save(machine: string): Promise<void> {
    await this.#machines.save(machine);
  }

  async back(machine: string): Promise<readonly string[]> {
    const machines = await this.#machines.back(machine);
    for (const one of machines) this.#forgetMachine(one);
    this.#publish();
    this.#watcher.now();
    return machines;
  }

  hostLost(machine: string, message: string): void {
    this.#machines.lost(machine, message);
  }

  run(machine: string, script: string, options?: RunOptions): Promise<RunResult> {
    return this.#machines.run(machine, script, options);
  }

  probe(name: string, args: ProbeArguments): Promise<unknown> {
    return this.#machines.read(name, args, PACE.limit);
  }

  async control(machine: string | undefined, control: string, args: ProbeArguments): Promise<unknown> {
    const turned = await this.#machines.turn(machine, control, args, PACE.limit);
    this.#watcher.nudge();
    return turned;
  }

  finish(): Result {
    this.#count();
    this.#finished = true;
    this.#place = FINISH;
    this.#tasks.see(FINISH);
    this.#changed(true);
    return this.#tasks.result(this.#seconds);
  }

  async close(): Promise<void> {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#watcher.stop();
    this.#keep();
    await this.#machines.close();
    await this.#keeping;
    this.#publish();
    this.#listeners.clear();
  }

  #obstacle(record: TaskRecord) {
    const machine = machineOf(record.task);
    const obstacle = machine === undefined ? undefined : this.#machines.obstacle(machine);
    const peeks = looksInside(probeOf(record.task) ?? "");
    return peeks && obstacle?.code === "machine-paused" ? undefined : obstacle;
  }

  #machineChanged(machine: string): void {
    this.#publish();
    if (this.#machines.obstacle(machine) === undefined) this.#watcher.now();
  }

  /** What was found on a machine says nothing about what it is after a start or a step back. */
  #forgetMachine(machine: string): void {
    this.#watcher.forget();
    for (const record of this.#tasks.all()) {
      if (machineOf(record.task) !== machine) continue;
      Object.assign(record, { failure: undefined, holds: undefined, unknown: undefined, hint: undefined });
    }
  }

  #changed(kept: boolean): void {
    if (kept) {
      this.#count();
      this.#keep();
    }
    this.#publish();
  }

  /** Adds the time since the last count; a lab that is finished takes no more of it. */
  #count(): void {
    if (this.#since === undefined) return;
    const now = performance.now();
    if (!this.#finished) this.#seconds += (now - this.#since) / 1000;
    this.#since = now;
    this.#finished ||= this.#tasks.allDone();
  }

  async #takeUpProgress(): Promise<void> {
    const { store, place } = this.#options;
    let kept: string | undefined;
    try {
      kept = await store.get(progressKey(this.lab));
    } catch (error) {
      this.#notices.push({ code: "progress-not-kept", message: messageOf(error) });
    }
    if (kept === undefined) return;
    const progress = parseProgress(kept);
    if (!progress) {
      this.#notices.push({ code: "progress-damaged", message: progressKey(this.lab) });
      return;
    }
    this.#tasks.takeUp(progress);
    this.#seconds = progress.seconds;
    this.#finished = progress.finished;
    if (place === undefined && this.#tasks.isPlace(progress.place)) this.#place = progress.place;
  }

  /** Writes progress, one write after the other. A store that refuses is told of once. */
  #keep(): void {
    const progress = {
      version: 1 as const,
      place: this.#place,
      ...this.#tasks.keep(),
      seconds: this.#seconds,
      finished: this.#finished,
    };
    const write = () => this.#options.store.set(progressKey(this.lab), JSON.stringify(progress));
    this.#keeping = this.#keeping.then(write).catch((error: unknown) => {
      if (this.#notices.some(({ code }) => code === "progress-not-kept")) return;
      this.#notices.push({ code: "progress-not-kept", message: messageOf(error) });
      this.#publish();
    });
  }

  #derive(): SessionState {
    return {
      phase: this.#phase,
      place: this.#place,
      language: this.#language,
      machines: this.#machines.states(),
      tasks: this.#tasks.states((record) => this.#obstacle(record)),
      steps: this.#tasks.steps(),
      result: this.#finished ? this.#tasks.result(this.#seconds) : undefined,
      notices: [...this.#notices],
    };
  }

  #publish(): void {
    const next = share(this.#state, this.#derive());
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener(next);
  }
}

/** @returns the probe a task is judged by */
function probeOf(task: Task): string | undefined {
  if (task.kind === "probe") return task.probe;
  return task.kind === "ask" && task.answer?.kind === "probe" ? task.answer.probe : undefined;
}

/** @returns `next` with every part that equals the one before replaced by it, so that `===` says what changed */
function share<T>(before: T, next: T): T {
  if (Object.is(before, next)) return before;
  if (typeof before !== "object" || typeof next !== "object" || before === null || next === null) return next;
  if (Array.isArray(before) !== Array.isArray(next)) return next;
  const old = before as Record<string, unknown>;
  const entries = Object.entries(next).map(([key, value]) => [key, share(old[key], value)] as const);
  const unchanged =
    entries.length === Object.keys(old).length && entries.every(([key, value]) => Object.is(old[key], value));
  if (unchanged) return before;
  return (Array.isArray(next) ? entries.map(([, value]) => value) : Object.fromEntries(entries)) as T;
}
