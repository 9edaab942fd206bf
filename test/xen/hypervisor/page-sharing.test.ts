import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GNTCOPY, GNTST } from "../../../src/xen/abi/grant-table.ts";
import { Front } from "../../../src/xen/hypervisor/front.ts";
import { GrantDriver, SELF } from "./grant-driver.ts";
import { hypervisor, PAGE, type TestGuest } from "./processor.ts";

/** Frames that guest 1 grants, and where others map them; two places for each, so that one page can stand twice. */
const FRAMES = [10, 11, 12];
const PLACES = [20, 21, 22, 23, 24, 25];
const OFFSETS = [0, 1, 100, 4095];

const who = fc.constantFrom(1, 2, 3);
const frame = fc.constantFrom(0, 1, 2);
const offset = fc.constantFrom(...OFFSETS);
const value = fc.integer({ min: 1, max: 255 });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("turn" as const), who, frame, offset, value }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("map" as const), who, frame, offset, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("unmap" as const), who, frame, offset, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("copy" as const), who, frame, offset, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("backend" as const), who, frame, offset, value }) },
);

interface Place {
  readonly gfn: number;
  readonly frame: number;
  readonly handle: number;
  readonly writable: boolean;
}

/** Three guests with shared pages, and beside them one memory as it would be if the pages were really shared. */
class World {
  readonly drivers: GrantDriver[];
  readonly truth = FRAMES.map(() => new Uint8Array(PAGE));
  readonly places = new Map<number, Place[]>([
    [2, []],
    [3, []],
  ]);
  readonly front: Front;
  readonly xen;

  /** @param comparisons in vain until a page is watched */
  constructor(comparisons = 16) {
    const { xen, guests } = hypervisor(3);
    this.xen = xen;
    Object.assign(xen.sharing.patience, { comparisons, turns: 1 });
    this.drivers = guests.map((guest: TestGuest) => new GrantDriver(guest));
    for (const [index, gfn] of FRAMES.entries()) {
      for (const to of [2, 3]) this.driver(1).grant(8 + index * 2 + (to - 2), to, gfn);
      this.driver(1).grant(20 + index, 0, gfn);
    }
    this.front = new Front(xen, this.driver(1).guest.guest);
  }

  driver(id: number): GrantDriver {
    return this.drivers[id - 1]!;
  }

  /** Where a guest sees a frame. */
  seen(id: number, index: number): Place[] {
    if (id === 1) return [{ gfn: FRAMES[index]!, frame: index, handle: -1, writable: true }];
    return this.places.get(id)!.filter((place) => place.frame === index);
  }

  /** In a turn: everything it sees is as it should be; then it stores through the first place it may. */
  turn(id: number, index: number, at: number, byte: number): void {
    const driver = this.driver(id);
    driver.guest.turn(() => {
      for (let each = 0; each < FRAMES.length; each++) this.check(id, each);
      const place = this.seen(id, index).find(({ writable }) => writable);
      if (!place) return;
      driver.store(place.gfn, at, byte);
      this.truth[index]![at] = byte;
    });
  }

  check(id: number, index: number): void {
    for (const { gfn } of this.seen(id, index)) {
      for (const at of OFFSETS) expect(this.driver(id).load(gfn, at), `domain ${id}`).toBe(this.truth[index]![at]);
    }
  }

  map(id: number, index: number, readOnly: boolean): void {
    if (id === 1) return;
    const mine = this.places.get(id)!;
    const gfn = PLACES.find((free) => !mine.some((place) => place.gfn === free));
    if (gfn === undefined) return;
    this.driver(id).guest.turn(() => {
      const { status, handle } = this.driver(id).map(1, 8 + index * 2 + (id - 2), gfn, readOnly);
      expect(status).toBe(GNTST.okay);
      mine.push({ gfn, frame: index, handle, writable: !readOnly });
      this.check(id, index);
    });
  }

  unmap(id: number): void {
    const place = this.places.get(id)?.shift();
    if (!place) return;
    this.driver(id).guest.turn(() => expect(this.driver(id).unmap(place.handle, place.gfn)).toBe(GNTST.okay));
  }

  /** A copy in the middle of a turn, after a store, into a page others see. */
  copy(id: number, index: number, at: number, byte: number): void {
    if (id === 1) return;
    const own = 30;
    this.driver(id).guest.turn(() => {
      const place = this.seen(id, index).find(({ writable }) => writable);
      if (place) {
        this.driver(id).store(place.gfn, 100, byte ^ 0x55);
        this.truth[index]![100] = byte ^ 0x55;
      }
      this.driver(id).store(own, at, byte);
      const to = { dest: 8 + index * 2 + (id - 2), dest_domid: 1, dest_offset: at, flags: GNTCOPY.dest_gref };
      const element = { source: own, source_domid: SELF, source_offset: at, len: 1, ...to };
      expect(this.driver(id).copy(element)).toBe(GNTST.okay);
      this.truth[index]![at] = byte;
      // at once, if the page is not one that stands twice and was stored to through one of its places in this turn
      if (this.seen(id, index).length === 1) this.check(id, index);
    });
  }

  /** A backend of this program reads and writes, within a guest's turn or between two. */
  backend(id: number, index: number, at: number, byte: number): void {
    const act = () => {
      const read = new Uint8Array(PAGE);
      this.front.copyFromGrant(20 + index, 0, read);
      for (const each of OFFSETS) expect(read[each], "backend").toBe(this.truth[index]![each]);
      this.front.copyToGrant(20 + index, at, Uint8Array.of(byte));
      this.truth[index]![at] = byte;
    };
    if (byte % 2 === 0) act();
    else this.driver(id).guest.turn(act);
  }
}

describe("pages shared by migration", () => {
  it.each([1, 1000])(
    "are one memory to all who share them, whoever stores, maps, unmaps and copies (%s comparisons)",
    (comparisons) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const world = new World(comparisons);
          for (const { do: what, who: id, frame: index, offset: at, value: byte } of steps) {
            if (what === "turn") world.turn(id, index, at, byte);
            else if (what === "map") world.map(id, index, byte % 3 === 0);
            else if (what === "unmap") world.unmap(id);
            else if (what === "copy") world.copy(id, index, at, byte);
            else world.backend(id, index, at, byte);
          }
          for (const id of [1, 2, 3]) world.turn(id, 0, 0, 1);
          while (world.places.get(2)!.length + world.places.get(3)!.length > 0) {
            world.unmap(2);
            world.unmap(3);
          }
          expect(world.xen.sharing.pages.size).toBe(0);
          for (const id of [1]) world.turn(id, 0, 0, 1);
        }),
        { numRuns: 250 },
      );
    },
  );

  it("are not moved when nobody stored, and the code compiled from them is kept", () => {
    const world = new World();
    world.map(2, 0, false);
    world.turn(1, 1, 0, 9);
    const { moved } = world.xen.sharing.counters;
    world.driver(1).guest.cpu.changed.clear();
    world.driver(2).guest.cpu.changed.clear();
    for (let round = 0; round < 10; round++) for (const id of [1, 2]) world.driver(id).guest.turn(() => {});
    expect(world.xen.sharing.counters.moved).toBe(moved);
    expect(world.driver(2).guest.cpu.changed.size + world.driver(1).guest.cpu.changed.size).toBe(0);
    world.turn(1, 0, 0, 9);
    world.driver(2).guest.turn(() => {});
    expect(world.xen.sharing.counters.moved).toBe(moved + 1);
    expect(world.driver(2).guest.cpu.changed).toEqual(new Set([PLACES[0]]));
  });

  it("cost nothing when nobody stores to them for long, and are compared again when somebody did", () => {
    const world = new World();
    world.map(2, 0, false);
    world.map(3, 0, true);
    world.map(2, 1, false);
    const turns = (count: number) => {
      for (let round = 0; round < count; round++) for (const id of [1, 2, 3]) world.driver(id).guest.turn(() => {});
    };
    turns(40);
    const { compared } = world.xen.sharing.counters;
    turns(40);
    expect(world.xen.sharing.counters.compared).toBe(compared);
    world.turn(2, 0, 100, 9);
    for (const id of [1, 3]) world.driver(id).guest.turn(() => world.check(id, 0));
    expect(world.xen.sharing.counters.compared).toBeGreaterThan(compared);
    turns(40);
    const { compared: later } = world.xen.sharing.counters;
    world.backend(1, 0, 100, 11);
    for (const id of [2, 3]) world.driver(id).guest.turn(() => world.check(id, 0));
    expect(world.xen.sharing.counters.compared).toBeGreaterThan(later);
  });

  it("show who may only read what a backend wrote between its turns", () => {
    const world = new World();
    world.map(3, 0, true);
    world.turn(3, 0, 0, 1);
    world.backend(1, 0, 0, 8);
    world.turn(3, 0, 0, 1);
  });

  it("keep stores through two places of one page that lie side by side", () => {
    const world = new World();
    world.map(2, 0, false);
    world.map(2, 0, false);
    const driver = world.driver(2);
    driver.guest.turn(() => {
      driver.store(PLACES[0]!, 0, 1);
      driver.store(PLACES[1]!, 1, 2);
    });
    world.driver(1).guest.turn(() => expect([0, 1].map((at) => world.driver(1).load(FRAMES[0]!, at))).toEqual([1, 2]));
  });
});
