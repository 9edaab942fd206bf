import { DOMID, PAGE_SIZE } from "../../abi/domains.ts";
import { GNTCOPY, GNTST, GNTTAB_COPY } from "../../abi/grant-table.ts";
import type { Values } from "../../abi/layout.ts";
import type { Guest } from "../guest.ts";
import type { Call } from "./call.ts";

/** One side of a copy: a frame of a domain, held by a grant or the caller's own. */
interface Side {
  readonly domain: Guest;
  readonly frame: number;
  release(): void;
}

/** GNTTABOP_copy of one element: between two frames, each named by a grant or, the caller's own, by its number. */
export function copy(call: Call, at: number): void {
  const element = call.guest.memory.readStruct(at, GNTTAB_COPY);
  call.guest.memory.writeFields(at, GNTTAB_COPY, { status: copyOne(call, element) });
}

function copyOne(call: Call, element: Values<typeof GNTTAB_COPY>): number {
  const { guest } = call;
  const byGrant = (flag: number) => (element.flags & flag) !== 0;
  const source = side(call, element.source_domid, element.source, byGrant(GNTCOPY.source_gref), false);
  if (typeof source === "number") return source;
  const dest = side(call, element.dest_domid, element.dest, byGrant(GNTCOPY.dest_gref), true);
  if (typeof dest === "number") {
    source.release();
    return dest;
  }
  const status = move(source, element.source_offset, dest, element.dest_offset, element.len);
  dest.release();
  source.release();
  if (status === GNTST.okay && guest.tracing) {
    guest.trace("grant-copy", `${element.len} bytes from domain ${source.domain.id} to domain ${dest.domain.id}`);
  }
  return status;
}

/** @returns a status below zero when that side cannot be used */
function side(call: Call, domid: number, name: number, byGrant: boolean, writing: boolean): Side | number {
  const { xen, guest } = call;
  if (!byGrant) {
    if (domid !== DOMID.self) return GNTST.permission_denied;
    if (!guest.frames.isMemory(name)) return GNTST.bad_page;
    if (writing && !guest.frames.isWritable(name)) return GNTST.general_error;
    return { domain: guest, frame: name, release: () => {} };
  }
  const domain = domid === DOMID.self ? guest : xen.guest(domid);
  if (!domain) return GNTST.bad_domain;
  const frame = domain.grants.acquire(name, guest.id, writing, false);
  if (frame < 0) return frame;
  domain.grants.countCopy(guest.id);
  return { domain, frame, release: () => domain.grants.release(name, writing) };
}

function move(source: Side, from: number, dest: Side, to: number, bytes: number): number {
  if (from + bytes > PAGE_SIZE || to + bytes > PAGE_SIZE) return GNTST.bad_copy_arg;
  // Both pages are made current before either is looked at: a page may be both sides.
  dest.domain.frames.page(dest.frame);
  const content = source.domain.frames.page(source.frame).subarray(from, from + bytes);
  dest.domain.frames.bytes(dest.frame).set(content, to);
  dest.domain.frames.written(dest.frame);
  return GNTST.okay;
}
