import * as v from "valibot";
import { type LabFileContent, labSchema } from "../schema.ts";
import type { Fault } from "./fault.ts";
import { describe, type Path, unknownKey, type YamlFile } from "./yaml.ts";

type Issue = v.BaseIssue<unknown>;

/** @returns the file's content as the format has it, or every fault with what was expected there */
export function validate(yaml: YamlFile): { content?: LabFileContent; faults: Fault[] } {
  const result = v.safeParse(labSchema, yaml.value);
  if (result.success) return { content: result.output, faults: [] };
  return { faults: result.issues.flatMap((issue) => explain(issue, [], yaml)) };
}

function explain(issue: Issue, prefix: Path, yaml: YamlFile): Fault[] {
  const path = [...prefix, ...(issue.path ?? []).map((item) => item.key as string | number)];
  if (issue.type === "union" && issue.issues) {
    const nearest = meantShape(issue);
    if (nearest.length) return nearest.flatMap((inner) => explain(inner, path, yaml));
  }
  if (issue.type === "strict_object" && issue.expected === "never") return unknownKeys(issue, path, yaml);
  if (issue.type === "strict_object" && issue.received === "undefined" && issue.path) {
    return [yaml.fault(path, `\`${String(path.at(-1))}\` is missing.`)];
  }
  return [yaml.fault(path, `expected ${issue.message}, found ${describe(issue.input)}.`)];
}

/**
 * Of several shapes a value may have, the one the author was writing: a map was meant as the map (no choice has two),
 * a scalar of the right kind as that scalar. Where nothing fits, the list of shapes is the better answer.
 */
function meantShape(issue: Issue): Issue[] {
  const inside = (issue.issues ?? []) as Issue[];
  if (typeof issue.input === "object" && issue.input !== null) return inside.filter((inner) => inner.path?.length);
  return inside.filter((inner) => inner.kind === "validation");
}

/** The schema reports the first unknown key and stops; its message is the list of the known ones. */
function unknownKeys(issue: Issue, path: Path, yaml: YamlFile): Fault[] {
  const known = issue.message === "" ? [] : issue.message.split(", ");
  const written = Object.keys((issue.path?.at(-1)?.input ?? {}) as object);
  return written
    .filter((key) => !known.includes(key))
    .map((key) => yaml.fault([...path.slice(0, -1), key], unknownKey(key, known)));
}
