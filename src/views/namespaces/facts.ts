import {
  CAPABILITIES,
  capabilityNames,
  type Inside,
  lookInside,
  visibleProcesses,
} from "../../probe/namespace-sharing.ts";
import type { FileView, IdMap, Interface, Kind, Namespace, NamespaceReading, Process } from "../../probe/namespaces.ts";
import type { NamespaceWords } from "./strings.ts";

/** One thing as a process sees it and as the machine does, in lines to read, and where the process's were read from. */
export interface Fact {
  readonly id: keyof NamespaceWords["facts"];
  /** The kind of namespace that decides it; none for the root directory, which is as old as chroot. */
  readonly kind: Kind | undefined;
  readonly inside: readonly string[];
  readonly outside: readonly string[];
  readonly origin: string;
}

/** Lines shown of one list before the rest is counted; fewer of mounts, whose lines are long. */
const LISTED = 6;
const LISTED_MOUNTS = 3;

function bounded(lines: readonly string[], words: NamespaceWords, most = LISTED): readonly string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most), words.andMore(lines.length - most)];
}

/** An interface as `ip` would tell it: name, state, addresses, and the index of a pair's other end. */
export function interfaceLine(card: Interface): string {
  const peer = card.peer === undefined ? "" : `@if${card.peer}`;
  return [`${card.name}${peer}`, card.up ? "up" : "down", ...card.addresses].join(" ");
}

const mountLine = (mount: FileView["mounts"][number]) => `${mount.point} ${mount.type} (${mount.propagation})`;

function mountLines(view: FileView | undefined, other: FileView | undefined, words: NamespaceWords): readonly string[] {
  if (!view) return [words.unread];
  const known = new Set(other?.mounts.map(mountLine));
  const own = other && other !== view ? view.mounts.map(mountLine).filter((line) => !known.has(line)) : [];
  return [words.mountsTotal(view.total), ...bounded(own.map(words.onlyHere), words, LISTED_MOUNTS)];
}

/** The mount that is "/" for a view: the last one there hides the others. None where the root is a mere folder. */
function rootLines(path: string | undefined, view: FileView | undefined, words: NamespaceWords): readonly string[] {
  const mount = view?.mounts.filter(({ point }) => point === "/").at(-1);
  return [path ?? words.unread, ...(mount ? [`${mount.source} (${mount.type})`] : [])];
}

const range = (from: number, count: number) => (count === 1 ? `${from}` : `${from}–${from + count - 1}`);

/** A map as sentences; the whole range mapped to itself, as the first user namespace has it, is not worth one. */
function mapLines(maps: readonly IdMap[], words: NamespaceWords): readonly string[] {
  if (maps.length === 0) return [words.noMap];
  const plain = maps.length === 1 && maps[0]!.inside === 0 && maps[0]!.outside === 0 && maps[0]!.count > 0xfffffff0;
  return plain ? [] : maps.map((map) => words.idMap(range(map.inside, map.count), range(map.outside, map.count)));
}

function ipcLines(namespace: Namespace | undefined, words: NamespaceWords): readonly string[] {
  if (namespace?.facts.kind !== "ipc") return [words.unread];
  const { shm, msg, sem, queues } = namespace.facts;
  return [words.systemV(shm, msg, sem), words.queues(queues.length ? queues.join(" ") : words.none)];
}

function capabilityLines(mask: string, words: NamespaceWords): readonly string[] {
  const names = capabilityNames(mask);
  if (names.length === 0) return [words.none];
  if (names.length === CAPABILITIES.length) return [words.allCapabilities(names.length)];
  const missing = names.length > 3 ? [] : names.map((name) => `CAP_${name}`);
  return [words.someCapabilities(names.length, CAPABILITIES.length), ...missing];
}

/** What a namespace holds in a few lines, for one who looks at the namespace and not through a process. */
export function namespaceLines(
  reading: NamespaceReading,
  namespace: Namespace,
  words: NamespaceWords,
): readonly string[] {
  const { facts } = namespace;
  switch (facts.kind) {
    case "uts":
      return [facts.hostname];
    case "net":
      return facts.interfaces.length ? bounded(facts.interfaces.map(interfaceLine), words) : [words.none];
    case "ipc":
      return ipcLines(namespace, words);
    case "mnt":
      return mountLines(reading.views[facts.view], undefined, words);
    case "pid":
      return facts.init === undefined ? [words.unread] : [`1 = ${facts.init}`];
    case "user":
      return facts.uids.length === 1 && mapLines(facts.uids, words).length === 0
        ? ["0 = 0"]
        : mapLines(facts.uids, words);
    case "cgroup":
      return [facts.root ?? words.unread];
    case "unread":
      return [namespace.kind === "time" ? words.holds.time : words.unread];
  }
}

/** The file a namespace was opened by. */
export function openedBy(namespace: Namespace | undefined, words: NamespaceWords): string {
  if (!namespace) return words.unread;
  if (namespace.kept !== undefined) return words.kept(namespace.kept);
  return `/proc/${namespace.via}/ns/${namespace.kind}`;
}

function hostnameLines({ namespaces }: Inside, words: NamespaceWords): readonly string[] {
  return [namespaces.uts?.facts.kind === "uts" ? namespaces.uts.facts.hostname : words.unread];
}

function networkLines({ namespaces }: Inside, words: NamespaceWords): readonly string[] {
  const facts = namespaces.net?.facts;
  if (facts?.kind !== "net") return [words.unread];
  return facts.interfaces.length ? bounded(facts.interfaces.map(interfaceLine), words) : [words.none];
}

function userLines({ uid, namespaces }: Inside, words: NamespaceWords): readonly string[] {
  const facts = namespaces.user?.facts;
  const maps = facts?.kind === "user" ? mapLines(facts.uids, words) : [];
  return [uid.inside === undefined ? words.unread : `${uid.inside}`, ...maps];
}

function processLines(reading: NamespaceReading, process: Process, words: NamespaceWords): readonly string[] {
  const seen = visibleProcesses(reading, process);
  return bounded(
    seen.map(({ process: other, inside }) => `${inside} ${other.name}`),
    words,
  );
}

/** Capabilities reach as far as the user namespace they are held in, and the ones below it (user_namespaces(7)). */
function capabilitiesOutside(inside: Inside, machine: Inside, words: NamespaceWords): readonly string[] {
  const shared = inside.namespaces.user?.inode === machine.namespaces.user?.inode;
  return shared ? capabilityLines(inside.process.capabilities, words) : [words.none];
}

/**
 * What one process sees, fact by fact, beside what the machine's process 1 sees or calls it.
 *
 * @param machine process 1, or whoever stands for the machine
 */
export function factsOf(
  reading: NamespaceReading,
  process: Process,
  machine: Process,
  words: NamespaceWords,
): readonly Fact[] {
  const here = lookInside(reading, process);
  const there = lookInside(reading, machine);
  const proc = `/proc/${process.pid}`;
  const within = (call: string, kind: Kind) => words.inNamespace(call, openedBy(here.namespaces[kind], words));
  const both = (id: Fact["id"], kind: Kind, lines: (of: Inside) => readonly string[], origin: string): Fact => ({
    id,
    kind,
    inside: lines(here),
    outside: lines(there),
    origin,
  });
  const mounts = (of: Inside) => mountLines(of.view, of === here ? there.view : here.view, words);
  const root = process.root === undefined ? undefined : "/";
  return [
    both("hostname", "uts", (of) => hostnameLines(of, words), within("uname(2)", "uts")),
    both("mounts", "mnt", mounts, here.view ? `/proc/${here.view.via}/mountinfo` : words.unread),
    {
      id: "root",
      kind: undefined,
      inside: rootLines(root, here.view, words),
      outside: rootLines(process.root, process.root === "/" ? there.view : undefined, words),
      origin: `${proc}/root`,
    },
    {
      id: "pid",
      kind: "pid",
      inside: [`${here.pid.inside}`],
      outside: [`${here.pid.outside}`],
      origin: `${proc}/status: NSpid`,
    },
    both("processes", "pid", (of) => processLines(reading, of.process, words), "/proc/*/status: NSpid"),
    both("interfaces", "net", (of) => networkLines(of, words), within("rtnetlink(7)", "net")),
    both("ipc", "ipc", (of) => ipcLines(of.namespaces.ipc, words), within("shmctl(2) …", "ipc")),
    {
      id: "uid",
      kind: "user",
      inside: userLines(here, words),
      outside: [`${process.uid}`],
      origin: `${proc}/status: Uid, ${proc}/uid_map`,
    },
    {
      id: "capabilities",
      kind: "user",
      inside: capabilityLines(process.capabilities, words),
      outside: capabilitiesOutside(here, there, words),
      origin: `${proc}/status: CapEff`,
    },
    {
      id: "cgroup",
      kind: "cgroup",
      inside: [process.cgroupInside ?? words.unread],
      outside: [process.cgroup ?? words.unread],
      origin: within(`${proc}/cgroup`, "cgroup"),
    },
  ];
}
