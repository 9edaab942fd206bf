import { describe, expect, it } from "vitest";
import { costsOf, designOf } from "../../src/views/hypervisor/costs-rows.ts";
import { guests } from "./guest.ts";

interface Phase {
  readonly times: number;
  readonly total: number;
  readonly instructions: number;
  readonly hypervisorInstructions: number;
}

const guest = guests();

/** What the guest's benchmarks measured once `commands` are done. */
async function measured(options: readonly string[], commands: readonly string[]): Promise<Record<string, Phase>> {
  const machine = await guest({ name: `m-${options.join("").replace(/\W/g, "-")}`, image: "hypervisor", options });
  await machine.start();
  for (const command of commands) expect(await machine.run(command)).toMatchObject({ exit: 0 });
  const { phases } = (await machine.host.probe(machine.spec.name, "exits.phases", {})) as {
    phases: Record<string, Phase>;
  };
  return phases;
}

describe("a phase", () => {
  it.each([["mode=native"], ["mode=shadow"], ["mode=pv"]])("%s: knows how often its work was done", async (option) => {
    const commands = ["fork 3", "fault 300", "ctx 7", "map 5", "zero 2", "syscalls 2"];
    const phases = await measured(
      [option],
      commands.map((command) => `bench ${command}`),
    );
    const times = Object.fromEntries(Object.entries(phases).map(([name, phase]) => [name, phase.times]));
    // fault has 256 pages at most, zero marks each of its rounds, syscalls makes a hundred at a time
    expect(times).toEqual({ fork: 3, ctx: 7, fault: 256, map: 5, zero: 1, syscalls: 200 });
  });

  it("costs the same for one operation, however often it was done", async () => {
    const [once, often] = [
      await measured(["mode=pv"], ["bench fork 1"]),
      await measured(["mode=pv"], ["bench fork 20"]),
    ];
    const cost = ({ total, times }: Phase) => Math.round(total / times);
    expect(cost(once.fork!)).toBe(cost(often.fork!));
  });

  it("of every design fills its place in the comparison by the command that stands in it", async () => {
    const names = ["mode=native", "mode=shadow", "mode=vtlb", "mode=pv"];
    const empty = names.map((name, index) => ({
      name,
      letter: "ABCD"[index]!,
      design: designOf([name])!,
      phases: undefined,
    }));
    const commands = costsOf(empty).rows.map(({ bars }) => bars[0]!.command);
    const filled = [];
    for (const machine of empty) filled.push({ ...machine, phases: await measured([machine.name], commands) });
    for (const { operation, bars } of costsOf(filled).rows) {
      const [native, ...others] = bars.map(({ cost }) => cost);
      expect({ operation, ...native }).toMatchObject({ operation, exits: 0, relative: 1, hypervisorInstructions: 0 });
      for (const cost of others) {
        expect(cost!.exits, operation).toBeGreaterThan(0);
        expect(cost!.relative, operation).toBeGreaterThan(1);
      }
    }
  });
});
