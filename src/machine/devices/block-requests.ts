/** What a virtio block device is asked for (virtio 1.2, 5.2.6), and the doing of it on a disk. */
import { BLOCK_HEADER, BLOCK_RANGE, BLOCK_STATUS, BLOCK_TYPE } from "../../probe/virtio/index.ts";
import { type Disk, SECTOR } from "../disk/disk.ts";
import { type Buffer, QueueFault, type RequestChain } from "./split-queue.ts";

/** Descriptors of a request's data, and bytes of each, that the device promises to take (seg_max, size_max). */
export const LIMITS = { segments: 126, segmentBytes: 1 << 16, ranges: 32 } as const;
/** Data of one request. A driver that keeps the promise has no more. */
const MOST_BYTES = LIMITS.segments * LIMITS.segmentBytes;

/** Bytes of the answer to an identify request. */
const IDENTITY_BYTES = 20;

/** VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP, the one flag there is. */
const UNMAP = 1;

/** One request, its header copied when it was taken: what the guest writes there later means nothing. */
export interface BlockRequest {
  readonly head: number;
  /** `VIRTIO_BLK_T_*`. */
  readonly type: number;
  readonly sector: number;
  /** To write to the disk, or to fill from it. */
  readonly data: readonly Buffer[];
  readonly bytes: number;
  /** Where the status byte goes. */
  readonly statusAt: number;
}

/** What became of a request. */
export interface BlockResult {
  /** `VIRTIO_BLK_S_*`. */
  readonly status: number;
  /** Bytes written to the guest, the status among them. */
  readonly written: number;
  /** Bytes moved between guest and disk. */
  readonly moved: number;
}

/** What requests are done on. */
export interface BlockTarget {
  readonly disk: Disk;
  readonly identity: string;
  readonly memory: Uint8Array;
  /** Discard and write zeroes were negotiated. */
  readonly discards: boolean;
  written(address: number, bytes: number): void;
}

/** Reads a request's header. @returns a fault when there is none, or no room for its status */
export function openRequest(chain: RequestChain, memory: Uint8Array): BlockRequest | QueueFault {
  if (total(chain.readable) < BLOCK_HEADER || total(chain.writable) < 1) {
    return new QueueFault("A request has no header, or no room for its status.");
  }
  const header = viewOf(gather(memory, chain.readable, BLOCK_HEADER));
  const type = header.getUint32(0, true);
  const last = chain.writable.filter(({ bytes }) => bytes > 0).at(-1)!;
  const fills = type === BLOCK_TYPE.read || type === BLOCK_TYPE.identify;
  const data = fills ? slice(chain.writable, 0, total(chain.writable) - 1) : slice(chain.readable, BLOCK_HEADER);
  return {
    head: chain.head,
    type,
    sector: header.getUint32(8, true) + header.getUint32(12, true) * 2 ** 32,
    data,
    bytes: total(data),
    statusAt: last.address + last.bytes - 1,
  };
}

/** Does a request and writes its status. Never throws, whatever it asks for. */
export function perform(request: BlockRequest, target: BlockTarget): BlockResult {
  const { status, written, moved } = attempt(request, target);
  target.memory[request.statusAt] = status;
  target.written(request.statusAt, 1);
  return { status, written: written + 1, moved };
}

const nothing = (status: number): BlockResult => ({ status, written: 0, moved: 0 });

function attempt(request: BlockRequest, target: BlockTarget): BlockResult {
  switch (request.type) {
    case BLOCK_TYPE.read:
    case BLOCK_TYPE.write:
      return transfer(request, target);
    case BLOCK_TYPE.flush:
      return nothing(BLOCK_STATUS.ok);
    case BLOCK_TYPE.identify:
      return identify(request, target);
    case BLOCK_TYPE.discard:
    case BLOCK_TYPE.writeZeroes:
      return target.discards ? forget(request, target) : nothing(BLOCK_STATUS.unsupported);
    default:
      return nothing(BLOCK_STATUS.unsupported);
  }
}

function transfer({ type, sector, data, bytes }: BlockRequest, target: BlockTarget): BlockResult {
  const { disk, memory } = target;
  if (bytes % SECTOR !== 0 || bytes > MOST_BYTES || sector + bytes / SECTOR > disk.sectors) {
    return nothing(BLOCK_STATUS.error);
  }
  const reading = type === BLOCK_TYPE.read;
  const whole = data.every((buffer) => buffer.bytes % SECTOR === 0);
  if (!whole) transferCut(reading, sector, data, bytes, target);
  else {
    let at = sector;
    for (const buffer of data) {
      const piece = memory.subarray(buffer.address, buffer.address + buffer.bytes);
      if (reading) disk.read(at, piece);
      else disk.write(at, piece);
      at += buffer.bytes / SECTOR;
    }
  }
  if (reading) for (const buffer of data) target.written(buffer.address, buffer.bytes);
  return { status: BLOCK_STATUS.ok, written: reading ? bytes : 0, moved: bytes };
}

/** The same where a driver cuts buffers in the middle of sectors, which it may (2.7.4.1): through a buffer of ours. */
function transferCut(
  reading: boolean,
  sector: number,
  data: readonly Buffer[],
  bytes: number,
  { disk, memory }: BlockTarget,
): void {
  if (!reading) {
    disk.write(sector, gather(memory, data, bytes));
    return;
  }
  const content = new Uint8Array(bytes);
  disk.read(sector, content);
  scatter(memory, data, content);
}

function identify({ data }: BlockRequest, target: BlockTarget): BlockResult {
  const content = new Uint8Array(IDENTITY_BYTES);
  content.set(new TextEncoder().encode(target.identity).subarray(0, IDENTITY_BYTES));
  const room = slice(data, 0, IDENTITY_BYTES);
  scatter(target.memory, room, content);
  for (const buffer of room) target.written(buffer.address, buffer.bytes);
  return { status: BLOCK_STATUS.ok, written: total(room), moved: 0 };
}

/** Discard and write zeroes: ranges of sectors (5.2.6), of which none may lie outside the disk. */
function forget({ type, data, bytes }: BlockRequest, { disk, memory }: BlockTarget): BlockResult {
  if (bytes === 0 || bytes % BLOCK_RANGE !== 0 || bytes > LIMITS.ranges * BLOCK_RANGE) {
    return nothing(BLOCK_STATUS.error);
  }
  const view = viewOf(gather(memory, data, bytes));
  const ranges = Array.from({ length: bytes / BLOCK_RANGE }, (_, index) => {
    const at = index * BLOCK_RANGE;
    const sector = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    return { sector, count: view.getUint32(at + 8, true), flags: view.getUint32(at + 12, true) };
  });
  const flags = type === BLOCK_TYPE.writeZeroes ? UNMAP : 0;
  if (ranges.some((range) => range.flags & ~flags)) return nothing(BLOCK_STATUS.unsupported);
  if (ranges.some(({ sector, count }) => sector + count > disk.sectors)) return nothing(BLOCK_STATUS.error);
  // sectors given up read as zeros, so that one does for both
  for (const { sector, count } of ranges) disk.discard(sector, count);
  return nothing(BLOCK_STATUS.ok);
}

const total = (buffers: readonly Buffer[]) => buffers.reduce((sum, { bytes }) => sum + bytes, 0);

/** The part of a list of buffers from one byte to before another. */
function slice(buffers: readonly Buffer[], from: number, to = Number.POSITIVE_INFINITY): Buffer[] {
  const part: Buffer[] = [];
  let start = 0;
  for (const { address, bytes } of buffers) {
    const first = Math.max(from - start, 0);
    const end = Math.min(to - start, bytes);
    if (end > first) part.push({ address: address + first, bytes: end - first });
    start += bytes;
  }
  return part;
}

/** A copy of the first `count` bytes of a list of buffers, which has as many. */
function gather(memory: Uint8Array, buffers: readonly Buffer[], count: number): Uint8Array {
  const copy = new Uint8Array(count);
  let done = 0;
  for (const { address, bytes } of buffers) {
    const piece = Math.min(bytes, count - done);
    copy.set(memory.subarray(address, address + piece), done);
    done += piece;
  }
  return copy;
}

function scatter(memory: Uint8Array, buffers: readonly Buffer[], content: Uint8Array): void {
  let done = 0;
  for (const { address, bytes } of buffers) {
    memory.set(content.subarray(done, done + bytes), address);
    done += bytes;
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
