import { describe, expect, it } from "vitest";
import {
  type CostMachine,
  costsOf,
  type Design,
  designOf,
  type Measured,
  scalesOf,
} from "../../../src/views/hypervisor/costs-rows.ts";

const phase = (times: number, total: number, instructions: number): Measured => ({
  times,
  total,
  instructions,
  hypervisorInstructions: instructions / 2,
});

const machine = (design: Design, phases: CostMachine["phases"], letter = "A"): CostMachine => ({
  name: `the-${design}`,
  letter,
  design,
  phases,
});

const rowOf = (machines: readonly CostMachine[], operation: string) =>
  costsOf(machines).rows.find((row) => row.operation === operation)!;

describe("the closing figures", () => {
  it("divide what was measured by how often it was done, and compare it with native", () => {
    const machines = [
      machine("native", { fork: phase(1, 0, 5000) }),
      machine("shadow", { fork: phase(10, 160, 600_000) }, "B"),
    ];
    expect(rowOf(machines, "fork").bars.map(({ machine: name, cost }) => ({ name, ...cost }))).toEqual([
      { name: "the-native", operations: 1, exits: 0, instructions: 5000, hypervisorInstructions: 2500, relative: 1 },
      {
        name: "the-shadow",
        operations: 10,
        exits: 16,
        instructions: 60_000,
        hypervisorInstructions: 30_000,
        relative: 12,
      },
    ]);
  });

  it("take a round of ctx for two switches", () => {
    const [bar] = rowOf([machine("vtlb", { ctx: phase(10, 200, 40_000) })], "ctx").bars;
    expect(bar!.cost).toMatchObject({ operations: 20, exits: 10, instructions: 2000 });
  });

  it("put the published factors beside native's multiples, and only where somebody published some", () => {
    const published = costsOf([machine("native", undefined)]).rows.map(({ operation, published: figure }) => [
      operation,
      figure?.relative.toFixed(2),
    ]);
    expect(published).toEqual([
      ["fork", "1.80"],
      ["exec", "1.45"],
      ["fault", "1.92"],
      ["ctx", undefined],
      ["mmap", undefined],
    ]);
  });

  it("compare with the least where the lab has no native machine, and then with nothing published", () => {
    const machines = [
      machine("shadow", { exec: phase(1, 30, 120_000) }),
      machine("vtlb", { exec: phase(1, 40, 80_000) }),
    ];
    const { bars, published } = rowOf(machines, "exec");
    expect([costsOf(machines).base, bars.map(({ cost }) => cost?.relative), published]).toEqual([
      "least",
      [1.5, 1],
      undefined,
    ]);
  });

  it("have no multiple before native is measured, and exits all the same", () => {
    const machines = [machine("native", {}), machine("pv", { fault: phase(16, 32, 32_000) })];
    const [native, pv] = rowOf(machines, "fault").bars;
    expect([native!.cost, pv!.cost]).toMatchObject([undefined, { exits: 2, relative: undefined }]);
  });

  it("say what fills each empty place, and take no count the guest did not give for one", () => {
    const machines = [machine("shadow", { mmap: phase(0, 70, 100_000) })];
    const bars = costsOf(machines).rows.flatMap((row) => row.bars);
    expect(bars.map(({ cost, command }) => [cost, command])).toEqual([
      [undefined, "bench fork 1"],
      [undefined, "bench exec 1"],
      [undefined, "bench fault 16"],
      [undefined, "bench ctx 10"],
      [undefined, "bench mmap 1"],
    ]);
  });

  it("draw multiples on one scale, the published ones too, and exits on one each", () => {
    const work = { fork: phase(1, 16, 60_000), exec: phase(1, 34, 12_000) };
    const costs = costsOf([
      machine("native", { fork: phase(1, 0, 5000), exec: phase(1, 0, 10_000) }),
      machine("shadow", work),
    ]);
    expect(scalesOf(costs, "instructions")).toEqual([12, 12, 12, 12, 12]);
    expect(scalesOf(costs, "exits")).toEqual([16, 34, 0, 0, 0]);
    expect(scalesOf(costsOf([machine("native", {})]), "instructions")[0]).toBeCloseTo(2.73 / 1.42);
  });
});

describe("a machine's design", () => {
  it.each([
    ["mode=native", "native"],
    ["", "shadow"],
    ["mode=shadow oos=1", "oos"],
    ["mode=vtlb", "vtlb"],
    ["mode=pv batch=1", "pv"],
    ["mode=pv batch=0", "unbatched"],
    ["mode=pv ptwr=1", "ptwr"],
    ["build=exercises mode=pv bug=6", undefined],
    ["mode=shadow verify=1", undefined],
  ])("of the options `%s` is %s", (options, design) => {
    expect(designOf(options.split(" ").filter(Boolean))).toBe(design);
  });
});
