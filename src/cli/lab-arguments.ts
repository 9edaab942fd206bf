import { parseArgs } from "node:util";
import { readSeed } from "../lab/index.ts";

/** A command that was not given what it needs. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What stood on the command line, sorted. */
export interface LabArguments {
  readonly words: readonly string[];
  readonly machine: string | undefined;
  /** What is to happen before, one `machine:script` after the other. */
  readonly after: readonly string[];
  readonly seed: number;
  /** Everything behind `--`. */
  readonly script: string | undefined;
}

/** @throws UsageError saying which argument is wrong */
export function sortArguments(args: string[]): LabArguments {
  const end = args.indexOf("--");
  const script = end < 0 ? undefined : args.slice(end + 1).join(" ");
  try {
    const text = { type: "string" } as const;
    const { values, positionals } = parseArgs({
      args: end < 0 ? args : args.slice(0, end),
      allowPositionals: true,
      options: { machine: text, seed: text, after: { ...text, multiple: true } },
    });
    const seed = readSeed(values.seed ?? "0");
    if (seed === undefined) throw new UsageError(`\`${values.seed}\` is not a seed: a whole number up to 4294967295.`);
    return { words: positionals, machine: values.machine, after: values.after ?? [], seed, script };
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message) : error;
  }
}
