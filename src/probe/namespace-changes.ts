import {
  type Facts,
  type Inode,
  KINDS,
  type Kind,
  type Namespace,
  type NamespaceReading,
  type Process,
} from "./namespaces.ts";

/** What differs between two readings of one machine. */
export interface Changes {
  /** Processes by number. */
  readonly appeared: readonly number[];
  readonly vanished: readonly Process[];
  /** A process that is in another namespace than it was, or had none. */
  readonly moved: readonly { readonly pid: number; readonly kind: Kind; readonly from?: Inode; readonly to?: Inode }[];
  /** What else is different about a process that stayed. */
  readonly altered: readonly { readonly pid: number; readonly what: ProcessField }[];
  readonly made: readonly Namespace[];
  readonly ended: readonly Namespace[];
  /** Namespaces that hold something else than they did. */
  readonly facts: readonly {
    readonly kind: Kind;
    readonly inode: Inode;
    readonly before: Facts;
    readonly after: Facts;
  }[];
  /** Processes whose reachable mounts are others than before. */
  readonly mounts: readonly number[];
}

export type ProcessField = "name" | "ppid" | "uid" | "capabilities" | "root" | "cgroup" | "pidForChildren" | "zombie";

const FIELDS: readonly ProcessField[] = [
  "name",
  "ppid",
  "uid",
  "capabilities",
  "root",
  "cgroup",
  "pidForChildren",
  "zombie",
];

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A process is the same one when its number and its numbers inside are: the kernel does not soon give one out again. */
const isSame = (a: Process, b: Process) => a.pid === b.pid && same(a.nspid, b.nspid);

function moves(before: Process, after: Process): Changes["moved"] {
  return KINDS.filter((kind) => before.namespaces[kind] !== after.namespaces[kind]).map((kind) => {
    const from = before.namespaces[kind];
    const to = after.namespaces[kind];
    return { pid: after.pid, kind, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  });
}

/** A view's number may change from one reading to the next; what it shows is compared instead. */
function mountsOf(reading: NamespaceReading, view: number | undefined): unknown {
  return view === undefined ? undefined : reading.views[view]?.mounts;
}

const comparable = (facts: Facts): Facts => (facts.kind === "mnt" ? { kind: "mnt", view: 0 } : facts);

function factChanges(before: readonly Namespace[], after: readonly Namespace[]): Changes["facts"] {
  return after.flatMap((now) => {
    const then = before.find(({ kind, inode }) => kind === now.kind && inode === now.inode);
    if (!then || same(comparable(then.facts), comparable(now.facts))) return [];
    return [{ kind: now.kind, inode: now.inode, before: then.facts, after: now.facts }];
  });
}

const without = (some: readonly Namespace[], others: readonly Namespace[]) =>
  some.filter(({ kind, inode }) => !others.some((other) => other.kind === kind && other.inode === inode));

/** Compares two readings. A reading compared with itself has no changes. */
export function compareReadings(before: NamespaceReading, after: NamespaceReading): Changes {
  const then = new Map(before.processes.map((process) => [process.pid, process]));
  const now = new Map(after.processes.map((process) => [process.pid, process]));
  const pairs = after.processes.flatMap((process) => {
    const earlier = then.get(process.pid);
    return earlier && isSame(earlier, process) ? [{ earlier, process }] : [];
  });
  const stayed = new Set(pairs.map(({ process }) => process.pid));
  return {
    appeared: [...now.keys()].filter((pid) => !stayed.has(pid)),
    vanished: [...then.values()].filter((process) => !stayed.has(process.pid)),
    moved: pairs.flatMap(({ earlier, process }) => moves(earlier, process)),
    altered: pairs.flatMap(({ earlier, process }) =>
      FIELDS.filter((what) => earlier[what] !== process[what]).map((what) => ({ pid: process.pid, what })),
    ),
    made: without(after.namespaces, before.namespaces),
    ended: without(before.namespaces, after.namespaces),
    facts: factChanges(before.namespaces, after.namespaces),
    mounts: pairs
      .filter(({ earlier, process }) => !same(mountsOf(before, earlier.view), mountsOf(after, process.view)))
      .map(({ process }) => process.pid),
  };
}

/** Whether anything changed at all. */
export function hasChanges(changes: Changes): boolean {
  return Object.values(changes).some((list: readonly unknown[]) => list.length > 0);
}
