import * as v from "valibot";
import type { Lab } from "./lab.ts";

/** Where progress is kept. A browser's storage, or memory; keys and values are short text. */
export interface ProgressStore {
  /** @returns undefined when nothing is kept under the key; rejects when the storage cannot be read */
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Keeps progress for as long as the object lives. */
export function memoryStore(): ProgressStore {
  const kept = new Map<string, string>();
  return {
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
    remove: async (key) => void kept.delete(key),
  };
}

const short = v.pipe(v.string(), v.maxLength(500));

const schema = v.strictObject({
  version: v.literal(1),
  /** A step's id, `intro` or `finish`. */
  place: short,
  /** Steps the student has seen. */
  seen: v.pipe(v.array(short), v.maxLength(100)),
  /** Ids of the tasks that are done. */
  done: v.pipe(v.array(short), v.maxLength(1000)),
  /** By task: what was answered, and the true value once it was read. */
  answers: v.pipe(
    v.array(v.strictObject({ task: short, answer: v.optional(short), value: v.optional(v.string()) })),
    v.maxLength(1000),
  ),
  /** Seconds the lab was open and looked at. */
  seconds: v.pipe(v.number(), v.minValue(0)),
  finished: v.boolean(),
});

/** What is kept of a student's way through one instance of a lab. */
export type KeptProgress = v.InferOutput<typeof schema>;

/**
 * The key of one instance's progress: the lab (a foreign one by its address, for its id is anyone's), the seed, and
 * the version of the format.
 */
export function progressKey(lab: Lab): string {
  return `ringside/progress/${lab.foreign ? lab.address : lab.id}/${lab.seed}/${lab.version}`;
}

/** @returns progress as it was kept, or undefined when it is damaged */
export function parseProgress(kept: string): KeptProgress | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(kept));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** @returns share of the lab's tasks that are done, 0 to 1, for a catalogue; names the lab no longer has do not count */
export function shareDone(progress: KeptProgress, tasks: readonly string[]): number {
  if (tasks.length === 0) return progress.finished ? 1 : 0;
  return tasks.filter((task) => progress.done.includes(task)).length / tasks.length;
}
