import { DOMID } from "../../abi/domains.ts";
import { ERRNO } from "../../abi/errors.ts";
import {
  ADD_TO_PHYSMAP,
  MEMORY_DOMAIN,
  MEMORY_RESERVATION,
  REMOVE_FROM_PHYSMAP,
  XENMAPIDX_GRANT_TABLE_STATUS,
  XENMAPSPACE,
  XENMEM,
  XENMEM_COMMAND_MASK,
} from "../../abi/memory.ts";
import type { Guest } from "../guest.ts";
import type { Family, Work } from "./call.ts";

/** Largest order an unprivileged domain may ask for (xen/include/asm-x86/config.h, MAX_DOMU_ORDER). */
const MOST_ORDER = 9;
/** Frame numbers fetched from a guest's list at a time. */
const FETCHED = 1024;

export const memoryOp: Family = ({ guest, args, work }) => {
  const [command, argument] = [args[0]! & XENMEM_COMMAND_MASK, args[1]!];
  switch (command) {
    case XENMEM.increase_reservation:
    case XENMEM.decrease_reservation:
    case XENMEM.populate_physmap:
      return reservation(guest, command, argument, work);
    case XENMEM.maximum_ram_page:
      return guest.frames.count - 1;
    case XENMEM.current_reservation:
    case XENMEM.maximum_reservation:
    case XENMEM.maximum_gpfn:
      return amount(guest, command, argument);
    case XENMEM.add_to_physmap:
      return addToPhysmap(guest, argument);
    case XENMEM.remove_from_physmap:
      return removeFromPhysmap(guest, argument);
    default:
      return -ERRNO.ENOSYS;
  }
};

/** Other domains are none of an unprivileged guest's business. @returns 0 or an error */
function onlySelf(guest: Guest, domain: number): number {
  if (domain === DOMID.self || domain === guest.id) return 0;
  return -ERRNO.EPERM;
}

function amount(guest: Guest, command: number, argument: number): number {
  const refused = onlySelf(guest, guest.memory.readStruct(argument, MEMORY_DOMAIN).domid);
  if (refused) return refused;
  if (command === XENMEM.current_reservation) return guest.frames.own;
  return command === XENMEM.maximum_reservation ? guest.frames.count : guest.frames.count - 1;
}

/** @returns extents done, of those asked for */
function reservation(guest: Guest, command: number, argument: number, work: Work): number {
  const { extent_start, nr_extents, extent_order, domid } = guest.memory.readStruct(argument, MEMORY_RESERVATION);
  const refused = onlySelf(guest, domid);
  if (refused) return refused;
  if (extent_order > MOST_ORDER) return -ERRNO.EPERM;
  // New frames would need new physical memory, which a guest has not: all it may have is there, or given up.
  if (command === XENMEM.increase_reservation) return 0;
  const frames = 2 ** extent_order;
  // More extents than there are frames cannot all be done; the rest need not be looked at.
  const extents = Math.min(nr_extents, guest.frames.count);
  for (let done = 0; done < extents; done += FETCHED) {
    const count = Math.min(FETCHED, extents - done);
    const list = guest.memory.read((extent_start + done * 4) >>> 0, count * 4);
    for (let index = 0; index < count; index++) {
      const first = list.getUint32(index * 4, true);
      if (!work.take(frames)) return done + index;
      const able =
        command === XENMEM.decrease_reservation ? giveUp(guest, first, frames) : populate(guest, first, frames);
      if (!able) return done + index;
    }
  }
  return extents;
}

function giveUp(guest: Guest, first: number, frames: number): boolean {
  if (first + frames > guest.frames.count) return false;
  for (let gfn = first; gfn < first + frames; gfn++) if (!guest.frames.isOwn(gfn)) return false;
  for (let gfn = first; gfn < first + frames; gfn++) {
    guest.takeFrame(gfn);
    guest.frames.giveUp(gfn);
  }
  return true;
}

function populate(guest: Guest, first: number, frames: number): boolean {
  if (first + frames > guest.frames.count) return false;
  for (let gfn = first; gfn < first + frames; gfn++) if (guest.frames.isMemory(gfn)) return false;
  for (let gfn = first; gfn < first + frames; gfn++) guest.frames.populate(gfn);
  return true;
}

function addToPhysmap(guest: Guest, argument: number): number {
  const { domid, space, idx, gpfn } = guest.memory.readStruct(argument, ADD_TO_PHYSMAP);
  const refused = onlySelf(guest, domid);
  if (refused) return refused;
  if (space !== XENMAPSPACE.shared_info && space !== XENMAPSPACE.grant_table) return -ERRNO.ENOSYS;
  if (gpfn >= guest.frames.count || !guest.frames.isOwn(gpfn)) return -ERRNO.EINVAL;
  const page = space === XENMAPSPACE.shared_info ? sharedInfo(guest, idx) : grantFrame(guest, idx);
  if (!page) return -ERRNO.EINVAL;
  if (page.gfn !== gpfn) {
    guest.takeFrame(gpfn);
    page.place(gpfn);
    guest.armUpcall();
  }
  return 0;
}

const sharedInfo = (guest: Guest, index: number) => (index === 0 ? guest.words.page : undefined);

/** Naming a frame beyond the table's end makes it grow, up to its limit. */
function grantFrame(guest: Guest, index: number) {
  if (index & XENMAPIDX_GRANT_TABLE_STATUS || !guest.grants.grow(Math.max(index + 1, guest.grants.pages.length))) {
    return undefined;
  }
  return guest.grants.pages[index];
}

function removeFromPhysmap(guest: Guest, argument: number): number {
  const { domid, gpfn } = guest.memory.readStruct(argument, REMOVE_FROM_PHYSMAP);
  const refused = onlySelf(guest, domid);
  if (refused) return refused;
  return giveUp(guest, gpfn, 1) ? 0 : -ERRNO.ENOENT;
}
