import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuestNetwork, NetLink, NetNamespace } from "../../../src/probe/network/types.ts";
import { makePicture, type PictureMachine, type PictureReadings } from "../../../src/views/network/picture/make.ts";
import type { NetworkPicture } from "../../../src/views/network/picture.ts";
import { INITIAL, linkReport, netLink, netNamespace, portReport } from "./readings.ts";

const guest = (...namespaces: NetNamespace[]): GuestNetwork => ({ at: 0, namespaces, truncated: false });

const machine = (name: string, nics: PictureMachine["nics"]): PictureMachine => ({
  name,
  host: "xen",
  running: true,
  nics,
});

const CARD = "02:11:00:00:00:01";

/** dom0 with a card on `physical`, and a domU whose netback it is. */
function xen(dom0: readonly NetLink[], more: Partial<PictureReadings> = {}): NetworkPicture {
  return makePicture({
    machines: [
      machine("dom0", [{ mac: CARD, model: "virtio", link: "physical" }]),
      machine("domU", [{ mac: "02:11:00:00:00:02", model: "xen", backend: "dom0" }]),
    ],
    guests: new Map([
      ["dom0", guest(netNamespace(INITIAL, dom0))],
      ["domU", guest(netNamespace(INITIAL, [netLink(2, "eth0", { mac: "02:11:00:00:00:02" })]))],
    ]),
    counters: { physical: linkReport("physical", [portReport("dom0/0", CARD)]) },
    domains: new Map([["domU", 3]]),
    ...more,
  });
}

const ends = (picture: NetworkPicture, kind: string) =>
  picture.edges.filter((edge) => edge.kind === kind).map((edge) => edge.ends);

const dom0 = (index: number) => `if:dom0/${INITIAL}/${index}`;

describe("a card's cable", () => {
  it("leads from the interface with the card's MAC to its port of the link", () => {
    const picture = xen([netLink(2, "eth0", { mac: CARD })]);
    expect(ends(picture, "cable")).toEqual([[dom0(2), "port:physical:dom0/0"]]);
  });

  it("stays with a card that was renamed and given another MAC, whose bridge has its old one", () => {
    const picture = xen([
      netLink(2, "peth0", { mac: "fe:ff:ff:ff:ff:ff", permanent: CARD, master: 3 }),
      netLink(3, "eth0", { kind: "bridge", mac: CARD }),
    ]);
    expect(ends(picture, "cable")).toEqual([[dom0(2), "port:physical:dom0/0"]]);
    expect(ends(picture, "port")).toEqual([[dom0(2), dom0(3)]]);
  });

  it("falls back to the order of cards where no MAC is the card's", () => {
    const picture = xen([netLink(2, "eth7", { mac: "02:99:00:00:00:00" })]);
    expect(ends(picture, "cable")).toEqual([[dom0(2), "port:physical:dom0/0"]]);
  });

  it("is no card's that says it has another address of its own", () => {
    const picture = xen([netLink(2, "eth7", { mac: CARD.replace("01", "0f"), permanent: "02:99:00:00:00:00" })]);
    expect(ends(picture, "cable")).toEqual([["machine:dom0", "port:physical:dom0/0"]]);
  });

  it("leads from the machine while its guest was not read", () => {
    const picture = xen([], { guests: new Map() });
    expect(ends(picture, "cable")).toEqual([["machine:dom0", "port:physical:dom0/0"]]);
    expect(picture.machines.map(({ namespaces }) => namespaces)).toEqual([undefined, undefined]);
  });

  it("has no carrier when the link is cut, the cable is out, or the interface is down", () => {
    const card = netLink(2, "eth0", { mac: CARD });
    const port = portReport("dom0/0", CARD);
    const carriers = [
      xen([card]),
      xen([card], { counters: { physical: linkReport("physical", [port], { cut: true }) } }),
      xen([card], { counters: { physical: linkReport("physical", [{ ...port, carrier: false }]) } }),
      xen([{ ...card, up: false }]),
    ].map((picture) => picture.edges.find(({ kind }) => kind === "cable")?.carrier);
    expect(carriers).toEqual([true, false, false, false]);
  });
});

describe("a ring", () => {
  const front = `if:domU/${INITIAL}/2`;
  const vif = (index: number, name: string) => netLink(index, name, { kind: "vif", mac: "fe:ff:ff:ff:ff:ff" });

  it("leads from a netfront to the vif of its domain and handle", () => {
    expect(ends(xen([vif(4, "vif2.0"), vif(5, "vif3.0")]), "ring")).toEqual([[front, dom0(5)]]);
  });

  it("finds a vif that was renamed", () => {
    expect(ends(xen([vif(5, "guest")]), "ring")).toEqual([[front, dom0(5)]]);
  });

  it("is none to the vif of a domain that is gone", () => {
    expect(ends(xen([vif(4, "vif2.0")]), "ring")).toEqual([]);
  });

  it("is found by the order of vifs where no domain is known", () => {
    expect(ends(xen([vif(4, "vif2.0")], { domains: new Map() }), "ring")).toEqual([[front, dom0(4)]]);
  });
});

describe("edges within a machine", () => {
  const other = 4026532000;
  const picture = makePicture({
    machines: [machine("node", [])],
    guests: new Map([
      [
        "node",
        guest(
          netNamespace(
            INITIAL,
            [
              netLink(2, "docker0", { kind: "bridge" }),
              netLink(3, "veth0", { kind: "veth", master: 2, peer: 2, peerNamespace: other }),
              netLink(4, "eth0.101", { kind: "vlan", peer: 2, vlan: 101 }),
              netLink(5, "lost", { kind: "veth", peer: 77, peerNamespace: 1 }),
            ],
            {
              forwarding: { ipv4: true, ipv6: false },
              rules: [{ table: "nat", chain: "POSTROUTING", rule: "-o eth0 -j MASQUERADE", packets: 0, bytes: 0 }],
            },
          ),
          netNamespace(other, [netLink(2, "eth0", { kind: "veth", peer: 3, peerNamespace: INITIAL })], {
            names: ["web"],
          }),
        ),
      ],
    ]),
    counters: {},
  });
  const node = (index: number, namespace = INITIAL) => `if:node/${namespace}/${index}`;

  it("are one between veth peers of two namespaces, one to a bridge, one to the device below a VLAN", () => {
    expect(picture.edges.map(({ kind, ends }) => [kind, ...ends])).toEqual([
      ["port", node(3), node(2)],
      ["veth", node(3), node(2, other)],
      ["upper", node(4), node(2)],
    ]);
  });

  it("leave an interface alone whose peer nobody reported", () => {
    const boxes = picture.machines[0]!.namespaces![0]!.interfaces.map(({ id }) => id);
    expect(boxes).toContain(node(5));
    expect(picture.edges.some(({ ends }) => ends.includes(node(5)))).toBe(false);
  });

  it("stand in namespaces that are named, route and translate", () => {
    const boxes = picture.machines[0]!.namespaces!;
    expect(boxes.map(({ label, routes, translates }) => ({ label, routes, translates }))).toEqual([
      { label: "initial", routes: true, translates: true },
      { label: "web", routes: false, translates: false },
    ]);
  });
});

describe("a picture of any readings", () => {
  const anyLink: fc.Arbitrary<NetLink> = fc
    .record(
      {
        index: fc.nat(6),
        kind: fc.constantFrom("", "veth", "bridge", "vif", "vlan", "macvlan", "loopback", "nonsense"),
        master: fc.nat(7),
        peer: fc.nat(7),
        peerNamespace: fc.constantFrom(INITIAL, 5, 6),
        permanent: fc.constantFrom(CARD, "02:11:00:00:00:02", "x"),
        mac: fc.constantFrom(CARD, "02:11:00:00:00:02", ""),
        up: fc.boolean(),
      },
      { requiredKeys: ["index", "kind"] },
    )
    .chain((link) =>
      fc.constantFrom("vif3.0", "vif9.1", "eth0", "").map((name) => netLink(link.index, name, { ...link })),
    );
  const anyGuest = fc
    .array(fc.tuple(fc.constantFrom(INITIAL, 5, 6), fc.array(anyLink, { maxLength: 8 })), { maxLength: 4 })
    .map((namespaces) => guest(...namespaces.map(([id, links]) => netNamespace(id, links))));

  it("has every id once, and edges between things that are there", () => {
    fc.assert(
      fc.property(anyGuest, anyGuest, (one, other) => {
        const picture = xen([], {
          guests: new Map([
            ["dom0", one],
            ["domU", other],
          ]),
        });
        const interfaces = picture.machines.flatMap(({ namespaces }) =>
          (namespaces ?? []).flatMap((box) => box.interfaces.map(({ id }) => id)),
        );
        const things = [
          ...picture.machines.map(({ id }) => id),
          ...picture.machines.flatMap(({ namespaces }) => (namespaces ?? []).map(({ id }) => id)),
          ...interfaces,
          "port:physical:dom0/0",
        ];
        expect(new Set(things).size).toBe(things.length);
        expect(new Set(picture.edges.map(({ id }) => id)).size).toBe(picture.edges.length);
        for (const { ends } of picture.edges) expect(things).toEqual(expect.arrayContaining([...ends]));
      }),
    );
  });

  it("is the same for the same readings in another order", () => {
    fc.assert(
      fc.property(anyGuest, (one) => {
        const there = xen([], { guests: new Map([["dom0", one]]) });
        const namespaces = [...new Map(one.namespaces.map((namespace) => [namespace.id, namespace])).values()];
        fc.pre(namespaces.length === one.namespaces.length);
        const back = xen([], { guests: new Map([["dom0", guest(...namespaces.reverse())]]) });
        expect(back.machines).toEqual(there.machines);
      }),
    );
  });
});
