import { ETHERTYPE, ethernet, icmpEcho, ipv4, PROTOCOL, TCP_FLAG, tcp } from "../../../src/network/codec/index.ts";
import type { GuestNetwork, NetNamespace } from "../../../src/probe/network/types.ts";
import { makePicture } from "../../../src/views/network/picture/make.ts";
import type { NetworkPicture } from "../../../src/views/network/picture.ts";
import { START } from "./passing.ts";
import { INITIAL, linkReport, netLink, netNamespace, portReport } from "./readings.ts";

/** A client and a server on two links, and a router between them that masquerades: what they report. */

export const MAC = {
  client: "02:00:00:00:00:0a",
  inner: "02:00:00:00:00:01",
  outer: "02:00:00:00:00:02",
  server: "02:00:00:00:00:0b",
} as const;

const routeTo = (to: string, link: number, more: Partial<NetNamespace["routes"][number]> = {}) =>
  ({ family: 4, to, link, type: "unicast", table: "main", ...more }) as const;

const client = netNamespace(INITIAL, [netLink(2, "eth0", { mac: MAC.client, addresses: ["10.0.0.2/24"] })], {
  routes: [routeTo("10.0.0.0/24", 2), routeTo("default", 2, { via: "10.0.0.1" })],
  neighbours: [{ address: "10.0.0.1", mac: MAC.inner, link: 2, state: "reachable" }],
});

export const routerLinks = [
  netLink(2, "eth0", { mac: MAC.inner, addresses: ["10.0.0.1/24"] }),
  netLink(3, "eth1", { mac: MAC.outer, addresses: ["192.168.0.1/24"] }),
];

export const router = (more: Partial<NetNamespace> = {}): NetNamespace =>
  netNamespace(INITIAL, routerLinks, {
    forwarding: { ipv4: true, ipv6: false },
    routes: [routeTo("10.0.0.0/24", 2), routeTo("192.168.0.0/24", 3)],
    neighbours: [{ address: "192.168.0.2", mac: MAC.server, link: 3, state: "reachable" }],
    rules: [
      { table: "nat", chain: "POSTROUTING", rule: "policy ACCEPT", packets: 0, bytes: 0 },
      { table: "nat", chain: "POSTROUTING", rule: "-s 10.0.0.0/24 -o eth1 -j MASQUERADE", packets: 1, bytes: 84 },
      { table: "filter", chain: "FORWARD", rule: "policy ACCEPT", packets: 2, bytes: 168 },
    ],
    conntrack: [
      {
        protocol: "icmp",
        original: { source: "10.0.0.2", destination: "192.168.0.2", sourcePort: 7, destinationPort: 7 },
        reply: { source: "192.168.0.2", destination: "192.168.0.1", sourcePort: 7, destinationPort: 7 },
        timeout: 29,
        assured: false,
        unreplied: false,
      },
    ],
    ...more,
  });

const server = netNamespace(INITIAL, [netLink(2, "eth0", { mac: MAC.server, addresses: ["192.168.0.2/24"] })], {
  routes: [routeTo("192.168.0.0/24", 2)],
});

const alone = (namespace: NetNamespace): GuestNetwork => ({ at: START, namespaces: [namespace], truncated: false });

export function routed(middle = router()): { picture: NetworkPicture; guests: ReadonlyMap<string, GuestNetwork> } {
  const guests = new Map([
    ["client", alone(client)],
    ["router", alone(middle)],
    ["server", alone(server)],
  ]);
  const card = (mac: string, link: string) => ({ mac, model: "virtio", link });
  const picture = makePicture({
    machines: [
      { name: "client", host: "a", running: true, nics: [card(MAC.client, "lan")] },
      { name: "router", host: "a", running: true, nics: [card(MAC.inner, "lan"), card(MAC.outer, "wan")] },
      { name: "server", host: "b", running: true, nics: [card(MAC.server, "wan")] },
    ],
    guests,
    counters: {
      lan: linkReport("lan", [portReport("client/0", MAC.client), portReport("router/0", MAC.inner)]),
      wan: linkReport("wan", [portReport("router/1", MAC.outer), portReport("server/0", MAC.server)]),
    },
  });
  return { picture, guests };
}

/** Ids of the places a packet passes. */
export const PLACE = {
  client: `if:client/${INITIAL}/2`,
  inner: `if:router/${INITIAL}/2`,
  outer: `if:router/${INITIAL}/3`,
  server: `if:server/${INITIAL}/2`,
} as const;

interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly identification?: number;
  readonly ttl?: number;
}

/** From the client to the router, or from the router to the server. */
export const framed = (leg: "inner" | "outer", packet: Packet, protocol: number, payload: Uint8Array): Uint8Array =>
  ethernet({
    source: leg === "inner" ? MAC.client : MAC.outer,
    destination: leg === "inner" ? MAC.inner : MAC.server,
    type: ETHERTYPE.ipv4,
    payload: ipv4({ identification: 99, ...packet, protocol, payload }),
  });

/** An ICMP echo of the client as it is on one of the two links. */
export function echo(leg: "inner" | "outer", seq: number, more: Partial<Packet> & { id?: number } = {}): Uint8Array {
  const { id = 7, ...packet } = more;
  const source = leg === "inner" ? "10.0.0.2" : "192.168.0.1";
  const data = Uint8Array.from({ length: 56 }, (_, at) => (at < 4 ? seq * 31 + at : at));
  const fields = { source, destination: "192.168.0.2", ttl: leg === "inner" ? 64 : 63, ...packet };
  return framed(leg, fields, PROTOCOL.icmp, icmpEcho({ id, seq, data }));
}

/** Data of a TCP stream of the client. */
export function segment(
  leg: "inner" | "outer",
  sequence: number,
  bytes: number,
  identification: number,
  port = 40_000,
): Uint8Array {
  const source = leg === "inner" ? "10.0.0.2" : "192.168.0.1";
  const endpoints = { source, destination: "192.168.0.2" };
  const payload = tcp(
    {
      sourcePort: port,
      destinationPort: 80,
      sequence,
      acknowledgement: 555,
      flags: TCP_FLAG.ack,
      window: 500,
      payload: Uint8Array.from({ length: bytes }, (_, at) => (sequence + at) & 255),
    },
    endpoints,
  );
  return framed(leg, { ...endpoints, identification, ttl: leg === "inner" ? 64 : 63 }, PROTOCOL.tcp, payload);
}
