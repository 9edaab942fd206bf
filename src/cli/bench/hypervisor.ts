import { type Host, type MachineEvent, machineSpec } from "../../machine/index.ts";
import { createNodeHost } from "../node-host.ts";

/**
 * What virtualising memory costs: the guest's benchmarks under every design, in the build that writes no records.
 * Exits and instructions, no times: the same in every run.
 */

/** One way to run the guest. */
export interface Design {
  readonly name: string;
  readonly options: readonly string[];
}

/** The first is native: what the others are compared with. */
export const DESIGNS: readonly Design[] = [
  { name: "native", options: ["mode=native"] },
  { name: "shadow", options: ["mode=shadow"] },
  { name: "shadow, out of sync", options: ["mode=shadow", "oos=1"] },
  { name: "virtual TLB", options: ["mode=vtlb"] },
  { name: "PV, one by one", options: ["mode=pv", "batch=0"] },
  { name: "PV", options: ["mode=pv", "batch=1"] },
  { name: "PV, writable tables", options: ["mode=pv", "ptwr=1"] },
];

/** The guest's benchmarks and how often each is done (images/hypervisor/guest/syscalls.h). */
const WORK: readonly (readonly [name: string, times: number])[] = [
  ["null", 1000],
  ["fork", 10],
  ["exec", 10],
  ["sh", 5],
  ["ctx", 50],
  ["mmap", 10],
  ["prot", 50],
  ["fault", 64],
  ["map", 64],
  ["forkcow", 1],
  ["cr3", 65],
  ["zero", 1],
  ["syscalls", 1],
];

/** What the prototype this began as needed, where it did the same (exits). */
const BEFORE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  map: { shadow: 770, "virtual TLB": 515, "PV, one by one": 449, PV: 257 },
  forkcow: { shadow: 191, "virtual TLB": 174, "PV, one by one": 104, PV: 58 },
  cr3: { shadow: 66, "virtual TLB": 647, "PV, one by one": 66, PV: 66 },
  zero: { shadow: 2049, "virtual TLB": 4, "PV, one by one": 4, PV: 4 },
  syscalls: { shadow: 212, "virtual TLB": 214 },
};

export interface Row {
  readonly bench: string;
  readonly times: number;
  readonly design: string;
  readonly exits: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly instructions: number;
  readonly hypervisorInstructions: number;
  /** instructions / native instructions of the same run. */
  readonly ratio: number;
  /** Exits of the prototype, where it did the same. */
  readonly before?: number;
}

interface Phase {
  readonly total: number;
  readonly exits: Readonly<Record<string, number>>;
  readonly instructions: number;
  readonly hypervisorInstructions: number;
}

export interface IoRow {
  readonly device: string;
  /** Of both domains: the one that asks and the one that answers. */
  readonly design: string;
  readonly requests: number;
  readonly exits: number;
  readonly exitsPerRequest: number;
  readonly hypervisorInstructionsPerRequest: number;
  /** Exits of the prototype, whose domains masked their upcalls in memory, as PV domains do. */
  readonly before?: number;
}

/** By reason: how many instructions the hypervisor executes for one. */
export interface ReasonRow {
  readonly design: string;
  readonly reason: string;
  readonly count: number;
  readonly instructionsPerExit: number;
}

export interface HypervisorTable {
  readonly rows: readonly Row[];
  readonly reasons: readonly ReasonRow[];
  readonly io: readonly IoRow[];
}

/** @param benches which of the guest's benchmarks; all of them unless told */
export async function hypervisor(benches = WORK.map(([bench]) => bench)): Promise<HypervisorTable> {
  const rows: Row[] = [];
  const reasons: ReasonRow[] = [];
  for (const design of DESIGNS) {
    const counted = new Map<string, Counted>();
    for (const [bench, times] of WORK.filter(([name]) => benches.includes(name))) {
      const { phase, counts } = await measure(design.options, `bench ${bench} ${times}`, bench);
      rows.push(row(rows, design.name, bench, times, phase));
      for (const count of counts) counted.set(count.reason, added(counted.get(count.reason), count));
    }
    reasons.push(...[...counted.values()].map((count) => perExit(design.name, count)));
  }
  return { rows, reasons, io: await io() };
}

function row(rows: readonly Row[], design: string, bench: string, times: number, phase: Phase): Row {
  const native = rows.find((other) => other.bench === bench && other.design === "native")?.instructions;
  const before = BEFORE[bench]?.[design];
  const { total, exits, instructions, hypervisorInstructions } = phase;
  const ratio = Number((instructions / (native ?? instructions)).toFixed(2));
  const fields = { bench, times, design, exits: total, reasons: exits, instructions, hypervisorInstructions, ratio };
  return before === undefined ? fields : { ...fields, before };
}

interface Measured {
  readonly phase: Phase;
  /** Of the machine's whole life; none without a hypervisor. */
  readonly counts: readonly Counted[];
}

/**
 * Runs one command in a machine of its own, from its boot to its end. Nothing is typed into it, so that nothing outside
 * has a say in when its timer ticks.
 */
async function measure(options: readonly string[], command: string, phase: string): Promise<Measured> {
  const host = await createNodeHost();
  try {
    const words = ["build=clean", ...options, "--", `run=${command.replaceAll(" ", "-")}`];
    const spec = machineSpec({ name: "bench", image: "hypervisor", options: words });
    const ended = new Promise<string>((resolve, reject) => {
      const listen = (event: MachineEvent) => {
        if (event.type === "console") void host.acknowledge(spec.name, event.bytes.length);
        if (event.type === "stopped") resolve(event.reason);
      };
      // it ends before it has a prompt, and its start says so; only a start that no end comes with has failed
      host.start(spec, {}, listen).catch((error: unknown) => setTimeout(() => reject(error), 0));
    });
    if ((await ended) !== "poweroff") throw new Error(`\`${command}\` brought its machine down.`);
    const { phases } = (await host.probe(spec.name, "exits.phases", {})) as { phases: Record<string, Phase> };
    const found = phases[phase];
    if (!found) throw new Error(`\`${command}\` set no marks.`);
    return { phase: found, counts: options.includes("mode=native") ? [] : await countsOf(host, spec.name) };
  } finally {
    await host.close();
  }
}

interface Counted {
  readonly reason: string;
  readonly count: number;
  readonly instructions: number;
}

async function countsOf(host: Host, machine: string): Promise<readonly Counted[]> {
  const { reasons } = (await host.probe(machine, "exits.counts", {})) as { reasons: readonly Counted[] };
  return reasons;
}

const added = (before: Counted | undefined, { reason, count, instructions }: Counted): Counted => ({
  reason,
  count: count + (before?.count ?? 0),
  instructions: instructions + (before?.instructions ?? 0),
});

const perExit = (design: string, { reason, count, instructions }: Counted): ReasonRow => ({
  design,
  reason,
  count,
  instructionsPerExit: Math.round(instructions / count),
});

const REQUESTS = 256;

/** Device, design, the guest's command, and what the prototype needed for as many requests (exits). */
const IO = [
  ["port I/O and interrupts", "shadow", "io pio 256", 2561],
  ["ring, depth 1", "PV", "io ring 256 1", 1537],
  ["ring, depth 32", "PV", "io ring 256 32", 49],
  ["ring, depth 1", "shadow", "io ring 256 1", undefined],
  ["ring, depth 32", "shadow", "io ring 256 32", undefined],
] as const;

async function io(): Promise<IoRow[]> {
  const rows: IoRow[] = [];
  for (const [device, design, command, before] of IO) {
    const { options } = DESIGNS.find(({ name }) => name === design)!;
    const { phase } = await measure([...options, "dom1=backend"], command, "io");
    const { total: exits, hypervisorInstructions } = phase;
    rows.push({
      device,
      design,
      requests: REQUESTS,
      exits,
      exitsPerRequest: Number((exits / REQUESTS).toFixed(2)),
      hypervisorInstructionsPerRequest: Math.round(hypervisorInstructions / REQUESTS),
      ...(before === undefined ? {} : { before }),
    });
  }
  return rows;
}

/** Prints the table as people read it: a line a benchmark, a column a design. */
export function printHypervisor({ rows, reasons, io }: HypervisorTable): void {
  const designs = DESIGNS.map(({ name }) => name);
  console.log("exits / thousand instructions (guest and hypervisor); in parentheses the prototype's exits");
  for (const [bench, times] of WORK) {
    const cells = designs.map((design) => {
      const { exits, instructions, before } = rows.find((other) => other.bench === bench && other.design === design)!;
      const then = before === undefined ? "" : ` (${before})`;
      return `${design}: ${exits}${then} / ${(instructions / 1000).toPrecision(3)}`;
    });
    console.log(`${bench} ×${times}`.padEnd(14), cells.join("; "));
  }
  console.log("instructions per exit");
  for (const { design, reason, count, instructionsPerExit } of reasons) {
    console.log(`${design.padEnd(20)} ${reason.padEnd(18)} ${String(count).padStart(7)} × ${instructionsPerExit}`);
  }
  for (const { device, design, requests, exits, before, ...each } of io) {
    const then = before === undefined ? "" : ` (${before})`;
    const { exitsPerRequest, hypervisorInstructionsPerRequest } = each;
    console.log(
      `${device}, ${design}: ${exits}${then} exits for ${requests} requests, ${exitsPerRequest} each, ${hypervisorInstructionsPerRequest} hypervisor instructions each`,
    );
  }
}
