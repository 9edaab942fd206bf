import {
  type FileView,
  type IdMap,
  type Inode,
  KINDS,
  type Kind,
  type Namespace,
  type NamespaceReading,
  type Process,
} from "./namespaces.ts";

/** Who shares what, and what one process sees: all of it follows from one reading. */

/** A namespace and the processes in it. */
export interface Share {
  readonly namespace: Namespace;
  readonly members: readonly number[];
}

/** A process and how many of its ancestors are listed above it. */
export interface TreeRow {
  readonly process: Process;
  readonly depth: number;
}

/**
 * The machine's own namespaces: those of process 1. Where one of them cannot be read, it is that of the first
 * process whose can.
 */
export function machineNamespaces(reading: NamespaceReading): Readonly<Partial<Record<Kind, Inode>>> {
  const own: Partial<Record<Kind, Inode>> = {};
  const inOrder = [...reading.processes].sort((a, b) => a.pid - b.pid);
  for (const kind of KINDS) {
    const number = inOrder.find((process) => process.namespaces[kind] !== undefined)?.namespaces[kind];
    if (number !== undefined) own[kind] = number;
  }
  return own;
}

/** The namespaces of one kind with their members, the machine's own first, then by inode number. */
export function shares(reading: NamespaceReading, kind: Kind): readonly Share[] {
  const own = machineNamespaces(reading)[kind];
  const rank = ({ inode }: Namespace) => (inode === own ? -1 : inode);
  return reading.namespaces
    .filter((namespace) => namespace.kind === kind)
    .sort((a, b) => rank(a) - rank(b))
    .map((namespace) => ({
      namespace,
      members: reading.processes
        .filter((process) => process.namespaces[kind] === namespace.inode)
        .map((process) => process.pid),
    }));
}

/** The kinds in which a process is not where the machine's process 1 is. What could not be read does not count. */
export function differences(reading: NamespaceReading, process: Process): readonly Kind[] {
  const own = machineNamespaces(reading);
  return KINDS.filter((kind) => {
    const number = process.namespaces[kind];
    return number !== undefined && number !== own[kind];
  });
}

/** The guest agent (images/linux/agent), the child of process 1 that runs a page's scripts in the machine. */
const isAgent = (process: Process) => process.ppid === 1 && process.name === "ringside-agent";

/**
 * The reading without what the guest agent is running this moment: checks of tasks, and the reading itself. They come
 * and go by the second and are nobody's work. What such a script left running has process 1 as its parent and stays.
 */
export function withoutScripts(reading: NamespaceReading): NamespaceReading {
  const hidden = new Set(reading.processes.filter(isAgent).map((process) => process.pid));
  const agents = new Set(hidden);
  for (const { process } of processTree(reading)) if (hidden.has(process.ppid)) hidden.add(process.pid);
  return { ...reading, processes: reading.processes.filter(({ pid }) => agents.has(pid) || !hidden.has(pid)) };
}

/**
 * Whether a process's children are born into another PID namespace than its own: after `unshare --pid` without a fork.
 * Until the first is born the kernel shows no link for that namespace, as for no namespace of a zombie.
 */
export function childrenElsewhere(process: Process): boolean {
  const { pid, mnt } = process.namespaces;
  return pid !== undefined && mnt !== undefined && process.pidForChildren !== pid;
}

/** Finds a namespace by its kind and number. */
export function findNamespace(reading: NamespaceReading, kind: Kind, inode: Inode | undefined): Namespace | undefined {
  return reading.namespaces.find((namespace) => namespace.kind === kind && namespace.inode === inode);
}

/** Every letter in use, by kind and inode number. */
export type Letters = Readonly<Record<Kind, ReadonlyMap<Inode, string>>>;

/** `a` … `z`, `aa` … as spreadsheets count. */
function letterAt(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : `${letterAt(Math.floor(index / 26) - 1)}${last}`;
}

function lettersOf(numbers: readonly Inode[], previous: ReadonlyMap<Inode, string> | undefined): Map<Inode, string> {
  const letters = new Map<Inode, string>();
  const [own, ...others] = numbers;
  if (own !== undefined) letters.set(own, "a");
  for (const number of others) {
    const kept = previous?.get(number);
    if (kept !== undefined && kept !== "a") letters.set(number, kept);
  }
  const used = new Set(letters.values());
  for (const number of others) {
    if (letters.has(number)) continue;
    let index = 1;
    while (used.has(letterAt(index))) index++;
    letters.set(number, letterAt(index));
    used.add(letterAt(index));
  }
  return letters;
}

/**
 * A letter for every namespace, kind by kind: `a` is the machine's own. A namespace that is in `previous` keeps its
 * letter, so that a picture redrawn every second does not rename what stayed.
 */
export function letterNamespaces(reading: NamespaceReading, previous?: Letters): Letters {
  const letters = {} as Record<Kind, ReadonlyMap<Inode, string>>;
  const own = machineNamespaces(reading);
  for (const kind of KINDS) {
    const numbers = shares(reading, kind).map(({ namespace }) => namespace.inode);
    const number = own[kind];
    const first = number === undefined ? [] : [number];
    letters[kind] = lettersOf([...first, ...numbers.filter((inode) => inode !== number)], previous?.[kind]);
  }
  return letters;
}

/**
 * The processes as a tree, parents above their children, siblings by number. A process whose parent is not in the
 * reading starts a tree of its own, and so does one in a circle of parents, which no kernel reports.
 */
export function processTree(reading: NamespaceReading): readonly TreeRow[] {
  const byNumber = [...reading.processes].sort((a, b) => a.pid - b.pid);
  const known = new Set(byNumber.map((process) => process.pid));
  const rows: TreeRow[] = [];
  const placed = new Set<number>();
  const place = (process: Process, depth: number) => {
    if (placed.has(process.pid)) return;
    placed.add(process.pid);
    rows.push({ process, depth });
    for (const child of byNumber) if (child.ppid === process.pid) place(child, depth + 1);
  };
  for (const process of byNumber) if (!known.has(process.ppid) || process.ppid === process.pid) place(process, 0);
  for (const process of byNumber) place(process, 0);
  return rows;
}

/** The user id shown for one that no map covers (`/proc/sys/kernel/overflowuid`, user_namespaces(7)). */
export const OVERFLOW_ID = 65534;

/** An id of the machine as a member of a user namespace with these maps sees it. */
export function idInside(maps: readonly IdMap[], outside: number): number {
  const map = maps.find((entry) => outside >= entry.outside && outside - entry.outside < entry.count);
  return map ? map.inside + (outside - map.outside) : OVERFLOW_ID;
}

/** What a process calls its own, beside what the machine calls the same. Missing: not read. */
export interface Inside {
  readonly process: Process;
  readonly pid: { readonly inside: number; readonly outside: number };
  readonly uid: { readonly inside: number | undefined; readonly outside: number };
  /** Namespaces, by kind, that hold what the process sees. */
  readonly namespaces: Readonly<Partial<Record<Kind, Namespace>>>;
  readonly view: FileView | undefined;
}

/** Gathers what one process sees, for a comparison with process 1. */
export function lookInside(reading: NamespaceReading, process: Process): Inside {
  const namespaces: Partial<Record<Kind, Namespace>> = {};
  for (const kind of KINDS) {
    const found = findNamespace(reading, kind, process.namespaces[kind]);
    if (found) namespaces[kind] = found;
  }
  const maps = namespaces.user?.facts;
  return {
    process,
    pid: { inside: process.nspid.at(-1) ?? process.pid, outside: process.pid },
    uid: { inside: maps?.kind === "user" ? idInside(maps.uids, process.uid) : undefined, outside: process.uid },
    namespaces,
    view: process.view === undefined ? undefined : reading.views[process.view],
  };
}

/**
 * The processes a process could see in a `/proc` of its own: those in its PID namespace and in the ones made inside
 * it, by the numbers it would see there (pid_namespaces(7)).
 */
export function visibleProcesses(
  reading: NamespaceReading,
  process: Process,
): readonly { readonly process: Process; readonly inside: number }[] {
  const level = process.nspid.length - 1;
  const number = process.namespaces.pid;
  if (level < 0 || number === undefined) return [];
  const within = (inode: Inode | undefined): boolean => {
    const met = new Set<Inode>();
    for (let at = inode; at !== undefined && !met.has(at); at = findNamespace(reading, "pid", at)?.parent) {
      if (at === number) return true;
      met.add(at);
    }
    return false;
  };
  return reading.processes
    .filter((other) => other.nspid.length > level && within(other.namespaces.pid))
    .map((other) => ({ process: other, inside: other.nspid[level]! }));
}

/** Linux 6.1's capabilities by number (include/uapi/linux/capability.h), without their `CAP_`. */
export const CAPABILITIES = [
  ..."CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE".split(" "),
  ..."NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO".split(" "),
  ..."SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME".split(" "),
  ..."SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG".split(" "),
  ..."WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE".split(" "),
] as const;

/** The names of the capabilities in a mask of hexadecimal digits; a bit without a name is left out. */
export function capabilityNames(mask: string): readonly string[] {
  const bits = BigInt(`0x${mask}`);
  return CAPABILITIES.filter((_, bit) => (bits >> BigInt(bit)) & 1n);
}
