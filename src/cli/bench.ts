import type { Figure } from "./bench/figure.ts";

export const usage = `ringside bench [name] [--json]   boot, restore, idle, console, page; every figure beside a peer measured in the same run`;

/** Each loads its own machinery: nothing of one is in memory while another is measured. */
const BENCHES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  boot: async () => (await import("./bench/machines.ts")).boot(),
  restore: async () => (await import("./bench/machines.ts")).restore(),
  idle: async () => (await import("./bench/machines.ts")).idle(),
  console: async () => (await import("./bench/machines.ts")).consoleRate(),
  page: async () => (await import("./bench/page.ts")).page(),
};

/** @returns the exit code: 0, or 2 for a name that is none */
export async function run(args: string[]): Promise<number> {
  const json = args.includes("--json");
  const names = args.filter((word) => word !== "--json");
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined) {
    console.error(`There is no benchmark called \`${unknown}\`.\n${usage}`);
    return 2;
  }
  const results: Record<string, Figure[]> = {};
  for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
    results[name] = await BENCHES[name]!();
    if (!json) print(name, results[name]);
  }
  if (json) console.log(JSON.stringify(results, null, 2));
  return 0;
}

function print(name: string, figures: Figure[]): void {
  for (const { what, ours, peer, unit, against, ratio } of figures) {
    console.log(`${name.padEnd(8)} ${what}: ${ours} ${unit}; ${against}: ${peer} ${unit}; ratio ${ratio}`);
  }
}
