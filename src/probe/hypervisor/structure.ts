import { type FieldLayout, fieldOf, type Layout, LayoutError } from "./layout.ts";
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
    const found = fieldOf(this.layout, this.name, field);
    return integer(this.memory, this.address + found.offset + within(index, found, field) * found.size, found);
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

function within(index: number, { count }: FieldLayout, name: string): number {
  if (index >= 0 && index < count) return index;
  throw new RangeError(`The field \`${name}\` has ${count} elements; ${index} is none.`);
}

/** Reads an integer of a field's size, little endian. */
function integer(memory: PhysicalMemory, at: number, { size, signed }: FieldLayout): number {
  if (size === 4) return signed ? memory.u32(at) | 0 : memory.u32(at);
  if (size === 1) return memory.u8(at);
  let value = 0;
  for (let byte = size - 1; byte >= 0; byte--) value = value * 256 + memory.u8(at + byte);
  return value;
}

/**
 * A function that reads one integer field of many structures: its place is looked up once.
 *
 * @returns (machine address of a structure, index in an array field) => value
 */
export function column(memory: PhysicalMemory, layout: Layout, struct: string, name: string) {
  const field = fieldOf(layout, struct, name);
  return (address: number, index = 0): number => {
    return integer(memory, address + field.offset + within(index, field, name) * field.size, field);
  };
}
