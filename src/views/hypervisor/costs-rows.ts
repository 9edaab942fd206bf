/**
 * The closing figures: what fork, exec, a page fault, a context switch and mmap cost under each of a lab's designs,
 * beside what was published. Plain data in, plain data out.
 */

/** One phase of a machine, as `exits.phases` gives it. */
export interface Measured {
  /** How often the work was done; 0 when the guest did not say. */
  readonly times: number;
  readonly total: number;
  /** Executed altogether, guest and hypervisor. */
  readonly instructions: number;
  readonly hypervisorInstructions: number;
}

/** The ways to run the guest, as the hypervisor's options choose them. */
export type Design = "native" | "shadow" | "oos" | "vtlb" | "pv" | "unbatched" | "ptwr";

export interface CostMachine {
  readonly name: string;
  readonly letter: string;
  readonly design: Design;
  /** By the benchmark's name; undefined before anything was read. */
  readonly phases: Readonly<Record<string, Measured>> | undefined;
}

/** Microseconds of lmbench on native Linux and on Linux over Xen, 2.4 GHz Xeon: Barham et al., SOSP 2003. */
export interface Published {
  readonly native: number;
  readonly xen: number;
}

export type OperationName = "fork" | "exec" | "fault" | "ctx" | "mmap";

interface Operation {
  readonly name: OperationName;
  /** How often a student is told to do it: once, or enough that one odd page among many does not show. */
  readonly run: number;
  /** Operations in one time of it: a round of `ctx` goes there and back. */
  readonly each: number;
  readonly published?: Published;
}

const OPERATIONS: readonly Operation[] = [
  { name: "fork", run: 1, each: 1, published: { native: 110, xen: 198 } },
  { name: "exec", run: 1, each: 1, published: { native: 530, xen: 768 } },
  { name: "fault", run: 16, each: 1, published: { native: 1.42, xen: 2.73 } },
  { name: "ctx", run: 10, each: 2 },
  { name: "mmap", run: 1, each: 1 },
];

/** What one operation costs on one machine, on average over the times it was done. */
export interface Cost {
  readonly operations: number;
  readonly exits: number;
  readonly instructions: number;
  readonly hypervisorInstructions: number;
  /** Multiple of the instructions it is compared with; undefined while those were not measured. */
  readonly relative: number | undefined;
}

export interface CostBar {
  readonly machine: string;
  readonly letter: string;
  readonly design: Design;
  /** What measures it, for the machine's own shell. */
  readonly command: string;
  /** Undefined until it was measured. */
  readonly cost: Cost | undefined;
}

export interface CostRow {
  readonly operation: OperationName;
  readonly bars: readonly CostBar[];
  /** Only where the machines are compared with native ones, as the published figures are. */
  readonly published: (Published & { readonly relative: number }) | undefined;
}

/** What the instructions are multiples of: those of the native machine, or the least when the lab has none. */
export type Base = "native" | "least";

export interface Costs {
  readonly base: Base;
  readonly rows: readonly CostRow[];
}

/**
 * Which design a machine's options stand for.
 *
 * @returns undefined where its figures say nothing of a design: a seeded bug, or a hypervisor that checks itself
 */
export function designOf(options: readonly string[]): Design | undefined {
  const value = (name: string) => options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
  if (value("bug") !== undefined || value("verify") === "1") return undefined;
  const mode = value("mode") ?? "shadow";
  if (mode === "shadow") return value("oos") === "1" ? "oos" : "shadow";
  if (mode === "pv") return value("ptwr") === "1" ? "ptwr" : value("batch") === "0" ? "unbatched" : "pv";
  return mode === "native" || mode === "vtlb" ? mode : undefined;
}

/** The figures of a lab's machines, in its order. */
export function costsOf(machines: readonly CostMachine[]): Costs {
  const base: Base = machines.some(({ design }) => design === "native") ? "native" : "least";
  return { base, rows: OPERATIONS.map((operation) => rowOf(operation, machines, base)) };
}

function rowOf({ name, run, each, published }: Operation, machines: readonly CostMachine[], base: Base): CostRow {
  const averages = machines.map(({ phases }) => averageOf(phases?.[name], each));
  const one = baseOf(machines, averages, base);
  const bars = machines.map(({ name: machine, letter, design }, index): CostBar => {
    const average = averages[index];
    const cost = average && { ...average, relative: one && average.instructions / one };
    return { machine, letter, design, command: `bench ${name} ${run}`, cost };
  });
  const factor = published && { ...published, relative: published.xen / published.native };
  return { operation: name, bars, published: base === "native" ? factor : undefined };
}

type Average = Omit<Cost, "relative">;

function averageOf(phase: Measured | undefined, each: number): Average | undefined {
  if (!phase || phase.times === 0) return undefined;
  const operations = phase.times * each;
  return {
    operations,
    exits: phase.total / operations,
    instructions: phase.instructions / operations,
    hypervisorInstructions: phase.hypervisorInstructions / operations,
  };
}

function baseOf(
  machines: readonly CostMachine[],
  averages: readonly (Average | undefined)[],
  base: Base,
): number | undefined {
  if (base === "native") return averages[machines.findIndex(({ design }) => design === "native")]?.instructions;
  const measured = averages.flatMap((average) => average?.instructions ?? []);
  return measured.length > 0 ? Math.min(...measured) : undefined;
}

/** What is drawn: exits of an operation, or its instructions as a multiple. */
export type Quantity = "exits" | "instructions";

export const quantityOf = (cost: Cost, quantity: Quantity) => (quantity === "exits" ? cost.exits : cost.relative);

/**
 * The value a full bar stands for, row by row. Multiples have one scale, so that rows can be compared; exits, which
 * differ by the work itself, have one a row.
 */
export function scalesOf({ rows }: Costs, quantity: Quantity): readonly number[] {
  const most = rows.map(({ bars, published }) => {
    const values = bars.flatMap(({ cost }) => (cost && quantityOf(cost, quantity)) ?? []);
    return Math.max(0, ...values, quantity === "instructions" ? (published?.relative ?? 0) : 0);
  });
  return quantity === "exits" ? most : most.map(() => Math.max(...most));
}
