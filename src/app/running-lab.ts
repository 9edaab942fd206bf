import {
  apart,
  type Lab,
  type LabSession,
  type LabSource,
  openSession,
  type SessionState,
  savedWith,
} from "../lab/index.ts";
import type { MachineEvent, TravelTarget } from "../machine/api.ts";
import { inEach, inLanguage, type Language, type Localized, strings } from "../views/language.ts";
import { type MachineStatus, stoppedDetail, stoppedSentence } from "../views/machine.ts";
import { timeOfDay } from "../views/quantities.ts";
import { plainTaskName } from "../views/steps/places.ts";
import { addMark, addSample, EMPTY_TIMELINE, type MarkKind, type Timeline } from "../views/timeline.ts";
import type { TransportAction } from "../views/transport.ts";
import { Consoles } from "./consoles.ts";
import { MeasuredCosts } from "./costs.ts";
import { Hosts } from "./hosts.ts";
import { Inspector } from "./inspection.ts";
import type { DeviceWatch, DeviceWatchOptions } from "./io/device-watch.ts";
import { machineStatus, NOTHING_SEEN, type Watch, watchEvent, watchMeters } from "./machine-watch.ts";
import { NamespacesWatch } from "./namespaces-watch.ts";
import type { NetworkWatch, NetworkWatchOptions } from "./network/network-watch.ts";
import { Programs } from "./programs.ts";
import type { Storage } from "./storage.ts";

type Arguments = Readonly<Record<string, unknown>>;

export interface RunningLabOptions {
  readonly lab: Lab;
  readonly source: LabSource;
  readonly storage: Storage;
  readonly language: Language;
  /** The place the address names; undefined for where the student was. */
  readonly place: string | undefined;
  /** Something to show changed. */
  readonly changed: () => void;
  /** Something new is to be seen in a part of the page: `steps`, or a panel by its id. */
  readonly news: (part: string) => void;
  /** Something went wrong that the student asked for; for a quiet note. */
  readonly refused: (message: string) => void;
  /** Whether a panel, by its id, can be seen now. */
  readonly shown: (panel: string) => boolean;
}

/** Between two looks at meters and live views, in milliseconds. */
const LOOK_EVERY = 1000;
/** Between two looks into a machine that runs a hypervisor: its exits are shown as they come, the first at once. */
const INSPECT_EVERY = 250;
const INSPECT_FIRST = 40;

/** A lab on the page: its session, its hosts' workers, its consoles, and what was seen of its machines over time. */
export class RunningLab {
  readonly lab: Lab;
  readonly session: LabSession;
  readonly consoles: Consoles;
  timeline: Timeline = EMPTY_TIMELINE;
  /** What is inside machines, for the view of namespaces. */
  readonly namespaces: NamespacesWatch;

  /** The programs students write for the machines' guests. */
  readonly programs: Programs;
  /** What was measured on the machines, when the lab compares it. */
  readonly costs: MeasuredCosts;
  /** What is seen of the machines' devices, once {@link watchDevices} was told how. */
  devices: DeviceWatch | undefined;
  /** What is seen of the network, once {@link watchNetwork} was told how. */
  network: NetworkWatch | undefined;
  /** Machines on their way to an exit. */
  readonly travelling = new Set<string>();

  private readonly inspectors = new Map<string, Inspector>();
  private inspecting: ReturnType<typeof setTimeout> | undefined;
  private readonly hosts: Hosts;
  private readonly options: RunningLabOptions;
  private readonly watches = new Map<string, Watch>();
  private language: Language;
  private looking: ReturnType<typeof setTimeout> | undefined;
  private attention = true;
  private closed = false;

  constructor(options: RunningLabOptions) {
    const { lab, source, storage, language, place } = options;
    this.options = options;
    this.lab = lab;
    this.language = language;
    this.hosts = new Hosts({
      lab,
      lost: (machine, error) => this.session.hostLost(machine, error.message),
      networkReplaced: () => options.refused(strings(this.language).networkReplaced),
    });
    this.consoles = new Consoles(this.hosts);
    this.programs = new Programs({
      storage,
      lab: lab.address,
      language,
      hostOf: (machine) => this.hosts.running(machine),
      type: (machine, line) => this.type(machine, new TextEncoder().encode(line)),
      changed: options.changed,
    });
    this.session = openSession({
      lab,
      source,
      store: storage,
      language,
      ...(place === undefined ? {} : { place }),
      hostOf: (machine) => this.hosts.of(machine),
      network: () => this.hosts.network(),
      startOptions: (machine) => this.consoles.size(machine) ?? {},
      onMachineEvent: (machine, event) => this.onMachineEvent(machine, event),
    });
    this.namespaces = new NamespacesWatch((machine) => this.session.probe("guest.namespaces", { machine }));
    this.costs = new MeasuredCosts(lab, (name, args) => this.session.probe(name, args));
    let before = this.session.state;
    this.session.subscribe((state) => {
      this.onState(before, state);
      before = state;
    });
  }

  /** Starts the machines and the clock that looks at them. */
  async start(): Promise<void> {
    this.looking = setTimeout(() => void this.look(), LOOK_EVERY);
    this.inspecting = setTimeout(() => void this.inspectAll(), INSPECT_FIRST);
    await this.session.start();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.looking);
    clearTimeout(this.inspecting);
    for (const watch of this.lookers) watch.close();
    // The workers end whether or not a guest takes its leave.
    const farewell = this.session.close().catch(() => undefined);
    this.hosts.close();
    await farewell;
  }

  /** The machines as views take them, in the lab's order. */
  get machines(): readonly MachineStatus[] {
    const { machines } = this.session.state;
    return this.lab.machines.map(({ spec }) =>
      machineStatus(this.lab, spec.name, machines[spec.name], this.watch(spec.name)),
    );
  }

  setLanguage(language: Language): void {
    this.language = language;
    this.session.setLanguage(language);
  }

  setAttention(attention: boolean): void {
    this.attention = attention;
    this.session.setAttention(attention);
  }

  /** Bytes the student typed. Enter is when something probably changed. */
  type(machine: string, bytes: Uint8Array): void {
    if (bytes.includes(13)) {
      this.session.nudge();
      this.network?.hurry(machine);
    }
    this.consoles.type(machine, bytes);
  }

  /** Looks into a machine for the panels that show it. */
  inspector(machine: string): Inspector {
    let inspector = this.inspectors.get(machine);
    if (!inspector) {
      const probe = (name: string, args: Arguments) => this.session.probe(name, { ...args, machine });
      inspector = new Inspector(probe, () => this.options.changed());
      this.inspectors.set(machine, inspector);
    }
    return inspector;
  }

  /** Looks at devices for the panels that show them; what does it is a part of the page of its own. */
  watchDevices(make: (options: DeviceWatchOptions) => DeviceWatch): void {
    if (this.closed) return;
    const control = (machine: string, name: string, args: Arguments) => this.session.control(machine, name, args);
    this.devices = make({ ...this.surroundings, control });
    void this.devices.start();
  }

  /** Looks at the network for the panel that shows it; likewise. */
  watchNetwork(make: (options: NetworkWatchOptions) => NetworkWatch): void {
    if (this.closed) return;
    const control = (name: string, args: Arguments) => this.session.control(undefined, name, args);
    this.network = make({ ...this.surroundings, control });
    this.network.start();
  }

  /** What looks at machines for panels, as far as the lab has such panels. */
  private get lookers(): readonly (DeviceWatch | NetworkWatch)[] {
    return [this.devices, this.network].filter((watch) => watch !== undefined);
  }

  private get surroundings() {
    return {
      ...this.options,
      probe: (name: string, args: Arguments) => this.session.probe(name, args),
      phase: (machine: string) => this.machines.find(({ name }) => name === machine)!.phase,
      shown: (panel: string) => this.attention && this.options.shown(panel),
    };
  }

  /** Takes a machine to an exit and shows what it is there. */
  async travel(machine: string, target: TravelTarget): Promise<void> {
    this.travelling.add(machine);
    this.options.changed();
    try {
      await this.session.travel(machine, target);
    } catch (error) {
      this.options.refused(messageOf(error));
    } finally {
      this.travelling.delete(machine);
    }
    this.inspector(machine).choose({ exit: undefined });
  }

  /** Carries out what the student asked of machines; what is refused is said and changes nothing. */
  async act(action: TransportAction, machines: readonly string[]): Promise<void> {
    if (action === "restart") await this.restart(machines);
    else if (action === "save") await this.eachOf(apart(this.lab.machines, machines), (one) => this.save(one));
    else if (action === "back") await this.eachOf(apart(this.lab.machines, machines), (one) => this.back(one));
    else await this.eachOf(machines, (one) => this.standOrGo(one, action));
    // a machine that stands still is not looked into again by itself
    for (const machine of machines) void this.inspectors.get(machine)?.look(this.starts(machine));
    for (const watch of this.lookers) for (const machine of machines) watch.hurry(machine);
    this.options.changed();
  }

  /** @param speed share of full speed, above 0 to 1 */
  async setSpeed(machines: readonly string[], speed: number): Promise<void> {
    await this.eachOf(machines, (machine) => this.session.setSpeed(machine, speed));
    this.options.changed();
  }

  /** Does something to several machines; what one refuses is said, and keeps it from none of the others. */
  private async eachOf(machines: readonly string[], act: (machine: string) => Promise<void>): Promise<void> {
    const outcomes = await Promise.allSettled(machines.map(act));
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") this.options.refused(messageOf(outcome.reason));
    }
  }

  private async standOrGo(machine: string, action: "pause" | "run"): Promise<void> {
    await (action === "pause" ? this.session.pause(machine) : this.session.resume(machine));
    const what = inEach((text) => text.events[action === "pause" ? "paused" : "resumed"](machine));
    this.mark("machine", machine, what);
  }

  private async restart(machines: readonly string[]): Promise<void> {
    for (const machine of machines) {
      this.consoles.announce(machine, strings(this.language).restartDone);
      const what = inEach((text) => text.events.restarted(machine));
      this.mark("machine", machine, what);
    }
    await this.session.restart(...machines);
  }

  private async save(machine: string): Promise<void> {
    const together = savedWith(this.lab.machines, machine);
    const running = together.filter((one) => this.session.state.machines[one]?.status === "running");
    for (const one of running) this.consoles.save(one);
    await this.session.save(machine);
    for (const one of running) {
      const what = inEach((text) => text.events.saved(one));
      this.mark("save", one, what);
    }
  }

  private async back(machine: string): Promise<void> {
    const { saved } = this.session.state.machines[machine] ?? {};
    for (const one of await this.session.back(machine)) {
      this.inspectors.get(one)?.forget();
      for (const watch of this.lookers) watch.forget(one);
      this.consoles.back(one);
      if (saved !== undefined) this.consoles.announce(one, strings(this.language).rewound(timeOfDay(new Date(saved))));
      const what = inEach((text) => text.events.rewound(one));
      this.mark("save", one, what);
    }
  }

  private watch(machine: string): Watch {
    return this.watches.get(machine) ?? NOTHING_SEEN;
  }

  private onMachineEvent(machine: string, event: MachineEvent) {
    if (event.type === "console") {
      this.consoles.receive(machine, event.bytes);
      this.options.news(`terminal:${machine}`);
      return;
    }
    this.watches.set(machine, watchEvent(this.watch(machine), event));
    if (event.type === "notice" && event.code !== "snapshot-stored") {
      this.mark(
        "machine",
        machine,
        inEach((text) => text.events.notice(machine, text.notices[event.code])),
      );
    }
    this.options.changed();
  }

  private onState(before: SessionState, now: SessionState) {
    for (const [name, machine] of Object.entries(now.machines)) {
      const was = before.machines[name];
      if (machine.status !== was?.status) this.onMachineStatus(name, machine);
    }
    for (const [id, task] of Object.entries(now.tasks)) {
      const was = before.tasks[id]?.status;
      if (was === task.status || now.phase === "starting") continue;
      this.options.news("steps");
      if (task.status === "done")
        this.mark(
          "task",
          undefined,
          inEachTask(this.lab, id, (text, name) => text.events.taskDone(name)),
        );
      if (task.status === "failed")
        this.mark(
          "failure",
          undefined,
          inEachTask(this.lab, id, (text, name) => text.events.taskFailed(name)),
        );
    }
    this.options.changed();
  }

  private onMachineStatus(name: string, machine: SessionState["machines"][string]) {
    this.consoles.listen(name, machine.status === "running");
    if (machine.status === "starting") {
      this.watches.set(name, NOTHING_SEEN);
      this.inspectors.get(name)?.forget();
      for (const watch of this.lookers) watch.forget(name);
    }
    if (machine.status === "running") {
      const { how, milliseconds } = machine.report;
      const size = this.consoles.size(name);
      if (size) this.consoles.resize(name, size.columns, size.rows);
      this.mark(
        "machine",
        name,
        inEach((text) =>
          text.events.ready(name, how === "boot" ? text.booted(milliseconds) : text.restored(milliseconds)),
        ),
      );
    }
    if (machine.status !== "stopped") return;
    const sentence = inEach((text) => stoppedSentence(text, name, machine.reason));
    this.mark("machine", name, sentence);
    this.consoles.announce(
      name,
      `${inLanguage(sentence, this.language)} ${stoppedDetail(machine.reason, machine.message)}`.trim(),
    );
  }

  private mark(kind: MarkKind, machine: string | undefined, what: Localized) {
    this.timeline = addMark(this.timeline, { at: Date.now(), kind, machine, what });
  }

  /** One look at every running machine. The next one waits for this one, however slow a host is. */
  private async look() {
    if (this.attention) {
      const running = this.lab.machines.map(({ spec }) => spec.name).filter((name) => this.runs(name));
      await Promise.all([
        ...running.flatMap((name) => [this.lookAtMeters(name), this.lookInside(name)]),
        this.lookAtCosts(),
      ]);
      this.options.changed();
    }
    if (!this.closed) this.looking = setTimeout(() => void this.look(), LOOK_EVERY);
  }

  private async inspectAll() {
    if (this.attention) {
      const lively = [...this.inspectors].filter(([machine]) => this.runs(machine) || this.starts(machine));
      await Promise.all(lively.map(([machine, inspector]) => inspector.look(this.starts(machine))));
    }
    const waiting = [...this.inspectors].some(([machine, { state }]) => this.starts(machine) && !state.trace);
    const later = waiting ? INSPECT_FIRST : INSPECT_EVERY;
    if (!this.closed) this.inspecting = setTimeout(() => void this.inspectAll(), later);
  }

  private starts(machine: string): boolean {
    return this.session.state.machines[machine]?.status === "starting";
  }

  private runs(machine: string): boolean {
    const state = this.session.state.machines[machine];
    return state?.status === "running" && !state.paused;
  }

  private async lookAtMeters(machine: string) {
    const host = this.hosts.running(machine);
    const meters = await host?.meters(machine).catch(() => undefined);
    if (!meters) return;
    const watch = watchMeters(this.watch(machine), meters, performance.now());
    this.watches.set(machine, watch);
    if (watch.load) {
      const { instructions, busy } = watch.load;
      this.timeline = addSample(this.timeline, { at: Date.now(), machine, instructions, busy });
    }
  }

  private async lookAtCosts() {
    const there = (machine: string) => this.session.state.machines[machine]?.status === "running";
    if (await this.costs.look(there)) this.options.news("costs");
  }

  private async lookInside(machine: string) {
    if (await this.namespaces.look(machine, () => this.runs(machine))) this.options.news("namespaces");
  }
}

function inEachTask(
  lab: Lab,
  id: string,
  sentence: (text: ReturnType<typeof strings>, name: string) => string,
): Localized {
  const name = (language: Language) => plainTaskName(lab, id, language);
  return { en: sentence(strings("en"), name("en")), zh: sentence(strings("zh"), name("zh")) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
