import { type Changes, hasChanges } from "../../probe/namespace-changes.ts";
import type { Namespace } from "../../probe/namespaces.ts";
import { COLUMNS } from "./map.ts";
import type { NamespaceWords } from "./strings.ts";

const kindsOf = (namespaces: readonly Namespace[]) =>
  COLUMNS.filter((kind) => namespaces.some((namespace) => namespace.kind === kind)).join(" ");

/** What changed since the student's mark, as short phrases. */
export function summary(changes: Changes, words: NamespaceWords): readonly string[] {
  if (!hasChanges(changes)) return [words.noChange];
  const { appeared, vanished, made, ended, moved } = changes;
  const others = changes.altered.length + changes.facts.length + changes.mounts.length;
  return [
    ...(appeared.length ? [words.appeared(appeared.length)] : []),
    ...(vanished.length ? [words.vanished(vanished.length)] : []),
    ...(made.length ? [words.made(kindsOf(made))] : []),
    ...(ended.length ? [words.ended(kindsOf(ended))] : []),
    ...(moved.length ? [words.moved(moved.length)] : []),
    ...(others ? [words.altered(others)] : []),
  ];
}
