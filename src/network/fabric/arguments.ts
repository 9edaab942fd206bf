/** Arguments of probes and settings: a page or a script may give anything. */
export type Arguments = Readonly<Record<string, unknown>>;

/** @throws Error with a sentence */
export function textOf(args: Arguments, name: string): string {
  const value = args[name];
  if (typeof value !== "string") throw new Error(`\`${name}\` is a text, not ${JSON.stringify(value)}.`);
  return value;
}

/** @throws Error with a sentence */
export function flagOf(args: Arguments, name: string): boolean {
  const value = args[name];
  if (typeof value !== "boolean") throw new Error(`\`${name}\` is true or false, not ${JSON.stringify(value)}.`);
  return value;
}

/**
 * A whole number.
 *
 * @param usual where none is given; without it one must be
 * @throws Error with a sentence
 */
export function numberOf(args: Arguments, name: string, least: number, most: number, usual?: number): number {
  const value = args[name] ?? usual;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`\`${name}\` is a whole number from ${least} to ${most}, not ${JSON.stringify(value)}.`);
}
