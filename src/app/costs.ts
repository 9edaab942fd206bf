import type { Lab } from "../lab/index.ts";
import { type CostMachine, designOf, type Measured } from "../views/hypervisor/costs-rows.ts";
import { machineLetter } from "../views/machine.ts";

type Phases = CostMachine["phases"];

/** What was measured on a lab's machines, for the panel that compares them. */
export class MeasuredCosts {
  private readonly machines: readonly CostMachine[];
  private readonly probe: (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;
  private readonly measured = new Map<string, Phases>();

  /** @param probe reads a probe of the machine that its arguments name */
  constructor(lab: Lab, probe: (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>) {
    this.probe = probe;
    const wanted = lab.layout.some(({ kind }) => kind === "costs");
    this.machines = lab.machines.flatMap(({ spec: { name, image, options } }, index) => {
      const design = wanted && image === "hypervisor" ? designOf(options) : undefined;
      return design ? [{ name, letter: machineLetter(index), design, phases: undefined }] : [];
    });
  }

  /** As the panel takes them. */
  get now(): readonly CostMachine[] {
    return this.machines.map((machine) => ({ ...machine, phases: this.measured.get(machine.name) }));
  }

  /**
   * Reads the machines that are there. What was read of the others stays.
   *
   * @param there whether a machine runs or stands still, and so can be read
   * @returns whether something was measured since
   */
  async look(there: (machine: string) => boolean): Promise<boolean> {
    const before = JSON.stringify(this.now);
    await Promise.all(
      this.machines.map(async ({ name }) => {
        if (!there(name)) return;
        // a machine that stops meanwhile is said to have, in its own panels
        const read = await this.probe("exits.phases", { machine: name }).catch(() => undefined);
        if (read) this.measured.set(name, (read as { phases: Record<string, Measured> }).phases);
      }),
    );
    return JSON.stringify(this.now) !== before;
  }
}
