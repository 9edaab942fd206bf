import { DOMID, PAGE_SHIFT } from "../../abi/domains.ts";
import { ERRNO } from "../../abi/errors.ts";
import {
  GET_VERSION,
  GNTST,
  GNTTAB_COPY,
  GNTTABOP,
  MAP_GRANT_REF,
  QUERY_SIZE,
  SET_VERSION,
  SETUP_TABLE,
  SWAP_GRANT_REF,
  UNMAP_AND_REPLACE,
  UNMAP_GRANT_REF,
} from "../../abi/grant-table.ts";
import type { AnyLayout } from "../../abi/layout.ts";
import { MOST_GRANT_FRAMES } from "../grant-table.ts";
import type { Call, Family } from "./call.ts";
import { copy } from "./grant-copy.ts";

export const grantTableOp: Family = (call) => {
  const [command, argument, count] = [call.args[0]!, call.args[1]!, call.args[2]!];
  if (!call.work.take(count)) return -ERRNO.EINVAL;
  switch (command) {
    case GNTTABOP.map_grant_ref:
      return each(call, argument, count, MAP_GRANT_REF, map);
    case GNTTABOP.unmap_grant_ref:
      return each(call, argument, count, UNMAP_GRANT_REF, unmap);
    case GNTTABOP.unmap_and_replace:
      return each(call, argument, count, UNMAP_AND_REPLACE, unmapAndReplace);
    case GNTTABOP.copy:
      return each(call, argument, count, GNTTAB_COPY, copy);
    case GNTTABOP.swap_grant_ref:
      return each(call, argument, count, SWAP_GRANT_REF, swap);
    case GNTTABOP.setup_table:
      return count === 1 ? setupTable(call, argument) : -ERRNO.EINVAL;
    case GNTTABOP.query_size:
      return count === 1 ? querySize(call, argument) : -ERRNO.EINVAL;
    case GNTTABOP.set_version:
      return setVersion(call, argument);
    case GNTTABOP.get_version:
      return getVersion(call, argument);
    default:
      return -ERRNO.ENOSYS;
  }
};

function each<L extends AnyLayout>(
  call: Call,
  argument: number,
  count: number,
  { bytes }: L,
  one: (call: Call, at: number) => void,
): number {
  for (let index = 0; index < count; index++) one(call, (argument + index * bytes) >>> 0);
  return 0;
}

function map({ xen, guest }: Call, at: number): void {
  const { host_addr, flags, ref, dom } = guest.memory.readStruct(at, MAP_GRANT_REF);
  const granter = xen.guest(dom);
  const handle = granter ? guest.maptrack.map(granter, ref, host_addr, flags) : GNTST.bad_domain;
  if (handle < 0) {
    guest.memory.writeFields(at, MAP_GRANT_REF, { status: handle });
    return;
  }
  const { frame, writable } = guest.maptrack.mappings.get(handle)!;
  if (guest.tracing)
    guest.trace("grant-map", `reference ${ref} of domain ${dom}, ${writable ? "writable" : "read-only"}`);
  const dev_bus_addr = BigInt(frame) << BigInt(PAGE_SHIFT);
  guest.memory.writeFields(at, MAP_GRANT_REF, { status: GNTST.okay, handle, dev_bus_addr });
}

function unmap({ guest }: Call, at: number): void {
  const { host_addr, handle } = guest.memory.readStruct(at, UNMAP_GRANT_REF);
  const mapping = guest.maptrack.mappings.get(handle);
  const status = guest.maptrack.unmap(handle, host_addr);
  if (mapping && status === GNTST.okay && guest.tracing) {
    guest.trace("grant-unmap", `reference ${mapping.reference} of domain ${mapping.granter?.id ?? "gone"}`);
  }
  guest.memory.writeFields(at, UNMAP_GRANT_REF, { status });
}

/** Only page tables of paravirtual guests can be given another entry: an HVM guest's mapping is not one (Xen does so). */
function unmapAndReplace({ guest }: Call, at: number): void {
  const { new_addr, host_addr, handle } = guest.memory.readStruct(at, UNMAP_AND_REPLACE);
  const status = new_addr === 0n ? guest.maptrack.unmap(handle, host_addr) : GNTST.general_error;
  guest.memory.writeFields(at, UNMAP_AND_REPLACE, { status });
}

function swap({ guest }: Call, at: number): void {
  const { ref_a, ref_b } = guest.memory.readStruct(at, SWAP_GRANT_REF);
  guest.memory.writeFields(at, SWAP_GRANT_REF, { status: guest.grants.swap(ref_a, ref_b) });
}

const isSelf = ({ guest }: Call, domain: number): boolean => domain === DOMID.self || domain === guest.id;

function setupTable(call: Call, argument: number): number {
  const { guest } = call;
  const { dom, nr_frames, frame_list } = guest.memory.readStruct(argument, SETUP_TABLE);
  let status: number = GNTST.okay;
  if (!isSelf(call, dom)) status = GNTST.permission_denied;
  else if (!guest.grants.grow(nr_frames)) status = GNTST.general_error;
  else {
    for (let index = 0; index < nr_frames; index++) {
      // A frame that was not placed yet is nowhere in guest-physical memory: INVALID_GFN.
      guest.memory.setU32((frame_list + index * 4) >>> 0, guest.grants.pages[index]!.gfn ?? 0xffffffff);
    }
  }
  guest.memory.writeFields(argument, SETUP_TABLE, { status });
  return 0;
}

function querySize(call: Call, argument: number): number {
  const { guest } = call;
  const { dom } = guest.memory.readStruct(argument, QUERY_SIZE);
  const own = isSelf(call, dom);
  guest.memory.writeFields(argument, QUERY_SIZE, {
    status: own ? GNTST.okay : GNTST.permission_denied,
    ...(own && { nr_frames: guest.grants.pages.length, max_nr_frames: MOST_GRANT_FRAMES }),
  });
  return 0;
}

/** There is version 1 only: 2 is refused, and the caller told which one it has. */
function setVersion({ guest }: Call, argument: number): number {
  const { version } = guest.memory.readStruct(argument, SET_VERSION);
  if (version !== 1 && version !== 2) return -ERRNO.EINVAL;
  guest.memory.writeFields(argument, SET_VERSION, { version: 1 });
  return version === 1 ? 0 : -ERRNO.ENOSYS;
}

function getVersion(call: Call, argument: number): number {
  const { guest } = call;
  const { dom } = guest.memory.readStruct(argument, GET_VERSION);
  if (!isSelf(call, dom)) return -ERRNO.EPERM;
  guest.memory.writeFields(argument, GET_VERSION, { version: 1 });
  return 0;
}
