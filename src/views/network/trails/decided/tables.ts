import { inPrefix, parseAddress, parsePrefix } from "../../../../network/codec/address.ts";
import type {
  ConntrackEntry,
  ConntrackTuple,
  NetLink,
  NetNamespace,
  NetRoute,
} from "../../../../probe/network/types.ts";

/**
 * What a namespace's tables say of a packet, worked out as the kernel does. All of it is computed from tables as they were
 * read; a row is told by its index.
 */

/** A packet as conntrack and rules know it. */
export interface Flow {
  readonly protocol: "icmp" | "icmpv6" | "tcp" | "udp" | "other";
  readonly source: string;
  readonly destination: string;
  /** Of an ICMP echo, the identifier in both. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** TCP: a SYN without ACK. */
  readonly begins?: boolean;
}

/** Whether addresses, as text of any form, are the same. */
export function sameAddress(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [parseAddress(one), parseAddress(other)];
  return a !== undefined && b !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Longest prefix first, then the lowest metric (ip-route(8)); tables in the order of the usual rules: local, main. */
export function routeFor(namespace: NetNamespace, address: string): number | undefined {
  const bytes = parseAddress(address);
  if (!bytes) return undefined;
  const family = bytes.length === 4 ? 4 : 6;
  let best: { at: number; rank: readonly number[] } | undefined;
  for (const [at, route] of namespace.routes.entries()) {
    if (route.family !== family || route.table === "other") continue;
    const length = prefixLength(route, bytes);
    if (length === undefined) continue;
    const rank = [route.table === "local" ? 1 : 0, length, -(route.metric ?? 0)];
    if (!best || compare(rank, best.rank) > 0) best = { at, rank };
  }
  return best?.at;
}

/** @returns how many bits of the route's prefix the address has, undefined when it is not in it */
function prefixLength({ to, family }: NetRoute, address: Uint8Array): number | undefined {
  if (to === "default") return 0;
  const prefix = parsePrefix(to.includes("/") ? to : `${to}/${family === 4 ? 32 : 128}`);
  return prefix && prefix.address.length === address.length && inPrefix(prefix, address) ? prefix.length : undefined;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) if (value !== b[at]) return value - b[at]!;
  return 0;
}

/** A route as `ip route` prints it. */
export function routeText(route: NetRoute, links: readonly NetLink[]): string {
  const device = links.find(({ index }) => index === route.link)?.name;
  const words = [
    route.type === "unicast" ? route.to : `${route.type} ${route.to}`,
    route.via === undefined ? "" : `via ${route.via}`,
    device === undefined ? "" : `dev ${device}`,
    route.source === undefined ? "" : `src ${route.source}`,
    route.metric === undefined || route.metric === 0 ? "" : `metric ${route.metric}`,
  ];
  return words.filter((word) => word !== "").join(" ");
}

/** @returns index of the neighbour entry that says which MAC the next hop has on an interface */
export function neighbourFor(namespace: NetNamespace, address: string, link: number): number | undefined {
  const fits = ({ proxy, link: on, address: of }: NetNamespace["neighbours"][number]) =>
    proxy !== true && on === link && sameAddress(of, address);
  const at = namespace.neighbours.findIndex(fits);
  return at < 0 ? undefined : at;
}

/** A neighbour as `ip neigh` prints it. */
export function neighbourText(entry: NetNamespace["neighbours"][number], links: readonly NetLink[]): string {
  const device = links.find(({ index }) => index === entry.link)?.name ?? `if${entry.link}`;
  const mac = entry.mac === undefined ? "" : ` lladdr ${entry.mac}`;
  return `${entry.address} dev ${device}${mac} ${entry.state.toUpperCase()}`;
}

/** @returns index of the entry a bridge forwards a frame to `mac` by; an entry without a VLAN is for any */
export function fdbFor(
  namespace: NetNamespace,
  bridge: number,
  mac: string,
  vlan: number | undefined,
): number | undefined {
  const of = namespace.fdb
    .map((entry, at) => ({ entry, at }))
    .filter(({ entry }) => entry.bridge === bridge && entry.mac === mac);
  const found =
    of.find(({ entry }) => entry.vlan === vlan) ??
    of.find(({ entry }) => entry.vlan === undefined || vlan === undefined);
  return found?.at;
}

/** A bridge's entry as `bridge fdb` prints it. */
export function fdbText(entry: NetNamespace["fdb"][number], links: readonly NetLink[]): string {
  const name = (at: number) => links.find(({ index }) => index === at)?.name ?? `if${at}`;
  const vlan = entry.vlan === undefined ? "" : ` vlan ${entry.vlan}`;
  return `${entry.mac} dev ${name(entry.port)}${vlan} master ${name(entry.bridge)}${entry.permanent ? " permanent" : ""}`;
}

/** @returns index of the connection a packet belongs to, by one of its two tuples exactly */
export function conntrackFor(namespace: NetNamespace, flow: Flow): number | undefined {
  const at = namespace.conntrack.findIndex(
    ({ protocol, original, reply }) => protocol === flow.protocol && (fits(original, flow) || fits(reply, flow)),
  );
  return at < 0 ? undefined : at;
}

/** Whether a tuple is a packet's, exactly. */
export const fits = (tuple: ConntrackTuple, flow: Flow): boolean =>
  tuple.sourcePort === flow.sourcePort &&
  tuple.destinationPort === flow.destinationPort &&
  sameAddress(tuple.source, flow.source) &&
  sameAddress(tuple.destination, flow.destination);

/** A connection by its two tuples, as `conntrack -L` prints them. */
export function conntrackText({ protocol, state, original, reply, unreplied, assured }: ConntrackEntry): string {
  const ports = ({ sourcePort, destinationPort }: ConntrackTuple) => {
    if (sourcePort === undefined) return "";
    return protocol.startsWith("icmp") ? ` id=${sourcePort}` : ` sport=${sourcePort} dport=${destinationPort}`;
  };
  const tuple = (one: ConntrackTuple) => `src=${one.source} dst=${one.destination}${ports(one)}`;
  const words = [
    protocol,
    state ?? "",
    tuple(original),
    unreplied ? "[UNREPLIED]" : "",
    tuple(reply),
    assured ? "[ASSURED]" : "",
  ];
  return words.filter((word) => word !== "").join(" ");
}

/** Whether an address is one the namespace answers for: its own, a broadcast, or a group. */
export function isLocal(namespace: NetNamespace, address: string): boolean {
  const bytes = parseAddress(address);
  if (!bytes || isGroup(bytes)) return true;
  const own = ({ addresses }: NetLink) => addresses.some((one) => sameAddress(one.split("/")[0]!, address));
  if (namespace.links.some(own)) return true;
  const route = routeFor(namespace, address);
  return route !== undefined && ["local", "broadcast", "anycast"].includes(namespace.routes[route]!.type);
}

/** 255.255.255.255, 224.0.0.0/4, ff00::/8. */
const isGroup = (address: Uint8Array): boolean =>
  address[0] === 255 || (address.length === 4 && address[0]! >> 4 === 14);

/** @returns whether an address is in a prefix, or is the address that stands there alone; undefined of no prefix */
export function within(prefix: string, address: string): boolean | undefined {
  const bytes = parseAddress(address);
  const found = bytes && parsePrefix(prefix.includes("/") ? prefix : `${prefix}/${8 * bytes.length}`);
  return found && inPrefix(found, bytes);
}
