import { describe, expect, it } from "vitest";
import { type Counts, Phases } from "../../src/machine/hypervisor/phases.ts";

const counts = (instructions: number, exits = {}, hypervisor = {}): Counts => ({ instructions, exits, hypervisor });
const name = (phase: number) => `phase ${phase}`;

describe("phases between a guest's marks", () => {
  it("are differences, with how often the first mark says the work was done", () => {
    const phases = new Phases();
    phases.mark((300 << 8) | 4, counts(1000, { EXIT_CR3: 0xffff_ffff, EXIT_HLT: 7 }, { EXIT_CR3: 50 }), name);
    phases.mark(5, counts(9000, { EXIT_CR3: 2, EXIT_HLT: 7 }, { EXIT_CR3: 250 }), name);
    expect(phases.all()).toEqual([
      {
        phase: "phase 2",
        times: 300,
        instructions: 8000,
        hypervisorInstructions: 200,
        total: 3,
        exits: { EXIT_CR3: 3 },
      },
    ]);
  });

  it("are the newest of each number, in their order", () => {
    const phases = new Phases();
    for (const [mark, at] of [
      [0x208, 0],
      [9, 5],
      [0x102, 10],
      [3, 12],
      [0x408, 20],
      [9, 50],
    ] as const)
      phases.mark(mark, counts(at), name);
    expect(phases.all().map(({ phase, times, instructions }) => [phase, times, instructions])).toEqual([
      ["phase 1", 1, 2],
      ["phase 4", 4, 30],
    ]);
  });

  it("do not end without having begun, nor twice", () => {
    const phases = new Phases();
    phases.mark(3, counts(5), name);
    expect(phases.all()).toEqual([]);
    phases.mark(0x102, counts(10), name);
    phases.mark(3, counts(12), name);
    phases.mark(3, counts(99), name);
    expect(phases.all()).toMatchObject([{ instructions: 2 }]);
  });
});
