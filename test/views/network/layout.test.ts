import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Box, type MapLayout, middle } from "../../../src/views/network/map/geometry.ts";
import { widthsOf } from "../../../src/views/network/map/labels.ts";
import { layoutMap } from "../../../src/views/network/map/layout.ts";
import type { NetworkPicture } from "../../../src/views/network/picture.ts";
import { networkWords } from "../../../src/views/network/words/words.ts";
import { anyPicture } from "./any-picture.ts";
import { docker, gatewayNat, vlans, xenBridge } from "./pictures.ts";
import { INITIAL } from "./readings.ts";

const words = networkWords("en");
const laidOut = (picture: NetworkPicture, width = 480): MapLayout =>
  layoutMap(picture, width, widthsOf(picture, words));

const overlap = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

const within = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const dom0 = (index: number, namespace = INITIAL) => `if:dom0/${namespace}/${index}`;
const node = (layout: MapLayout, id: string) => layout.nodes.find((one) => one.id === id)!;
const line = (layout: MapLayout, from: string, to: string) =>
  layout.lines.find(({ ends }) => ends[0] === from && ends[1] === to);

describe("the layout of a map", () => {
  const widths = fc.integer({ min: 0, max: 1600 });

  it("has no two things on each other, and everything inside the map", () => {
    fc.assert(
      fc.property(anyPicture, widths, (picture, width) => {
        const layout = laidOut(picture, width);
        const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
        for (const [at, one] of layout.nodes.entries()) {
          expect(within(one, whole)).toBe(true);
          expect(one.width).toBeGreaterThan(20);
          for (const other of layout.nodes.slice(at + 1)) expect(overlap(one, other)).toBe(false);
        }
        for (const frame of layout.frames) expect(within(frame, whole)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("has one node for every machine, namespace, interface and link", () => {
    fc.assert(
      fc.property(anyPicture, widths, (picture, width) => {
        const ids = laidOut(picture, width).nodes.map(({ id }) => id);
        const wanted = [
          ...picture.machines.flatMap(({ id, namespaces }) => [
            id,
            ...(namespaces ?? []).flatMap((namespace) => [namespace.id, ...namespace.interfaces.map((box) => box.id)]),
          ]),
          ...picture.fabric.map(({ id }) => id),
        ];
        expect([...ids].sort()).toEqual([...wanted].sort());
      }),
      { numRuns: 60 },
    );
  });

  it("has frames that hold each other or lie apart", () => {
    fc.assert(
      fc.property(anyPicture, widths, (picture, width) => {
        const { frames } = laidOut(picture, width);
        for (const one of frames)
          for (const other of frames)
            if (one !== other && overlap(one, other)) expect(within(one, other) || within(other, one)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("draws lines in horizontal and vertical pieces, inside the map, from chip to chip", () => {
    fc.assert(
      fc.property(anyPicture, widths, (picture, width) => {
        const layout = laidOut(picture, width);
        for (const { points } of layout.lines) {
          for (const [at, { x, y }] of points.entries()) {
            expect(x >= 0 && x <= layout.width && y >= 0 && y <= layout.height).toBe(true);
            const next = points[at + 1];
            if (next) expect(next.x === x || next.y === y).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("draws every wire of networks as they are built, each once", () => {
    for (const { picture } of [xenBridge(), docker(), vlans(), gatewayNat()]) {
      const drawn = laidOut(picture)
        .lines.map(({ id }) => id)
        .filter((id) => id.startsWith("edge:"));
      expect([...drawn].sort()).toEqual(picture.edges.map(({ id }) => id).sort());
    }
  });

  it("is the same for the same picture", () => {
    fc.assert(
      fc.property(anyPicture, widths, (picture, width) => {
        expect(laidOut(structuredClone(picture), width)).toEqual(laidOut(picture, width));
      }),
      { numRuns: 20 },
    );
  });

  it("moves what is below a new interface down, and nothing else anywhere", () => {
    const before = laidOut(xenBridge({ vif2: false }).picture);
    const after = laidOut(xenBridge().picture);
    const added = node(after, dom0(5));
    for (const one of before.nodes) {
      const then = node(after, one.id);
      expect({ id: one.id, x: then.x, width: then.width }).toEqual({ id: one.id, x: one.x, width: one.width });
      expect([0, 27]).toContain(then.y - one.y);
      if (then.y !== one.y) expect(then.y).toBeGreaterThan(added.y);
    }
    expect(after.nodes.length).toBe(before.nodes.length + 1);
  });

  it("never lets interfaces that stay pass each other when one is added", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 10, max: 60 }), { minLength: 1, maxLength: 12 }), (indices) => {
        const grown = (count: number) => {
          const { picture } = docker();
          const [machine, ...others] = picture.machines;
          const [initial, ...rest] = machine!.namespaces!;
          const more = indices.slice(0, count).map((index) => ({
            id: `if:node1/${INITIAL}/${index}`,
            link: { ...initial!.interfaces[1]!.link, index, name: `dummy${index}`, kind: "dummy" },
          }));
          const namespaces = [{ ...initial!, interfaces: [...initial!.interfaces, ...more] }, ...rest];
          return laidOut({ ...picture, machines: [{ ...machine!, namespaces }, ...others] }).nodes.map(({ id }) => id);
        };
        const [before, after] = [grown(indices.length - 1), grown(indices.length)];
        expect(after.filter((id) => before.includes(id))).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });

  it("hangs a bridge's ports on it, a VLAN on its device, and the rest on the stack", () => {
    const bridge = laidOut(xenBridge().picture);
    expect(line(bridge, dom0(2), dom0(3))?.kind).toBe("port");
    expect(line(bridge, dom0(3), `ns:dom0/${INITIAL}`)?.kind).toBe("stack");
    expect(line(bridge, dom0(2), `ns:dom0/${INITIAL}`)).toBeUndefined();
    const tagged = laidOut(vlans().picture);
    const of = (index: number) => `if:left/${INITIAL}/${index}`;
    expect(line(tagged, of(2), of(4))?.kind).toBe("upper");
    expect(line(tagged, of(4), of(6))?.kind).toBe("port");
    expect(node(tagged, of(2)).x).toBeGreaterThan(node(tagged, of(4)).x);
    expect(node(tagged, of(4)).x).toBeGreaterThan(node(tagged, of(6)).x);
  });

  it("puts a host's frame around its machines, and a link of that host inside it", () => {
    const layout = laidOut(gatewayNat().picture);
    const host = layout.frames.find(({ id }) => id === "host:both")!;
    for (const id of ["machine:a", "machine:b"])
      expect(within(layout.frames.find((one) => one.id === id)!, host)).toBe(true);
    expect(within(node(layout, "link:inner"), host)).toBe(true);
    expect(within(node(layout, "link:outer"), host)).toBe(false);
    expect(layout.frames.some(({ id }) => id === "host:far")).toBe(false);
  });

  it("joins the two ends of a gateway that translates", () => {
    const layout = laidOut(gatewayNat().picture);
    expect(layout.lines.filter(({ kind }) => kind === "nat").map(({ ends }) => ends)).toEqual([
      ["port:inner:gateway:inner/0", "port:outer:gateway:inner/1"],
    ]);
  });

  it("ends each cable on its link's bar at the height of its card", () => {
    for (const { picture } of [xenBridge(), docker(), vlans(), gatewayNat()]) {
      const layout = laidOut(picture);
      for (const { kind, ends, points } of layout.lines) {
        if (kind !== "cable") continue;
        const bar = layout.bars.find(({ joints }) => joints.some(({ port }) => port === ends[1]))!;
        expect(points.at(-1)).toEqual({ x: bar.x, y: bar.joints.find(({ port }) => port === ends[1])!.y });
        const card = layout.nodes.find(({ id, kind: own }) => id === ends[0] && own === "interface");
        if (card) expect(points[0]!.y).toBe(middle(card));
      }
    }
  });

  it("fits 390 pixels with six guests, and is readable with forty interfaces", () => {
    const guest = (at: number) => {
      const { picture } = xenBridge();
      const machine = picture.machines[1]!;
      const id = `machine:g${at}`;
      const namespaces = machine.namespaces!.map((namespace) => ({
        ...namespace,
        id: `ns:g${at}/${INITIAL}`,
        interfaces: Array.from({ length: 7 }, (_, index) => ({
          id: `if:g${at}/${INITIAL}/${index}`,
          link: { ...namespace.interfaces[1]!.link, index, name: `eth${index}` },
        })),
      }));
      return { ...machine, id, name: `g${at}`, host: `g${at}`, namespaces };
    };
    const machines = Array.from({ length: 6 }, (_, at) => guest(at));
    const layout = laidOut({ machines, fabric: [], edges: [], fdb: [], nat: [] }, 366);
    expect(layout.width).toBe(366);
    expect(layout.nodes.filter(({ kind }) => kind === "interface").length).toBe(42);
    expect(layout.height / 42).toBeLessThan(42);
  });
});
