import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME } from "../../../src/cli/bench/fuzz/kernel.ts";
import { SHARED } from "../../../src/cli/bench/fuzz/neighbours.ts";
import { DOMID, PAGE_SIZE } from "../../../src/xen/abi/domains.ts";
import { ERRNO } from "../../../src/xen/abi/errors.ts";
import { GNTST, GNTTABOP, GTF, MAP_GRANT_REF, SET_VERSION, UNMAP_GRANT_REF } from "../../../src/xen/abi/grant-table.ts";
import { HYPERCALL } from "../../../src/xen/abi/hypercalls.ts";
import { writeLayout } from "../../../src/xen/abi/layout.ts";
import { MEMORY_RESERVATION, XENMEM } from "../../../src/xen/abi/memory.ts";
import { copy, map, pageOf, spare, unmap, world } from "./world.ts";

/** A reference that the first of the two attackers gives the other, and where its page is. */
const REFERENCE = 300;

function given({ readOnly = false } = {}) {
  const all = world();
  const { one, other } = all;
  const flags = GTF.permit_access | (readOnly ? GTF.readonly : 0);
  one.kernel.setGrant(REFERENCE, flags, other.id, spare(0));
  pageOf(one.kernel, spare(0)).fill(0x11);
  return {
    ...all,
    granter: one,
    mapper: other,
    marks: () => one.kernel.grantFlags(REFERENCE) & (GTF.reading | GTF.writing),
  };
}

describe("a grant", () => {
  it("lets in only whom it names, and for what it says", () => {
    const { neighbours, one, other, unharmed } = world();
    const victim = neighbours.victimId;
    const status = (ref: number, readOnly: boolean) => {
      return one.kernel.turn(() => map(one.kernel, victim, ref, spare(0), { readOnly }).status);
    };
    expect(status(SHARED.readable, false)).toBe(GNTST.general_error);
    expect(status(SHARED.readable + 2, true)).toBe(GNTST.general_error);
    expect(status(SHARED.writable + 1, true)).toBe(GNTST.general_error);
    expect(status(0x7fffffff, true)).toBe(GNTST.bad_gntref);
    expect(one.kernel.turn(() => map(one.kernel, 99, 8, spare(0)).status)).toBe(GNTST.bad_domain);
    const into = { dom: victim, ref: SHARED.readable };
    expect(one.kernel.turn(() => copy(one.kernel, { frame: spare(0) }, into))).toBe(GNTST.general_error);
    expect(other.kernel.turn(() => copy(other.kernel, into, { frame: spare(0) }))).toBe(GNTST.general_error);
    expect(unharmed()).toBeUndefined();
  });

  it("for reading is not written by a copy, by the answer to a hypercall, or by stores behind a mapping", () => {
    const { neighbours, one, unharmed } = world();
    const { kernel } = one;
    const before = pageOf(neighbours.victim.kernel, FRAME.free).slice();
    kernel.turn(() => {
      expect(map(kernel, neighbours.victimId, SHARED.readable, spare(0), { readOnly: true }).status).toBe(0);
      expect(pageOf(kernel, spare(0))).toEqual(before);
      expect(copy(kernel, { frame: spare(1) }, { frame: spare(0) })).toBe(GNTST.general_error);
      kernel.call(HYPERCALL.xen_version, 3, spare(0) * PAGE_SIZE);
      pageOf(kernel, spare(0)).fill(0xee);
    });
    expect(unharmed()).toBeUndefined();
    kernel.turn(() => kernel.tellStore(new Uint8Array(16)));
    expect(unharmed()).toBeUndefined();
  });

  it("for reading cannot be put where xenstored or the console write", () => {
    const { neighbours, one, unharmed } = world();
    const { kernel } = one;
    for (const frame of [
      kernel.storePage / PAGE_SIZE,
      kernel.storePage / PAGE_SIZE + 1,
      FRAME.sharedInfo,
      FRAME.grants,
    ]) {
      kernel.turn(() => map(kernel, neighbours.victimId, SHARED.readable, frame, { readOnly: true }));
      kernel.turn(() => {
        kernel.send(kernel.storePort);
        kernel.send(kernel.storePort + 1);
        kernel.port(0);
      });
      expect(unharmed()).toBeUndefined();
    }
  });

  it("of one's own is not mapped, nor under another's handle unmapped", () => {
    const { granter, mapper, neighbours } = given();
    const { kernel } = granter;
    kernel.turn(() => expect(map(kernel, DOMID.self, REFERENCE, spare(5)).status).toBe(GNTST.bad_domain));
    kernel.turn(() => expect(map(kernel, granter.id, REFERENCE, spare(5)).status).toBe(GNTST.bad_domain));
    const { handle } = mapper.kernel.turn(() => map(mapper.kernel, granter.id, REFERENCE, spare(5)));
    expect(kernel.turn(() => unmap(kernel, handle, spare(5)))).toBe(GNTST.bad_handle);
    expect(neighbours.platform.xen.guest(mapper.id)!.maptrack.mappings.size).toBe(1);
  });

  it("stays as it was mapped when it is taken back or given to another: use ends with the unmapping (use after revoke)", () => {
    const { granter, mapper } = given();
    const { handle } = mapper.kernel.turn(() => map(mapper.kernel, granter.id, REFERENCE, spare(5)));
    granter.kernel.turn(() => {
      granter.kernel.setGrant(REFERENCE, 0, 0, 0);
      granter.kernel.setGrant(REFERENCE, GTF.permit_access, mapper.id, spare(1));
      pageOf(granter.kernel, spare(0)).fill(0x22);
      pageOf(granter.kernel, spare(1)).fill(0x33);
    });
    mapper.kernel.turn(() => {
      expect(pageOf(mapper.kernel, spare(5))[0]).toBe(0x22);
      pageOf(mapper.kernel, spare(5)).fill(0x44);
    });
    granter.kernel.turn(() => {
      expect([spare(0), spare(1)].map((frame) => pageOf(granter.kernel, frame)[0])).toEqual([0x44, 0x33]);
      granter.kernel.setGrant(REFERENCE, 0, 0, 0);
    });
    mapper.kernel.turn(() => {
      expect(unmap(mapper.kernel, handle, spare(5))).toBe(0);
      expect(map(mapper.kernel, granter.id, REFERENCE, spare(5)).status).toBe(GNTST.general_error);
      pageOf(mapper.kernel, spare(5)).fill(0x55);
    });
    granter.kernel.turn(() => expect(pageOf(granter.kernel, spare(0))[0]).toBe(0x44));
  });

  it("under a frame that is given up leaves the mapping its page, and the frame none of it", () => {
    const { granter, mapper } = given();
    mapper.kernel.turn(() => map(mapper.kernel, granter.id, REFERENCE, spare(5)));
    granter.kernel.turn(() => {
      balloon(granter.kernel, XENMEM.decrease_reservation, spare(0));
      balloon(granter.kernel, XENMEM.populate_physmap, spare(0));
      pageOf(granter.kernel, spare(0)).fill(0x66);
    });
    mapper.kernel.turn(() => {
      expect(pageOf(mapper.kernel, spare(5))[0]).toBe(0x11);
      pageOf(mapper.kernel, spare(5)).fill(0x77);
    });
    granter.kernel.turn(() => expect(pageOf(granter.kernel, spare(0))[0]).toBe(0x66));
  });

  it("is marked as in use as long as it is, whatever the order of uses (XSA-224, XSA-230)", () => {
    const use = fc.record({ readOnly: fc.boolean(), end: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 14 }), (uses) => {
        const { granter, mapper, marks } = given();
        const open: { handle: number; frame: number; readOnly: boolean }[] = [];
        mapper.kernel.turn(() => {
          for (const [i, { readOnly, end }] of uses.entries()) {
            const frame = spare(5 + i);
            const { status, handle } = map(mapper.kernel, granter.id, REFERENCE, frame, { readOnly });
            expect(status).toBe(0);
            open.push({ handle, frame, readOnly });
            const [ended] = end < open.length ? open.splice(end, 1) : [];
            if (ended) expect(unmap(mapper.kernel, ended.handle, ended.frame)).toBe(0);
            const writing = open.some((each) => !each.readOnly) ? GTF.writing : 0;
            expect(marks()).toBe(open.length > 0 ? GTF.reading | writing : 0);
          }
        });
        mapper.kernel.place.detach();
        expect(marks()).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("that fails to be mapped or copied counts as no use (XSA-226, XSA-316, XSA-318)", () => {
    const { granter, mapper, marks } = given({ readOnly: true });
    const { kernel } = mapper;
    kernel.turn(() => {
      expect(map(kernel, granter.id, REFERENCE, 0xfffff).status).toBeLessThan(0);
      expect(map(kernel, granter.id, REFERENCE, spare(5)).status).toBe(GNTST.general_error);
      const from = { dom: granter.id, ref: REFERENCE };
      expect(copy(kernel, from, { frame: 0xfffff })).toBe(GNTST.bad_page);
      expect(copy(kernel, from, { dom: granter.id, ref: REFERENCE + 1 })).toBe(GNTST.general_error);
      expect(copy(kernel, from, from)).toBe(GNTST.general_error);
      expect(copy(kernel, from, { frame: spare(5) }, { at: 1 })).toBe(GNTST.bad_copy_arg);
      expect(copy(kernel, from, { frame: spare(5) }, { bytes: 0xffff })).toBe(GNTST.bad_copy_arg);
      // The status of a list's element is written where the guest can lose it: before the end of its memory.
      const at = mapper.kernel.processor.memoryBytes - MAP_GRANT_REF.bytes + 8;
      expect(kernel.call(HYPERCALL.grant_table_op, GNTTABOP.map_grant_ref, at, 1)).toBe(-ERRNO.EFAULT);
    });
    expect(marks()).toBe(0);
  });

  it("table has one version, and no status frames to lose (XSA-255, XSA-384)", () => {
    const { one, unharmed } = world();
    const { kernel } = one;
    kernel.turn(() => {
      const { result, version } = kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.set_version, SET_VERSION, {
        version: 2,
      });
      expect([result, version]).toEqual([-ERRNO.ENOSYS, 1]);
      expect(kernel.call(HYPERCALL.grant_table_op, GNTTABOP.get_status_frames, 0, 1)).toBe(-ERRNO.ENOSYS);
      expect(kernel.call(HYPERCALL.grant_table_op, GNTTABOP.transfer, 0, 1)).toBe(-ERRNO.ENOSYS);
    });
    expect(unharmed()).toBeUndefined();
  });

  it("mapped under thousands of references costs steps by their number, and comes to an end", () => {
    const { neighbours, one: granter, other: mapper, unharmed } = world();
    const count = 1500;
    for (let i = 0; i < count; i++) granter.kernel.setGrant(200 + i, GTF.permit_access, mapper.id, spare(0));
    const list = 256 * PAGE_SIZE;
    const before = neighbours.steps.count;
    const statuses = mapper.kernel.turn(() => {
      for (let i = 0; i < count; i++) {
        const host_addr = BigInt((400 + (i % 300)) * PAGE_SIZE);
        const values = { host_addr, flags: 2, ref: 200 + i, dom: granter.id };
        writeLayout(mapper.kernel.view, list + i * MAP_GRANT_REF.bytes, MAP_GRANT_REF, values);
      }
      expect(mapper.kernel.call(HYPERCALL.grant_table_op, GNTTABOP.map_grant_ref, list, count)).toBe(0);
      return Array.from({ length: count }, (_, i) =>
        mapper.kernel.view.getInt16(list + i * MAP_GRANT_REF.bytes + 18, true),
      );
    });
    expect(statuses.filter((status) => status === 0).length).toBeGreaterThan(200);
    expect(statuses).toContain(GNTST.no_space);
    expect(neighbours.steps.count - before).toBeLessThan(count * 2000);
    expect(mapper.kernel.turn(() => mapper.kernel.call(HYPERCALL.grant_table_op, 0, list, 5000))).toBe(-ERRNO.EINVAL);
    expect(unharmed()).toBeUndefined();
  });

  it("handle is free once it is unmapped, once (XSA-228)", () => {
    const { granter, mapper } = given();
    const { kernel } = mapper;
    kernel.turn(() => {
      const handles = [5, 6, 7].map((i) => map(kernel, granter.id, REFERENCE, spare(i)).handle);
      expect(new Set(handles).size).toBe(3);
      expect([5, 5, 5].map((i) => unmap(kernel, handles[0]!, spare(i)))).toEqual([
        0,
        GNTST.bad_handle,
        GNTST.bad_handle,
      ]);
      const again = [5, 8].map((i) => map(kernel, granter.id, REFERENCE, spare(i)).handle);
      expect(new Set([...again, handles[1], handles[2]]).size).toBe(4);
      const values = { host_addr: BigInt(spare(6) * PAGE_SIZE), handle: handles[2]! };
      const { status } = kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.unmap_grant_ref, UNMAP_GRANT_REF, values, 1);
      expect(status).toBe(GNTST.general_error);
    });
  });
});

function balloon(kernel: Parameters<typeof map>[0], command: number, frame: number): void {
  const list = spare(40) * PAGE_SIZE;
  kernel.view.setUint32(list, frame, true);
  const values = { extent_start: list, nr_extents: 1, extent_order: 0, domid: DOMID.self };
  expect(kernel.ask(HYPERCALL.memory_op, command, MEMORY_RESERVATION, values).result).toBe(1);
}
