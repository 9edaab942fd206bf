import type { MachinePanel } from "../lab/index.ts";
import type { Domain } from "../probe/hypervisor/domains.ts";
import type { Exit, ExitCounts, ExitTrace } from "../probe/hypervisor/exits.ts";
import type { Frames } from "../probe/hypervisor/frames.ts";
import type { NestedWalk } from "../probe/hypervisor/nested-walk.ts";
import type { PageTableMap } from "../probe/hypervisor/paging/table-map.ts";
import type { Translation } from "../probe/hypervisor/paging/translate.ts";
import { ExitHistory } from "./exit-history.ts";

/** What was read last of a machine that boots the hypervisor, and what the student looks at in it. */
export interface Inspection {
  readonly domain: number;
  /** The address that is translated, 32 bits. */
  readonly address: number;
  /** Open slot of the directory, 0 to 1023. */
  readonly slot: number;
  /** The exit that is taken apart; undefined for the newest. */
  readonly exit: number | undefined;
  readonly domains: readonly Domain[] | undefined;
  readonly translation: Translation | undefined;
  readonly map: PageTableMap | undefined;
  readonly leaf: PageTableMap | undefined;
  readonly frames: Frames | undefined;
  readonly counts: ExitCounts | undefined;
  readonly trace: ExitTrace | undefined;
  readonly anatomy: Exit | undefined;
  /** Levels of the tables that the nested walk is computed for. */
  readonly levels: 2 | 4;
  readonly nested: NestedWalk | undefined;
  /** Why the last attempt to read failed, by panel, in the probe's words. */
  readonly problems: Readonly<Record<string, string>>;
}

/** Where the guest's kernel is linked: the first address anybody asks about. */
const KERNEL = 0xc0100000;

const NOTHING: Inspection = {
  domain: 0,
  address: KERNEL,
  slot: KERNEL >>> 22,
  exit: undefined,
  domains: undefined,
  translation: undefined,
  map: undefined,
  leaf: undefined,
  frames: undefined,
  counts: undefined,
  trace: undefined,
  anatomy: undefined,
  levels: 2,
  nested: undefined,
  problems: {},
};

/** Most exits read at once. */
const EXITS_READ = 512;

/** What a student chooses to look at. */
export type Choice = Partial<Pick<Inspection, "domain" | "address" | "slot" | "exit" | "levels">>;

type Probe = (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;
type Kind = MachinePanel["kind"];

type Read = (probe: Probe, now: Inspection, history: ExitHistory) => Promise<Partial<Inspection>>;

/** What each panel needs read, as changes of the inspection. */
const READS: Readonly<Partial<Record<Kind, Read>>> = {
  translation: async (probe, { domain, address }) => ({
    translation: (await probe("paging.walk", { domain, address })) as Translation,
  }),
  "page-tables": async (probe, { domain, slot }) => ({
    map: (await probe("paging.map", { domain })) as PageTableMap,
    leaf: (await probe("paging.map", { domain, from: slot, count: 1 })) as PageTableMap,
  }),
  exits: async (probe, _now, history) => {
    const counts = (await probe("exits.counts", {})) as ExitCounts;
    history.rewind(counts.exits);
    const from = Math.max(history.next, counts.exits - EXITS_READ);
    return { counts, trace: history.add((await probe("exits.trace", { from, count: EXITS_READ })) as ExitTrace) };
  },
  anatomy: async (probe, { exit, trace }) => {
    const kept = trace?.exits.find((other) => other.exit === exit);
    if (kept) return { anatomy: kept };
    const from = exit === undefined ? {} : { from: exit };
    const { exits } = (await probe("exits.trace", { ...from, count: 1 })) as ExitTrace;
    return { anatomy: exits[0] };
  },
  memory: async (probe) => ({ frames: (await probe("hv.frames", {})) as Frames }),
  "nested-walk": async (probe, { domain, address, levels }) => ({
    nested: (await probe("paging.nested", { domain, address, levels })) as NestedWalk,
  }),
};

/** Looks into one machine for the panels that show it. */
export class Inspector {
  private readonly probe: Probe;
  private readonly changed: () => void;
  private readonly wanted = new Set<Kind>();
  private reading: Promise<void> | undefined;
  private again = false;
  private chosen: Choice = {};
  private history = new ExitHistory();
  state: Inspection = NOTHING;

  /** @param changed called after something new was read or chosen */
  constructor(probe: Probe, changed: () => void) {
    this.probe = probe;
    this.changed = changed;
  }

  /** A panel of this kind is on the page from now on. */
  want(kind: Kind): void {
    this.wanted.add(kind);
  }

  /** The student looks at something else: it is read at once. */
  choose(choice: Choice): void {
    this.chosen = { ...this.chosen, ...choice };
    this.state = { ...this.state, ...choice };
    this.changed();
    void this.look();
  }

  /** The machine is put into another state: what was read of its exits need not be what leads there. */
  forget(): void {
    this.history = new ExitHistory();
  }

  /**
   * Reads what the panels show. Asked again while it reads, it reads once more after.
   *
   * @param early the machine may not be there yet: what cannot be read is no problem
   */
  look(early = false): Promise<void> {
    this.again = this.reading !== undefined;
    this.reading ??= this.readAll(early).finally(() => {
      this.reading = undefined;
      if (this.again) void this.look();
    });
    return this.reading;
  }

  private async readAll(early: boolean): Promise<void> {
    const asked = this.state;
    const { history } = this;
    const problems: Record<string, string> = {};
    const read = async (kind: Kind): Promise<Partial<Inspection>> => {
      try {
        return (await READS[kind]?.(this.probe, asked, history)) ?? {};
      } catch (error) {
        if (!early) problems[kind] = error instanceof Error ? error.message : String(error);
        return {};
      }
    };
    // the controls below the stage count exits, whether or not a panel shows them
    const changes = await Promise.all([...new Set<Kind>([...this.wanted, "exits"])].map(read));
    // what the student chose meanwhile is not undone by what was read for an earlier choice
    this.state = Object.assign({ ...this.state }, ...changes, this.chosen, { problems }) as Inspection;
    this.changed();
  }
}
