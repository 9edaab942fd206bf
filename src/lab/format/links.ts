import type { LinkSpec } from "../../network/link-spec.ts";
import { type LabLink, type LabMachine, NETWORK } from "../lab.ts";
import type { WrittenLink } from "../schema.ts";
import { bitsPerSecond, milliseconds } from "../schema-links.ts";

/** Makes links of cross-checked content, with times in milliseconds and rates in bits a second. */
export function buildLinks(
  written: Readonly<Record<string, WrittenLink>>,
  machines: readonly LabMachine[],
): readonly LabLink[] {
  return placeLinks(
    Object.fromEntries(Object.entries(written).map(([name, link]) => [name, linkSpec(link)])),
    machines,
  );
}

function linkSpec({ latency, jitter, rate, gateway, ...same }: WrittenLink): LinkSpec {
  return defined({
    ...same,
    latency: latency === undefined ? undefined : milliseconds(latency),
    jitter: jitter === undefined ? undefined : milliseconds(jitter),
    rate: rate === undefined ? undefined : bitsPerSecond(rate),
    gateway: gateway && defined({ ...gateway, nat: gateway.nat && defined(gateway.nat) }),
  }) as LinkSpec;
}

/** Without what was left out: a spec is compared, and crosses to a worker, as it is. */
const defined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * Where each link lives: with the machines plugged into it when they are all on one host, else between hosts. A gateway
 * that translates is in one fabric with both its links, so they are together or between hosts both.
 *
 * @param links by name, in the lab's order
 */
export function placeLinks(links: Readonly<Record<string, LinkSpec>>, machines: readonly LabMachine[]): LabLink[] {
  const groups = groupLinks(links);
  const nobody = machines[0]?.host ?? NETWORK;
  return Object.entries(links).map(([name, spec]) => {
    const group = groups.get(name)!;
    const hosts = new Set(machines.flatMap((machine) => (isPlugged(machine, group) ? [machine.host] : [])));
    const place = hosts.size > 1 ? NETWORK : ([...hosts][0] ?? nobody);
    return { name, spec, place };
  });
}

/** A card served by another machine is plugged into nothing of the fabric's. */
function isPlugged({ spec }: LabMachine, links: ReadonlySet<string>): boolean {
  return spec.nics.some(({ link, backend }) => link !== undefined && backend === undefined && links.has(link));
}

/** @returns for each link those it has a translating gateway in common with, directly or over others, itself included */
function groupLinks(links: Readonly<Record<string, LinkSpec>>): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map(Object.keys(links).map((name) => [name, new Set([name])]));
  for (const [name, { gateway }] of Object.entries(links)) {
    const inner = groups.get(name)!;
    const outer = gateway?.nat && groups.get(gateway.nat.link);
    if (!outer || outer === inner) continue;
    for (const one of outer) groups.set(one, inner.add(one));
  }
  return groups;
}
