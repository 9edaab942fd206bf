import {
  GNTMAP,
  GNTTAB_COPY,
  GNTTABOP,
  GTF,
  MAP_GRANT_REF,
  UNMAP_GRANT_REF,
} from "../../../src/xen/abi/grant-table.ts";
import { HYPERCALL } from "../../../src/xen/abi/hypercalls.ts";
import type { Values } from "../../../src/xen/abi/layout.ts";
import { ADD_TO_PHYSMAP, XENMAPSPACE, XENMEM } from "../../../src/xen/abi/memory.ts";
import { PAGE, type TestGuest } from "./processor.ts";

const OP = HYPERCALL.grant_table_op;
export const SELF = 0x7ff0;

/** A guest's kernel that grants pages and maps others', with its grant table at one frame. */
export class GrantDriver {
  readonly guest: TestGuest;
  readonly #table: number;

  constructor(guest: TestGuest, table = 2) {
    this.guest = guest;
    this.#table = table;
    const space = { domid: SELF, space: XENMAPSPACE.grant_table, idx: 0, gpfn: table };
    const { result } = guest.with(HYPERCALL.memory_op, XENMEM.add_to_physmap, ADD_TO_PHYSMAP, space);
    if (result !== 0) throw new Error(`the grant table cannot be placed: ${result}`);
  }

  grant(reference: number, domain: number, frame: number, readOnly = false): void {
    const at = this.#table * PAGE + reference * 8;
    const view = this.guest.view();
    view.setUint32(at + 4, frame, true);
    view.setUint16(at + 2, domain, true);
    view.setUint16(at, GTF.permit_access | (readOnly ? GTF.readonly : 0), true);
  }

  /** Takes a grant back, whoever uses it. */
  revoke(reference: number): void {
    this.guest.view().setUint16(this.#table * PAGE + reference * 8, 0, true);
  }

  flags(reference: number): number {
    return this.guest.view().getUint16(this.#table * PAGE + reference * 8, true);
  }

  map(dom: number, ref: number, gfn: number, readOnly = false): { status: number; handle: number } {
    const flags = GNTMAP.host_map | (readOnly ? GNTMAP.readonly : 0);
    const args = { host_addr: BigInt(gfn * PAGE), flags, ref, dom };
    return this.guest.with(OP, GNTTABOP.map_grant_ref, MAP_GRANT_REF, args, 1);
  }

  unmap(handle: number, gfn: number): number {
    const args = { host_addr: BigInt(gfn * PAGE), handle };
    return this.guest.with(OP, GNTTABOP.unmap_grant_ref, UNMAP_GRANT_REF, args, 1).status;
  }

  copy(element: Partial<Values<typeof GNTTAB_COPY>>): number {
    return this.guest.with(OP, GNTTABOP.copy, GNTTAB_COPY, element, 1).status;
  }

  load(gfn: number, offset: number): number {
    return this.guest.cpu.memory()[gfn * PAGE + offset]!;
  }

  store(gfn: number, offset: number, value: number): void {
    this.guest.cpu.memory()[gfn * PAGE + offset] = value;
  }
}
