import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { type Fault, suggestion } from "./fault.ts";

export type Path = readonly (string | number)[];

/** A parsed file: its value, and where each part of it stands. */
export interface YamlFile {
  readonly value: unknown;
  /**
   * A fault at a path; where the path does not exist, at the nearest part of it that does.
   *
   * @param needle text inside the value: the fault then points at it, also within a script of many lines
   */
  fault(path: Path, message: string, needle?: string): Fault;
}

/** Deeper than any lab; shallower than any stack. */
const MOST_DEPTH = 32;
const MOST_VALUES = 20_000;

/**
 * Reads YAML 1.2 (core schema) that may be hostile: aliases are expanded at most a hundred times, names that mean
 * something to JavaScript objects are refused, depth and size are bounded.
 *
 * @param file the name faults carry
 * @returns the file, or the faults that kept it from being read; never throws
 */
export function readYaml(file: string, source: string): { file?: YamlFile; faults: Fault[] } {
  const lines = new LineCounter();
  const at = (offset: number, path: Path, message: string): Fault => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, source.length)));
    return { file, line: Math.max(1, line), column: Math.max(1, col), path: formatPath(path), message };
  };
  try {
    const document = parseDocument(source, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      version: "1.2",
    });
    const wrong = [...document.errors, ...document.warnings];
    if (wrong.length) return { faults: wrong.slice(0, 20).map((error) => at(error.pos[0], [], error.message)) };
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    const yaml: YamlFile = {
      value,
      fault: (path, message, needle) => at(offsetOf(document, source, path, needle), path, message),
    };
    const bad = refuse(value, yaml);
    return bad.length ? { faults: bad } : { file: yaml, faults: [] };
  } catch (error) {
    return { faults: [at(0, [], `The file cannot be read as YAML: ${reason(error)}`)] };
  }
}

/** @returns `tasks.bridge-up.needs[0]` */
export function formatPath(path: Path): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .replace(/^\./, "");
}

function reason(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply.";
  if (error instanceof ReferenceError) return "its aliases refer to themselves or expand too far.";
  return error instanceof Error ? error.message : String(error);
}

/** Names an object has before anyone gives it one are refused: no later look-up can meet them. */
function refuse(root: unknown, yaml: YamlFile): Fault[] {
  const faults: Fault[] = [];
  let values = 0;
  const visit = (value: unknown, path: Path): void => {
    values += 1;
    if (values > MOST_VALUES || faults.length > 20 || typeof value !== "object" || value === null) return;
    if (path.length > MOST_DEPTH) {
      faults.push(yaml.fault(path, "This is nested too deeply."));
      return;
    }
    for (const key of Object.keys(value)) {
      const here = [...path, Array.isArray(value) ? Number(key) : key];
      if (key in Object.prototype) faults.push(yaml.fault(here, `\`${key}\` cannot be used as a name.`));
      visit((value as Record<string, unknown>)[key], here);
    }
  };
  visit(root, []);
  if (values > MOST_VALUES) faults.push(yaml.fault([], `The file holds more than ${MOST_VALUES} values.`));
  return faults;
}

/** The key where the path ends in a map, else the value: that is the line a person looks for. */
function offsetOf(document: Document, source: string, path: Path, needle?: string): number {
  let node = resolve(document, document.contents as Node | null);
  let found: Node | null = node;
  for (const key of path) {
    const pair: Pair | undefined = isMap(node)
      ? node.items.find((item) => keyText(item.key) === String(key))
      : undefined;
    const next: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(key)] : undefined;
    if (!pair && next === undefined) break;
    node = resolve(document, (next ?? null) as Node | null);
    found = (pair ? pair.key : node) as Node | null;
  }
  const range = needle === undefined ? undefined : node?.range;
  const inside = range ? source.slice(range[0], range[2]).indexOf(needle!) : -1;
  return inside >= 0 ? range![0] + inside : (found?.range?.[0] ?? 0);
}

const resolve = (document: Document, node: Node | null): Node | null =>
  isAlias(node) ? (node.resolve(document) ?? null) : node;

const keyText = (key: unknown) => (isScalar(key) ? String(key.value) : String(key));

/** What stands where something else was expected, in a few words. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "nothing (the value is empty)";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `the text \`${value.length > 40 ? `${value.slice(0, 40)}…` : value}\``;
  return `\`${String(value)}\``;
}

/** @returns the sentence for a key that is not known */
export function unknownKey(key: string, known: readonly string[]): string {
  return `\`${key}\` is not known here.${suggestion(key, known)} Known: ${known.join(", ")}.`;
}
