/**
 * A chain of descriptors as a device serves it (virtio 1.2, 2.7.5): followed into arrays that are used again and again,
 * so that a queue of a hundred thousand chains a second makes no garbage. What a view shows of a chain is read by
 * `followChain` of the probes.
 */
import { type GuestWords, pa } from "../../probe/io/guest-words.ts";
import { DESC_F, DESCRIPTOR_BYTES, type QueuePlace } from "../../probe/virtio/index.ts";

/** The driver broke a rule of the standard: the device serves no more until it is reset. */
export class QueueFault {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The buffers of a chain, or of several taken together, in order: pieces of guest-physical memory. */
export class ChainBuffers {
  readonly addresses: number[] = [];
  readonly lengths: number[] = [];
  count = 0;
  /** Descriptors of the queue's own table that are taken up. */
  descriptors = 0;
  /** How many are for the device to read; of a chain they are its first. */
  readables = 0;
  readableBytes = 0;
  writableBytes = 0;

  clear(): void {
    this.count = 0;
    this.descriptors = 0;
    this.readables = 0;
    this.readableBytes = 0;
    this.writableBytes = 0;
  }

  /**
   * Appends the buffers of one chain, all of which lie in memory.
   *
   * @param place one that is not `misplaced`
   * @param indirect whether VIRTIO_F_INDIRECT_DESC was negotiated
   */
  follow(words: GuestWords, place: QueuePlace, head: number, indirect: boolean): QueueFault | undefined {
    if (head >= place.size) return new QueueFault(`There is no descriptor ${head}.`);
    const readables = this.readables;
    const first = this.count;
    let table = place.desc;
    let entries = place.size;
    let inTable = false;
    let disordered = false;
    let index = head;
    for (let steps = 0; steps < entries; steps++) {
      const at = table + DESCRIPTOR_BYTES * index;
      const flags = words.u16(at + 12);
      const bytes = words.u32(at + 8);
      const address = words.u32(at) + words.u32(at + 4) * 2 ** 32;
      if (!inTable) this.descriptors++;
      if (flags & DESC_F.indirect) {
        const fault = wrongTable(words, { address, bytes, flags, inTable, indirect });
        if (fault) return fault;
        table = address;
        entries = Math.min(Math.floor(bytes / DESCRIPTOR_BYTES), place.size);
        inTable = true;
        index = 0;
        steps = -1;
        continue;
      }
      if (!words.holds(address, bytes)) return new QueueFault("A buffer does not lie in the guest's memory.");
      if (flags & DESC_F.write) this.writableBytes += bytes;
      else {
        disordered ||= this.readables - readables < this.count - first;
        this.readables++;
        this.readableBytes += bytes;
      }
      this.addresses[this.count] = address;
      this.lengths[this.count] = bytes;
      this.count++;
      if (!(flags & DESC_F.next)) {
        return disordered ? new QueueFault("A buffer to read comes after one to write.") : undefined;
      }
      index = words.u16(at + 14);
      if (index >= entries) return missing(index, inTable);
    }
    return new QueueFault("It goes round in circles.");
  }
}

function wrongTable(
  words: GuestWords,
  given: { address: number; bytes: number; flags: number; inTable: boolean; indirect: boolean },
): QueueFault | undefined {
  const { address, bytes, flags, inTable, indirect } = given;
  if (inTable) return new QueueFault("An indirect table names another one.");
  if (!indirect) return new QueueFault("It names an indirect table, which was not negotiated.");
  if (flags & DESC_F.next) return new QueueFault("An indirect descriptor has a next one.");
  if (words.holds(address, bytes) && bytes >= DESCRIPTOR_BYTES) return undefined;
  return new QueueFault(`No indirect table can be at ${pa(address)}.`);
}

const missing = (index: number, inTable: boolean) =>
  new QueueFault(inTable ? `The indirect table has no descriptor ${index}.` : `There is no descriptor ${index}.`);
