import type { GuestAccess } from "../../machine/platform.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import { type AnyLayout, fieldBytes, readLayout, type Values, writeField } from "../abi/layout.ts";

/** A hypercall's argument points to where the guest has nothing mapped; the hypercall returns -EFAULT. */
export class GuestFault extends Error {
  override name = "GuestFault";
}

/**
 * A guest's virtual memory, as a hypercall reads its arguments: translated page by page through the guest's own page
 * tables, and every byte fetched once. What is read is a copy, so that a guest cannot change a value between its check
 * and its use.
 */
export class GuestMemory {
  readonly #access: GuestAccess;
  /** False for guest-physical pages the guest gave up, which are no memory. */
  readonly #present: (gfn: number) => boolean;
  readonly #field = new DataView(new ArrayBuffer(8));

  constructor(access: GuestAccess, present: (gfn: number) => boolean) {
    this.#access = access;
    this.#present = present;
  }

  /** @throws GuestFault when a byte of it is not mapped or not memory */
  read(gva: number, bytes: number): DataView {
    const copy = new Uint8Array(bytes);
    this.#pages(gva, bytes, (gpa, at, length) => {
      copy.set(this.#access.memory().subarray(gpa, gpa + length), at);
    });
    return new DataView(copy.buffer);
  }

  /** @throws GuestFault; pages before the missing one are written then */
  write(gva: number, from: Uint8Array): void {
    this.#pages(gva, from.length, (gpa, at, length) => {
      this.#access.memory().set(from.subarray(at, at + length), gpa);
      this.#access.pageChanged(gpa);
    });
  }

  readStruct<L extends AnyLayout>(gva: number, layout: L): Values<L> {
    return readLayout(this.read(gva, layout.bytes), 0, layout);
  }

  /** Writes single fields of a structure; what lies between them stays as it is. */
  writeFields<L extends AnyLayout>(gva: number, { fields }: L, values: Partial<Values<L>>): void {
    for (const name in values) {
      const [offset, kind] = fields[name]!;
      writeField(this.#field, 0, kind, values[name] as number | bigint);
      this.write((gva + offset) >>> 0, new Uint8Array(this.#field.buffer, 0, fieldBytes(kind)));
    }
  }

  u32(gva: number): number {
    return this.read(gva, 4).getUint32(0, true);
  }

  setU32(gva: number, value: number): void {
    this.#field.setUint32(0, value, true);
    this.write(gva, new Uint8Array(this.#field.buffer, 0, 4));
  }

  /** @returns guest-physical address behind `gva`, or -1 where no memory is */
  translate(gva: number): number {
    const gpa = this.#access.translate(gva >>> 0);
    return gpa < 0 || gpa >= this.#access.memoryBytes || !this.#present(gpa >>> 12) ? -1 : gpa;
  }

  #pages(gva: number, bytes: number, piece: (gpa: number, at: number, length: number) => void): void {
    for (let at = 0; at < bytes; ) {
      const gpa = this.translate(gva + at);
      const length = Math.min(bytes - at, PAGE_SIZE - ((gva + at) & (PAGE_SIZE - 1)));
      if (gpa < 0 || gpa + length > this.#access.memoryBytes) {
        throw new GuestFault(`nothing is mapped at ${((gva + at) >>> 0).toString(16)}`);
      }
      piece(gpa, at, length);
      at += length;
    }
  }
}
