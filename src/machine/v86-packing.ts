import type { UntypedCpu } from "./v86-parts.ts";

const PAGE = 4096;

/**
 * Replaces v86's packing of memory for snapshots, which goes through proxies page by page, by copies through raw
 * views. The format stays v86's: one bit a page, then the pages that are not all zero.
 *
 * @param view guest-physical memory, taken anew
 */
export function packMemoryRaw(cpu: UntypedCpu, view: () => Uint8Array): void {
  cpu.pack_memory = () => {
    const memory = view();
    const pages = memory.length / PAGE;
    const bitmap = new Uint8Array(Math.ceil(pages / 8));
    const used: number[] = [];
    for (let page = 0; page < pages; page++) if (!cpu.is_memory_zeroed(page * PAGE, PAGE)) used.push(page);
    const packed = new Uint8Array(used.length * PAGE);
    used.forEach((page, index) => {
      bitmap[page >> 3]! |= 1 << (page & 7);
      packed.set(memory.subarray(page * PAGE, (page + 1) * PAGE), index * PAGE);
    });
    return { packed_memory: packed, bitmap: { get_buffer: () => bitmap.buffer } };
  };
  cpu.unpack_memory = (bitmap, packed) => {
    const memory = view();
    memory.fill(0);
    let from = 0;
    for (let page = 0; page < memory.length / PAGE; page++) {
      if (!bitmap.get(page)) continue;
      memory.set(packed.subarray(from, from + PAGE), page * PAGE);
      from += PAGE;
    }
  };
}
