import { type Host, type MachineEvent, machineSpec } from "../../machine/index.ts";
import type { Domain, Info, Verification } from "../../probe/hypervisor/index.ts";
import { createNodeHost } from "../node-host.ts";
import { DESIGNS, type Design } from "./hypervisor.ts";

/**
 * Random work under every design with the verifier on: page tables against a model (`stress`), processes, pipes, memory
 * and files (`soak`), nonsense asked of the hypervisor (`fuzz`), and beside it a second domain gone mad. All is drawn from
 * seeds; nothing may differ from what the same guest does natively.
 */

/** How much of each is done in a session. With `soak` 0 neither that is run nor the list of hostile attempts. */
export interface Work {
  readonly stress: number;
  readonly soak: number;
  readonly fuzz: number;
}

export interface Session {
  readonly design: Design;
  /** v86 compiles hot code. */
  readonly compiled: boolean;
  readonly seed: number;
  readonly work: Work;
}

export interface SessionReport {
  readonly exits: number;
  /** Entries the hypervisor's verifier looked at, and how many it found wrong. */
  readonly verified: number;
  readonly mismatches: number;
  /** The same question asked from outside, once at the end: present entries, and those that were wrong. */
  readonly recomposed: number;
  readonly recomposedMismatches: number;
  /** What `stress` and `soak` printed: counts and checksum, the same in every design. */
  readonly printed: readonly string[];
  /** What went wrong, in words; empty when nothing did. */
  readonly wrong: readonly string[];
}

/** Milliseconds after which a command of a session is given up. */
const LIMIT = 300_000;

/** A machine for one session, and what it printed. */
class Machine {
  static #made = 0;
  readonly name = `stress${Machine.#made++}`;
  readonly host: Host;
  readonly wrong: string[] = [];
  text = "";
  stopped: string | undefined;

  constructor(host: Host) {
    this.host = host;
  }

  async start(options: readonly string[]): Promise<void> {
    const spec = machineSpec({ name: this.name, image: "hypervisor", memory: 32, options: [...options] });
    await this.host.start(spec, { start: "boot" }, (event) => this.#on(event));
  }

  #on(event: MachineEvent): void {
    if (event.type === "stopped") this.stopped = event.message;
    if (event.type !== "console") return;
    this.text += new TextDecoder().decode(event.bytes);
    void this.host.acknowledge(this.name, event.bytes.length);
  }

  /** @returns what the command printed; that it failed is noted */
  async run(command: string): Promise<string> {
    const { exit, stdout } = await this.host.run(this.name, command, { limit: LIMIT });
    const out = new TextDecoder().decode(stdout).trim();
    if (exit !== 0) this.wrong.push(`\`${command}\` ended with ${exit}: ${out}`);
    return out;
  }

  async probe<T>(name: string): Promise<T> {
    return (await this.host.probe(this.name, name, {})) as T;
  }

  async verdict(): Promise<Pick<SessionReport, "verified" | "mismatches" | "recomposed" | "recomposedMismatches">> {
    const { own, recomposed } = await this.probe<Verification>("hv.verify");
    if (own.first) this.wrong.push(`the verifier: ${own.first.words}`);
    if (recomposed.faults > 0) this.wrong.push(`recomposed: ${JSON.stringify(recomposed.found[0])}`);
    return {
      verified: own.entries,
      mismatches: own.faults,
      recomposed: recomposed.entries,
      recomposedMismatches: recomposed.faults,
    };
  }
}

async function withMachine<T>(host: Host, use: (machine: Machine) => Promise<T>): Promise<T> {
  const machine = new Machine(host);
  try {
    return await use(machine);
  } finally {
    await host.stop(machine.name);
  }
}

const compiling = (compiled: boolean) => (compiled ? ["jit=1"] : []);

/** Does a session's work on a machine of its own. Natively there is nobody to verify, and nobody to ask nonsense of. */
export function runSession(host: Host, { design, compiled, seed, work }: Session): Promise<SessionReport> {
  return withMachine(host, async (machine) => {
    const native = design.name === "native";
    await machine.start([...design.options, ...(native ? [] : ["verify=1"]), ...compiling(compiled)]);
    const printed = [await machine.run(`stress ${seed} ${work.stress}`)];
    if (work.soak > 0) printed.push(await machine.run(`soak ${work.soak} ${seed}`));
    const none = { exits: 0, verified: 0, mismatches: 0, recomposed: 0, recomposedMismatches: 0 };
    if (native) return { ...none, printed, wrong: machine.wrong };
    await machine.run(`fuzz ${seed} ${work.fuzz}`);
    if (work.soak > 0) await machine.run("hostile");
    const verdict = await machine.verdict();
    const { exits } = await machine.probe<Info>("hv.info");
    return { exits, ...verdict, printed, wrong: machine.wrong };
  });
}

export interface MadReport {
  readonly exits: number;
  readonly verified: number;
  readonly mismatches: number;
  /** How the mad domain ended, in the hypervisor's words; undefined when it had not. */
  readonly ending: string | undefined;
  readonly wrong: readonly string[];
}

/** How often domain 0 does its checks while it waits for the other's end. */
const MOST_CHECKS = 4;

/**
 * Domain 1's kernel goes mad (images/hypervisor/guest/kernel/wild.c). Domain 0 must not notice, the books must be right,
 * and of a dead domain nothing may be left.
 *
 * @param rounds mad deeds, if it lives that long
 */
export function runMadDomain(
  host: Host,
  { design, compiled, seed }: Omit<Session, "work">,
  rounds: number,
): Promise<MadReport> {
  return withMachine(host, async (machine) => {
    const mad = ["dom1=shell", "--", `run1=fuzz-${seed}-${rounds}-wild`];
    await machine.start([...design.options, "verify=1", ...compiling(compiled), ...mad]);
    let other: Domain | undefined;
    for (let check = 0; check < MOST_CHECKS && other?.state !== "dead"; check++) {
      await machine.run(`soak 1 ${seed}`);
      other = (await machine.probe<Domain[]>("hv.domains"))[1];
    }
    const { verified, mismatches } = await machine.verdict();
    const { exits, panic } = await machine.probe<Info>("hv.info");
    if (panic !== undefined) machine.wrong.push(panic);
    const ending = /\(hv\) domain 1: ([^,]+),/.exec(machine.text)?.[1];
    if (other?.state === "dead" && ending === undefined) machine.wrong.push("domain 1 died without a word");
    return { exits, verified, mismatches, ending, wrong: machine.wrong };
  });
}

export interface StressRow {
  readonly design: string;
  sessions: number;
  /** Rounds of the guest's commands. */
  stress: number;
  soak: number;
  fuzz: number;
  exits: number;
  verified: number;
  mismatches: number;
  recomposed: number;
  recomposedMismatches: number;
  /** Second domains gone mad, by how they ended. */
  readonly mad: Record<string, number>;
  readonly wrong: string[];
}

export interface StressTable {
  readonly minutes: number;
  readonly seeds: number;
  readonly rows: readonly StressRow[];
}

const WORK: Work = { stress: 600, soak: 4, fuzz: 120 };
const MAD_ROUNDS = 300;

const emptyRow = (design: string): StressRow => ({
  design,
  sessions: 0,
  stress: 0,
  soak: 0,
  fuzz: 0,
  exits: 0,
  verified: 0,
  mismatches: 0,
  recomposed: 0,
  recomposedMismatches: 0,
  mad: {},
  wrong: [],
});

async function oneSession(host: Host, session: Session, native: SessionReport, row: StressRow): Promise<void> {
  const report = await runSession(host, session);
  row.sessions += 1;
  for (const kind of ["stress", "soak", "fuzz"] as const) row[kind] += session.work[kind];
  for (const count of ["exits", "verified", "mismatches", "recomposed", "recomposedMismatches"] as const) {
    row[count] += report[count];
  }
  const where = `seed ${session.seed}${session.compiled ? ", compiled" : ""}`;
  row.wrong.push(...report.wrong.map((what) => `${where}: ${what}`));
  const other = report.printed.find((line, index) => line !== native.printed[index]);
  if (other !== undefined) row.wrong.push(`${where}: not as natively: ${other}`);
}

async function oneMadDomain(host: Host, session: Session, row: StressRow): Promise<void> {
  const report = await runMadDomain(host, session, MAD_ROUNDS);
  row.exits += report.exits;
  row.verified += report.verified;
  row.mismatches += report.mismatches;
  const ending = report.ending ?? "lives";
  row.mad[ending] = (row.mad[ending] ?? 0) + 1;
  row.wrong.push(...report.wrong.map((what) => `seed ${session.seed}, mad domain: ${what}`));
}

/**
 * Goes through the designs again and again, each time with another seed, every other time compiled.
 *
 * @param minutes after which no further session begins
 */
export async function stress(minutes: number): Promise<StressTable> {
  const host = await createNodeHost();
  const rows = DESIGNS.slice(1).map(({ name }) => emptyRow(name));
  const end = performance.now() + minutes * 60_000;
  const over = () => performance.now() >= end;
  let seed = 0;
  try {
    while (!over()) {
      seed += 1;
      const compiled = seed % 2 === 1;
      const work = compiled ? WORK : { stress: WORK.stress / 4, soak: 1, fuzz: WORK.fuzz / 4 };
      const native = await runSession(host, { design: DESIGNS[0]!, compiled, seed, work });
      for (const [index, design] of DESIGNS.slice(1).entries()) {
        if (over()) break;
        const session = { design, compiled, seed, work };
        await oneSession(host, session, native, rows[index]!);
        await oneMadDomain(host, { ...session, compiled: true }, rows[index]!);
      }
    }
  } finally {
    await host.close();
  }
  return { minutes, seeds: seed, rows };
}

/** Prints the totals as people read them. */
export function printStress({ minutes, seeds, rows }: StressTable): void {
  console.log(`${minutes} minutes, ${seeds} seeds, the verifier on at every exit`);
  for (const row of rows) {
    const mad = Object.entries(row.mad).map(([ending, count]) => `${ending} ${count}`);
    console.log(
      `${row.design.padEnd(20)} ${row.sessions} sessions: rounds of stress ${row.stress}, soak ${row.soak}, fuzz ${row.fuzz}; ` +
        `${row.exits} exits, ${row.verified} entries verified, ${row.mismatches} mismatches; ` +
        `recomposed ${row.recomposed}, ${row.recomposedMismatches} mismatches; mad domains: ${mad.join(", ") || "none"}`,
    );
    for (const what of row.wrong) console.log(`  WRONG: ${what}`);
  }
}
