import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "../../../src/network/codec/index.ts";
import { typed } from "../../../src/views/network/map/controls.ts";
import { factsOf } from "../../../src/views/network/map/facts.ts";
import {
  bits,
  bridgeVlanText,
  interfaceText,
  shapeText,
  textWidth,
  vlanText,
} from "../../../src/views/network/map/labels.ts";
import { changedThings } from "../../../src/views/network/map/marks.ts";
import { rowsOf } from "../../../src/views/network/map/rows.ts";
import type { Edge, NetworkPicture } from "../../../src/views/network/picture.ts";
import { objectTables } from "../../../src/views/network/tables/objects.ts";
import { hopTable, packetTable } from "../../../src/views/network/tables/packets.ts";
import { placesOf, tablesAt } from "../../../src/views/network/tables/rows.ts";
import { placeName, thingOf } from "../../../src/views/network/things.ts";
import { partAt, partsOf } from "../../../src/views/network/way/bytes.ts";
import { LISTED, listed, matching } from "../../../src/views/network/way/list.ts";
import { networkWords } from "../../../src/views/network/words/words.ts";
import { anyPicture } from "./any-picture.ts";
import { bridgePackets, dockerPackets } from "./packets.ts";
import { docker, gatewayNat, vlans, xenBridge } from "./pictures.ts";
import { INITIAL, linkReport, netLink } from "./readings.ts";

const words = networkWords("en");
const box = (index: number, more: Parameters<typeof netLink>[2] = {}) => ({
  id: `if:m/1/${index}`,
  link: netLink(index, `i${index}`, more),
});
const edge = (kind: "port" | "upper", from: number, to: number): Edge => ({
  id: `edge:${kind}:${from}~${to}`,
  kind,
  ends: [`if:m/1/${from}`, `if:m/1/${to}`],
  carrier: true,
});
const order = (interfaces: ReturnType<typeof box>[], edges: Edge[]) =>
  rowsOf(interfaces, edges).map(({ box: { link }, depth }) => `${"-".repeat(depth)}${link.name}`);

describe("the order of interfaces", () => {
  it("is by their index, ports under their bridge", () => {
    const interfaces = [box(5), box(2), box(3), box(4)];
    expect(order(interfaces, [edge("port", 2, 4), edge("port", 5, 4)])).toEqual(["i3", "i4", "-i2", "-i5"]);
  });

  it("has a device below all VLANs on it", () => {
    const edges = [edge("upper", 3, 2), edge("upper", 4, 2), edge("port", 4, 5)];
    expect(order([box(2), box(3), box(4), box(5)], edges)).toEqual(["i3", "i5", "-i4", "--i2"]);
  });

  it("has everything once, though it goes round in a circle", () => {
    const index = fc.integer({ min: 1, max: 6 });
    const any = fc.record({ kind: fc.constantFrom("port" as const, "upper" as const), from: index, to: index });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), (edges) => {
        const interfaces = [1, 2, 3, 4, 5, 6].map((at) => box(at));
        const rows = rowsOf(
          interfaces,
          edges.map(({ kind, from, to }) => edge(kind, from, to)),
        );
        expect(rows.map((row) => row.box.link.index).sort()).toEqual([1, 2, 3, 4, 5, 6]);
        expect(Math.max(...rows.map(({ depth }) => depth))).toBeLessThanOrEqual(4);
      }),
    );
  });
});

describe("texts on the map", () => {
  it("name an interface's first address that somebody gave it, and count the others", () => {
    expect(interfaceText(box(2, { addresses: ["fe80::1/64", "10.0.0.1/24", "10.0.1.1/24"] }), words)).toMatchObject({
      address: "10.0.0.1/24",
      more: 1,
      state: undefined,
    });
    expect(interfaceText({ id: "", link: netLink(1, "lo") }, words).address).toBeUndefined();
  });

  it.each([
    [{ up: false, carrier: false }, "down"],
    [{ carrier: false }, "no carrier"],
    [{ portState: "learning" }, "learning"],
    [{ portState: "forwarding" }, undefined],
  ] as const)("say what is wrong with an interface: %j", (more, state) => {
    expect(interfaceText(box(2, more), words).state).toBe(state);
  });

  it("say what a link does to frames", () => {
    const report = linkReport("l", [], { latency: 20, jitter: 5, loss: 0.015, rate: 128_000, mtu: 576, mirror: "m/0" });
    expect(shapeText(report, words)).toEqual(["20 ± 5 ms", "1.5 % lost", "128 kbit/s", "MTU 576", "mirrored to m/0"]);
    expect(shapeText(linkReport("l", []), words)).toEqual([]);
    expect([999, 1000, 10_000_000, 2.5e9].map(bits)).toEqual(["999 ", "1 k", "10 M", "2.5 G"]);
  });

  it("say a port's VLANs", () => {
    expect([{ vlan: 7 }, { vlans: [10, 20] }, {}].map((port) => vlanText(port, words))).toEqual([
      "VLAN 7",
      "trunk 10 20",
      undefined,
    ]);
  });

  it("say the VLANs of a bridge's port, and nothing of VLAN 1 alone", () => {
    const vlan = (port: number, from: number, to = from, access = true) => ({
      port,
      from,
      to,
      pvid: access,
      untagged: access,
    });
    const vlans = [vlan(2, 1), vlan(3, 101), vlan(4, 1), vlan(4, 10, 20, false)];
    expect([2, 3, 4, 5].map((port) => bridgeVlanText(vlans, port, words))).toEqual([
      undefined,
      "VLAN 101",
      "trunk 1 10-20",
      undefined,
    ]);
    expect(interfaceText(box(3, { master: 9 }), words, vlans).tag).toBe("VLAN 101");
  });

  it("are as wide as their characters", () => {
    expect(textWidth("网桥")).toBeGreaterThan(3 * textWidth("a"));
    expect(textWidth("")).toBe(0);
  });

  it("name every thing that can be chosen, and tell something of it, in any network", () => {
    fc.assert(
      fc.property(anyPicture, (picture) => {
        const ids = [
          ...picture.machines.flatMap(({ id, namespaces }) => [
            id,
            ...(namespaces ?? []).flatMap((one) => [one.id, ...one.interfaces.map((own) => own.id)]),
          ]),
          ...picture.fabric.flatMap(({ id, report }) => [
            id,
            ...report.ports.map(({ name }) => `port:${report.link}:${name}`),
          ]),
          ...picture.edges.map(({ id }) => id),
        ];
        for (const id of ids) {
          const thing = thingOf(picture, id);
          expect(thing).toBeDefined();
          expect(factsOf(thing!, picture, words).length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("call a place by its machine and interface, also when it is gone", () => {
    const { picture } = docker();
    expect(placeName(picture, "if:node1/4026532201/2")).toBe("node1 web eth0");
    expect(placeName(picture, `if:node1/${INITIAL}/3`)).toBe("node1 docker0");
    expect(placeName(picture, "port:lan:node2/0")).toBe("lan node2/0");
    expect(placeName(picture, "if:gone/1/7")).toBe("gone 7");
  });
});

describe("what is typed for a link", () => {
  it.each([
    ["", null],
    [" 2.5 ", 2.5],
    ["0", 0],
    ["-1", undefined],
    ["ten", undefined],
    ["Infinity", undefined],
  ])("%j is %j", (text, value) => {
    expect(typed(text)).toBe(value);
  });
});

describe("marks of changes", () => {
  it("are on what is new or otherwise, and its wires", () => {
    const [before, after] = [xenBridge({ vif2: false }).picture, xenBridge().picture];
    const vif = `if:dom0/${INITIAL}/5`;
    const changed = changedThings(before, after);
    expect(changed).toContain(vif);
    expect(changed.filter((id) => !id.includes(vif))).toEqual([]);
  });

  it("are not on counters, nor on a machine that is read for the first time", () => {
    const { picture } = xenBridge();
    const counted = structuredClone(picture) as unknown as {
      machines: { namespaces: { interfaces: { link: { sent: { packets: number } } }[] }[] }[];
    };
    counted.machines[0]!.namespaces[0]!.interfaces[1]!.link.sent.packets++;
    expect(changedThings(picture, counted as unknown as NetworkPicture)).toEqual([]);
    const unread = { ...picture, machines: picture.machines.map((one) => ({ ...one, namespaces: undefined })) };
    expect(changedThings({ ...unread, edges: picture.edges }, picture)).toEqual([]);
  });

  it("are on a link that is held", () => {
    expect(changedThings(xenBridge().picture, xenBridge({ held: true }).picture)).toEqual(["link:physical"]);
  });
});

describe("tables", () => {
  const everywhere = (picture: NetworkPicture) => placesOf(picture).flatMap(({ id }) => tablesAt(picture, id, words));

  it("have as many cells in a row as columns, in any network", () => {
    fc.assert(
      fc.property(anyPicture, (picture) => {
        for (const { columns, rows } of [...everywhere(picture), ...objectTables(picture, words)])
          for (const { cells } of rows) expect(cells).toHaveLength(columns.length);
      }),
      { numRuns: 40 },
    );
  });

  it("have every object and wire of the map", () => {
    const { picture } = xenBridge();
    expect(objectTables(picture, words).map(({ caption, rows }) => [caption, rows.length])).toEqual([
      ["Machines", 4],
      ["Interfaces", 11],
      ["Wires", picture.edges.length],
      ["Links", 1],
    ]);
  });

  it("number rows as the table they were read from, wherever they are shown", () => {
    const { picture } = docker();
    const rules = tablesAt(picture, `ns:node1/${INITIAL}`, words).find(({ decides }) => decides === "rule")!;
    const dnat = rules.rows.find(({ cells }) => cells[2]!.includes("DNAT"))!;
    const { rules: read } = picture.machines[0]!.namespaces![0]!.namespace;
    expect(read[dnat.index]!.rule).toContain("DNAT");
    const nat = tablesAt(gatewayNat().picture, "link:inner", words).find(({ decides }) => decides === "nat")!;
    expect(nat.rows.map(({ index, cells }) => [index, cells[1]])).toEqual([
      [0, "10.0.0.2:5000"],
      [1, "10.0.0.3:5000"],
    ]);
  });

  it("have the row that decided a hop", () => {
    const scene = docker();
    const decided = dockerPackets(scene).flatMap(({ hops }) => hops.flatMap((hop) => hop.decided));
    const rules = decided.filter(({ table }) => table === "rule");
    expect(rules.length).toBeGreaterThan(0);
    for (const { at, table, row } of decided.filter((one) => one.row >= 0)) {
      const tables = tablesAt(scene.picture, at, words).filter(({ decides }) => decides === table);
      expect(tables.flatMap(({ rows }) => rows).filter(({ index }) => index === row)).toHaveLength(1);
    }
  });

  it("tell what was dropped, and why", () => {
    const ports = tablesAt(vlans().picture, "link:trunk", words).find(({ caption }) => caption === words.tables.ports)!;
    expect(ports.rows[1]!.cells).toContain("queue full 4 · other VLAN 2");
  });

  it("have packets and their hops", () => {
    const scene = xenBridge();
    const trails = bridgePackets(scene);
    expect(packetTable(scene.picture, trails, words).rows.map(({ cells }) => cells[4])).toEqual([
      "physical dom0/0",
      "",
      "",
      "",
      "",
    ]);
    const hops = hopTable(scene.picture, trails[2]!, words);
    expect(hops.rows).toHaveLength(trails[2]!.hops.length);
    for (const { cells } of hops.rows) expect(cells).toHaveLength(hops.columns.length);
  });

  it("list no more packets than people read, the newest first", () => {
    const trails = Array.from({ length: LISTED + 5 }, (_, at) => ({
      ...bridgePackets(xenBridge())[0]!,
      id: String(at),
    }));
    expect(listed(trails).map(({ id }) => id)[0]).toBe(String(LISTED + 4));
    expect(listed(trails)).toHaveLength(LISTED);
  });
});

describe("the packets in the list", () => {
  const trails = bridgePackets(xenBridge());
  it.each([
    [[], "", 5],
    [["arp"], "", 3],
    [[], " ECHO ", 2],
    [["icmp", "arp"], "10.0.0.99", 1],
    [["icmp"], "echo", 0],
  ] as const)("without %j, with %j, are %i", (hidden, text, count) => {
    expect(matching(trails, new Set(hidden), text)).toHaveLength(count);
  });
});

describe("layers and bytes", () => {
  it("a byte belongs to the shortest field it is in, else to its layer", () => {
    const [, frame] = dockerPackets(docker());
    const parts = partsOf(decode(frame!.hops[0]!.bytes));
    const named = (byte: number) => parts[partAt(parts, byte)]?.field?.name;
    expect([0, 6, 12, 22].map(named)).toEqual(["Destination", "Source", "Type", "TTL"]);
    expect(partAt(parts, 10_000)).toBe(-1);
  });

  it("whatever bytes there are: each part lies in the frame, and each byte's part has it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const parts = partsOf(decode(bytes));
        for (const { from, to } of parts) expect(from >= 0 && to >= from && to <= bytes.length).toBe(true);
        for (const at of bytes.keys()) {
          const part = parts[partAt(parts, at)];
          if (part) expect(at >= part.from && at < part.to).toBe(true);
        }
      }),
    );
  });
});
