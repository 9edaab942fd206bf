import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SECTOR } from "../../src/machine/disk/disk.ts";
import { MemoryDisk } from "../../src/machine/disk/memory-disk.ts";

const SECTORS = 40; // five blocks
const all = (disk: MemoryDisk) => {
  const content = new Uint8Array(disk.sectors * SECTOR);
  disk.read(0, content);
  return content;
};

/** A base that ends in the middle of a block. */
const base = () => Uint8Array.from({ length: 9000 }, (_, index) => (index % 251) + 1);

type Step = { readonly do: "write" | "discard" | "save" | "restore"; readonly at: number; readonly count: number };
const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom("write", "write", "discard", "save", "restore"),
    at: fc.nat(SECTORS - 1),
    count: fc.nat(SECTORS),
  }),
  { maxLength: 30 },
);

describe("a disk in memory", () => {
  it("reads what was written last, zeros where it was discarded, else its base; and comes back as it was saved", () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (list, hasBase) => {
        const below = hasBase ? base() : new Uint8Array(0);
        const disk = new MemoryDisk(SECTORS, below.slice());
        const model = new Uint8Array(SECTORS * SECTOR);
        model.set(below);
        let saved = { state: disk.save(), model: model.slice() };
        list.forEach(({ do: what, at, count }, number) => {
          const sectors = Math.min(count, SECTORS - at);
          const range = model.subarray(at * SECTOR, (at + sectors) * SECTOR);
          if (what === "write") disk.write(at, range.fill(number + 1));
          if (what === "discard") {
            disk.discard(at, sectors);
            range.fill(0);
          }
          if (what === "save") saved = { state: disk.save(), model: model.slice() };
          if (what === "restore") {
            disk.restore(saved.state);
            model.set(saved.model);
          }
          expect(Buffer.compare(all(disk), model)).toBe(0);
        });
        const other = new MemoryDisk(SECTORS, below.slice());
        other.restore(disk.save());
        expect(Buffer.compare(all(other), model)).toBe(0);
      }),
    );
  });

  it("never writes its base, and gives and takes copies", () => {
    const below = base();
    const disk = new MemoryDisk(SECTORS, below);
    const sector = new Uint8Array(SECTOR).fill(9);
    disk.write(1, sector);
    sector.fill(1);
    const state = disk.save();
    disk.write(1, sector);
    state.content.fill(7);
    const read = new Uint8Array(SECTOR);
    disk.read(1, read);
    expect([below, read]).toEqual([base(), sector]);
  });

  it("takes room only for what was written, and gives it back when that is discarded", () => {
    const disk = new MemoryDisk(SECTORS);
    expect(disk.pristine).toBe(true);
    disk.write(7, new Uint8Array(2 * SECTOR).fill(1));
    expect([disk.save().blocks, disk.pristine]).toEqual([[0, 1], false]);
    disk.discard(0, 8);
    expect(disk.save().blocks).toEqual([1]);
    disk.discard(8, 32);
    expect([disk.save().blocks, disk.pristine]).toEqual([[], true]);
    const based = new MemoryDisk(SECTORS, base());
    based.discard(0, 8);
    expect([based.save().blocks, based.pristine]).toEqual([[0], false]);
  });

  it("refuses what is not on it, whole, and states of other disks", () => {
    const disk = new MemoryDisk(SECTORS);
    const sector = new Uint8Array(SECTOR);
    expect(() => disk.read(SECTORS, sector)).toThrow(RangeError);
    expect(() => disk.write(-1, sector)).toThrow(RangeError);
    expect(() => disk.write(0.5, sector)).toThrow(RangeError);
    expect(() => disk.write(SECTORS - 1, new Uint8Array(2 * SECTOR).fill(1))).toThrow(RangeError);
    expect(() => disk.read(0, new Uint8Array(100))).toThrow(RangeError);
    expect(() => disk.discard(1, SECTORS)).toThrow(RangeError);
    expect(() => disk.discard(0, Number.NaN)).toThrow(RangeError);
    const content = new Uint8Array(4096).fill(1);
    for (const state of [
      { sectors: SECTORS + 8, blocks: [], content: new Uint8Array(0) },
      { sectors: SECTORS, blocks: [5], content },
      { sectors: SECTORS, blocks: [-1], content },
      { sectors: SECTORS, blocks: [0, 1], content },
    ]) {
      expect(() => disk.restore(state)).toThrow(RangeError);
    }
    expect(disk.pristine).toBe(true);
  });
});
