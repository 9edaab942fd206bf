import type { HostApi } from "../machine/api.ts";
import type { FabricApi } from "../network/api.ts";
import type { NamespaceReading } from "../probe/namespaces.ts";
import type { GuestFrames, GuestNetwork } from "../probe/network/types.ts";

/** A probe that cannot be read: unknown, called wrongly, or answered with something that is no reading. */
export class ProbeError extends Error {
  override name = "ProbeError";
}

export type ProbeArguments = Readonly<Record<string, unknown>>;

/**
 * What an argument may be: a name (`vbd:domU/xvda`), a path in xenstore, a count (a number, or its digits where it was
 * typed or filled in from a template), or anything the probe itself makes sense of.
 */
type ArgumentKind = "name" | "path" | "count" | "any";

const KINDS: Readonly<Record<ArgumentKind, { readonly is: (value: unknown) => boolean; readonly phrase: string }>> = {
  name: { is: (value) => typeof value === "string" && /^[\x21-\x7e]{1,128}$/.test(value), phrase: "a name" },
  path: {
    is: (value) => typeof value === "string" && /^\/[\x21-\x7e]{0,3071}$/.test(value),
    phrase: "a path that begins with /",
  },
  count: {
    is: (value) => /^\d{1,15}$/.test(String(value)) && ["number", "string"].includes(typeof value),
    phrase: "a whole number",
  },
  any: { is: () => true, phrase: "anything" },
};

interface Probe {
  /** Its arguments besides `machine`, which every probe of a machine needs. What it misses of them, it says itself. */
  readonly takes: Readonly<Record<string, ArgumentKind>>;
  /** Reads the machine from outside: also while it stands still. */
  readonly inside?: true;
  /** @param machine the machine's name, checked to be text */
  read(host: HostApi, machine: string, args: ProbeArguments): Promise<unknown>;
}

/** A probe that the machine's host answers from outside the machine, by the same name. */
const outside = (name: string, takes: Probe["takes"] = {}): [string, Probe] => [
  name,
  { takes, inside: true, read: (host, machine, args) => host.probe(machine, name, args) },
];

/** A probe of the links, which no machine takes part in: whoever has them answers by the same name. */
const LINK_PROBES: Readonly<Record<string, Probe["takes"]>> = {
  "network.counters": {},
  "network.fdb": { link: "name" },
  "network.nat": {},
  "network.capture": { link: "name", from: "count", count: "count", bytes: "count" },
};

const any = (...names: string[]): Probe["takes"] => Object.fromEntries(names.map((name) => [name, "any" as const]));

/** Probes by name (contract 5): how each is read through the interface every host has. */
const PROBES: Readonly<Record<string, Probe>> = {
  "guest.namespaces": { takes: {}, read: readNamespaces },
  "guest.network": { takes: {}, read: readGuestNetwork },
  "guest.frames": { takes: { from: "count" }, read: readGuestFrames },
  ...Object.fromEntries([
    // of the teaching hypervisor (src/machine/hypervisor/probes.ts)
    outside("hv.info"),
    outside("hv.domains"),
    outside("hv.shadow", any("domain")),
    outside("hv.verify"),
    outside("hv.frames"),
    outside("paging.walk", any("domain", "address")),
    outside("paging.map", any("domain", "from", "count")),
    outside("paging.nested", any("domain", "address", "levels")),
    outside("exits.counts"),
    outside("exits.phases"),
    outside("exits.trace", any("from", "count", "kinds")),
    // of devices, and of the Xen host (src/probe/io/types.ts)
    outside("ring.list"),
    outside("ring.state", { ring: "name" }),
    outside("xen.domains"),
    outside("xen.store", { path: "path" }),
    outside("io.costs"),
    outside("io.trace", { from: "count", count: "count" }),
  ]),
};

const takesOf = (name: string): Probe["takes"] | undefined => {
  if (Object.hasOwn(LINK_PROBES, name)) return LINK_PROBES[name];
  return Object.hasOwn(PROBES, name) ? PROBES[name]!.takes : undefined;
};

/** @returns what is wrong with arguments a lab or a student writes, `machine` not among them; nothing for no probe */
export function argumentFaults(
  name: string,
  args: ProbeArguments,
): { readonly name: string; readonly message: string }[] {
  const takes = takesOf(name);
  if (!takes) return [];
  return Object.entries(args).flatMap(([key, value]) => {
    const kind = Object.hasOwn(takes, key) ? takes[key] : undefined;
    if (kind === undefined) return [{ name: key, message: `The probe \`${name}\` does not take \`${key}\`.` }];
    if (KINDS[kind].is(value)) return [];
    return [{ name: key, message: `The probe \`${name}\` takes ${KINDS[kind].phrase} as \`${key}\`.` }];
  });
}

/** @returns whether a probe looks into a machine's memory, and so needs nothing of the machine itself */
export function looksInside(name: string): boolean {
  return Object.hasOwn(PROBES, name) && PROBES[name]!.inside === true;
}

/** @returns whether a probe or a setting is of the links between machines, and so needs no machine */
export function isOfNetwork(name: string): boolean {
  return name.startsWith("network.");
}

/** What the guest's own tools print. A student may have replaced a tool, so its output is checked. */
async function readNamespaces(host: HostApi, machine: string): Promise<NamespaceReading> {
  const printed = await printedBy(host, machine, "nsview --json");
  // few labs need it, and a page has none of it before
  const { parseNamespaces } = await import("../probe/namespaces.ts");
  return parseNamespaces(printed);
}

async function readGuestNetwork(host: HostApi, machine: string): Promise<GuestNetwork> {
  const printed = await printedBy(host, machine, "netview --json");
  const { parseGuestNetwork } = await import("../probe/network/index.ts");
  return parseGuestNetwork(printed);
}

async function readGuestFrames(host: HostApi, machine: string, { from = 1 }: ProbeArguments): Promise<GuestFrames> {
  const printed = await printedBy(host, machine, `netview --frames ${from}`);
  const { parseGuestFrames } = await import("../probe/network/index.ts");
  return parseGuestFrames(printed);
}

/** @throws ProbeError when the tool fails */
async function printedBy(host: HostApi, machine: string, command: string): Promise<string> {
  const { exit, stdout, stderr } = await host.run(machine, command);
  const text = new TextDecoder();
  if (exit === 0) return text.decode(stdout);
  throw new ProbeError(`\`${command}\` on \`${machine}\` ended with ${exit}: ${text.decode(stderr).trim()}`);
}

/** @returns names of the probes there are */
export function probeNames(): string[] {
  return [...Object.keys(PROBES), ...Object.keys(LINK_PROBES)];
}

/**
 * Reads a probe of a machine.
 *
 * @param hostOf the host of a machine; rejects when there is no such machine or it does not run
 * @returns plain JSON data
 * @throws ProbeError with a sentence that names the probe and what is wrong
 */
export async function readProbe(
  name: string,
  args: ProbeArguments,
  hostOf: (machine: string) => HostApi | Promise<HostApi>,
): Promise<unknown> {
  const given = checkedArguments(name, args);
  const { machine } = args;
  if (typeof machine !== "string") throw new ProbeError(`The probe \`${name}\` needs the name of a \`machine\`.`);
  return PROBES[name]!.read(await hostOf(machine), machine, given);
}

/** Reads a probe of the links; as {@link readProbe}. */
export async function readLinkProbe(name: string, args: ProbeArguments, links: FabricApi): Promise<unknown> {
  return links.probe(name, checkedArguments(name, args));
}

/** @returns the arguments besides the machine, counts as numbers. @throws ProbeError */
function checkedArguments(name: string, { machine: _, ...rest }: ProbeArguments): ProbeArguments {
  const takes = takesOf(name);
  if (!takes) throw new ProbeError(`There is no probe \`${name}\`. There are: ${probeNames().join(", ")}.`);
  const [wrong] = argumentFaults(name, rest);
  if (wrong) throw new ProbeError(wrong.message);
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, takes[key] === "count" ? Number(value) : value]),
  );
}
