import { BlockFront, NetworkFront } from "../../../src/cli/bench/fuzz/fronts.ts";
import { FRAME, type Kernel } from "../../../src/cli/bench/fuzz/kernel.ts";
import { type Attacker, Neighbours } from "../../../src/cli/bench/fuzz/neighbours.ts";
import type { RingState } from "../../../src/probe/io/types.ts";
import { DOMID, PAGE_SIZE } from "../../../src/xen/abi/domains.ts";
import { GNTMAP, GNTTAB_COPY, GNTTABOP, MAP_GRANT_REF, UNMAP_GRANT_REF } from "../../../src/xen/abi/grant-table.ts";
import { HYPERCALL } from "../../../src/xen/abi/hypercalls.ts";

/** A frame nobody uses, counted from the first free one. */
export const spare = (index: number) => FRAME.free + 16 + index;
export const pageOf = ({ processor }: Kernel, frame: number) =>
  processor.bytes.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);

/** Two bad neighbours with their devices connected, beside the good one. */
export function world() {
  const neighbours = new Neighbours();
  const [one, other] = neighbours.attackers() as [Attacker, Attacker];
  return { neighbours, one, other, devices: connected(one), unharmed: () => unharmed(neighbours) };
}

/** Connects an attacker's devices by the book. */
export function connected({ kernel, home }: Attacker) {
  const block = new BlockFront(kernel, `${home}/device/vbd/51712`, 0);
  const network = new NetworkFront(kernel, `${home}/device/vif/0`, 0);
  kernel.turn(() => {
    block.offer();
    network.offer();
  });
  kernel.turn(() => block.connected());
  return { block, network };
}

/** @returns what is wrong with the good neighbour: nothing */
function unharmed(neighbours: Neighbours): string | undefined {
  return neighbours.victim.inspect() ?? neighbours.victim.beat();
}

/** What a probe says of a ring. */
export const ringOf = ({ platform }: Neighbours, machine: string, ring: string) =>
  platform.probe(machine, "ring.state", { ring }) as RingState;

export function map(kernel: Kernel, dom: number, ref: number, frame: number, { readOnly = false } = {}) {
  const flags = GNTMAP.host_map | (readOnly ? GNTMAP.readonly : 0);
  const values = { host_addr: BigInt(frame) * BigInt(PAGE_SIZE), flags, ref, dom };
  return kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.map_grant_ref, MAP_GRANT_REF, values, 1);
}

export function unmap(kernel: Kernel, handle: number, frame: number): number {
  const values = { host_addr: BigInt(frame) * BigInt(PAGE_SIZE), handle };
  return kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.unmap_grant_ref, UNMAP_GRANT_REF, values, 1).status;
}

/** One side of a copy: a grant of a domain, or a frame of the caller's own. */
export type Side = { readonly dom: number; readonly ref: number } | { readonly frame: number };

export function copy(kernel: Kernel, from: Side, to: Side, { at = 0, bytes = PAGE_SIZE } = {}): number {
  const values = {
    source: "ref" in from ? from.ref : from.frame,
    source_domid: "ref" in from ? from.dom : DOMID.self,
    source_offset: at,
    dest: "ref" in to ? to.ref : to.frame,
    dest_domid: "ref" in to ? to.dom : DOMID.self,
    dest_offset: at,
    len: bytes,
    flags: ("ref" in from ? 1 : 0) | ("ref" in to ? 2 : 0),
  };
  return kernel.ask(HYPERCALL.grant_table_op, GNTTABOP.copy, GNTTAB_COPY, values, 1).status;
}
