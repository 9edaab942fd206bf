import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RingState } from "../../../src/probe/io/types.ts";
import { bandOf, cellUnder } from "../../../src/views/io/ring/band.ts";
import { bandPicture, signOf } from "../../../src/views/io/ring/band-picture.ts";
import { barsOf, ratiosOf } from "../../../src/views/io/ring/batches.ts";
import { changedBytes, ringChanges } from "../../../src/views/io/ring/changes.ts";
import { angleOf, dialPicture, positionUnder, runsOf } from "../../../src/views/io/ring/dial.ts";
import { chainOf, modulo, placeOf, ringModel, tally } from "../../../src/views/io/ring/model.ts";
import { chainArcs, descriptorCells, descriptorStrip } from "../../../src/views/io/ring/queue.ts";
import { batchesPicture, conditionsPicture, countersPicture } from "../../../src/views/io/ring/side.ts";
import { slotPicture } from "../../../src/views/io/ring/slot.ts";
import { ringTables } from "../../../src/views/io/ring/tables.ts";
import { offsetIn, WINDOW, type Window, windowAround, windowOf } from "../../../src/views/io/ring/window.ts";
import { ioWords } from "../../../src/views/io/words/words.ts";
import { anyRing, anyVirtqueue } from "./arbitrary.ts";
import { flat } from "./flat.ts";
import { virtqueue, xenRing } from "./rings.ts";

const words = ioWords("en");
const whole = (capacity: number): Window => ({ start: 0, count: capacity });

/** Fills of a track in the order of the slots, as `position fill`. */
function fills(state: RingState, track: string): readonly string[] {
  const cells = ringModel(state).tracks.find(({ name }) => name === track)?.cells ?? new Map();
  return [...cells.values()]
    .sort((one, other) => one.position - other.position)
    .map(({ position, fill }) => `${position} ${fill}`);
}

describe("a Xen ring as it is drawn", () => {
  it("fills a slot at the side of who put there what stands in it", () => {
    const state = xenRing({ produced: 38, taken: 36, answered: 35, reclaimed: 33 });
    expect(fills(state, "ring")).toEqual(["1 inner", "2 inner", "3 whole", "4 outer", "5 outer"]);
  });

  it("has every pointer before the slot its index names", () => {
    const { pointers } = ringModel(xenRing({ produced: 1207 }));
    expect(pointers.map(({ index, position, threshold }) => [index.name, position, threshold])).toEqual([
      ["req_prod", 1207 % 32, false],
      ["req_prod_pvt", 1208 % 32, false],
      ["rsp_cons", 1199 % 32, false],
      ["rsp_event", 1203 % 32, true],
      ["rsp_prod", 1202 % 32, false],
      ["req_event", 1205 % 32, true],
      ["req_cons", 1204 % 32, false],
      ["rsp_prod_pvt", 1203 % 32, false],
    ]);
  });

  it("goes on at slot 0 after the last, also where the counter itself begins again", () => {
    const around = 2 ** 32;
    const state = xenRing({ produced: around + 2, taken: around + 1, answered: around - 1, reclaimed: around - 2 });
    const { pointers } = ringModel(state);
    expect(pointers[0]).toMatchObject({ position: 2, index: { value: 2 } });
    expect(fills(state, "ring")).toEqual(["0 whole", "1 outer", "30 inner", "31 whole"]);
  });

  it("counts what is in it; a full ring has nothing free", () => {
    expect(tally(xenRing())).toEqual({ free: 24, requested: 3, serving: 2, answered: 3 });
    expect(tally(xenRing({ produced: 64, taken: 40, answered: 33, reclaimed: 32 })).free).toBe(0);
  });
});

describe("a virtqueue as it is drawn", () => {
  const state = virtqueue({ produced: 65_541, taken: 65_539, answered: 65_536, reclaimed: 65_534 });

  it("has a chain in avail until it is answered and in used until it is taken back", () => {
    expect(fills(state, "avail")).toEqual(["0 whole", "1 whole", "2 whole", "3 outer", "4 outer"]);
    expect(fills(state, "used")).toEqual(["126 inner", "127 inner"]);
  });

  it("sets a threshold where its crossing notifies: behind the entry it names", () => {
    const { pointers } = ringModel(state);
    const at = (name: string) => pointers.find(({ index }) => index.name === name)!;
    expect(at("avail.idx")).toMatchObject({ position: 5, track: "avail" });
    expect(at("last_used_idx")).toMatchObject({ position: 126, track: "used" });
    expect(at("used_event")).toMatchObject({ position: 0, track: "used", threshold: true, index: { value: 65_535 } });
    expect(at("avail_event")).toMatchObject({ position: 4, track: "avail", threshold: true, index: { value: 3 } });
  });

  it("finds a chain by its head in whichever area it stands", () => {
    const [answered, requested] = [state.slots[0]!, state.slots.at(-1)!];
    expect(placeOf(ringModel(state), answered.slot)).toMatchObject({
      track: { name: "used" },
      cell: { position: 126 },
    });
    expect(placeOf(ringModel(state), requested.slot)).toMatchObject({
      track: { name: "avail" },
      cell: { position: 4 },
    });
    expect(placeOf(ringModel(state), 4711)).toBeUndefined();
  });

  it("follows a chain from descriptor to descriptor, and no circle twice", () => {
    const queue = state.virtqueue!;
    const head = state.slots[0]!.slot;
    expect(chainOf(queue, head)).toEqual([head, head + 1, head + 2]);
    const circle = queue.descriptors.map((descriptor) =>
      descriptor.index === head + 2 ? { ...descriptor, next: head } : descriptor,
    );
    expect(chainOf({ ...queue, descriptors: circle }, head)).toEqual([head, head + 1, head + 2]);
    expect(chainOf(queue, 127)).toEqual([]);
  });

  it("fills each descriptor as its chain is", () => {
    const cells = descriptorCells(ringModel(state), state.virtqueue!);
    expect(cells).toHaveLength(21);
    const [first, last] = [state.slots[0]!.slot, state.slots.at(-1)!.slot];
    expect(cells.filter(({ position }) => position === first + 1)).toMatchObject([{ fill: "inner" }]);
    expect(cells.filter(({ position }) => position === last + 2)).toMatchObject([{ fill: "outer" }]);
    expect(chainArcs([4, 5, 6], 10).match(/M/g)).toHaveLength(2);
  });
});

describe("the window on a large ring", () => {
  it("shows a small ring whole", () => {
    expect(windowOf(32, [3, 30])).toEqual({ start: 0, count: 32 });
    expect(windowOf(8, [])).toEqual({ start: 0, count: 8 });
  });

  it("has all pointers in it where there is room, also over the end of the ring", () => {
    const window = windowOf(256, [250, 255, 3, 9]);
    expect([250, 255, 3, 9].map((position) => offsetIn(window, 256, position))).not.toContain(undefined);
  });

  it("stands still while the pointers run through it, and moves when one leaves", () => {
    const first = windowOf(128, [40, 44]);
    expect(windowOf(128, [46, 52], first.start)).toEqual(first);
    const far = first.start + WINDOW + 3;
    expect(windowOf(128, [far - 20, far], first.start)).not.toEqual(first);
  });

  it("comes along with the slot that is looked at", () => {
    const window = { start: 0, count: WINDOW };
    expect(windowAround(window, 256, 31)).toBe(window);
    const moved = windowAround(window, 256, 200);
    expect(modulo(200 - moved.start, 256)).toBeLessThan(WINDOW);
  });

  it("shows as many pointers as any place would, wherever they are", () => {
    const positions = fc.array(fc.nat(255), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(positions, fc.nat(31), (list, before) => {
        const seen = (window: Window) =>
          list.filter((position) => offsetIn(window, 256, position) !== undefined).length;
        const best = Math.max(...Array.from({ length: 32 }, (_, step) => seen({ start: step * 8, count: WINDOW })));
        expect(seen(windowOf(256, list, before * 8))).toBe(best);
      }),
    );
  });
});

describe("the band", () => {
  it("sets each pointer on the boundary before its slot", () => {
    const state = xenRing();
    const model = ringModel(state);
    const band = bandOf(model, whole(32), 656);
    expect(band.step).toBe(20);
    for (const { pointer, x, down } of band.flags) {
      expect(x).toBe(8 + 20 * (pointer.index.value % 32));
      expect(down).toBe(pointer.index.side === "front");
    }
  });

  it("draws private indices hollow, shared ones filled, thresholds as bars, and asks each where it was read", () => {
    const model = ringModel(xenRing());
    const picture = flat(
      bandPicture({
        band: bandOf(model, whole(32), 700),
        window: whole(32),
        capacity: 32,
        selected: { track: "ring", position: 18 },
        freshSlots: new Set([18]),
        freshIndices: new Set(["req_prod"]),
        beat: 1,
        trackWords: words.ring.tracks,
        titleOf: ({ index }) => index.from,
        colourOf: () => "var(--text)",
      }),
    );
    expect(picture.match(/class="flag private"/g)).toHaveLength(4);
    expect(picture.match(/class="flag shared"/g)).toHaveLength(2);
    expect(picture.match(/class="flag threshold"/g)).toHaveLength(2);
    expect(picture).toContain("req_prod <tspan>1207</tspan>");
    expect(picture).toContain("<title>ring page + 0x4</title>");
    expect(picture.match(/fresh-1/g)).toHaveLength(2);
    expect(picture.match(/class=chosen/g)).toHaveLength(1);
  });

  it("says of a pointer out of sight which way it is", () => {
    const state = xenRing({ capacity: 256, produced: 120, taken: 20, answered: 18, reclaimed: 16 });
    const band = bandOf(ringModel(state), { start: 8, count: WINDOW }, 656);
    const produced = band.flags.find(({ pointer }) => pointer.index.name === "req_prod")!;
    expect(produced).toMatchObject({ away: "right", x: 648 });
    expect(band.flags.find(({ pointer }) => pointer.index.name === "rsp_cons")).toMatchObject({ away: undefined });
  });

  it("knows the cell under the mouse", () => {
    const band = bandOf(ringModel(virtqueue()), { start: 120, count: WINDOW }, 694);
    const [avail, used] = band.tracks;
    expect(cellUnder(band, { start: 120, count: WINDOW }, 128, 46 + 20 * 9 + 1, avail!.y + 4)).toEqual({
      track: "avail",
      position: 1,
    });
    expect(cellUnder(band, { start: 120, count: WINDOW }, 128, 46 + 1, used!.y + 4)).toEqual({
      track: "used",
      position: 120,
    });
    expect(cellUnder(band, { start: 120, count: WINDOW }, 128, 2, avail!.y)).toBeUndefined();
  });

  it.each([
    ["read", "R"],
    ["indirect write", "iW"],
    ["gso", "G"],
    [undefined, ""],
  ])("writes %s as %s", (operation, sign) => {
    expect(signOf(operation)).toBe(sign);
  });
});

describe("the dial", () => {
  it("begins at the top and goes as a clock goes", () => {
    expect([0, 8, 16].map((position) => angleOf(position, 32))).toEqual([0, Math.PI / 2, Math.PI]);
    expect(positionUnder(1, -50, 32)).toBe(0);
    expect(positionUnder(50, 1, 32)).toBe(8);
    expect(positionUnder(-1, -50, 32)).toBe(31);
  });

  it("has under its pointer the slot the pointer names", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 }), fc.nat(), (power, number) => {
        const capacity = 2 ** power;
        const slot = number % capacity;
        const angle = angleOf(slot + 0.5, capacity);
        expect(positionUnder(Math.sin(angle) * 60, -Math.cos(angle) * 60, capacity)).toBe(slot);
      }),
    );
  });

  it("draws slots that are filled alike as one", () => {
    const { tracks } = ringModel(xenRing({ produced: 38, taken: 36, answered: 35, reclaimed: 33 }));
    expect(runsOf(tracks[0]!.cells.values())).toEqual([
      { from: 1, count: 2, fill: "inner" },
      { from: 3, count: 1, fill: "whole" },
      { from: 4, count: 2, fill: "outer" },
    ]);
  });
});

describe("changes of a ring", () => {
  it("are the slots and indices that are others, and none without a last reading", () => {
    const [before, after] = [xenRing({ produced: 1206 }), xenRing({ produced: 1207 })];
    const { slots, indices } = ringChanges(before, after);
    expect([...slots]).toEqual([1206 % 32]);
    expect([...indices]).toEqual(["req_prod", "req_prod_pvt"]);
    expect(ringChanges(undefined, after).slots.size).toBe(0);
    expect(ringChanges(xenRing({ ring: "vbd:domU/xvdb" }), after).indices.size).toBe(0);
  });

  it("are told byte by byte", () => {
    expect([...changedBytes("00 01 02", "00ff02")]).toEqual([1]);
    expect(changedBytes(undefined, "00ff02").size).toBe(0);
  });
});

describe("batches", () => {
  const look = (entries: number, direction: "front-to-back" | "back-to-front") => ({
    direction,
    at: 0,
    entries,
    notified: false,
  });

  it("stand up from the line for requests and down for responses, in proportion", () => {
    const { bars, most, middle } = barsOf([look(4, "front-to-back"), look(8, "back-to-front")], 100, 76);
    expect([most, middle]).toEqual([8, 38]);
    expect(bars.map(({ y, height }) => [y, height])).toEqual([
      [23, 15],
      [38, 30],
    ]);
  });

  it("are the newest there is room for", () => {
    const all = Array.from({ length: 100 }, (_, at) => look(at + 1, "front-to-back"));
    expect(barsOf(all, 70, 76).bars.map(({ batch }) => batch.entries)).toEqual([
      91, 92, 93, 94, 95, 96, 97, 98, 99, 100,
    ]);
  });

  it("come to ratios where there is something to divide by", () => {
    const { counters } = xenRing();
    expect(
      ratiosOf({ ...counters, requests: 64, notifications: 4, responses: 64, interrupts: 0, bytes: 10, copied: 20 }),
    ).toEqual({
      requestsPerNotification: 16,
      responsesPerInterrupt: undefined,
      copiesPerByte: 2,
    });
  });
});

describe("any ring a guest may leave", () => {
  const sound = (text: string) => expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);

  it("is drawn, every part of it, with no number that is none", () => {
    fc.assert(
      fc.property(anyRing, fc.integer({ min: 0, max: 1400 }), (state, width) => {
        const model = ringModel(state);
        const window = windowOf(
          state.capacity,
          model.pointers.map(({ position }) => position),
        );
        const selected = state.slots[0] && {
          track: model.tracks[0]!.name,
          position: modulo(state.slots[0].slot, state.capacity),
        };
        const common = { window, selected, capacity: state.capacity };
        sound(flat(dialPicture({ ...common, model, busy: 1, of: "" })));
        sound(
          flat(
            bandPicture({
              ...common,
              band: bandOf(model, window, Math.max(200, width)),
              freshSlots: new Set(),
              freshIndices: new Set(),
              beat: 0,
              trackWords: words.ring.tracks,
              titleOf: () => "",
              colourOf: () => "",
            }),
          ),
        );
        sound(flat(descriptorStrip(state, model, state.slots[0]?.slot, width, words)));
        sound(flat(conditionsPicture(state, words, () => flat("") as never)));
        sound(flat(countersPicture(state, words)));
        sound(flat(batchesPicture(state, Math.max(120, width), words)));
        for (const slot of state.slots.slice(0, 4))
          sound(flat(slotPicture({ state, slot, before: undefined, beat: 0, perLine: 16, words })));
        sound(flat(ringTables(state, words)));
      }),
      { numRuns: 60 },
    );
  });

  it("has its cells and pointers inside the picture", () => {
    fc.assert(
      fc.property(anyRing, fc.integer({ min: 200, max: 1400 }), (state, width) => {
        const model = ringModel(state);
        const window = windowOf(
          state.capacity,
          model.pointers.map(({ position }) => position),
        );
        const band = bandOf(model, window, width);
        for (const { box } of band.cells) {
          expect(box.x).toBeGreaterThanOrEqual(0);
          expect(box.x + box.width).toBeLessThanOrEqual(width + 0.001);
        }
        for (const { x, text } of band.flags) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x).toBeLessThanOrEqual(width);
          expect(text.y).toBeGreaterThan(0);
          expect(text.y).toBeLessThanOrEqual(band.height);
        }
        for (const { position } of model.pointers) expect(position).toBeLessThan(state.capacity);
      }),
    );
  });

  it("has no chain in a track twice", () => {
    fc.assert(
      fc.property(anyVirtqueue, (state) => {
        for (const { cells } of ringModel(state).tracks) {
          const heads = [...cells.values()].map(({ slot }) => slot.slot);
          expect(new Set(heads).size).toBe(heads.length);
        }
      }),
    );
  });
});
