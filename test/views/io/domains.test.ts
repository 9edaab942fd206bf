import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { XenDomains } from "../../../src/probe/io/types.ts";
import { lanesOf, newChanges, stageOf } from "../../../src/views/io/domains/handshake.ts";
import { changedRungs, ladderOf, megabytes } from "../../../src/views/io/domains/ladder.ts";
import { newestOf, openAtFirst, rowsInSight, storeTree, treeRows } from "../../../src/views/io/domains/store-rows.ts";
import { xenDomains, xenStore } from "./xen.ts";

describe("the ladder of domains", () => {
  const ladder = ladderOf(xenDomains());

  it("has the guests by their ids and this program last", () => {
    expect(ladder.columns.map(({ name }) => name)).toEqual(["dom0", "domU", "host"]);
  });

  it("joins the ports of two domains, the left one first, whichever way the channel was read", () => {
    const { left, right } = ladder.channels.find(({ use }) => use === "vif 0 tx")!;
    expect([left.domain.name, left.port, left.sends, left.pending]).toEqual(["dom0", 22, 790, false]);
    expect([right.domain.name, right.port, right.sends, right.pending]).toEqual(["domU", 6, 804, true]);
    const turned = xenDomains().channels.map(({ ends, sends, ...channel }) => ({
      ...channel,
      ends: [ends[1], ends[0]] as const,
      sends: [sends[1], sends[0]] as const,
    }));
    const ends = ({ channels }: typeof ladder) =>
      channels.map(({ left: l, right: r }) => [l.port, l.sends, r.port, r.sends]);
    expect(ends(ladderOf({ ...xenDomains(), channels: turned }))).toEqual(ends(ladder));
  });

  it("has the ports that join nothing under their own domain", () => {
    expect(ladder.own.map((ports) => ports.map(({ port }) => port))).toEqual([[3, 9], [3, 4], []]);
  });

  it("points grants from who grants to who maps", () => {
    expect(ladder.grants.map(({ from, to, granted }) => [from, to, granted])).toEqual([
      [1, 0, 289],
      [1, 2, 2],
      [0, 2, 2],
    ]);
  });

  it("leaves out what ends in a domain that is not there, or in itself", () => {
    const gone: XenDomains = { ...xenDomains(), domains: xenDomains().domains.filter(({ id }) => id !== 0) };
    const { channels, grants } = ladderOf(gone);
    expect(channels.map(({ use }) => use)).toEqual(["xenstore", "console"]);
    expect(grants).toHaveLength(1);
    const loop = {
      ends: [
        { domain: 1, port: 8 },
        { domain: 1, port: 9 },
      ],
      sends: [0, 0],
    } as const;
    expect(ladderOf({ ...gone, channels: [loop] }).channels).toEqual([]);
  });

  it("marks the rungs whose counts are others", () => {
    expect([...changedRungs(xenDomains(), ladderOf(xenDomains(5)))]).toEqual(["channel 0.21", "grant 1 0"]);
    expect(changedRungs(undefined, ladder).size).toBe(0);
  });

  it.each([
    [65_536, "64"],
    [4608, "4.5"],
    [39_936, "39"],
  ])("tells %i KiB as %s MB", (kib, text) => {
    expect(megabytes(kib)).toBe(text);
  });
});

describe("xenstore as a tree", () => {
  const open = () => true;

  it("has a directory for every part of a path, numbers in their order", () => {
    const trees = storeTree({
      nodes: ["/local/domain/10/name", "/local/domain/9/name"].map((path) => ({
        path,
        value: "",
        permissions: "n0",
        generation: 1,
      })),
    });
    expect(treeRows(trees, open).map(({ tree }) => tree.path)).toEqual([
      "/local",
      "/local/domain",
      "/local/domain/9",
      "/local/domain/9/name",
      "/local/domain/10",
      "/local/domain/10/name",
    ]);
  });

  it("loses no node and shows none twice", () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,3}$/);
    const paths = fc.uniqueArray(
      fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(paths, (list) => {
        const nodes = list.map((path, at) => ({ path, value: String(at), permissions: "n0", generation: at + 1 }));
        const rows = treeRows(storeTree({ nodes }), open);
        expect(rows.flatMap(({ tree }) => tree.node?.path ?? []).sort()).toEqual([...list].sort());
        const newest = Math.max(0, ...storeTree({ nodes }).map((tree) => tree.newest));
        expect(newest).toBe(newestOf({ nodes }));
      }),
    );
  });

  it("closes what the student closed, and knows what is new in it", () => {
    const trees = storeTree(xenStore());
    const closed = treeRows(trees, (node) => node.path !== "/local/domain/1");
    expect(closed.some(({ tree }) => tree.path.startsWith("/local/domain/1/"))).toBe(false);
    const one = closed.find(({ tree }) => tree.path === "/local/domain/1")!;
    expect(one).toMatchObject({ open: false, place: 2, of: 2, tree: { newest: 115 } });
  });

  it("finds paths and values, with what they lie in", () => {
    const rows = treeRows(storeTree(xenStore()), () => false, "RING-ref");
    expect(rows.map(({ tree }) => tree.name)).toEqual(["local", "domain", "1", "device", "vbd", "51712", "ring-ref"]);
    expect(treeRows(storeTree(xenStore()), open, "/dev/vda").at(-1)?.tree.name).toBe("params");
    expect(treeRows(storeTree(xenStore()), open, "nowhere")).toEqual([]);
  });

  it("is open from the beginning down to a domain's own keys, and all there is of devices", () => {
    const domain = "/local/domain/1";
    const opened = [
      "/local",
      domain,
      `${domain}/cpu`,
      `${domain}/device`,
      `${domain}/device/vbd/51712`,
      `${domain}/devices`,
    ];
    expect(opened.map((path) => openAtFirst({ path, depth: path.split("/").length - 2 }))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it("draws only the rows in sight of a thousand", () => {
    const rows = treeRows(storeTree(xenStore(1000)), open);
    expect(rows.length).toBeGreaterThan(1000);
    const { first, end } = rowsInSight(rows.length, 11_000, 440, 22);
    expect([first, end]).toEqual([494, 526]);
    expect(rowsInSight(10, 0, 440, 22)).toEqual({ first: 0, end: 10 });
    expect(rowsInSight(10, 99_999, 440, 22)).toEqual({ first: 10, end: 10 });
  });
});

describe("the handshake", () => {
  it("is two lanes a device, each state as long as it held", () => {
    const [disk] = lanesOf(xenStore().handshake);
    expect(disk!.device).toBe("vbd/51712");
    expect(disk!.segments.map(({ side, state, from, to }) => `${side} ${state} ${from}-${to}`)).toEqual([
      "front 1 0-3",
      "front 3 3-5",
      "front 4 5-6",
      "back 1 1-2",
      "back 2 2-4",
      "back 4 4-6",
    ]);
  });

  it("keeps the newest changes of a device that comes and goes, and what each side was in before", () => {
    const many = Array.from({ length: 15 }, (_, at) => ({
      at,
      device: "vif/0",
      side: at === 0 ? ("back" as const) : ("front" as const),
      state: 1 + (at % 6),
    }));
    const [lanes] = lanesOf(many);
    expect([lanes!.older, lanes!.times.length]).toEqual([5, 10]);
    expect(lanes!.segments.filter(({ side }) => side === "back")).toEqual([
      { side: "back", state: 1, from: 0, to: 10, at: undefined },
    ]);
  });

  it("marks what the last reading did not have", () => {
    const now = xenStore();
    expect([...newChanges(xenStore(0, 2), now)].map(({ state }) => state)).toEqual([5, 5]);
    expect(newChanges(now, now).size).toBe(0);
    expect(newChanges(undefined, now).size).toBe(0);
    expect(newChanges({ ...now, handshake: [] }, now).size).toBe(now.handshake.length);
  });

  it.each([
    [1, "coming"],
    [3, "coming"],
    [4, "connected"],
    [6, "going"],
    [99, "coming"],
  ] as const)("state %i is %s", (state, stage) => {
    expect(stageOf(state)).toBe(stage);
  });
});
