/** Entries of page tables: Intel SDM vol. 3A, 4.3 "32-bit paging", tables 4-4 to 4-6. */

export const P = 0x001;
export const W = 0x002;
export const U = 0x004;
export const A = 0x020;
export const D = 0x040;
export const PS = 0x080;
export const G = 0x100;

/** Names of an entry's bits, in the order of the manual. */
export type Flag = "P" | "W" | "U" | "PWT" | "PCD" | "A" | "D" | "PS" | "G";

const FLAGS: readonly (readonly [Flag, number])[] = [
  ["P", P],
  ["W", W],
  ["U", U],
  ["PWT", 0x008],
  ["PCD", 0x010],
  ["A", A],
  ["D", D],
  ["PS", PS],
  ["G", G],
];

/** The flags an entry has set. */
export function flagsOf(entry: number): readonly Flag[] {
  return FLAGS.filter(([, bit]) => entry & bit).map(([name]) => name);
}

/** An entry's frame number: bits 31 to 12. */
export const frameOf = (entry: number) => entry >>> 12;
/** Bits 31 to 22 of an address: its entry in the page directory. */
export const directoryIndex = (address: number) => address >>> 22;
/** Bits 21 to 12: its entry in the page table. */
export const tableIndex = (address: number) => (address >>> 12) & 0x3ff;
/** A frame number and the low bits of an address together. */
export const inFrame = (frame: number, address: number) => ((frame << 12) | (address & 0xfff)) >>> 0;

export const CR0_PG = 0x80000000;
export const CR4_PSE = 0x10;
export const CR4_PAE = 0x20;
