import type { NamespaceReading } from "../probe/index.ts";

/** The namespaces of one machine, as the live view takes them. */
export interface Inside {
  readonly reading: NamespaceReading | undefined;
  /** Why the last attempt to read failed, in the machine's or the probe's words. */
  readonly problem: string | undefined;
}

/** What is inside machines, by their own tools, for the view of namespaces. */
export class NamespacesWatch {
  private readonly probe: (machine: string) => Promise<unknown>;
  private readonly wanted = new Set<string>();
  private readonly inside = new Map<string, Inside>();

  /** @param probe reads a machine's namespaces */
  constructor(probe: (machine: string) => Promise<unknown>) {
    this.probe = probe;
  }

  /** Reads a machine with every look from now on. */
  want(machine: string): void {
    this.wanted.add(machine);
  }

  /** What was read last. */
  of(machine: string): Inside | undefined {
    return this.inside.get(machine);
  }

  /**
   * @param runs whether the machine still runs: one that does not cannot answer, which is no problem
   * @returns whether something in it changed
   */
  async look(machine: string, runs: () => boolean): Promise<boolean> {
    if (!this.wanted.has(machine)) return false;
    const before = this.inside.get(machine)?.reading;
    try {
      const reading = (await this.probe(machine)) as NamespaceReading;
      this.inside.set(machine, { reading, problem: undefined });
      return before !== undefined && (await differ(before, reading));
    } catch (error) {
      // The tool is the guest's: a student may have broken it. The last reading stays until a new one comes.
      const message = error instanceof Error ? error.message : String(error);
      if (runs()) this.inside.set(machine, { reading: before, problem: message.replaceAll("`", "") });
      return false;
    }
  }
}

/** What compares them is loaded with the view that shows them. */
async function differ(before: NamespaceReading, now: NamespaceReading): Promise<boolean> {
  const { compareReadings, hasChanges, withoutScripts } = await import("../probe/index.ts");
  return hasChanges(compareReadings(withoutScripts(before), withoutScripts(now)));
}
