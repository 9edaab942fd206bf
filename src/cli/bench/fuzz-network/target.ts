import type { Random } from "../fuzz/random.ts";

/** Something that is to hold whatever it is given. It may keep a state from case to case. */
export interface Target {
  /** In one word or two, for the report and for `--only`. */
  readonly name: string;
  /** Tries one case. @returns what is wrong, if anything is; to throw is wrong too */
  step(random: Random): string | undefined;
}
