import { type Place, parseJson, ReadingError } from "./json.ts";

/**
 * Reads what `nsview --json` prints: every process of a machine, its namespaces, and what each namespace holds.
 * The tool (images/linux/tools/nsview.c) says where each fact is read from; the manual is namespaces(7).
 */

/** The kinds of namespace, as the files in `/proc/PID/ns` are called. `time`, of 2020, stands outside the seven. */
export const KINDS = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time"] as const;

export type Kind = (typeof KINDS)[number];

/** The seven of the syllabus, in its order. */
export const SEVEN = KINDS.filter((kind) => kind !== "time");

/** A namespace's inode number on nsfs. Two processes share a namespace exactly when these are equal. */
export type Inode = number;

export interface Process {
  /** Number in the PID namespace the reading was made in, which is the machine's own. */
  readonly pid: number;
  readonly ppid: number;
  /** The same process's number in each PID namespace from there inwards; the last is what it calls itself. */
  readonly nspid: readonly number[];
  /** Effective user id as the machine's own user namespace counts. */
  readonly uid: number;
  /** Effective capabilities as hexadecimal digits: bit n is capability n, and counts in its own user namespace. */
  readonly capabilities: string;
  /** It has ended and was not waited for yet; it has left most of its namespaces. */
  readonly zombie: boolean;
  /** The kernel's 15-byte name of it. */
  readonly name: string;
  /** What could not be read is missing. */
  readonly namespaces: Readonly<Partial<Record<Kind, Inode>>>;
  /** The PID namespace its next child is born into. */
  readonly pidForChildren: Inode | undefined;
  /** Root directory as a path of the machine. */
  readonly root: string | undefined;
  /** Its cgroup, from the machine's root and from the root of its own cgroup namespace. */
  readonly cgroup: string | undefined;
  readonly cgroupInside: string | undefined;
  /** Index in {@link NamespaceReading.views}. */
  readonly view: number | undefined;
}

export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
  /** `private`, or the optional fields of mountinfo: `shared:1`, `master:1` … */
  readonly propagation: string;
}

/** What is reachable with one root directory in one mount namespace. */
export interface FileView {
  readonly mnt: Inode;
  /** The process through whose `/proc/PID/mountinfo` it was read. */
  readonly via: number;
  readonly root: string;
  /** Mounts there are; the list may hold fewer. */
  readonly total: number;
  readonly mounts: readonly Mount[];
}

export interface Interface {
  readonly index: number;
  readonly name: string;
  /** `veth`, `bridge` …; empty for a card or the loopback. */
  readonly kind: string;
  readonly up: boolean;
  /** Something is plugged in: the other end is up. */
  readonly carrier: boolean;
  /** Index of the other end of a pair. */
  readonly peer: number | undefined;
  readonly peerElsewhere: boolean;
  /** With the length of the prefix: `10.0.0.1/24`. */
  readonly addresses: readonly string[];
}

/** Ids from `inside` on are ids from `outside` on, `count` of them. */
export interface IdMap {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** What a namespace holds, by its kind; `unread` when the tool could not look. */
export type Facts =
  | { readonly kind: "uts"; readonly hostname: string }
  | { readonly kind: "net"; readonly interfaces: readonly Interface[] }
  | {
      readonly kind: "ipc";
      readonly shm: number;
      readonly msg: number;
      readonly sem: number;
      readonly queues: readonly string[];
    }
  | { readonly kind: "mnt"; readonly view: number }
  | { readonly kind: "pid"; readonly level: number; readonly init: number | undefined }
  | {
      readonly kind: "user";
      readonly uids: readonly IdMap[];
      readonly gids: readonly IdMap[];
      readonly ownerUid: number;
    }
  | { readonly kind: "cgroup"; readonly root: string | undefined }
  | { readonly kind: "unread" };

export interface Namespace {
  readonly kind: Kind;
  readonly inode: Inode;
  /** The process it was opened through, by `/proc/<via>/ns/<kind>`. */
  readonly via: number | undefined;
  /** A file mounted on it keeps it alive without a process (`ip netns add`). */
  readonly kept: string | undefined;
  /** The user namespace that owns it: capabilities there decide here. */
  readonly owner: Inode | undefined;
  /** For pid and user: the namespace it was made in. */
  readonly parent: Inode | undefined;
  readonly facts: Facts;
}

export interface NamespaceReading {
  readonly processes: readonly Process[];
  readonly views: readonly FileView[];
  readonly namespaces: readonly Namespace[];
  readonly kernelThreads: number;
  /** Processes the tool had no room for. */
  readonly leftOut: number;
}

/** Bounds. The entries are the tool's own; a document within them is far below the characters. */
export const READING_LIMITS = {
  characters: 1_000_000,
  processes: 256,
  views: 32,
  namespaces: 256,
  mounts: 64,
  text: 1024,
};

const text = (place: Place) => place.text(READING_LIMITS.text);
const whole = (place: Place) => place.whole();
const inode = (place: Place) => place.whole(1);
const pid = (place: Place) => place.whole(0, 0x7fffffff);

function readKinds(place: Place): Process["namespaces"] {
  const found: Partial<Record<Kind, Inode>> = {};
  for (const kind of KINDS) {
    const number = place.at(kind).optional(inode);
    if (number !== undefined) found[kind] = number;
  }
  return found;
}

function readCapabilities(place: Place): string {
  const digits = place.text(16);
  if (!/^[0-9a-f]+$/.test(digits)) throw place.wrong("a hexadecimal number");
  return digits;
}

function readProcess(place: Place): Process {
  return {
    pid: place.at("pid").whole(1, 0x7fffffff),
    ppid: pid(place.at("ppid")),
    nspid: place.at("nspid").list(33, pid),
    uid: whole(place.at("uid")),
    capabilities: readCapabilities(place.at("capabilities")),
    zombie: place.at("zombie").yes(),
    name: place.at("comm").text(64),
    namespaces: readKinds(place.at("ns")),
    pidForChildren: place.at("ns").at("pid_for_children").optional(inode),
    root: place.at("root").optional(text),
    cgroup: place.at("cgroup").optional(text),
    cgroupInside: place.at("cgroup_inside").optional(text),
    view: place.at("view").optional(whole),
  };
}

function readMount(place: Place): Mount {
  return {
    point: text(place.at("point")),
    type: text(place.at("type")),
    source: text(place.at("source")),
    propagation: text(place.at("propagation")),
  };
}

function readView(place: Place): FileView {
  return {
    mnt: inode(place.at("mnt")),
    via: pid(place.at("via")),
    root: text(place.at("root")),
    total: whole(place.at("total")),
    mounts: place.at("mounts").list(READING_LIMITS.mounts, readMount),
  };
}

function readInterface(place: Place): Interface {
  return {
    index: whole(place.at("index")),
    name: place.at("name").text(16),
    kind: place.at("kind").text(16),
    up: place.at("up").yes(),
    carrier: place.at("carrier").yes(),
    peer: place.at("peer").optional(whole),
    peerElsewhere: place.at("peer_elsewhere").yes(),
    addresses: place.at("addresses").list(8, (entry) => entry.text(64)),
  };
}

function readMap(place: Place): IdMap {
  const numbers = place.list(3, whole);
  if (numbers.length !== 3) throw place.wrong("three numbers");
  return { inside: numbers[0]!, outside: numbers[1]!, count: numbers[2]! };
}

const FACTS: Readonly<Record<Kind, (place: Place) => Facts>> = {
  uts: (place) => ({ kind: "uts", hostname: place.at("hostname").text(64) }),
  net: (place) => ({ kind: "net", interfaces: place.at("interfaces").list(32, readInterface) }),
  ipc: (place) => ({
    kind: "ipc",
    shm: whole(place.at("shm")),
    msg: whole(place.at("msg")),
    sem: whole(place.at("sem")),
    queues: place.at("queues").list(16, text),
  }),
  mnt: (place) => ({ kind: "mnt", view: whole(place.at("view")) }),
  pid: (place) => ({ kind: "pid", level: place.at("level").whole(0, 32), init: place.at("init").optional(pid) }),
  user: (place) => ({
    kind: "user",
    uids: place.at("uid_map").list(8, readMap),
    gids: place.at("gid_map").list(8, readMap),
    ownerUid: whole(place.at("owner_uid")),
  }),
  cgroup: (place) => ({ kind: "cgroup", root: place.at("root").optional(text) }),
  time: () => ({ kind: "unread" }),
};

function readNamespace(place: Place): Namespace {
  const kind = KINDS.find((name) => name === place.at("kind").value);
  if (!kind) throw place.at("kind").wrong("a kind of namespace");
  return {
    kind,
    inode: inode(place.at("inode")),
    via: place.at("via").optional(pid),
    kept: place.at("kept").optional(text),
    owner: place.at("owner").optional(inode),
    parent: place.at("parent").optional(inode),
    facts: place.at("seen").yes() ? FACTS[kind](place) : { kind: "unread" },
  };
}

function refuseTwice(what: string, keys: readonly (string | number)[]): void {
  if (new Set(keys).size !== keys.length) throw new ReadingError(`The reading lists the same ${what} twice.`);
}

/** Views are referred to by number: every number must have its view. */
function refuseDangling(reading: NamespaceReading): void {
  const beyond = (view: number | undefined) => view !== undefined && view >= reading.views.length;
  const mounts = reading.namespaces.map(({ facts }) => (facts.kind === "mnt" ? facts.view : undefined));
  if (mounts.some(beyond) || reading.processes.some(({ view }) => beyond(view))) {
    throw new ReadingError("The reading refers to a view of the file tree that it does not hold.");
  }
}

/**
 * Reads the document `nsview --json` prints.
 *
 * @param document the tool's standard output, decoded as UTF-8
 * @throws ReadingError, and nothing else, when it is not such a document; the message names the place
 */
export function parseNamespaces(document: string): NamespaceReading {
  const place = parseJson(document, READING_LIMITS.characters);
  if (place.at("nsview").value !== 1) throw new ReadingError("The reading is not one of nsview, version 1.");
  const reading: NamespaceReading = {
    processes: place.at("processes").list(READING_LIMITS.processes, readProcess),
    views: place.at("views").list(READING_LIMITS.views, readView),
    namespaces: place.at("namespaces").list(READING_LIMITS.namespaces, readNamespace),
    kernelThreads: whole(place.at("kernel_threads")),
    leftOut: whole(place.at("left_out")),
  };
  refuseTwice(
    "process",
    reading.processes.map((process) => process.pid),
  );
  refuseTwice(
    "namespace",
    reading.namespaces.map(({ kind, inode: number }) => `${kind}:${number}`),
  );
  refuseDangling(reading);
  return reading;
}
