import { type Hypervisor, structures } from "./hypervisor.ts";
import { constantOf } from "./layout.ts";
import { type Hex, hex } from "./memory.ts";
import { Structure } from "./structure.ts";

/** A granted frame read as a shared ring (Xen public/io/ring.h): what `ring.state` gives. */
export interface RingState {
  /** The domain that granted the frame, its grant reference, and who may map it. */
  readonly granter: number;
  readonly ref: number;
  readonly mapper: number;
  readonly maps: number;
  /** Machine address of the ring. */
  readonly at: Hex;
  readonly slots: number;
  /** Running freely, 32 bits; a slot is its index modulo {@link slots}. */
  readonly reqProd: number;
  readonly reqEvent: number;
  readonly rspProd: number;
  readonly rspEvent: number;
  /** Requests without a response yet. */
  readonly pending: number;
  /** Every slot, with what it holds according to the indices. */
  readonly entries: readonly RingEntry[];
}

export interface RingEntry {
  readonly slot: number;
  readonly holds: "request" | "response" | "nothing";
  readonly id: number;
  readonly op: number;
  readonly arg: number;
  readonly result: number;
}

function entries(ring: Structure, slots: number, rspProd: number, pending: number): readonly RingEntry[] {
  return Array.from({ length: slots }, (_, slot): RingEntry => {
    const entry = ring.inner("slot", slot);
    const ahead = (slot - rspProd) & (slots - 1);
    const answered = slots - ahead <= rspProd;
    return {
      slot,
      holds: ahead < pending ? "request" : answered ? "response" : "nothing",
      id: entry.number("id"),
      op: entry.number("op"),
      arg: entry.number("arg"),
      result: entry.number("result"),
    };
  });
}

/**
 * Reads every granted frame that can be a ring: no more requests are pending than it has slots, and no event index is
 * further ahead of its producer than that (`ring.state`). A frame of other contents that looks alike is given too.
 */
export function rings(hv: Hypervisor): readonly RingState[] {
  const slots = constantOf(hv.layout, "RING_SLOTS");
  return structures(hv, "domains", "nr_domains", "domain").flatMap((domain) =>
    domain.inners("grants").flatMap((grant, ref) => {
      if (grant.number("used") === 0) return [];
      const ring = new Structure(hv.memory, hv.layout, "ring", grant.number("mfn") << 12);
      const [reqProd, rspProd] = [ring.number("req_prod"), ring.number("rsp_prod")];
      const [reqEvent, rspEvent] = [ring.number("req_event"), ring.number("rsp_event")];
      const pending = (reqProd - rspProd) >>> 0;
      const beyond = (event: number, producer: number) => ((event - producer) | 0) > slots;
      if (pending > slots || beyond(reqEvent, reqProd) || beyond(rspEvent, rspProd)) return [];
      return [
        {
          granter: domain.number("id"),
          ref,
          mapper: grant.number("to"),
          maps: grant.number("maps"),
          at: hex(ring.address),
          slots,
          reqProd,
          reqEvent,
          rspProd,
          rspEvent,
          pending,
          entries: entries(ring, slots, rspProd, pending),
        },
      ];
    }),
  );
}
