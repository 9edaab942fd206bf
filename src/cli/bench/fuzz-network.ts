/**
 * The network's codecs, captures, links and gateways under cases nobody thought of: whatever bytes they are given, nothing
 * is thrown, what is said of them lies inside them, and what was built is read back the same.
 */

import { Random } from "./fuzz/random.ts";
import { makeTargets } from "./fuzz-network/targets.ts";

export interface NetworkFuzzOptions {
  /** Over all targets, which take turns. */
  readonly cases: number;
  readonly seed: number;
  /** Of these targets alone, by name. */
  readonly only?: string;
  /** Told from time to time how many cases there were. */
  readonly progress?: (cases: number) => void;
}

export interface NetworkFuzzReport {
  readonly seed: number;
  /** By target. */
  readonly cases: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  /** What went wrong; undefined when nothing did. */
  readonly wrong: string | undefined;
}

export const targetNames = (): readonly string[] => makeTargets().map(({ name }) => name);

/** Cases between two words of progress. */
const BEAT = 8192;

/**
 * Runs until there were so many cases, or something is wrong. Each target draws from a seed of its own, so that a case
 * is the same one whichever other targets run.
 *
 * @param only one of {@link targetNames}
 */
export function fuzzNetwork({ cases, seed, only, progress }: NetworkFuzzOptions): NetworkFuzzReport {
  const began = performance.now();
  const all = makeTargets();
  const chosen = only === undefined ? all : all.filter(({ name }) => name === only);
  const runs = chosen.map((target) => ({ target, random: new Random(seed + hash(target.name)), count: 0 }));
  let wrong: string | undefined;
  for (let done = 0; done < cases && wrong === undefined; done++) {
    const run = runs[done % runs.length]!;
    run.count += 1;
    wrong = attempt(() => run.target.step(run.random));
    if (wrong !== undefined) wrong = `In case ${run.count} of ${run.target.name}: ${wrong}`;
    if (done % BEAT === 0) progress?.(done);
  }
  const counts = Object.fromEntries(runs.map(({ target, count }) => [target.name, count]));
  return { seed, cases: counts, milliseconds: performance.now() - began, wrong };
}

function attempt(step: () => string | undefined): string | undefined {
  try {
    return step();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}

export function printNetworkFuzz({ seed, cases, milliseconds, wrong }: NetworkFuzzReport): void {
  const total = Object.values(cases).reduce((sum, count) => sum + count, 0);
  console.log(`fuzz-network ${total} cases from seed ${seed} in ${Math.round(milliseconds / 1000)} s`);
  for (const [name, count] of Object.entries(cases)) console.log(`  ${String(count).padStart(9)}  ${name}`);
  console.log(wrong === undefined ? "  nothing went wrong" : `  WRONG: ${wrong}`);
}
