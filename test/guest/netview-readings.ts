import type {
  BridgeFdbEntry,
  GuestFrame,
  GuestFrames,
  GuestNetwork,
  NetNamespace,
} from "../../src/probe/network/index.ts";
import { parseGuestFrames, parseGuestNetwork } from "../../src/probe/network/index.ts";
import type { TestGuest } from "./guest.ts";

/** What `netview` says of a guest, and what iproute2 says of the same, in the same shape. */

/** Runs a script that must succeed. @returns what it printed */
export async function says(machine: TestGuest, script: string): Promise<string> {
  const { exit, out, err } = await machine.run(script, 120_000);
  if (exit !== 0) throw new Error(`${script}: ${exit}: ${err}`);
  return out;
}

export async function network(machine: TestGuest): Promise<GuestNetwork> {
  return parseGuestNetwork(await says(machine, "netview --json"));
}

export async function frames(machine: TestGuest, from: number): Promise<GuestFrames> {
  return parseGuestFrames(await says(machine, `netview --frames ${from}`));
}

/** A process that stays behind, with nothing of the script's left open. */
export const behind = (command: string) => `setsid ${command} </dev/null >/dev/null 2>&1 &`;

/** What iproute2 prints as JSON; only what is used. */
interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address: string;
  readonly permaddr?: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly link?: string;
  readonly link_index?: number;
  readonly promiscuity: number;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_slave_kind?: string;
    readonly info_data?: Readonly<Record<string, unknown>>;
    readonly info_slave_data?: { readonly state: string };
  };
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

/** A namespace's links in the words of `ip -j -d address`, as netview should have them; counters aside. */
export async function linksByIp(machine: TestGuest, inside: string): Promise<Record<string, unknown>[]> {
  const links = JSON.parse(await says(machine, `${inside} ip -j -d address`)) as IpLink[];
  const indexOf = (name: string | undefined) => links.find(({ ifname }) => ifname === name)?.ifindex;
  return links.map((link) => {
    const kind = link.linkinfo?.info_kind ?? (link.flags.includes("LOOPBACK") ? "loopback" : "");
    const data = link.linkinfo?.info_data ?? {};
    const peer = kind === "vxlan" ? indexOf(data.link as string) : (link.link_index ?? indexOf(link.link));
    return defined({
      index: link.ifindex,
      name: link.ifname,
      kind,
      mac: link.address,
      permanent: link.permaddr,
      mtu: link.mtu,
      up: link.flags.includes("UP"),
      carrier: link.flags.includes("LOWER_UP"),
      promiscuous: link.promiscuity > 0,
      master: indexOf(link.master),
      peer,
      vlan: kind === "vlan" ? data.id : undefined,
      vni: kind === "vxlan" ? data.id : undefined,
      addresses: link.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      bridge:
        kind === "bridge"
          ? {
              stp: data.stp_state === 1,
              vlanFiltering: data.vlan_filtering === 1,
              ageing: Number(data.ageing_time) / 100,
            }
          : undefined,
      portState: link.linkinfo?.info_slave_kind === "bridge" ? link.linkinfo.info_slave_data?.state : undefined,
    });
  });
}

/** The same of a reading: what the other cannot say (counters, the other end's namespace, a card's own MAC) is left out. */
export function linksOf(namespace: NetNamespace): Record<string, unknown>[] {
  return namespace.links.map(({ sent: _, received: __, peerNamespace: ___, proxyArp: ____, ...link }) => link);
}

interface IpRoute {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly nexthops?: readonly { readonly gateway?: string; readonly dev: string }[];
}

/** Lines `to via gateway dev name src address metric n type` of the main and local tables, sorted. */
export async function routesByIp(machine: TestGuest, inside: string): Promise<string[]> {
  const lines: string[] = [];
  for (const family of [4, 6] as const) {
    for (const table of ["main", "local"] as const) {
      const out = await says(machine, `${inside} ip -${family} -j route show table ${table} 2>/dev/null || echo '[]'`);
      for (const route of JSON.parse(out) as IpRoute[]) {
        for (const hop of route.nexthops ?? [route]) {
          const to = whole(route.dst, family);
          lines.push(
            [
              family,
              to,
              hop.gateway,
              hop.dev,
              route.prefsrc,
              route.metric || undefined,
              route.type ?? "unicast",
              table,
            ].join(" "),
          );
        }
      }
    }
  }
  return lines.sort();
}

/** `ip` leaves the length of a host's prefix away. */
const whole = (destination: string, family: 4 | 6) =>
  destination === "default" || destination.includes("/") ? destination : `${destination}/${family === 4 ? 32 : 128}`;

export function routesOf({ routes, links }: NetNamespace): string[] {
  const name = (index?: number) => links.find((link) => link.index === index)?.name;
  return routes
    .map(({ family, to, via, link, source, metric, type, table }) =>
      [family, to, via, name(link), source, metric, type, table].join(" "),
    )
    .sort();
}

/** Lines `address mac dev state` of `ip neighbour`, sorted. */
export async function neighboursByIp(machine: TestGuest, inside: string): Promise<string[]> {
  interface Entry {
    readonly dst: string;
    readonly dev: string;
    readonly lladdr?: string;
    readonly state: readonly string[];
  }
  const entries = JSON.parse(await says(machine, `${inside} ip -j neighbour`)) as Entry[];
  return entries.map(({ dst, lladdr, dev, state }) => [dst, lladdr, dev, state[0]!.toLowerCase()].join(" ")).sort();
}

export function neighboursOf({ neighbours, links }: NetNamespace): string[] {
  return neighbours
    .filter(({ proxy }) => !proxy)
    .map(({ address, mac, link, state }) =>
      [address, mac, links.find(({ index }) => index === link)?.name, state].join(" "),
    )
    .sort();
}

/** Lines `mac port vlan permanent` of `bridge fdb`: those of bridges, which name their master. */
export async function fdbByBridge(machine: TestGuest): Promise<string[]> {
  interface Entry {
    readonly mac: string;
    readonly ifname: string;
    readonly vlan?: number;
    readonly master?: string;
    readonly state: string;
  }
  const entries = JSON.parse(await says(machine, "bridge -j fdb")) as Entry[];
  return entries
    .filter(({ master }) => master !== undefined)
    .map(({ mac, ifname, vlan, state }) => [mac, ifname, vlan, state === "permanent" || state === "static"].join(" "))
    .sort();
}

export function fdbOf({ fdb, links }: NetNamespace): string[] {
  const line = ({ mac, port, vlan, permanent }: BridgeFdbEntry) =>
    [mac, links.find(({ index }) => index === port)?.name, vlan, permanent].join(" ");
  return fdb.map(line).sort();
}

function defined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/** The bytes of a frame. */
export const bytesOf = (frame: GuestFrame) => Buffer.from(frame.bytes, "base64");

/** `request` or `reply` of an ICMP echo in IPv4, behind a VLAN tag or none, and the tag's VLAN; otherwise nothing. */
export function echo(frame: GuestFrame): { readonly type: "request" | "reply"; readonly vlan?: number } | undefined {
  const bytes = bytesOf(frame);
  const tagged = bytes.readUInt16BE(12) === 0x8100;
  const ip = tagged ? 18 : 14;
  if (bytes.readUInt16BE(ip - 2) !== 0x0800 || bytes[ip + 9] !== 1) return undefined;
  const type = bytes[ip + 4 * (bytes[ip]! & 15)] === 8 ? "request" : "reply";
  return tagged ? { type, vlan: bytes.readUInt16BE(14) & 0xfff } : { type };
}
