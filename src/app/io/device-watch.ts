import type { Lab } from "../../lab/index.ts";
import type { IoCosts, XenDomains, XenStoreTree } from "../../probe/io/types.ts";
import { type MachineStatus, machineLetter } from "../../views/machine.ts";
import { panelId } from "../panels.ts";
import type { Storage } from "../storage.ts";
import { KeptRuns, type MachineCosts } from "./kept-runs.ts";
import { LOOK, Reading } from "./reading.ts";
import { RingWatch } from "./ring-watch.ts";

export interface DeviceWatchOptions {
  readonly lab: Lab;
  readonly storage: Storage;
  /** Reads a probe of the machine that its arguments name. */
  readonly probe: (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly control: (machine: string, control: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly phase: (machine: string) => MachineStatus["phase"];
  /** Whether a panel can be seen now. */
  readonly shown: (panel: string) => boolean;
  readonly changed: () => void;
  /** Something the student asked for went wrong; for a quiet note. */
  readonly refused: (message: string) => void;
}

/** Slow motion of a ring, as `io.pace` takes it. */
export interface RingPace {
  readonly ring: string;
  readonly latency?: number;
  readonly batch?: number;
  readonly stepping?: boolean;
}

/** The Xen host of one machine. */
class DomainsWatch {
  readonly domains = new Reading<XenDomains>();
  readonly store = new Reading<XenStoreTree>();
}

/** Looks at devices for the panels that show them, and passes on what the student does there. */
export class DeviceWatch {
  readonly kept: KeptRuns;
  readonly #options: DeviceWatchOptions;
  readonly #rings = new Map<string, RingWatch>();
  readonly #domains = new Map<string, DomainsWatch>();
  readonly #costs = new Map<string, Reading<IoCosts>>();
  #chosen: Readonly<Record<string, string>> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: DeviceWatchOptions) {
    this.#options = options;
    this.kept = new KeptRuns(options.storage, options.lab.address, options.changed);
    const wantsCosts = options.lab.layout.some(({ kind }) => kind === "io-costs");
    for (const { spec } of options.lab.machines) {
      if (wantsCosts && spec.nics.length + spec.disks.length > 0) this.#costs.set(spec.name, new Reading());
    }
  }

  /** Takes up what was chosen on an earlier visit and looks from now on. */
  async start(): Promise<void> {
    const { lab, storage } = this.#options;
    this.#chosen = parseChosen(await storage.get(this.#choiceKey).catch(() => undefined));
    for (const panel of lab.layout) {
      if (panel.kind === "ring") this.#rings.set(panel.machine, new RingWatch(this.#chosen[panel.machine]));
      if (panel.kind === "domains") this.#domains.set(panel.machine, new DomainsWatch());
    }
    await this.kept.load();
    this.#plan();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** The rings of a machine that has a panel for them; undefined before {@link start}. */
  rings(machine: string): RingWatch | undefined {
    return this.#rings.get(machine);
  }

  domains(machine: string): DomainsWatch | undefined {
    return this.#domains.get(machine);
  }

  /** What the devices of the lab's machines cost, as the view takes it. */
  get costs(): readonly MachineCosts[] {
    return this.#options.lab.machines.flatMap(({ spec: { name } }, index) => {
      const reading = this.#costs.get(name);
      return reading ? [{ name, letter: machineLetter(index), costs: reading.value }] : [];
    });
  }

  /** Why what a machine's devices cost could not be read. */
  get costsProblem(): string | undefined {
    return [...this.#costs.values()].find(({ problem }) => problem !== undefined)?.problem;
  }

  /** The student looks at another ring; it is the one that is stepped, also after a reload. */
  choose(machine: string, ring: string): void {
    this.#rings.get(machine)?.choose(ring);
    this.#chosen = { ...this.#chosen, [machine]: ring };
    void this.#options.storage.set(this.#choiceKey, JSON.stringify(this.#chosen)).catch(() => undefined);
    this.hurry(machine);
    this.#options.changed();
  }

  pace(machine: string, pace: RingPace): Promise<void> {
    return this.#control(machine, "io.pace", { ...pace });
  }

  /** Lets a ring that stands serve one slot, or up to its next notification. */
  step(machine: string, ring: string, by: "slot" | "notification"): Promise<void> {
    return this.#control(machine, "io.step", { ring, by });
  }

  /** Counts what devices cost from now on. */
  async reset(): Promise<void> {
    await Promise.all([...this.#costs.keys()].map((machine) => this.#control(machine, "io.reset", {})));
  }

  /** Something probably changed on a machine: it is looked at soon. */
  hurry(machine: string): void {
    this.#rings.get(machine)?.hurry();
    this.#domains.get(machine)?.domains.hurry();
    this.#domains.get(machine)?.store.hurry();
    this.#costs.get(machine)?.hurry();
  }

  /** The machine lives anew, or an earlier life again: what was read is not its own any more. */
  forget(machine: string): void {
    this.#rings.get(machine)?.forget();
    this.#domains.get(machine)?.domains.forget();
    this.#domains.get(machine)?.store.forget();
    this.#costs.get(machine)?.forget();
  }

  /**
   * One look at everything that is shown and due.
   *
   * @param now milliseconds on a steady clock
   */
  async look(now: number): Promise<void> {
    const { lab, shown } = this.#options;
    const looks = lab.layout.flatMap((panel) => (shown(panelId(panel)) ? this.#looksOf(panel, now) : []));
    const news = await Promise.all(looks);
    if (news.includes(true) && !this.#closed) this.#options.changed();
  }

  #looksOf(panel: Lab["layout"][number], now: number): Promise<boolean>[] {
    if (panel.kind === "io-costs") {
      const due = [...this.#costs].filter(([, reading]) => reading.isDue(now));
      return due.map(([machine, reading]) => this.#read(machine, reading, "io.costs", now));
    }
    if (panel.kind === "ring") {
      const { machine } = panel;
      const rings = this.#rings.get(machine);
      const probe = (name: string, args: Readonly<Record<string, unknown>>) =>
        this.#options.probe(name, { ...args, machine });
      return rings ? [rings.look(probe, now, this.#isEarly(machine))] : [];
    }
    const watch = panel.kind === "domains" ? this.#domains.get(panel.machine) : undefined;
    if (!watch || panel.kind !== "domains") return [];
    const { machine } = panel;
    return [
      ...(watch.domains.isDue(now) ? [this.#read(machine, watch.domains, "xen.domains", now)] : []),
      ...(watch.store.isDue(now) ? [this.#read(machine, watch.store, "xen.store", now)] : []),
    ];
  }

  #read<Value>(machine: string, reading: Reading<Value>, probe: string, now: number): Promise<boolean> {
    const read = () => this.#options.probe(probe, { machine }) as Promise<Value>;
    return reading.look(read, now, this.#isEarly(machine));
  }

  #isEarly(machine: string): boolean {
    return this.#options.phase(machine) === "starting";
  }

  async #control(machine: string, control: string, args: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await this.#options.control(machine, control, args);
    } catch (error) {
      this.#options.refused(error instanceof Error ? error.message : String(error));
    }
    this.hurry(machine);
  }

  get #choiceKey(): string {
    return `ring:${this.#options.lab.address}`;
  }

  /** The next look waits for this one, however slow a host is. */
  #plan(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.look(performance.now()).finally(() => this.#plan()), LOOK.quick);
  }
}

/** @returns what was chosen, by machine; nothing of what is damaged */
function parseChosen(text: string | undefined): Readonly<Record<string, string>> {
  try {
    const kept: unknown = JSON.parse(text ?? "{}");
    const entries = typeof kept === "object" && kept !== null ? Object.entries(kept) : [];
    return Object.fromEntries(entries.filter(([, ring]) => typeof ring === "string"));
  } catch {
    return {};
  }
}
