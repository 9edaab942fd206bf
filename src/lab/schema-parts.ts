import * as v from "valibot";

/** Small parts of the format that several of its files are made of; see schema.ts. */

/** Bounds, in characters or entries: far above any real lab, low enough that a hostile one costs nothing. */
export const LIMITS = { script: 16_384, text: 4_096, machines: 16, tasks: 128, steps: 64, choices: 16, seeds: 64 };

/** A map with these keys and no others. Of an unknown key, the message is the list of the known ones. */
export const map = <const Entries extends v.ObjectEntries>(entries: Entries, phrase: string) =>
  v.strictObject(entries, (issue: v.StrictObjectIssue) =>
    issue.expected === "never" ? Object.keys(entries).join(", ") : phrase,
  );

export const id = v.pipe(
  v.string("a name"),
  v.regex(/^[a-z][a-z0-9-]{0,47}$/, "a name: a lower-case letter, then letters, digits or -, at most 48 in all"),
);
export const machineName = v.pipe(
  v.string("the name of a machine"),
  v.regex(/^[a-zA-Z][a-zA-Z0-9-]{0,31}$/, "a machine's name: a letter, then letters, digits or -, at most 32"),
);

/** A whole number within bounds. @param what in words, as `a number of MiB` */
export const wholeFrom = (what: string, least: number, most: number) =>
  v.pipe(
    v.number(what),
    v.integer(`a whole number: ${what}`),
    v.minValue(least, `${what} from ${least}`),
    v.maxValue(most, `${what} up to ${most}`),
  );
