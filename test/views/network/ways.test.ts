import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapLayout } from "../../../src/views/network/map/geometry.ts";
import { widthsOf } from "../../../src/views/network/map/labels.ts";
import { layoutMap } from "../../../src/views/network/map/layout.ts";
import { graphOf, lengthOf, pathData, trailWays, wayBetween } from "../../../src/views/network/map/paths.ts";
import { walk } from "../../../src/views/network/map/walk.ts";
import type { Hop, NetworkPicture, Trail } from "../../../src/views/network/picture.ts";
import { networkWords } from "../../../src/views/network/words/words.ts";
import { anyPicture } from "./any-picture.ts";
import { bridgePackets, dockerPackets } from "./packets.ts";
import { docker, gatewayNat, vlans, xenBridge } from "./pictures.ts";
import { INITIAL } from "./readings.ts";

const words = networkWords("en");
const graph = (picture: NetworkPicture) => graphOf(layoutMap(picture, 480, widthsOf(picture, words)));
const ifOf = (machine: string, index: number, namespace = INITIAL) => `if:${machine}/${namespace}/${index}`;

/** Every piece of a way lies on a line or a bar of the map. */
function isDrawn({ lines, bars }: MapLayout, points: readonly { x: number; y: number }[]): boolean {
  const pieces = [
    ...lines.flatMap(({ points: own }) => own.slice(1).map((to, at) => [own[at]!, to] as const)),
    ...bars.map(
      ({ x, top, bottom }) =>
        [
          { x, y: top },
          { x, y: bottom },
        ] as const,
    ),
  ];
  const on = (value: number, one: number, other: number) =>
    value >= Math.min(one, other) && value <= Math.max(one, other);
  const lies = (point: { x: number; y: number }) =>
    pieces.some(([one, other]) => on(point.x, one.x, other.x) && on(point.y, one.y, other.y));
  return points.every(lies);
}

describe("a packet's way over the map", () => {
  it("goes over rings, bridge and wire, and ends at the stacks of both", () => {
    const scene = xenBridge();
    const map = graph(scene.picture);
    const echo = bridgePackets(scene).find(({ summary }) => summary.includes("echo request"))!;
    const ways = trailWays(map, echo);
    expect(ways).toHaveLength(1);
    const kinds = ways[0]!.lines.map((id) => map.layout.lines.find((line) => line.id === id)!.kind);
    expect(kinds).toEqual(["stack", "ring", "port", "port", "cable", "inner", "inner", "cable", "stack"]);
    expect(isDrawn(map.layout, ways[0]!.points)).toBe(true);
  });

  it("is one for each place a flooded frame came to", () => {
    const scene = xenBridge();
    const map = graph(scene.picture);
    const flood = bridgePackets(scene)[0]!;
    expect(flood.colour).toBe("arp");
    const ends = trailWays(map, flood).map(({ lines }) => lines.at(-1));
    expect(ends).toEqual([`stack:${ifOf("dom0", 3)}`, `stack:${ifOf("domU2", 2)}`, `stack:${ifOf("outside", 2)}`]);
  });

  it("through a router visits its stack, and does not where it is bridged", () => {
    const scene = docker();
    const map = graph(scene.picture);
    const [request] = dockerPackets(scene);
    const kinds = trailWays(map, request!)[0]!.lines.map((id) => map.layout.lines.find((line) => line.id === id)!.kind);
    expect(kinds).toEqual(["stack", "cable", "inner", "inner", "cable", "stack", "stack", "port", "veth", "stack"]);
  });

  it("ends where the packet was lost", () => {
    const scene = xenBridge();
    const map = graph(scene.picture);
    const lost = bridgePackets(scene).at(-1)!;
    expect(lost.lost?.why).toEqual({ kind: "dropped", reason: "loss" });
    const bar = map.layout.bars[0]!;
    expect(trailWays(map, lost)[0]!.points.at(-1)).toEqual({ x: bar.x, y: bar.joints[0]!.y });
  });

  it("begins anew where it is not known how it came to a place", () => {
    const map = graph(xenBridge().picture);
    const hop = (at: string, from?: number): Hop => ({
      at,
      ...(from === undefined ? {} : { from }),
      direction: "in",
      time: 0,
      bytes: new Uint8Array(0),
      length: 0,
      changes: [],
      decided: [],
      source: {
        machine: "dom0",
        guest: { seq: 1, at: 0, namespace: 0, link: 0, direction: "in", length: 0, bytes: "" },
      },
    });
    const trail: Trail = {
      id: "t",
      colour: "udp",
      summary: "",
      hops: [hop(ifOf("domU1", 2)), hop("if:nowhere/1/1", 0), hop(ifOf("domU2", 2), 1)],
    };
    expect(trailWays(map, trail).map(({ points }) => points.length > 0)).toEqual([true, true]);
  });

  it("begins with the edge that is named where there are several", () => {
    const map = graph(vlans().picture);
    const [left, right] = ["left", "right"].map((name) => ifOf(name, 2));
    const cable = vlans().picture.edges.find(({ kind, ends }) => kind === "cable" && ends[0] === left)!;
    expect(wayBetween(map, left!, right!, cable.id)?.lines[0]).toBe(cable.id);
  });

  it("is drawn wherever it leads, in any network", () => {
    fc.assert(
      fc.property(anyPicture, fc.nat(), fc.nat(), (picture, from, to) => {
        const map = graph(picture);
        const { nodes } = map.layout;
        const way = wayBetween(map, nodes[from % nodes.length]!.id, nodes[to % nodes.length]!.id);
        if (way && way.lines.length > 0) expect(isDrawn(map.layout, way.points)).toBe(true);
        if (way) expect(pathData(way.points)).toMatch(/^M|^$/);
      }),
      { numRuns: 60 },
    );
  });

  it("has the length of its pieces", () => {
    expect(
      lengthOf([
        { x: 0, y: 0 },
        { x: 30, y: 0 },
        { x: 30, y: 12 },
      ]),
    ).toBe(42);
    expect(lengthOf([])).toBe(0);
  });
});

describe("arrow keys on the map", () => {
  it("go through everything with down, and back with up", () => {
    fc.assert(
      fc.property(anyPicture, (picture) => {
        const map = graph(picture);
        const { nodes } = map.layout;
        const seen = [nodes[0]!.id];
        for (let at = walk(map, seen[0]!, "down"); at !== undefined; at = walk(map, at, "down")) seen.push(at);
        expect(seen).toEqual(nodes.map(({ id }) => id));
        for (const [at, id] of seen.entries()) expect(walk(map, id, "up")).toBe(seen[at - 1]);
      }),
      { numRuns: 30 },
    );
  });

  it("lead only to what is on the map, never stay, and follow lines", () => {
    fc.assert(
      fc.property(anyPicture, fc.constantFrom("inward" as const, "outward" as const), (picture, direction) => {
        const map = graph(picture);
        const ids = new Set(map.layout.nodes.map(({ id }) => id));
        for (const id of ids) {
          const to = walk(map, id, direction);
          if (to === undefined) continue;
          expect(ids.has(to)).toBe(true);
          expect(to).not.toBe(id);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("lead from a machine over stack, bridge, port and ring into the other guest", () => {
    const map = graph(xenBridge().picture);
    const stack = `ns:dom0/${INITIAL}`;
    expect(walk(map, "machine:dom0", "outward")).toBe(stack);
    expect(walk(map, stack, "outward")).toBe(ifOf("dom0", 3));
    expect(walk(map, ifOf("dom0", 3), "outward")).toBe(ifOf("dom0", 2));
    expect(walk(map, ifOf("dom0", 4), "outward")).toBe(ifOf("domU1", 2));
    expect(walk(map, ifOf("domU1", 2), "outward")).toBe(ifOf("dom0", 4));
    expect(walk(map, ifOf("dom0", 4), "inward")).toBe(ifOf("dom0", 3));
    expect(walk(map, ifOf("dom0", 3), "inward")).toBe(stack);
    expect(walk(map, stack, "inward")).toBe("machine:dom0");
  });

  it("lead over a cable to its link, and from a link to a card", () => {
    const map = graph(xenBridge().picture);
    expect(walk(map, ifOf("dom0", 2), "outward")).toBe("link:physical");
    expect(walk(map, "link:physical", "outward")).toBe(ifOf("dom0", 2));
    expect(walk(map, "link:physical", "inward")).toBe(ifOf("outside", 2));
  });

  it("lead from one end of a gateway to the other", () => {
    const map = graph(gatewayNat().picture);
    expect(walk(map, "port:inner:gateway:inner/0", "inward")).toBe("link:inner");
    expect(walk(map, "port:inner:gateway:inner/0", "outward")).toBe("port:outer:gateway:inner/1");
  });
});
