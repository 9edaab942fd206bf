import type { Changes } from "../../probe/namespace-changes.ts";
import type { Inode, Kind } from "../../probe/namespaces.ts";

/** What of a picture a set of changes touches: rows, cells and facts that carry a mark. */
export interface Marks {
  readonly appeared: ReadonlySet<number>;
  readonly rows: ReadonlySet<number>;
  /** The namespace a process was in before, by {@link cellKey}; undefined where it had none. */
  readonly cells: ReadonlyMap<string, Inode | undefined>;
  /** Namespaces that were made or hold something else, by {@link namespaceKey}. */
  readonly namespaces: ReadonlySet<string>;
}

export const cellKey = (pid: number, kind: Kind) => `${pid}:${kind}`;
export const namespaceKey = (kind: Kind, inode: Inode) => `${kind}:${inode}`;

const NO_MARKS: Marks = { appeared: new Set(), rows: new Set(), cells: new Map(), namespaces: new Set() };

/** The marks of a set of changes; none without changes. */
export function marksOf(changes: Changes | undefined): Marks {
  if (!changes) return NO_MARKS;
  return {
    appeared: new Set(changes.appeared),
    rows: new Set([...changes.altered.map(({ pid }) => pid), ...changes.mounts]),
    cells: new Map(changes.moved.map(({ pid, kind, from }) => [cellKey(pid, kind), from])),
    namespaces: new Set([...changes.made, ...changes.facts].map(({ kind, inode }) => namespaceKey(kind, inode))),
  };
}
