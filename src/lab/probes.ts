import type { HostApi } from "../machine/api.ts";
import { type NamespaceReading, parseNamespaces } from "../probe/namespaces.ts";

/** A probe that cannot be read: unknown, called wrongly, or answered with something that is no reading. */
export class ProbeError extends Error {
  override name = "ProbeError";
}

export type ProbeArguments = Readonly<Record<string, unknown>>;

interface Probe {
  /** Names of the arguments; `machine` is required, of the others the probe says itself what it misses. */
  readonly takes: readonly string[];
  /** Reads the machine's memory from outside: also while it stands still. */
  readonly inside?: true;
  /** @param machine the machine's name, checked to be text */
  read(host: HostApi, machine: string, args: ProbeArguments): Promise<unknown>;
}

/** A probe that the machine's host answers from its memory, by the same name (src/machine/hypervisor/probes.ts). */
const memory = (name: string, ...takes: string[]): [string, Probe] => [
  name,
  {
    takes: ["machine", ...takes],
    inside: true,
    read: (host, machine, { machine: _, ...args }) => host.probe(machine, name, args),
  },
];

/** Probes by name (contract 5): how each is read through the interface every host has. */
const PROBES: Readonly<Record<string, Probe>> = {
  "guest.namespaces": { takes: ["machine"], read: readNamespaces },
  ...Object.fromEntries([
    memory("hv.info"),
    memory("hv.domains"),
    memory("hv.shadow", "domain"),
    memory("hv.verify"),
    memory("hv.frames"),
    memory("paging.walk", "domain", "address"),
    memory("paging.map", "domain", "from", "count"),
    memory("paging.nested", "domain", "address", "levels"),
    memory("exits.counts"),
    memory("exits.phases"),
    memory("exits.trace", "from", "count", "kinds"),
    memory("ring.state"),
  ]),
};

/** @returns whether a probe looks into a machine's memory, and so needs nothing of the machine itself */
export function looksInside(name: string): boolean {
  return Object.hasOwn(PROBES, name) && PROBES[name]!.inside === true;
}

/** Printed by images/linux/tools/nsview.c; a student may have replaced the tool, so its output is checked. */
async function readNamespaces(host: HostApi, machine: string): Promise<NamespaceReading> {
  const { exit, stdout, stderr } = await host.run(machine, "nsview --json");
  const text = new TextDecoder();
  if (exit === 0) return parseNamespaces(text.decode(stdout));
  throw new ProbeError(`\`nsview --json\` on \`${machine}\` ended with ${exit}: ${text.decode(stderr).trim()}`);
}

/** @returns names of the probes there are */
export function probeNames(): string[] {
  return Object.keys(PROBES);
}

/**
 * Reads a probe.
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
  if (!Object.hasOwn(PROBES, name)) {
    throw new ProbeError(`There is no probe \`${name}\`. There are: ${probeNames().join(", ")}.`);
  }
  const probe = PROBES[name]!;
  const unknown = Object.keys(args).filter((key) => !probe.takes.includes(key));
  if (unknown.length) throw new ProbeError(`The probe \`${name}\` does not take \`${unknown.join("`, `")}\`.`);
  const machine = args.machine;
  if (typeof machine !== "string") throw new ProbeError(`The probe \`${name}\` needs the name of a \`machine\`.`);
  return probe.read(await hostOf(machine), machine, args);
}
