import { concat } from "../bytes.ts";
import { unsigned } from "./code.ts";
import type { Hook } from "./hooks.ts";
import { NAMES, nameSubsections, type Section, type WasmModule } from "./parse.ts";
import type { Reader } from "./reader.ts";

/** What a hook did to a function: an `around` hook gave its body the index `moved`. */
export interface Move {
  readonly kind: Hook["kind"];
  readonly index: number;
  readonly moved: number;
}

/**
 * The name section after hooks were put in: moved bodies are called `<name>.original` and keep the names of their locals
 * and labels; those of a body that is gone go with it.
 *
 * @returns the section's content
 */
export function renamed(module: WasmModule, section: Section, moves: readonly Move[]): Uint8Array[] {
  return nameSubsections(module.bytes, section).flatMap(({ id, content }) => {
    const written = rewritten(module, id, content, moves);
    return [Uint8Array.from([id, ...unsigned(written.length)]), written];
  });
}

function rewritten(module: WasmModule, id: number, content: Reader, moves: readonly Move[]): Uint8Array {
  if (id === NAMES.functions) return functionNames(module, content, moves);
  if (id === NAMES.locals || id === NAMES.labels) return ofBodies(content, id, moves);
  return content.rest();
}

/** Indices of moved bodies are above all others, so their names come last; the many before them stay as they are. */
function functionNames({ bytes, names }: WasmModule, content: Reader, moves: readonly Move[]): Uint8Array {
  const nameOf = (index: number) => names.find((each) => each.index === index);
  const suffix = new TextEncoder().encode(".original");
  const added: number[] = [];
  let count = content.u32();
  for (const { kind, index, moved } of moves) {
    const name = nameOf(index);
    if (kind !== "around" || !name) continue;
    const text = [...bytes.subarray(name.start, name.end), ...suffix];
    added.push(...unsigned(moved), ...unsigned(text.length), ...text);
    count++;
  }
  return concat([Uint8Array.from(unsigned(count)), content.rest(), Uint8Array.from(added)]);
}

/** Names of locals or labels, by function: they follow the body they are of. */
function ofBodies(content: Reader, id: number, moves: readonly Move[]): Uint8Array {
  const byFunction = new Map(content.vector(() => [content.u32(), nameMap(content)] as const));
  for (const { kind, index, moved } of moves) {
    const names = byFunction.get(index);
    // labels are numbered in the order of their blocks, and a prologue may have blocks of its own
    if (kind === "prologue" && id === NAMES.locals) continue;
    byFunction.delete(index);
    if (kind === "around" && names) byFunction.set(moved, names);
  }
  return written([...byFunction]);
}

/** Goes over one name map. @returns its bytes */
function nameMap(content: Reader): number[] {
  const pairs = content.vector(() => {
    const index = content.u32();
    const name = content.take(content.u32());
    return [...unsigned(index), ...unsigned(name.length), ...name];
  });
  return [...unsigned(pairs.length), ...pairs.flat()];
}

/** A vector of index and content, which is to be in the order of the indices. */
function written(entries: [number, readonly number[]][]): Uint8Array {
  entries.sort(([one], [other]) => one - other);
  const all = entries.flatMap(([index, content]) => [...unsigned(index), ...content]);
  return Uint8Array.from([...unsigned(entries.length), ...all]);
}
