import type { NatEntry } from "../../../src/network/reports.ts";
import type { GuestNetwork, NetNamespace } from "../../../src/probe/network/types.ts";
import { makePicture, type PictureCard, type PictureReadings } from "../../../src/views/network/picture/make.ts";
import type { NetworkPicture } from "../../../src/views/network/picture.ts";
import { INITIAL, linkReport, netLink, netNamespace, portReport } from "./readings.ts";

/** Networks as students build them, in the contract's shape. */
export interface Scene {
  readonly picture: NetworkPicture;
  readonly guests: ReadonlyMap<string, GuestNetwork>;
}

const scene = (readings: PictureReadings): Scene => ({ picture: makePicture(readings), guests: readings.guests });

const guest = (...namespaces: readonly NetNamespace[]): GuestNetwork => ({ at: 0, namespaces, truncated: false });

const card = (mac: string, link: string, more: Partial<PictureCard> = {}): PictureCard => ({
  mac,
  model: "virtio",
  link,
  ...more,
});

const machine = (name: string, host: string, ...nics: readonly PictureCard[]) => ({ name, host, running: true, nics });

export const MAC = {
  dom0: "02:52:00:00:00:a0",
  domU1: "00:16:3e:00:00:b1",
  domU2: "00:16:3e:00:00:b2",
  outside: "02:52:00:00:00:c0",
  node1: "02:52:00:00:01:01",
  node2: "02:52:00:00:01:02",
} as const;

const route = (to: string, link: number, via?: string) => ({
  family: 4 as const,
  to,
  link,
  type: "unicast",
  table: "main" as const,
  ...(via ? { via } : {}),
});

const reachable = (address: string, mac: string, link: number, state = "reachable") => ({ address, mac, link, state });

/** Xen's bridged mode: peth0 and two vifs are ports of xenbr0 in dom0; a machine outside on the physical link. */
export function xenBridge(more: { readonly vif2?: boolean; readonly held?: boolean } = {}): Scene {
  const { vif2 = true, held = false } = more;
  const dom0 = guest(
    netNamespace(
      INITIAL,
      [
        netLink(2, "peth0", {
          mac: MAC.dom0,
          permanent: MAC.dom0,
          master: 3,
          promiscuous: true,
          portState: "forwarding",
        }),
        netLink(3, "xenbr0", {
          kind: "bridge",
          mac: MAC.dom0,
          addresses: ["10.0.0.1/24"],
          bridge: { stp: false, vlanFiltering: false, ageing: 300 },
        }),
        netLink(4, "vif1.0", { kind: "vif", mac: "fe:ff:ff:ff:ff:ff", master: 3, portState: "forwarding" }),
        ...(vif2
          ? [netLink(5, "vif2.0", { kind: "vif", mac: "fe:ff:ff:ff:ff:ff", master: 3, portState: "forwarding" })]
          : []),
      ],
      {
        routes: [route("10.0.0.0/24", 3)],
        neighbours: [reachable("10.0.0.11", MAC.domU1, 3), reachable("10.0.0.99", MAC.outside, 3, "stale")],
        fdb: [
          { mac: MAC.domU1, bridge: 3, port: 4, permanent: false, age: 2 },
          { mac: MAC.domU2, bridge: 3, port: 5, permanent: false, age: 40 },
          { mac: MAC.outside, bridge: 3, port: 2, permanent: false, age: 2 },
          { mac: MAC.dom0, bridge: 3, port: 2, permanent: true },
        ],
      },
    ),
  );
  const domU = (mac: string, address: string) =>
    guest(
      netNamespace(
        INITIAL,
        [netLink(2, "eth0", { mac, permanent: mac, addresses: [`${address}/24`, "fe80::216:3eff:fe00:b1/64"] })],
        {
          routes: [route("10.0.0.0/24", 2), route("default", 2, "10.0.0.1")],
          neighbours: [reachable("10.0.0.99", MAC.outside, 2)],
        },
      ),
    );
  const outside = guest(
    netNamespace(
      INITIAL,
      [netLink(2, "eth0", { mac: MAC.outside, permanent: MAC.outside, addresses: ["10.0.0.99/24"] })],
      {
        routes: [route("10.0.0.0/24", 2)],
        neighbours: [reachable("10.0.0.11", MAC.domU1, 2)],
      },
    ),
  );
  return scene({
    machines: [
      machine("dom0", "xen", card(MAC.dom0, "physical")),
      machine("domU1", "xen", card(MAC.domU1, "", { model: "xen", backend: "dom0" })),
      machine("domU2", "xen", card(MAC.domU2, "", { model: "xen", backend: "dom0" })),
      machine("outside", "outside", card(MAC.outside, "physical")),
    ],
    guests: new Map([
      ["dom0", dom0],
      ["domU1", domU(MAC.domU1, "10.0.0.11")],
      ["domU2", domU(MAC.domU2, "10.0.0.12")],
      ["outside", outside],
    ]),
    counters: {
      physical: linkReport("physical", [portReport("dom0/0", MAC.dom0), portReport("outside/0", MAC.outside)], {
        latency: 2,
        rate: 10_000_000,
        flooded: 1,
        ...(held ? { held, waiting: 3 } : {}),
      }),
    },
    fdb: [
      { link: "physical", mac: MAC.domU1, vlan: 1, port: "dom0/0", age: 1200 },
      { link: "physical", mac: MAC.outside, vlan: 1, port: "outside/0", age: 1180 },
    ],
    domains: new Map([
      ["domU1", 1],
      ["domU2", 2],
    ]),
  });
}

const NODE1_RULES = [
  { table: "nat", chain: "PREROUTING", rule: "policy ACCEPT", packets: 3, bytes: 180 },
  {
    table: "nat",
    chain: "PREROUTING",
    rule: "-p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
    packets: 1,
    bytes: 60,
  },
  { table: "nat", chain: "POSTROUTING", rule: "-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", packets: 2, bytes: 168 },
  { table: "filter", chain: "FORWARD", rule: "policy ACCEPT", packets: 14, bytes: 1160 },
];

/** Docker's bridge mode: two containers on docker0, one with a published port, and another node on the wire. */
export function docker(): Scene {
  const sandbox = (id: number, name: string, address: string, peer: number) =>
    netNamespace(
      id,
      [
        netLink(2, "eth0", {
          kind: "veth",
          peer,
          peerNamespace: INITIAL,
          addresses: [`${address}/16`],
          mac: `02:42:ac:11:00:${address.slice(-1).padStart(2, "0")}`,
        }),
      ],
      { names: [name], routes: [route("172.17.0.0/16", 2), route("default", 2, "172.17.0.1")] },
    );
  const port = { kind: "veth", master: 3, portState: "forwarding", peer: 2 };
  const node1 = guest(
    netNamespace(
      INITIAL,
      [
        netLink(2, "eth0", { mac: MAC.node1, permanent: MAC.node1, addresses: ["192.168.7.1/24"] }),
        netLink(3, "docker0", {
          kind: "bridge",
          addresses: ["172.17.0.1/16"],
          bridge: { stp: false, vlanFiltering: false, ageing: 300 },
        }),
        netLink(4, "veth-web", { ...port, peerNamespace: 4026532201 }),
        netLink(6, "veth-app", { ...port, peerNamespace: 4026532305 }),
      ],
      {
        forwarding: { ipv4: true, ipv6: false },
        rules: NODE1_RULES,
        routes: [route("192.168.7.0/24", 2), route("172.17.0.0/16", 3)],
        neighbours: [reachable("192.168.7.2", MAC.node2, 2), reachable("172.17.0.2", "02:42:ac:11:00:02", 3)],
        conntrack: [
          {
            protocol: "tcp",
            original: { source: "192.168.7.2", destination: "192.168.7.1", sourcePort: 40001, destinationPort: 8080 },
            reply: { source: "172.17.0.2", destination: "192.168.7.2", sourcePort: 80, destinationPort: 40001 },
            state: "ESTABLISHED",
            timeout: 431999,
            assured: true,
            unreplied: false,
          },
        ],
      },
    ),
    sandbox(4026532201, "web", "172.17.0.2", 4),
    sandbox(4026532305, "app", "172.17.0.3", 6),
    netNamespace(4026532399, [], { names: ["none"] }),
  );
  const node2 = guest(
    netNamespace(
      INITIAL,
      [netLink(2, "eth0", { mac: MAC.node2, permanent: MAC.node2, addresses: ["192.168.7.2/24"] })],
      {
        routes: [route("192.168.7.0/24", 2)],
        neighbours: [reachable("192.168.7.1", MAC.node1, 2)],
      },
    ),
  );
  return scene({
    machines: [machine("node1", "node1", card(MAC.node1, "lan")), machine("node2", "node2", card(MAC.node2, "lan"))],
    guests: new Map([
      ["node1", node1],
      ["node2", node2],
    ]),
    fdb: [
      { link: "lan", mac: MAC.node1, vlan: 1, port: "node1/0", age: 900 },
      { link: "lan", mac: MAC.node2, vlan: 1, port: "node2/0", age: 950 },
    ],
    counters: { lan: linkReport("lan", [portReport("node1/0", MAC.node1), portReport("node2/0", MAC.node2)]) },
  });
}

/** Two hosts on a trunk: VLANs 10 and 20 over one card, a bridge on each, an access port, a cut link and a wire. */
export function vlans(): Scene {
  const node = (name: string, last: number) =>
    guest(
      netNamespace(INITIAL, [
        netLink(2, "eth0", { mac: `02:52:00:00:02:0${last}`, permanent: `02:52:00:00:02:0${last}` }),
        netLink(3, "eth1", { mac: `02:52:00:00:03:0${last}`, permanent: `02:52:00:00:03:0${last}`, carrier: false }),
        netLink(4, "eth0.10", { kind: "vlan", vlan: 10, peer: 2, master: 6, portState: "forwarding" }),
        netLink(5, "eth0.20", { kind: "vlan", vlan: 20, peer: 2, addresses: [`10.20.0.${last}/24`] }),
        netLink(6, "br10", { kind: "bridge", addresses: [`10.10.0.${last}/24`] }),
        netLink(7, `tap-${name}`, { kind: "tun", master: 6, up: false, carrier: false }),
        netLink(8, "vxlan42", { kind: "vxlan", addresses: [`10.42.0.${last}/24`] }),
      ]),
    );
  const alone = guest(
    netNamespace(INITIAL, [
      netLink(2, "eth0", { mac: "02:52:00:00:02:09", permanent: "02:52:00:00:02:09", addresses: ["10.10.0.9/24"] }),
    ]),
  );
  return scene({
    machines: [
      machine("left", "h1", card("02:52:00:00:02:01", "trunk"), card("02:52:00:00:03:01", "spare")),
      machine("right", "h2", card("02:52:00:00:02:02", "trunk"), card("02:52:00:00:03:02", "spare")),
      machine("access", "h3", card("02:52:00:00:02:09", "trunk")),
      { ...machine("late", "h4", card("02:52:00:00:02:0a", "trunk")), running: false },
    ],
    guests: new Map([
      ["left", node("left", 1)],
      ["right", node("right", 2)],
      ["access", alone],
    ]),
    counters: {
      trunk: linkReport("trunk", [
        portReport("left/0", "02:52:00:00:02:01", { vlans: [10, 20] }),
        portReport("right/0", "02:52:00:00:02:02", { vlans: [10, 20], dropped: { queue: 4, vlan: 2 } }),
        portReport("access/0", "02:52:00:00:02:09", { vlan: 10 }),
        portReport("late/0", "02:52:00:00:02:0a", { vlan: 20 }),
      ]),
      spare: linkReport(
        "spare",
        [
          portReport("left/1", "02:52:00:00:03:01", { carrier: false }),
          portReport("right/1", "02:52:00:00:03:02", { carrier: false }),
        ],
        { kind: "wire", cut: true },
      ),
    },
  });
}

/** Two links of one host, a gateway that translates between them. */
export function gatewayNat(): Scene {
  const plain = (mac: string, address: string) =>
    guest(
      netNamespace(INITIAL, [netLink(2, "eth0", { mac, permanent: mac, addresses: [`${address}/24`] })], {
        routes: [route("default", 2, "10.0.0.254")],
      }),
    );
  const nat: readonly NatEntry[] = [
    {
      link: "inner",
      protocol: "udp",
      inner: "10.0.0.2:5000",
      outer: "203.0.113.1:40001",
      remote: null,
      state: null,
      expires: 118_000,
      packets: { out: 3, in: 3 },
    },
    {
      link: "inner",
      protocol: "tcp",
      inner: "10.0.0.3:5000",
      outer: "203.0.113.1:40002",
      remote: "203.0.113.9:80",
      state: "established",
      expires: 7_439_000,
      packets: { out: 12, in: 10 },
    },
  ];
  const readings: PictureReadings = {
    machines: [
      machine("a", "both", card("02:52:00:00:04:01", "inner")),
      machine("b", "both", card("02:52:00:00:04:02", "inner")),
      machine("server", "far", card("02:52:00:00:04:09", "outer")),
    ],
    guests: new Map([
      ["a", plain("02:52:00:00:04:01", "10.0.0.2")],
      ["b", plain("02:52:00:00:04:02", "10.0.0.3")],
      ["server", plain("02:52:00:00:04:09", "203.0.113.9")],
    ]),
    counters: {
      inner: linkReport(
        "inner",
        [
          portReport("a/0", "02:52:00:00:04:01"),
          portReport("b/0", "02:52:00:00:04:02"),
          portReport("gateway:inner/0", "02:52:00:00:04:fe"),
        ],
        { place: "both", gateway: { mac: "02:52:00:00:04:fe", address: "10.0.0.254/24" } },
      ),
      outer: linkReport(
        "outer",
        [portReport("server/0", "02:52:00:00:04:09"), portReport("gateway:inner/1", "02:52:00:00:04:ff")],
        { kind: "hub", latency: 20, jitter: 5, loss: 0.05 },
      ),
    },
    nat: { entries: nat, limit: 1024, evicted: 0 },
  };
  return scene(readings);
}
