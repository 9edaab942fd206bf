/** Physical memory as a probe sees it: bytes at machine addresses, read only. */
export interface PhysicalMemory {
  /** Bytes there are, from address 0. */
  readonly size: number;
  /** @throws MemoryError outside the memory, as the other two */
  u8(address: number): number;
  /** 32 bits, little endian; the address need not be aligned. */
  u32(address: number): number;
  /** A copy of `count` bytes. */
  bytes(address: number, count: number): Uint8Array;
}

/** An address that no memory is behind. */
export class MemoryError extends Error {
  override name = "MemoryError";
}

/** An address or an entry of a page table as probes give it: `0x` and eight digits. */
export type Hex = `0x${string}`;

/** @param value the low 32 bits count */
export function hex(value: number): Hex {
  return `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
}

/** Reads the memory of a machine through an array that shares its bytes. */
export function physicalMemory(array: Uint8Array): PhysicalMemory {
  const view = new DataView(array.buffer, array.byteOffset, array.byteLength);
  const checked = (address: number, count: number) => {
    if (address >= 0 && count >= 0 && address + count <= array.byteLength) return address;
    throw new MemoryError(`No memory is at ma:${hex(address)}: the machine has ${array.byteLength} bytes.`);
  };
  return {
    size: array.byteLength,
    u8: (address) => array[checked(address, 1)]!,
    u32: (address) => view.getUint32(checked(address, 4), true),
    bytes: (address, count) => array.slice(checked(address, count), address + count),
  };
}
