import type { HostApi, MachineEvent, RunOptions, RunResult, TravelReport, TravelTarget } from "../../machine/api.ts";
import { type LabMachine, NETWORK } from "../lab.ts";
import { FILE_LIMITS } from "../load.ts";
import { isOfNetwork, looksInside, type ProbeArguments, ProbeError, readLinkProbe, readProbe } from "../probes.ts";
import { type Language, LOCALES } from "../text.ts";
import type { LabNetwork } from "./network.ts";
import { savedWith, startsAfter } from "./together.ts";
import type { MachineState, SessionOptions, Waiting } from "./types.ts";

/** A call that cannot be answered because of the machine it is for; `waiting` says why, for a task's state. */
export class Unavailable extends Error {
  override name = "Unavailable";
  readonly waiting: Waiting;

  constructor(waiting: Waiting) {
    super(waiting.message ?? `Machine \`${waiting.machine}\` cannot answer now (${waiting.code}).`);
    this.waiting = waiting;
  }
}

/** Time limit of a script for which none is given, as in RunOptions; milliseconds. */
const DEFAULT_LIMIT = 10_000;

interface Start {
  /** Default: all of the lab's. */
  readonly names?: readonly string[];
  /** What is on their disks (StartOptions); default `kept`. */
  readonly disks?: "kept" | "empty";
}

interface Entry {
  readonly machine: LabMachine;
  state: MachineState;
  host: HostApi | undefined;
  /** Counts starts, so that words of an earlier life are not taken for this one's. */
  life: number;
  snapshot: Uint8Array | undefined;
  /** Calls under way, to be ended when the machine is. */
  readonly pending: Set<(error: Unavailable) => void>;
}

/** The machines of a session: starts them, keeps what is known of each, and never leaves a call without an answer. */
export class Machines {
  readonly #options: SessionOptions;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #changed: (machine: string) => void;
  readonly #grace: number;

  /**
   * @param changed called after a machine's state changed
   * @param grace milliseconds a host may take to answer after a script's own time limit
   */
  constructor(options: SessionOptions, grace: number, changed: (machine: string) => void) {
    this.#options = options;
    this.#grace = grace;
    this.#changed = changed;
    const entries = options.lab.machines.map((machine): [string, Entry] => [machine.spec.name, freshEntry(machine)]);
    this.#entries = new Map(entries);
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  states(): Record<string, MachineState> {
    return Object.fromEntries([...this.#entries].map(([name, entry]) => [name, entry.state]));
  }

  /** @returns why the machine cannot run a script now, or undefined when it can */
  obstacle(name: string): Waiting | undefined {
    const { state } = this.#entry(name);
    if (state.status === "starting") return { code: "machine-starting", machine: name };
    if (state.status === "stopped") return { code: "machine-stopped", machine: name, message: state.message };
    if (state.paused) return { code: "machine-paused", machine: name };
    return state.agent === "lost" ? { code: "agent", machine: name } : undefined;
  }

  /**
   * Starts machines, running or not: all at once, but one that needs others of them first only after those, whether or
   * not they came up. Those of one Xen host that run are switched off before: each is what the others' devices end at.
   */
  async start(language: Language, { names = this.names, disks = "kept" }: Start = {}): Promise<void> {
    const entries = [...this.#entries.values()].filter(({ machine }) => names.includes(machine.spec.name));
    const lives = entries.map((entry) => this.#begin(entry));
    await Promise.all(entries.filter((entry) => this.#together(entry).length > 1).map((one) => this.#switchOff(one)));
    const started = new Map<string, Promise<void>>();
    for (const [index, entry] of entries.entries()) {
      const first = startsAfter(this.#options.lab.machines, entry.machine).map(({ spec }) => started.get(spec.name));
      const turn = Promise.all(first).then(async () => {
        if (entry.life === lives[index]) await this.#start(entry, language, disks);
      });
      started.set(entry.machine.spec.name, turn);
    }
    await Promise.all(started.values());
  }

  /** Starts a machine and puts the lab's files into it. What goes wrong is in its state. */
  async #start(entry: Entry, language: Language, disks: "kept" | "empty"): Promise<void> {
    const { name } = entry.machine.spec;
    const life = this.#begin(entry);
    try {
      const host = await this.#options.hostOf(name);
      if (entry.life !== life) return;
      entry.host = host;
      const given = this.#options.startOptions?.(name) ?? {};
      const environment = { LANG: LOCALES[language], ...given.environment };
      const inside = this.#options.lab.links.filter(({ place }) => place === entry.machine.host);
      const links = Object.fromEntries(inside.map((link) => [link.name, link.spec]));
      const starting = host.start(entry.machine.spec, { ...given, environment, links, disks }, (event) => {
        if (entry.life === life) this.#take(entry, event);
      });
      // guarded: a worker that dies never answers
      const report = await this.#guarded(entry, 0, starting);
      await this.#guarded(entry, 0, this.#putFiles(entry, host));
      this.#set(entry, {
        status: "running",
        report,
        paused: false,
        speed: 1,
        agent: "ready",
        saved: entry.state.saved,
      });
    } catch (error) {
      if (entry.life !== life || entry.state.status === "stopped") return;
      await this.#switchOff(entry);
      if (entry.life !== life) return;
      this.#stopped(entry, "start", messageOf(error));
    }
  }

  async #putFiles(entry: Entry, host: HostApi): Promise<void> {
    const { files, spec } = entry.machine;
    const put = async ({ from, to, mode }: (typeof files)[number]) => {
      const bytes = await this.#options.source.read(from, FILE_LIMITS.file);
      await host.put(spec.name, to, bytes, mode);
    };
    await Promise.all(files.map(put));
  }

  /**
   * Runs a script in a machine that can.
   *
   * @throws Unavailable when it cannot, stops meanwhile, or does not answer
   */
  async run(name: string, script: string, options: RunOptions = {}): Promise<RunResult> {
    try {
      return await this.ask(name, options.limit ?? DEFAULT_LIMIT, (host) => host.run(name, script, options));
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      throw new Unavailable({ code: "agent", machine: name, message: messageOf(error) });
    }
  }

  /**
   * Asks a running machine's host something.
   *
   * @param limit milliseconds the answer may take, 0 for any; the grace is added
   * @throws Unavailable when the machine cannot be asked, stops meanwhile, or does not answer; else what the call throws
   */
  async ask<T>(name: string, limit: number, call: (host: HostApi) => Promise<T>): Promise<T> {
    const entry = this.#entry(name);
    const obstacle = this.obstacle(name);
    if (obstacle || !entry.host) throw new Unavailable(obstacle ?? { code: "machine-starting", machine: name });
    const life = entry.life;
    const answer = await this.#guarded(entry, limit, call(entry.host));
    if (entry.life === life) this.#agentIs(entry, "ready");
    return answer;
  }

  /**
   * Asks for a look into a machine's memory or a turn of its devices, which takes no part of the machine's: it may stand
   * still, have stopped, or be on its way to its prompt.
   *
   * @throws Unavailable when it has no host yet; else as {@link ask}
   */
  async peek<T>(name: string, limit: number, call: (host: HostApi) => Promise<T>): Promise<T> {
    const entry = this.#entry(name);
    if (!entry.host) {
      throw new Unavailable({ code: "machine-starting", machine: name });
    }
    return this.#guarded(entry, limit, call(entry.host));
  }

  /**
   * Reads a probe, of a machine or of the links.
   *
   * @param limit milliseconds the answer may take, 0 for any; the grace is added
   * @throws ProbeError with a sentence when it cannot be read; Unavailable as {@link ask}
   */
  async read(name: string, args: ProbeArguments, limit: number): Promise<unknown> {
    if (isOfNetwork(name)) return readLinkProbe(name, args, await this.#links(limit));
    const { machine } = args;
    if (typeof machine !== "string" || !this.#entries.has(machine)) {
      throw new ProbeError(`The probe \`${name}\` needs one of the lab's machines as \`machine\`.`);
    }
    const read = (host: HostApi) => readProbe(name, args, () => host);
    return looksInside(name) ? this.peek(machine, limit, read) : this.ask(machine, limit, read);
  }

  /**
   * Turns a setting of a machine's devices, also while it stands still, or of the links.
   *
   * @param machine undefined where the setting is of the links
   * @throws the host's own error, a sentence; Unavailable as {@link peek}
   */
  async turn(machine: string | undefined, control: string, args: ProbeArguments, limit: number): Promise<unknown> {
    if (isOfNetwork(control)) return (await this.#links(limit)).control(control, args);
    if (machine === undefined) throw new Error(`The setting \`${control}\` needs the name of a machine.`);
    return this.peek(machine, limit, (host) => host.control(machine, control, args));
  }

  /** Puts the links back to what the lab says, whatever a student turned. */
  async putLinksBack(limit: number): Promise<void> {
    if (this.#options.lab.links.length > 0) await (await this.#links(limit)).putBack();
  }

  /** Few labs have links, and a page has none of it before. */
  async #links(limit: number): Promise<LabNetwork> {
    const { LabNetwork } = await import("./network.ts");
    return new LabNetwork(this.#options.lab, (place) => {
      if (place === NETWORK && this.#options.network) return this.#options.network();
      const machine = this.#machineAt(place);
      return {
        probe: (name, args) => this.peek(machine, limit, (host) => host.networkProbe(name, args)),
        control: (name, args) => this.peek(machine, limit, (host) => host.networkControl(name, args)),
      };
    });
  }

  /** A machine on this host, one that has come to it if there is one. */
  #machineAt(host: string): string {
    const there = [...this.#entries.values()].filter(({ machine }) => machine.host === host);
    return (there.find((entry) => entry.host) ?? there[0])?.machine.spec.name ?? host;
  }

  /** Takes a machine to an exit, where it stands paused. On its way to a kind of exit it runs, and may be paused. */
  async travel(name: string, target: TravelTarget): Promise<TravelReport> {
    const { entry, host } = this.#running(name);
    if (target.to === "kind") this.#setPaused(name, false);
    const report = await this.#guarded(entry, 0, host.travel(name, target));
    this.#setPaused(name, true);
    return report;
  }

  #guarded<T>(entry: Entry, limit: number, answer: Promise<T>): Promise<T> {
    const machine = entry.machine.spec.name;
    return new Promise<T>((resolve, reject) => {
      const late = () => reject(new Unavailable({ code: "agent", machine }));
      const timer = limit > 0 ? setTimeout(late, limit + this.#grace) : undefined;
      entry.pending.add(reject);
      answer.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        entry.pending.delete(reject);
      });
    });
  }

  async pause(name: string): Promise<void> {
    const { host } = this.#running(name);
    await host.pause(name);
    this.#setPaused(name, true);
  }

  async resume(name: string): Promise<void> {
    const { host } = this.#running(name);
    await host.resume(name);
    this.#setPaused(name, false);
  }

  #setPaused(name: string, paused: boolean): void {
    const entry = this.#entry(name);
    if (entry.state.status === "running") this.#set(entry, { ...entry.state, paused });
  }

  /** @param speed share of full speed, above 0 to 1 */
  async setSpeed(name: string, speed: number): Promise<void> {
    const { entry, host } = this.#running(name);
    await host.speed(name, speed);
    if (entry.state.status === "running") this.#set(entry, { ...entry.state, speed });
  }

  /** Makes the machine's save point, which is that of every guest of its Xen host; an earlier one is given up. */
  async save(name: string): Promise<void> {
    const { entry, host } = this.#running(name);
    const together = this.#together(entry);
    const late = together.find(({ state }) => state.status === "starting")?.machine.spec.name;
    if (late !== undefined) throw new Unavailable({ code: "machine-starting", machine: late });
    const running = together.filter(({ state }) => state.status === "running");
    const snapshot = await host.snapshot(name);
    const saved = Date.now();
    for (const one of running) {
      one.snapshot = snapshot;
      this.#set(one, { ...one.state, saved });
    }
  }

  /**
   * Puts a machine, and all that were saved with it, back.
   *
   * @returns the names of the machines put back
   * @throws Unavailable or the host's own error; the machines are then as they were
   */
  async back(name: string): Promise<string[]> {
    const entry = this.#entry(name);
    const { snapshot, host } = entry;
    const entries = this.#together(entry).filter((one) => one.snapshot === snapshot);
    if (!snapshot || !host || entries.some(({ state }) => state.status === "starting")) {
      throw new Unavailable({ code: "machine-stopped", machine: name, message: `\`${name}\` has no save point.` });
    }
    await host.restore(name, snapshot);
    for (const one of entries) this.#putBack(one);
    return entries.map(({ machine }) => machine.spec.name);
  }

  #putBack(entry: Entry): void {
    const { state, machine } = entry;
    const report = state.status === "running" ? state.report : NO_REPORT;
    for (const end of entry.pending) end(new Unavailable({ code: "machine-starting", machine: machine.spec.name }));
    this.#set(entry, { status: "running", report, paused: false, speed: 1, agent: "ready", saved: state.saved });
  }

  /** The worker is gone: nothing it was asked will be answered. */
  lost(name: string, message: string): void {
    const entry = this.#entry(name);
    this.#endLife(entry, { code: "machine-stopped", machine: name, message });
    entry.host = undefined;
    entry.snapshot = undefined;
    this.#set(entry, { status: "stopped", reason: "host", message, saved: undefined });
  }

  async close(): Promise<void> {
    const stop = (entry: Entry) => {
      this.#endLife(entry, { code: "machine-stopped", machine: entry.machine.spec.name });
      return this.#switchOff(entry);
    };
    await Promise.all([...this.#entries.values()].map(stop));
  }

  /** Waits for the host no longer than it may take: a worker that is gone does not answer. */
  async #switchOff(entry: Entry): Promise<void> {
    const stopped = entry.host?.stop(entry.machine.spec.name);
    if (stopped) await this.#guarded(entry, 1, stopped).catch(() => undefined);
  }

  #take(entry: Entry, event: MachineEvent): void {
    this.#options.onMachineEvent?.(entry.machine.spec.name, event);
    if (event.type === "stopped") {
      this.#stopped(entry, event.reason, event.message);
      void this.#rescue(entry);
    }
    if (event.type === "progress" && entry.state.status === "starting") {
      this.#set(entry, { ...entry.state, progress: event.progress });
    }
    if (event.type === "notice") {
      const agent = { "agent-lost": "lost", "agent-silent": "silent", "agent-back": "ready" } as const;
      const change = agent[event.code as keyof typeof agent];
      if (change) this.#agentIs(entry, change);
    }
  }

  /** A machine that kept states by itself offers the newest when it dies without a save point. */
  async #rescue(entry: Entry): Promise<void> {
    const { life, host, snapshot } = entry;
    if (snapshot || !host) return;
    const rescued = await host.snapshot(entry.machine.spec.name).catch(() => undefined);
    if (!rescued || entry.life !== life || entry.snapshot) return;
    entry.snapshot = rescued;
    this.#set(entry, { ...entry.state, saved: Date.now() });
  }

  #agentIs(entry: Entry, agent: "ready" | "lost" | "silent"): void {
    if (entry.state.status !== "running" || entry.state.agent === agent) return;
    this.#set(entry, { ...entry.state, agent });
  }

  #stopped(entry: Entry, reason: Extract<MachineState, { status: "stopped" }>["reason"], message: string): void {
    const machine = entry.machine.spec.name;
    for (const end of entry.pending) end(new Unavailable({ code: "machine-stopped", machine, message }));
    this.#set(entry, { status: "stopped", reason, message, saved: entry.state.saved });
  }

  /** A start is under way from now on. @returns the number of the life that begins */
  #begin(entry: Entry): number {
    const life = this.#endLife(entry, { code: "machine-starting", machine: entry.machine.spec.name });
    this.#set(entry, { status: "starting", progress: undefined, saved: entry.state.saved });
    return life;
  }

  /** The entries that share a save point with this one, itself among them. */
  #together(entry: Entry): Entry[] {
    return savedWith(this.#options.lab.machines, entry.machine.spec.name).map((name) => this.#entry(name));
  }

  /** @returns the number of the life that begins */
  #endLife(entry: Entry, waiting: Waiting): number {
    for (const end of entry.pending) end(new Unavailable(waiting));
    entry.life += 1;
    return entry.life;
  }

  #set(entry: Entry, state: MachineState): void {
    entry.state = state;
    this.#changed(entry.machine.spec.name);
  }

  #running(name: string): { entry: Entry; host: HostApi } {
    const entry = this.#entry(name);
    if (entry.state.status === "running" && entry.host) return { entry, host: entry.host };
    throw new Unavailable({ code: "machine-stopped", machine: name, message: `\`${name}\` does not run.` });
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    const known = this.names.join(", ");
    throw new Error(`The lab has no machine \`${name}\`. It has: ${known}.`);
  }
}

/** A machine put back after it stopped was not started: there is nothing to report. */
const NO_REPORT = { how: "restore", milliseconds: 0, agentMilliseconds: 0, instructions: 0 } as const;

function freshEntry(machine: LabMachine): Entry {
  const state = { status: "starting", progress: undefined, saved: undefined } as const;
  return { machine, state, host: undefined, life: 0, snapshot: undefined, pending: new Set() };
}

/** @returns an error's own words */
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
