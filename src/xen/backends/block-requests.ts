/** What a block backend does with one request: checks as Linux's xen-blkback makes them, then the transfer. */
import { type Disk, SECTOR } from "../../machine/disk/disk.ts";
import { type BlockRequest, blkif, decodeSegments, OPERATION, type Segment, STATUS } from "../abi/blkif.ts";
import type { BlockPages } from "./block-pages.ts";
import { GrantError, type GrantMapping } from "./front-domain.ts";

/** Segments of an indirect request the backend offers to take (Linux: MAX_INDIRECT_SEGMENTS). */
export const MOST_INDIRECT_SEGMENTS = 256;

export interface BlockService {
  readonly disk: Disk;
  readonly readOnly: boolean;
  /** Most segments of an indirect request; 0 where there are none. */
  readonly indirectSegments: number;
  readonly discard: boolean;
  readonly pages: BlockPages;
}

/** What a request came to. */
export interface Outcome {
  readonly status: number;
  readonly read: number;
  /** Sectors. */
  readonly written: number;
}

const refused = (status: number): Outcome => ({ status, read: 0, written: 0 });

/** Serves one request. Whatever it holds, nothing but its own pages and its own sectors is touched. */
export function serve(service: BlockService, request: BlockRequest): Outcome {
  try {
    switch (request.effective) {
      case OPERATION.read:
      case OPERATION.write:
      case OPERATION.barrier:
      case OPERATION.flush:
        return transfer(service, request);
      case OPERATION.discard:
        return discard(service, request);
      default:
        return refused(STATUS.unsupported);
    }
  } catch (error) {
    if (error instanceof GrantError) return refused(STATUS.error);
    throw error;
  } finally {
    service.pages.release();
  }
}

/** A flush may carry data, which is written; the disk has no cache of its own, so that nothing is left to flush. */
function transfer(service: BlockService, request: BlockRequest): Outcome {
  const { disk, pages } = service;
  const { effective, sector } = request;
  const segments = segmentsOf(service, request);
  if (!segments || (segments.length === 0 && effective !== OPERATION.flush)) return refused(STATUS.error);
  if (segments.some(({ first, last }) => first > last || last >= blkif.PAGE_SECTORS)) return refused(STATUS.error);
  const sectors = segments.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const reading = effective === OPERATION.read;
  if (!within(disk, sector, sectors) || (!reading && sectors > 0 && service.readOnly)) return refused(STATUS.error);
  // All pages first: a request with one bad grant moves nothing.
  const mapped = segments.map(({ reference }) => pages.map(reference, reading));
  let at = sector;
  segments.forEach((segment, index) => {
    move(disk, at, segment, mapped[index]!, reading);
    at += segment.last - segment.first + 1;
  });
  return { status: STATUS.okay, read: reading ? sectors : 0, written: reading ? 0 : sectors };
}

function move(disk: Disk, sector: number, { first, last }: Segment, page: GrantMapping, reading: boolean): void {
  const bytes = page.bytes().subarray(first * SECTOR, (last + 1) * SECTOR);
  if (reading) {
    disk.read(sector, bytes);
    page.written();
  } else {
    disk.write(sector, bytes);
  }
}

/** @returns undefined where the request has more than it may */
function segmentsOf(service: BlockService, request: BlockRequest): readonly Segment[] | undefined {
  const { operation, effective, segmentCount } = request;
  if (operation !== OPERATION.indirect) return segmentCount <= blkif.SEGMENTS ? request.segments : undefined;
  if (segmentCount > service.indirectSegments) return undefined;
  if (effective !== OPERATION.read && effective !== OPERATION.write) return undefined;
  return request.indirectPages.flatMap((reference, index) => {
    const page = service.pages.map(reference, false).bytes();
    const left = segmentCount - index * blkif.SEGMENTS_PER_PAGE;
    // Copied by decoding: what the front writes there from now on changes nothing.
    return decodeSegments(new DataView(page.buffer, page.byteOffset), 0, Math.min(left, blkif.SEGMENTS_PER_PAGE));
  });
}

function discard({ disk, readOnly, discard }: BlockService, { operation, sector, sectorCount }: BlockRequest): Outcome {
  if (operation === OPERATION.indirect) return refused(STATUS.error);
  if (!discard) return refused(STATUS.unsupported);
  if (readOnly || !within(disk, sector, sectorCount)) return refused(STATUS.error);
  disk.discard(sector, sectorCount);
  return refused(STATUS.okay);
}

/** Numbers of 64 bits: inexact beyond 2⁵³, where they are far outside any disk. */
const within = (disk: Disk, sector: number, count: number) => sector + count <= disk.sectors;
