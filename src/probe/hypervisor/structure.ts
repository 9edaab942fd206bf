import { fieldOf, type Layout, LayoutError } from "./layout.ts";
import type { PhysicalMemory } from "./memory.ts";

/** One structure of the hypervisor in memory. Fields are read when they are asked for. */
export class Structure {
  readonly memory: PhysicalMemory;
  readonly layout: Layout;
  readonly name: string;
  /** Machine address of its first byte. */
  readonly address: number;

  constructor(memory: PhysicalMemory, layout: Layout, name: string, address: number) {
    this.memory = memory;
    this.layout = layout;
    this.name = name;
    this.address = address;
  }

  /** Machine address of an element of a field. */
  where(field: string, index = 0): number {
    const { offset, size } = fieldOf(this.layout, this.name, field);
    return this.address + offset + index * size;
  }

  /** An integer field, or an element of an array of them. */
  number(field: string, index = 0): number {
    return column(this.memory, this.layout, this.name, field)(this.address, index);
  }

  numbers(field: string): readonly number[] {
    const { count } = fieldOf(this.layout, this.name, field);
    const read = column(this.memory, this.layout, this.name, field);
    return Array.from({ length: count }, (_, index) => read(this.address, index));
  }

  /** A structure inside this one, or an element of an array of them. */
  inner(field: string, index = 0): Structure {
    const { struct } = fieldOf(this.layout, this.name, field);
    if (struct === undefined) throw new LayoutError(`structure in the field \`${field}\` of \`struct ${this.name}\``);
    return new Structure(this.memory, this.layout, struct, this.where(field, index));
  }

  /** An array of structures inside this one. */
  inners(field: string): readonly Structure[] {
    const { count } = fieldOf(this.layout, this.name, field);
    return Array.from({ length: count }, (_, index) => this.inner(field, index));
  }

  /** An array of bytes up to its first zero, as ASCII. */
  text(field: string): string {
    const bytes = this.numbers(field);
    const end = bytes.indexOf(0);
    return ascii(end < 0 ? bytes : bytes.slice(0, end));
  }
}

/** Bytes as text; what is not printable ASCII becomes a dot. */
export function ascii(bytes: readonly number[]): string {
  return bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
}

/**
 * A function that reads one integer field of many structures: its place is looked up once.
 *
 * @returns (machine address of a structure, index in an array field) => value
 */
export function column(memory: PhysicalMemory, layout: Layout, struct: string, field: string) {
  const { offset, size, count, signed } = fieldOf(layout, struct, field);
  return (address: number, index = 0): number => {
    if (index < 0 || index >= count)
      throw new RangeError(`${struct}.${field} has ${count} elements; ${index} is none.`);
    const at = address + offset + index * size;
    if (size === 4) return signed ? memory.u32(at) | 0 : memory.u32(at);
    let value = 0;
    for (let byte = size - 1; byte >= 0; byte--) value = value * 256 + memory.u8(at + byte);
    return value;
  };
}
