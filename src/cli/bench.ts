import type { Figure } from "./bench/figure.ts";

export const usage = `ringside bench [name] [--json]   boot, restore, idle, console, page, steps, hooks, hypervisor, io, network; every figure beside a peer measured in the same run
ringside bench stress [--minutes n] [--json]   random work under every design of the hypervisor, verified; 1 minute unless told
ringside bench fuzz [--cases n] [--seed n] [--driver] [--json]   two hostile guests (with --driver one of them domain 0) beside a good one on a Xen host; 1e6 cases from seed 1 unless told
ringside bench fuzz-network [--cases n] [--seed n] [--only target] [--json]   the network's codecs, captures, links and gateways; 1e6 cases from seed 1 unless told`;

/** What a benchmark found, and how it is printed for people. */
interface Found {
  readonly data: unknown;
  readonly print: () => void;
}

const figures =
  (name: string, measure: () => Promise<Figure[]>): (() => Promise<Found>) =>
  async () => {
    const data = await measure();
    return { data, print: () => print(name, data) };
  };

/** Each loads its own machinery: nothing of one is in memory while another is measured. */
const BENCHES: Readonly<Record<string, () => Promise<Found>>> = {
  boot: figures("boot", async () => (await import("./bench/machines.ts")).boot()),
  restore: figures("restore", async () => (await import("./bench/machines.ts")).restore()),
  idle: figures("idle", async () => (await import("./bench/machines.ts")).idle()),
  console: figures("console", async () => (await import("./bench/machines.ts")).consoleRate()),
  page: figures("page", async () => (await import("./bench/page.ts")).page()),
  steps: figures("steps", async () => (await import("./bench/steps.ts")).steps()),
  hooks: figures("hooks", async () => (await import("./bench/hooks.ts")).hooks()),
  network: figures("network", async () => (await import("./bench/network.ts")).network()),
  hypervisor: async () => {
    const { hypervisor, printHypervisor } = await import("./bench/hypervisor.ts");
    const data = await hypervisor();
    return { data, print: () => printHypervisor(data) };
  },
  io: async () => {
    const { io, printDepths } = await import("./bench/io.ts");
    const data = await io();
    return {
      data,
      print: () => {
        print("io", data.figures);
        printDepths(data.depths);
      },
    };
  },
};

/** Not a figure, and as long as one likes: it runs when it is named. @returns the exit code: 1 when anything was wrong */
async function runStress(minutes: number, json: boolean): Promise<number> {
  const { stress, printStress } = await import("./bench/stress.ts");
  const table = await stress(minutes);
  if (json) console.log(JSON.stringify(table, null, 2));
  else printStress(table);
  return table.rows.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
}

/** The value of an option that is a number, or what it is when it is not there. */
function numberOf(args: readonly string[], option: string, otherwise: number): number {
  const given = args.indexOf(option);
  return given < 0 ? otherwise : Number(args[given + 1]);
}

/** As long as there are cases to try. @returns the exit code: 1 when anything was wrong */
async function runFuzz(args: readonly string[], json: boolean): Promise<number> {
  const [cases, seed] = [numberOf(args, "--cases", 1e6), numberOf(args, "--seed", 1)];
  if (!(cases >= 1) || !Number.isInteger(seed)) {
    console.error(`\`--cases\` needs a number from 1 on, \`--seed\` a whole number.\n${usage}`);
    return 2;
  }
  const { fuzz, printFuzz } = await import("./bench/fuzz.ts");
  const report = await fuzz({ cases, seed, driver: args.includes("--driver"), progress: showCases });
  if (process.stderr.isTTY) process.stderr.write("\r");
  if (json) console.log(JSON.stringify(report, null, 2));
  else printFuzz(report);
  return report.wrong === undefined ? 0 : 1;
}

/** As {@link runFuzz}, for what is made of TypeScript alone: no machine runs. */
async function runNetworkFuzz(args: readonly string[], json: boolean): Promise<number> {
  const [cases, seed] = [numberOf(args, "--cases", 1e6), numberOf(args, "--seed", 1)];
  const only = args.includes("--only") ? (args[args.indexOf("--only") + 1] ?? "") : undefined;
  if (!(cases >= 1) || !Number.isInteger(seed)) {
    console.error(`\`--cases\` needs a number from 1 on, \`--seed\` a whole number.\n${usage}`);
    return 2;
  }
  const { fuzzNetwork, printNetworkFuzz, targetNames } = await import("./bench/fuzz-network.ts");
  if (only !== undefined && !targetNames().includes(only)) {
    console.error(`There is no target called \`${only}\`; there are ${targetNames().join(", ")}.`);
    return 2;
  }
  const report = fuzzNetwork({ cases, seed, only, progress: showCases });
  if (process.stderr.isTTY) process.stderr.write("\r");
  if (json) console.log(JSON.stringify(report, null, 2));
  else printNetworkFuzz(report);
  return report.wrong === undefined ? 0 : 1;
}

function showCases(done: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} cases`);
}

/** @returns the exit code: 0, 1 when a stress or fuzz run found something wrong, 2 for a name or a number that is none */
export async function run(args: string[]): Promise<number> {
  const json = args.includes("--json");
  if (args[0] === "fuzz") return runFuzz(args, json);
  if (args[0] === "fuzz-network") return runNetworkFuzz(args, json);
  if (args[0] === "stress") {
    const minutes = numberOf(args, "--minutes", 1);
    if (minutes > 0) return runStress(minutes, json);
    console.error(`\`--minutes\` needs a number above 0.\n${usage}`);
    return 2;
  }
  const names = args.filter((word) => word !== "--json");
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined) {
    console.error(`There is no benchmark called \`${unknown}\`.\n${usage}`);
    return 2;
  }
  const results: Record<string, unknown> = {};
  for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
    const found = await BENCHES[name]!();
    results[name] = found.data;
    if (!json) found.print();
  }
  if (json) console.log(JSON.stringify(results, null, 2));
  return 0;
}

function print(name: string, figures: readonly Figure[]): void {
  for (const { what, ours, peer, unit, against, ratio } of figures) {
    console.log(`${name.padEnd(8)} ${what}: ${ours} ${unit}; ${against}: ${peer} ${unit}; ratio ${ratio}`);
  }
}
