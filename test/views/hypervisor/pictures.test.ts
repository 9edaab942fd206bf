import { describe, expect, it } from "vitest";
import type { Exit } from "../../../src/probe/hypervisor/exits.ts";
import { frames } from "../../../src/probe/hypervisor/frames.ts";
import { type PageTableMap, pageTableMap } from "../../../src/probe/hypervisor/paging/table-map.ts";
import { translate } from "../../../src/probe/hypervisor/paging/translate.ts";
import { cellAt, corner, extent, fillPath, move } from "../../../src/views/hypervisor/cells.ts";
import { changedCells, changedFrames, changedSlots } from "../../../src/views/hypervisor/changes.ts";
import {
  breakPath,
  LANES,
  laneOf,
  nearest,
  notchPath,
  placeExits,
  spanOf,
} from "../../../src/views/hypervisor/lanes.ts";
import { entriesOf, layersOf, mapLayers, slotAt, TABLE_GRID } from "../../../src/views/hypervisor/map-layers.ts";
import { memoryGrid, memoryLayers, runAt } from "../../../src/views/hypervisor/memory-layers.ts";
import { bitFields, chainRows, isAlarm } from "../../../src/views/hypervisor/translation-rows.ts";
import {
  A,
  DIRECTORY,
  ENTRY,
  FIRST_SHADOW,
  KERNEL,
  LEAF,
  type MadeMachine,
  P,
  PROGRAM,
  shadowMachine,
  TABLE,
  U,
} from "../../probe/hypervisor/machine.ts";

const at = (machine: MadeMachine, gva: number) => translate(machine.open(), { domain: 0, gva });

describe("the picture of a translation", () => {
  it("sets the guest's entries and the shadow's side by side, level by level", () => {
    const rows = chainRows(at(shadowMachine(), PROGRAM));
    expect(rows.map(({ kind }) => kind)).toEqual(["root", "entry", "entry", "page", "p2m", "rights", "end"]);
    const entries = rows.filter((row) => row.kind === "entry");
    expect(entries.map(({ level, guest, shadow }) => [level, guest !== undefined, shadow !== undefined])).toEqual([
      ["PDE", true, true],
      ["PTE", true, true],
    ]);
  });

  it("leaves the guest's side of the second level empty for a 4 MB page", () => {
    const entries = chainRows(at(shadowMachine(), KERNEL)).filter((row) => row.kind === "entry");
    expect(entries.map(({ guest, shadow }) => [guest !== undefined, shadow !== undefined])).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  it("raises the alarm in its last row when the shadow is wrong, and only then", () => {
    const machine = shadowMachine();
    const end = () => chainRows(at(machine, PROGRAM)).find((row) => row.kind === "end");
    expect(end()).toMatchObject({ alarm: false });
    machine.word(LEAF * 4096 + ENTRY * 4, (machine.mfn(13) << 12) | P | U | A);
    expect(end()).toMatchObject({ alarm: true });
    expect(isAlarm(at(machine, PROGRAM).verdict)).toBe(true);
  });

  it("cuts the address where the tables do", () => {
    const fields = (gva: number) => bitFields(at(shadowMachine(), gva)).map(({ name, text }) => `${name} ${text}`);
    expect(fields(PROGRAM + 0x123)).toEqual(["directory 020", "slot 048", "offset 123"]);
    expect(fields(KERNEL + 0x123456)).toEqual(["directory 300", "offset 123456"]);
  });
});

describe("the picture of the page tables", () => {
  const table = (slot: number) =>
    entriesOf(pageTableMap(shadowMachine().open(), { domain: 0, from: slot, count: 1 }), slot)!;

  it("tells what is absent, lazy, read-only and written apart", () => {
    const entries = table(PROGRAM >>> 22);
    const layers = [0, 1, 2, 3].map((offset) => layersOf(slotAt(entries, ENTRY + offset)!).join(" "));
    expect(layers).toEqual(["accessed shadow-read", "dirty shadow-write", "present lazy", "accessed shadow-read"]);
    expect(slotAt(entries, ENTRY + 4)).toBeUndefined();
  });

  it("marks a page table in the kernel's mapping", () => {
    expect(layersOf(slotAt(table(KERNEL >>> 22), DIRECTORY)!)).toContain("protected");
  });

  it("paints a disagreement over everything else", () => {
    const [entry] = table(PROGRAM >>> 22);
    const wrong = { ...entry!, verdict: { kind: "disagrees", why: ["other-frame"] } as const };
    expect(mapLayers([wrong]).at(-1)?.name).toBe("disagrees");
  });

  it("draws every cell inside the picture", () => {
    const { width, height } = extent(TABLE_GRID);
    for (const { path } of mapLayers(table(KERNEL >>> 22))) {
      for (const [, x, y] of path.matchAll(/M([\d.]+) ([\d.]+)/g)) {
        expect(Number(x)).toBeLessThanOrEqual(width);
        expect(Number(y)).toBeLessThanOrEqual(height);
      }
    }
  });
});

describe("what is marked as changed", () => {
  const map = (machine: MadeMachine) => pageTableMap(machine.open(), { domain: 0, from: PROGRAM >>> 22, count: 1 });

  it("is what differs from the last reading, and nothing without one", () => {
    const machine = shadowMachine();
    const table = (reading: PageTableMap) => entriesOf(reading, PROGRAM >>> 22)!;
    const before = table(map(machine));
    machine.word(LEAF * 4096 + ENTRY * 4, 0);
    machine.guestEntry(TABLE, ENTRY + 2, 0);
    expect(changedSlots(before, table(map(machine)))).toEqual([ENTRY, ENTRY + 2]);
    expect(changedSlots(before, before)).toEqual([]);
    expect(changedSlots(undefined, before)).toEqual([]);
  });

  it("is told cell by cell for one address, and not for another", () => {
    const machine = shadowMachine();
    const before = at(machine, PROGRAM);
    machine.word(LEAF * 4096 + ENTRY * 4, 0);
    expect([...changedCells(before, at(machine, PROGRAM))]).toEqual(["shadow PTE", "shadow end"]);
    expect(changedCells(before, at(machine, KERNEL)).size).toBe(0);
  });

  it("is a frame that has another use or owner", () => {
    const machine = shadowMachine();
    const before = frames(machine.open());
    machine.frame(machine.mfn(7), { owner: 2 });
    expect(changedFrames(before, frames(machine.open()))).toEqual([machine.mfn(7)]);
  });
});

describe("a grid of cells", () => {
  const grid = { columns: 32, count: 1024, side: 12 };

  it("finds the cell it drew", () => {
    for (const index of [0, 31, 32, 500, 1023]) {
      const { x, y } = corner(grid, index);
      expect(cellAt(grid, x + 6, y + 6)).toBe(index);
    }
    expect(cellAt(grid, 12 * 32, 0)).toBeUndefined();
    expect(fillPath(grid, [0, 33])).toBe("M1.2 1.2h9.6v9.6h-9.6zM13.2 13.2h9.6v9.6h-9.6z");
  });

  it("is walked by the arrow keys and never left", () => {
    expect([
      move(grid, 33, "ArrowUp"),
      move(grid, 33, "ArrowLeft"),
      move(grid, 33, "End"),
      move(grid, 33, "PageDown"),
    ]).toEqual([1, 32, 63, 289]);
    expect([move(grid, 0, "ArrowLeft"), move(grid, 1023, "ArrowDown"), move(grid, 0, "x")]).toEqual([
      0,
      1023,
      undefined,
    ]);
  });
});

describe("the strip of exits", () => {
  const exit = (number: number, reason: string, entered: number): Exit => ({
    exit: number,
    at: "0x00080000",
    reason,
    words: reason,
    domain: 0,
    level: 0,
    eip: "0xc0100000",
    vector: 13,
    error: "0x00000000",
    arguments: [],
    bytes: "",
    instruction: "",
    entered,
    cost: 100,
    steps: [],
    cut: false,
  });
  const exits = [exit(0, "EXIT_CR3", 0xffffff00), exit(1, "EXIT_HLT", 0x100), exit(2, "EXIT_CR3", 0x500)];

  it("lies over executed instructions, also where their counter wraps", () => {
    const placed = placeExits(exits);
    expect(placed.map(({ at: place }) => place)).toEqual([0, 0x200, 0x600]);
    expect(spanOf(placed)).toBe(0x600);
    expect(notchPath(placed.slice(2), spanOf(placed), 1000, 18)).toMatch(/^M1000\.0 /);
  });

  it("takes what is left out off its axis, and marks where", () => {
    const more = [...exits, exit(3, "EXIT_CR3", 0x700)];
    const placed = placeExits(more, new Set([1]));
    expect(placed.map(({ exit: { exit: number }, at: place, broken }) => [number, place, broken])).toEqual([
      [0, 0, false],
      [2, 0, true],
      [3, 0x200, false],
    ]);
    expect(breakPath(placed, spanOf(placed), 1000, 120)).toBe("M0.0 0v120");
  });

  it("has a lane for every reason", () => {
    expect(exits.map(({ reason }) => laneOf(reason))).toEqual(["registers", "flags", "registers"]);
    expect(LANES).toContain(laneOf("EXIT_OF_TOMORROW"));
  });

  it("finds the exit nearest to where one points, in that lane if it has any", () => {
    const placed = placeExits(exits);
    expect(nearest(placed, 0x500, LANES.indexOf("registers"))?.exit.exit).toBe(2);
    expect(nearest(placed, 0x500, LANES.indexOf("flags"))?.exit.exit).toBe(1);
    expect(nearest(placed, 0x10, LANES.indexOf("ports"))?.exit.exit).toBe(0);
    expect(nearest([], 0, 0)).toBeUndefined();
  });
});

describe("the picture of memory", () => {
  it("draws every frame that is somebody's, once for each use", () => {
    const reading = frames(shadowMachine().open());
    const layers = memoryLayers(reading);
    const own = layers.find(({ owner, type }) => owner === 0 && type === "writable")!;
    expect(own.path.match(/M/g)).toHaveLength(256);
    expect(layers.find(({ owner }) => owner === "nobody")).toBeUndefined();
    expect(extent(memoryGrid(reading.total))).toEqual({ width: 768, height: 96 });
  });

  it("finds the run a frame is in", () => {
    const { runs } = frames(shadowMachine().open());
    expect(runAt(runs, FIRST_SHADOW + 2)).toMatchObject({ mfn: FIRST_SHADOW, type: "shadow" });
  });
});
