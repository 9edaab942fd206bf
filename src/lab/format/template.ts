/** Values that templates may name: maps and lists of text and numbers. */
export type Values = { readonly [key: string]: Value };
type Value = string | number | Values | readonly Value[];

/** What stands between `{{` and `}}`; text that does not start with a letter is not ours and stays as it is. */
const TEMPLATE = /\{\{\s*([A-Za-z_][^{}\n]*?)\s*\}\}/g;
const PATH = /^[A-Za-z_][\w-]*(?:\.[\w-]+|\[\d{1,3}\])*$/;

/**
 * Puts values in the place of `{{path.to.value}}`. There is nothing else to the language: no conditions, no calls.
 *
 * @param unknown called with the text between the braces and the whole match, where it names no value; the match stays
 */
export function fill(text: string, values: Values, unknown: (path: string, match: string) => void): string {
  return text.replace(TEMPLATE, (match, path: string) => {
    const keys = parsePath(path);
    const value = keys && lookUp(values, keys);
    if (typeof value === "string" || typeof value === "number") return String(value);
    unknown(path, match);
    return match;
  });
}

/** @returns the keys of `machines.domu.nics[0].mac`, or undefined when the text is not a path */
export function parsePath(path: string): string[] | undefined {
  return PATH.test(path) ? path.replaceAll("[", ".").replaceAll("]", "").split(".") : undefined;
}

/** @returns the path of a text that is one template and nothing else */
export function soleTemplate(text: string): string | undefined {
  const matches = [...text.trim().matchAll(TEMPLATE)];
  return matches.length === 1 && matches[0]![0] === text.trim() ? matches[0]![1] : undefined;
}

/** @returns what stands at a path in plain data; own properties only, so that no path reaches a prototype */
export function lookUp(data: unknown, keys: readonly string[]): unknown {
  let value: unknown = data;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** @returns every path that {@link fill} could put a value for, for messages */
export function knownPaths(values: Values, prefix = ""): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const path = Array.isArray(values) ? `${prefix}[${key}]` : prefix ? `${prefix}.${key}` : key;
    return typeof value === "object" ? knownPaths(value as Values, path) : [path];
  });
}
