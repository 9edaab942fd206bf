import { describe, expect, it } from "vitest";
import {
  GET_VERSION,
  GNTCOPY,
  GNTMAP,
  GNTST,
  GNTTABOP,
  GTF,
  MAP_GRANT_REF,
  QUERY_SIZE,
  SET_VERSION,
  SETUP_TABLE,
  SWAP_GRANT_REF,
  UNMAP_AND_REPLACE,
} from "../../../src/xen/abi/grant-table.ts";
import { HYPERCALL } from "../../../src/xen/abi/hypercalls.ts";
import { MEMORY_RESERVATION, XENMEM } from "../../../src/xen/abi/memory.ts";
import { GrantError } from "../../../src/xen/backends/front-domain.ts";
import { Front } from "../../../src/xen/hypervisor/front.ts";
import { GrantDriver, SELF } from "./grant-driver.ts";
import { hypervisor, named, PAGE } from "./processor.ts";

const OP = HYPERCALL.grant_table_op;
/** A frame that is granted, one that is mapped to, and references. */
const FRAME = 10;
const PLACE = 20;

function drivers(count = 2) {
  const { xen, guests } = hypervisor(count);
  return { xen, guests, all: guests.map((guest) => new GrantDriver(guest)) as [GrantDriver, GrantDriver, GrantDriver] };
}

describe("a mapped grant", () => {
  it("shows the mapper the granter's page, and marks the entry as long as it stands", () => {
    const { all } = drivers();
    const [a, b] = all;
    a.grant(8, 2, FRAME);
    a.store(FRAME, 7, 77);
    const { status, handle } = b.map(1, 8, PLACE);
    expect(status).toBe(GNTST.okay);
    expect(b.load(PLACE, 7)).toBe(77);
    expect(a.flags(8)).toBe(GTF.permit_access | GTF.reading | GTF.writing);
    expect(b.unmap(handle, PLACE)).toBe(GNTST.okay);
    expect(a.flags(8)).toBe(GTF.permit_access);
    expect(b.load(PLACE, 7)).toBe(0);
    expect(b.unmap(handle, PLACE)).toBe(GNTST.bad_handle);
  });

  it("stays when the granter revokes the entry, as in Xen", () => {
    const { all } = drivers();
    const [a, b] = all;
    a.grant(8, 2, FRAME);
    const { handle } = b.map(1, 8, PLACE);
    a.revoke(8);
    a.guest.turn(() => a.store(FRAME, 0, 5));
    b.guest.turn(() => {
      expect(b.load(PLACE, 0)).toBe(5);
      expect(b.map(1, 8, PLACE + 1).status).toBe(GNTST.okay);
      expect(b.unmap(handle, PLACE)).toBe(GNTST.okay);
    });
    expect(a.flags(8) & GTF.type_mask).toBe(0);
  });

  it("is refused to others, for writing where it is read-only, beyond the table, and of no memory", () => {
    const { all } = drivers(3);
    const [a, b, c] = all;
    a.grant(8, 2, FRAME, true);
    a.grant(9, 2, 9999);
    a.grant(10, 2, FRAME + 1);
    a.guest.view().setUint16(2 * PAGE + 10 * 8, GTF.permit_access | GTF.sub_page, true);
    expect(c.map(1, 8, PLACE).status).toBe(GNTST.general_error);
    expect(b.map(1, 8, PLACE).status).toBe(GNTST.general_error);
    expect(b.map(1, 8, PLACE, true).status).toBe(GNTST.okay);
    expect(b.map(1, 9, PLACE + 1).status).toBe(GNTST.bad_page);
    expect(b.map(1, 10, PLACE + 1).status).toBe(GNTST.general_error);
    expect(b.map(1, 512, PLACE + 1).status).toBe(GNTST.bad_gntref);
    expect(b.map(1, 0xffffffff, PLACE + 1).status).toBe(GNTST.bad_gntref);
    expect(b.map(7, 8, PLACE + 1).status).toBe(GNTST.bad_domain);
    expect(b.map(1, 8, 64, true).status).toBe(GNTST.bad_virt_addr);
    expect(b.map(1, 8, 0xfffff, true).status).toBe(GNTST.bad_virt_addr);
  });

  it("is refused of the guest itself: one page cannot stand twice in one emulator's memory", () => {
    const { all } = drivers();
    const [a] = all;
    a.grant(8, 1, FRAME);
    expect(a.map(1, 8, PLACE).status).toBe(GNTST.bad_domain);
    expect(a.flags(8)).toBe(GTF.permit_access);
  });

  it("asks for a host mapping and nothing an HVM guest cannot have", () => {
    const { all } = drivers();
    const [a, b] = all;
    a.grant(8, 2, FRAME);
    const map = (flags: number) =>
      b.guest.with(
        OP,
        GNTTABOP.map_grant_ref,
        MAP_GRANT_REF,
        { host_addr: BigInt(PLACE * PAGE), flags, ref: 8, dom: 1 },
        1,
      );
    expect(map(0).status).toBe(GNTST.bad_gntref);
    expect(map(GNTMAP.readonly).status).toBe(GNTST.bad_gntref);
    expect(map(GNTMAP.host_map | GNTMAP.contains_pte).status).toBe(GNTST.general_error);
    expect(map(GNTMAP.host_map | GNTMAP.device_map).status).toBe(GNTST.general_error);
    expect(a.flags(8)).toBe(GTF.permit_access);
  });

  it("is ended only by its own mapper, at its own place", () => {
    const { all } = drivers(3);
    const [a, b, c] = all;
    a.grant(8, 2, FRAME);
    const { handle } = b.map(1, 8, PLACE);
    expect(c.unmap(handle, PLACE)).toBe(GNTST.bad_handle);
    expect(b.unmap(handle, PLACE + 1)).toBe(GNTST.general_error);
    expect(b.unmap(handle, 0)).toBe(GNTST.okay);
    expect(a.flags(8) & GTF.writing).toBe(GTF.writing);
    const replaced = { host_addr: BigInt(PLACE * PAGE), new_addr: 4096n, handle };
    expect(b.guest.with(OP, GNTTABOP.unmap_and_replace, UNMAP_AND_REPLACE, replaced, 1).status).toBe(
      GNTST.general_error,
    );
    expect(b.unmap(handle, PLACE)).toBe(GNTST.okay);
  });

  it("keeps what it shows when the granter gives the frame up or is gone, and dies with its mapper", () => {
    const { xen, all } = drivers(3);
    const [a, b, c] = all;
    a.grant(8, 2, FRAME);
    a.grant(9, 3, FRAME + 1);
    a.store(FRAME, 0, 1);
    a.store(FRAME + 1, 0, 2);
    const first = b.map(1, 8, PLACE);
    const second = c.map(1, 9, PLACE);
    const list = a.guest.put(MEMORY_RESERVATION, { extent_start: 0x100, nr_extents: 1, domid: SELF });
    a.guest.view().setUint32(0x100, FRAME, true);
    expect(a.guest.call(HYPERCALL.memory_op, XENMEM.decrease_reservation, list)).toBe(1);
    b.guest.turn(() => expect(b.load(PLACE, 0)).toBe(1));
    xen.destroy(a.guest.guest);
    c.guest.turn(() => expect(c.load(PLACE, 0)).toBe(2));
    expect(b.unmap(first.handle, PLACE)).toBe(GNTST.okay);
    xen.destroy(c.guest.guest);
    expect(second.status).toBe(GNTST.okay);
    expect(xen.sharing.pages.size).toBe(0);
  });

  it("counts uses of one reference, and stops at what Xen can count", () => {
    const { all } = drivers();
    const [a, b] = all;
    a.grant(8, 2, FRAME);
    const maps = Array.from({ length: 20 }, (_, index) => b.map(1, 8, PLACE + index, index > 0));
    expect(maps.every(({ status }) => status === GNTST.okay)).toBe(true);
    expect(b.unmap(maps[0]!.handle, PLACE)).toBe(GNTST.okay);
    expect(a.flags(8)).toBe(GTF.permit_access | GTF.reading);
    for (let index = 1; index < 20; index++) expect(b.unmap(maps[index]!.handle, PLACE + index)).toBe(GNTST.okay);
    expect(a.flags(8)).toBe(GTF.permit_access);
    const many = Array.from({ length: 300 }, () =>
      b.guest.guest.maptrack.map(a.guest.guest, 8, BigInt(PLACE * PAGE), 6),
    );
    expect(many.filter((handle) => handle >= 0).length).toBe(255);
    expect(many.at(-1)).toBe(GNTST.general_error);
  });
});

describe("a copy", () => {
  it("goes by grant and by own frame, in both directions", () => {
    const { all } = drivers();
    const [a, b] = all;
    a.grant(8, 2, FRAME);
    a.store(FRAME, 4, 44);
    const out = { source: 8, source_domid: 1, source_offset: 4, dest: PLACE, dest_domid: SELF, dest_offset: 9, len: 1 };
    expect(b.copy({ ...out, flags: GNTCOPY.source_gref })).toBe(GNTST.okay);
    expect(b.load(PLACE, 9)).toBe(44);
    b.store(PLACE, 0, 55);
    const back = { source: PLACE, source_domid: SELF, dest: 8, dest_domid: 1, len: 1, flags: GNTCOPY.dest_gref };
    expect(b.copy(back)).toBe(GNTST.okay);
    expect(a.load(FRAME, 0)).toBe(55);
    expect(a.flags(8)).toBe(GTF.permit_access);
  });

  it("goes from one guest's grant to another's", () => {
    const { all } = drivers(3);
    const [a, b, c] = all;
    a.grant(8, 2, FRAME, true);
    c.grant(9, 2, FRAME);
    a.store(FRAME, 0, 66);
    const both = { source: 8, source_domid: 1, dest: 9, dest_domid: 3, len: PAGE };
    expect(b.copy({ ...both, flags: GNTCOPY.source_gref | GNTCOPY.dest_gref })).toBe(GNTST.okay);
    expect(c.load(FRAME, 0)).toBe(66);
    const backwards = { source: 9, source_domid: 3, dest: 8, dest_domid: 1, len: PAGE };
    expect(b.copy({ ...backwards, flags: GNTCOPY.source_gref | GNTCOPY.dest_gref })).toBe(GNTST.general_error);
  });

  it("stays within pages, domains and rights", () => {
    const { all } = drivers();
    const [a, b] = all;
    a.grant(8, 2, FRAME);
    const element = { source: 8, source_domid: 1, dest: PLACE, dest_domid: SELF, flags: GNTCOPY.source_gref };
    expect(b.copy({ ...element, len: 4097 })).toBe(GNTST.bad_copy_arg);
    expect(b.copy({ ...element, source_offset: 4095, len: 2 })).toBe(GNTST.bad_copy_arg);
    expect(b.copy({ ...element, dest_offset: 65535, len: 1 })).toBe(GNTST.bad_copy_arg);
    expect(b.copy({ ...element, dest: 9999, len: 1 })).toBe(GNTST.bad_page);
    expect(b.copy({ ...element, source_domid: 1, flags: 0, len: 1 })).toBe(GNTST.permission_denied);
    expect(b.copy({ ...element, source_domid: 9, len: 1 })).toBe(GNTST.bad_domain);
    expect(a.flags(8)).toBe(GTF.permit_access);
  });
});

describe("a backend of this program", () => {
  it("maps, copies and is refused like a domain", () => {
    const { xen, all } = drivers();
    const [a] = all;
    const front = new Front(xen, a.guest.guest);
    a.grant(8, 0, FRAME);
    a.grant(9, 0, FRAME + 1, true);
    const mapping = front.mapGrant(8, true);
    mapping.bytes()[3] = 33;
    mapping.written();
    expect(a.load(FRAME, 3)).toBe(33);
    expect(a.guest.cpu.changed.has(FRAME)).toBe(true);
    expect(front.viewGrant(8)).toEqual({ status: "mapped", address: FRAME * PAGE, readOnly: false });
    mapping.unmap();
    mapping.unmap();
    expect(a.flags(8)).toBe(GTF.permit_access);
    expect(() => front.mapGrant(9, true)).toThrow(GrantError);
    const read = new Uint8Array(2);
    front.copyFromGrant(9, 4094, read);
    expect(() => front.copyFromGrant(9, 4095, read)).toThrow(GrantError);
    expect(() => front.copyToGrant(9, 0, read)).toThrow(GrantError);
    expect(() => front.copyFromGrant(8, -1, read)).toThrow(GrantError);
    front.copyToGrant(8, 1, Uint8Array.of(1, 2));
    expect([a.load(FRAME, 1), a.load(FRAME, 2)]).toEqual([1, 2]);
    a.revoke(8);
    expect(front.viewGrant(8).status).toBe("revoked");
  });

  it("does not write where the guest has put another domain's page in the meantime", () => {
    const { xen, all } = drivers();
    const [a, b] = all;
    const front = new Front(xen, a.guest.guest);
    a.grant(8, 0, FRAME);
    b.grant(9, 1, FRAME, true);
    const mapping = front.mapGrant(8, true);
    expect(a.map(2, 9, FRAME, true).status).toBe(GNTST.okay);
    mapping.bytes().fill(0xee);
    mapping.written();
    expect(b.load(FRAME, 0)).toBe(0);
    a.guest.turn(() => expect(a.load(FRAME, 0)).toBe(0));
  });
});

describe("the table", () => {
  it("grows when a frame beyond its end is placed or asked for, up to its limit", () => {
    const { all } = drivers();
    const [a] = all;
    const size = () => a.guest.with(OP, GNTTABOP.query_size, QUERY_SIZE, { dom: SELF }, 1);
    expect(size()).toMatchObject({ status: 0, nr_frames: 1, max_nr_frames: 32 });
    const setup = (nr_frames: number) =>
      a.guest.with(OP, GNTTABOP.setup_table, SETUP_TABLE, { dom: SELF, nr_frames, frame_list: 0x200 }, 1);
    expect(setup(3).status).toBe(GNTST.okay);
    expect(size().nr_frames).toBe(3);
    expect(a.guest.view().getUint32(0x200, true)).toBe(2);
    expect(a.guest.view().getUint32(0x204, true)).toBe(0xffffffff);
    expect(setup(33).status).toBe(GNTST.general_error);
    expect(setup(0xffffffff).status).toBe(GNTST.general_error);
    const foreign = a.guest.with(OP, GNTTABOP.setup_table, SETUP_TABLE, { dom: 2, nr_frames: 1 }, 1);
    expect(foreign.status).toBe(GNTST.permission_denied);
  });

  it("is of version 1", () => {
    const { all } = drivers();
    const [a] = all;
    const set = (version: number) => a.guest.with(OP, GNTTABOP.set_version, SET_VERSION, { version }, 1);
    expect(named(set(1).result)).toBe(0);
    expect(named(set(2).result)).toBe("ENOSYS");
    expect(named(set(3).result)).toBe("EINVAL");
    expect(a.guest.with(OP, GNTTABOP.get_version, GET_VERSION, { dom: SELF }, 1).version).toBe(1);
    for (const command of [GNTTABOP.get_status_frames, GNTTABOP.transfer, GNTTABOP.dump_table, 99]) {
      expect(named(a.guest.call(OP, command, a.guest.scratch, 1))).toBe("ENOSYS");
    }
  });

  it("exchanges entries that nobody uses", () => {
    const { all } = drivers();
    const [a, b] = all;
    a.grant(8, 2, FRAME);
    const swap = (ref_a: number, ref_b: number) =>
      a.guest.with(OP, GNTTABOP.swap_grant_ref, SWAP_GRANT_REF, { ref_a, ref_b }, 1).status;
    expect(swap(8, 9)).toBe(GNTST.okay);
    expect(b.map(1, 8, PLACE).status).toBe(GNTST.general_error);
    expect(b.map(1, 9, PLACE).status).toBe(GNTST.okay);
    expect(swap(8, 9)).toBe(GNTST.eagain);
    expect(swap(8, 512)).toBe(GNTST.bad_gntref);
  });

  it("refuses a batch that is too long, and one that is not there", () => {
    const { all } = drivers();
    const [a] = all;
    expect(named(a.guest.call(OP, GNTTABOP.copy, a.guest.scratch, 0xffffffff))).toBe("EINVAL");
    a.guest.cpu.unmapped.add(5);
    expect(named(a.guest.call(OP, GNTTABOP.copy, 5 * PAGE, 1))).toBe("EFAULT");
    expect(named(a.guest.call(OP, GNTTABOP.map_grant_ref, 0xfffffff0, 4))).toBe("EFAULT");
  });
});
