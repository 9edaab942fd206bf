import type { HostApi } from "../machine/api.ts";
import type { Language } from "../views/language.ts";
import type { ProgramRun, ProgramState } from "../views/program/program.ts";
import type { Storage } from "./storage.ts";

interface Program {
  readonly text: ProgramState;
  /** What went wrong with the last run, in the guest's words. */
  readonly notice: string | undefined;
}

export interface ProgramsOptions {
  readonly storage: Storage;
  /** Names the lab in the storage. */
  readonly lab: string;
  readonly hostOf: (machine: string) => HostApi | undefined;
  readonly language: Language;
  /** Types on the machine's console. */
  readonly type: (machine: string, line: string) => void;
  readonly changed: () => void;
}

/** The programs a student writes, one for each machine: kept over a reload, put into the guest and run there. */
export class Programs {
  private readonly options: ProgramsOptions;
  private readonly programs = new Map<string, Program>();
  private readonly known = new Set<string>();

  constructor(options: ProgramsOptions) {
    this.options = options;
  }

  of(machine: string): Program {
    void this.load(machine);
    return this.programs.get(machine) ?? FIRST;
  }

  keep(machine: string, { source, name, tail, own }: ProgramState): void {
    this.set(machine, { text: { source, name, tail, own } });
    void this.options.storage
      .set(this.key(machine), JSON.stringify({ source, name, tail, own }))
      .catch(() => undefined);
  }

  /** @returns whether it was typed on the console */
  async run(machine: string, { name, bytes, tail }: ProgramRun): Promise<boolean> {
    try {
      await this.options.hostOf(machine)?.put(machine, name, bytes);
      this.set(machine, { notice: undefined });
      this.options.type(machine, `run ${[name, tail].filter(Boolean).join(" ")}\r`);
      return true;
    } catch (error) {
      this.set(machine, { notice: error instanceof Error ? error.message.replaceAll("`", "") : String(error) });
      return false;
    }
  }

  private set(machine: string, change: Partial<Program>) {
    this.programs.set(machine, { ...(this.programs.get(machine) ?? FIRST), ...change });
    this.options.changed();
  }

  private async load(machine: string): Promise<void> {
    if (this.known.has(machine)) return;
    this.known.add(machine);
    const kept = await this.options.storage.get(this.key(machine)).catch(() => undefined);
    const text = (kept === undefined ? undefined : parseProgram(kept)) ?? (await example(this.options.language));
    if (!this.programs.has(machine)) this.set(machine, { text });
  }

  private key(machine: string): string {
    return `program:${this.options.lab}:${machine}`;
  }
}

const FIRST: Program = { text: { source: "", name: "program", tail: "", own: undefined }, notice: undefined };

/** What a student finds who has written nothing yet. */
async function example(language: Language): Promise<ProgramState> {
  const { EXAMPLES, exampleSource } = await import("../views/program/examples.ts");
  const [first] = EXAMPLES;
  return { source: exampleSource(first!, language), name: first!.id, tail: first!.tail, own: undefined };
}

/** @returns undefined when what was kept is no program */
function parseProgram(text: string): ProgramState | undefined {
  try {
    const { source, name, tail, own } = JSON.parse(text) as Partial<ProgramState>;
    const texts = [source, name, tail].every((part) => typeof part === "string" && part.length < 65_536);
    return texts ? { source: source!, name: name!, tail: tail!, own: own ?? undefined } : undefined;
  } catch {
    return undefined;
  }
}
