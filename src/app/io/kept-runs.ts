import type { IoCosts } from "../../probe/io/types.ts";
import type { Storage } from "../storage.ts";

/** What one machine's devices cost, as the view compares them. */
export interface MachineCosts {
  readonly name: string;
  readonly letter: string;
  readonly costs: IoCosts | undefined;
}

/** A measurement the student gave a name. */
export interface KeptRun {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly machines: readonly MachineCosts[];
}

/** Most measurements kept of a lab; the oldest goes. */
const MOST = 12;
const LONGEST_NAME = 80;

/** The student's notebook of measurements, kept over a reload. */
export class KeptRuns {
  readonly #storage: Storage;
  readonly #key: string;
  readonly #changed: () => void;
  #runs: readonly KeptRun[] = [];

  /** @param lab names the lab in the storage */
  constructor(storage: Storage, lab: string, changed: () => void) {
    this.#storage = storage;
    this.#key = `io-runs:${lab}`;
    this.#changed = changed;
  }

  get runs(): readonly KeptRun[] {
    return this.#runs;
  }

  async load(): Promise<void> {
    const text = await this.#storage.get(this.#key).catch(() => undefined);
    if (text === undefined || this.#runs.length > 0) return;
    this.#runs = parseRuns(text);
    this.#changed();
  }

  /** Writes a measurement down; one of the same name is replaced. */
  keep(name: string, machines: readonly MachineCosts[]): void {
    const run = { name: name.trim().slice(0, LONGEST_NAME), at: Date.now(), machines };
    if (run.name === "") return;
    this.#set([...this.#runs.filter((other) => other.name !== run.name), run].slice(-MOST));
  }

  forget(name: string): void {
    this.#set(this.#runs.filter((run) => run.name !== name));
  }

  #set(runs: readonly KeptRun[]): void {
    this.#runs = runs;
    this.#changed();
    // a storage that refuses says so where the catalogue is; the notebook lasts as long as the page then
    void this.#storage.set(this.#key, JSON.stringify(runs)).catch(() => undefined);
  }
}

/** @returns what was kept, without what is no measurement */
function parseRuns(text: string): readonly KeptRun[] {
  try {
    const runs: unknown = JSON.parse(text);
    return Array.isArray(runs) ? runs.filter(isRun).slice(-MOST) : [];
  } catch {
    return [];
  }
}

function isRun(value: unknown): value is KeptRun {
  if (typeof value !== "object" || value === null) return false;
  const { name, at, machines } = value as Partial<KeptRun>;
  return typeof name === "string" && typeof at === "number" && Array.isArray(machines) && machines.every(isMachine);
}

function isMachine(value: unknown): value is MachineCosts {
  if (typeof value !== "object" || value === null) return false;
  const { name, letter, costs } = value as Partial<MachineCosts>;
  const devices: unknown = costs?.devices;
  return typeof name === "string" && typeof letter === "string" && (costs === undefined || Array.isArray(devices));
}
