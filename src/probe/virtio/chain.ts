/** A chain of descriptors followed from its head (virtio 1.2, 2.7.5), in a table any guest may have written. */
import { type GuestWords, pa } from "../io/guest-words.ts";
import type { SharedPage } from "../io/types.ts";
import { DESC_F, DESCRIPTOR_BYTES, type Descriptor, type QueuePlace, readDescriptor } from "./queue.ts";

/** Buffers of one chain that are listed. */
const MOST_BUFFERS = 64;
/** First bytes of a buffer that are given. */
const HEAD_BYTES = 64;

export interface Chain {
  readonly head: number;
  /** In order; a table named by an indirect descriptor is followed, the descriptor that names it left out. */
  readonly buffers: readonly Descriptor[];
  /** Guest-physical address of the indirect table it lies in. */
  readonly table?: number;
  /** Descriptors of the queue's own table it takes. */
  readonly own: readonly number[];
  /** Why it could not be followed to its end. */
  readonly fault?: string;
}

/**
 * Follows a chain for as many steps as the queue has entries, which is the most a sound one has.
 *
 * @param place one that is not `misplaced`
 * @param indirect whether VIRTIO_F_INDIRECT_DESC was negotiated
 */
export function followChain(words: GuestWords, place: QueuePlace, head: number, indirect: boolean): Chain {
  if (head >= place.size) return { head, buffers: [], own: [], fault: `There is no descriptor ${head}.` };
  const own: number[] = [];
  const buffers: Descriptor[] = [];
  const done = (fault?: string): Chain => ({ head, buffers, own, ...(fault && { fault }) });
  for (let index = head; own.length < place.size; ) {
    const descriptor = readDescriptor(words, place.desc, index);
    own.push(index);
    if (descriptor.flags & DESC_F.indirect) {
      if (!indirect) return done("It names an indirect table, which was not negotiated.");
      if (descriptor.flags & DESC_F.next) return done("An indirect descriptor has a next one.");
      return { ...done(), ...followTable(words, place, descriptor, buffers), table: descriptor.address };
    }
    buffers.push(descriptor);
    if (!(descriptor.flags & DESC_F.next)) return done();
    if (descriptor.next >= place.size) return done(`There is no descriptor ${descriptor.next}.`);
    index = descriptor.next;
  }
  return done("It goes round in circles.");
}

function followTable(words: GuestWords, place: QueuePlace, { address, bytes }: Descriptor, before: Descriptor[]) {
  const entries = Math.min(Math.floor(bytes / DESCRIPTOR_BYTES), place.size);
  const buffers = [...before];
  const done = (fault?: string) => ({ buffers, ...(fault && { fault }) });
  if (!words.holds(address, bytes) || entries === 0) return done(`No indirect table can be at ${pa(address)}.`);
  for (let index = 0, steps = 0; steps < entries; steps++) {
    const descriptor = readDescriptor(words, address, index);
    if (descriptor.flags & DESC_F.indirect) return done("An indirect table names another one.");
    buffers.push(descriptor);
    if (!(descriptor.flags & DESC_F.next)) return done();
    if (descriptor.next >= entries) return done(`The indirect table has no descriptor ${descriptor.next}.`);
    index = descriptor.next;
  }
  return done("It goes round in circles.");
}

/** A chain's buffers as a view lists them. */
export function chainPages(words: GuestWords, chain: Chain): SharedPage[] {
  return chain.buffers.slice(0, MOST_BUFFERS).map(({ index, address, bytes, flags }) => ({
    reference: index,
    address: pa(address),
    bytes,
    writable: (flags & DESC_F.write) !== 0,
    head: words.hex(address, Math.min(bytes, HEAD_BYTES)),
  }));
}

/** The first `count` bytes of those of a chain's buffers that the device reads, resp. writes, wherever they are cut. */
export function chainBytes(words: GuestWords, chain: Chain, writable: boolean, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let done = 0;
  for (const buffer of chain.buffers) {
    if (((buffer.flags & DESC_F.write) !== 0) !== writable || done >= count) continue;
    const piece = words.copy(buffer.address, Math.min(buffer.bytes, count - done));
    bytes.set(piece, done);
    done += Math.min(buffer.bytes, count - done);
  }
  return bytes.subarray(0, Math.min(done, count));
}

/** Bytes of a chain's buffers that the device reads, resp. may write. */
export const chainLength = (chain: Chain, writable: boolean): number =>
  chain.buffers.reduce((sum, { bytes, flags }) => sum + (((flags & DESC_F.write) !== 0) === writable ? bytes : 0), 0);
