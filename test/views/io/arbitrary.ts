import fc from "fast-check";
import type { RingState, Virtqueue } from "../../../src/probe/io/types.ts";
import { virtqueue, xenRing } from "./rings.ts";

/** Rings as a hostile guest may leave them: any index anywhere, any slot in any state, chains that bite their tails. */

const STATES = ["free", "requested", "serving", "answered"] as const;
const capacities = fc.integer({ min: 0, max: 11 }).map((power) => 2 ** power);
const word = (bits: 16 | 32) => fc.integer({ min: 0, max: bits === 32 ? 0xffff_ffff : 0xffff });

function indicesOf(base: RingState, capacity: number, values: readonly number[]): RingState["indices"] {
  return base.indices.map((index, at) => ({ ...index, value: values[at]!, slot: values[at]! % capacity }));
}

const notify = (rules: readonly ("xen" | "event-idx" | "flags")[], bits: 16 | 32) =>
  fc.array(
    fc.record({
      direction: fc.constantFrom("front-to-back" as const, "back-to-front" as const),
      rule: fc.constantFrom(...rules),
      new: word(bits),
      old: word(bits),
      event: word(bits),
      holds: fc.boolean(),
    }),
    { maxLength: 2 },
  );

const batches = fc.array(
  fc.record({
    direction: fc.constantFrom("front-to-back" as const, "back-to-front" as const),
    at: fc.nat(),
    entries: fc.nat(4096),
    notified: fc.boolean(),
  }),
  { maxLength: 256 },
);

/** Any Xen ring of up to 2048 slots. */
export const anyXenRing: fc.Arbitrary<RingState> = capacities.chain((capacity) =>
  fc
    .record({
      values: fc.array(word(32), { minLength: 8, maxLength: 8 }),
      states: fc.array(fc.constantFrom(...STATES), { maxLength: Math.min(capacity, 64) }),
      conditions: notify(["xen"], 32),
      looks: batches,
    })
    .map(({ values, states, conditions, looks }) => {
      const base = xenRing();
      const slots = states.map((state, slot) => ({ ...base.slots[slot % 32]!, slot, state }));
      return {
        ...base,
        capacity,
        slots,
        indices: indicesOf(base, capacity, values),
        notify: conditions,
        batches: looks,
      };
    }),
);

const areas = (capacity: number): fc.Arbitrary<Virtqueue> => {
  const id = fc.nat(capacity * 2);
  const entries = <T>(entry: fc.Arbitrary<T>) => fc.array(entry, { minLength: capacity, maxLength: capacity });
  return fc.record({
    queue: fc.constant(0),
    eventIdx: fc.boolean(),
    descriptors: fc.array(
      fc.record({
        index: fc.nat(capacity - 1),
        address: fc.constant("pa:0x00001000"),
        bytes: fc.nat(4096),
        writable: fc.boolean(),
        next: fc.option(id, { nil: undefined }),
        indirect: fc.boolean(),
      }),
      { maxLength: 32 },
    ) as fc.Arbitrary<Virtqueue["descriptors"]>,
    avail: entries(id),
    used: entries(fc.record({ id, bytes: fc.nat(4096) })),
  });
};

/** Any virtqueue of up to 256 entries. */
export const anyVirtqueue: fc.Arbitrary<RingState> = fc
  .integer({ min: 0, max: 8 })
  .map((power) => 2 ** power)
  .chain((capacity) =>
    fc
      .record({
        values: fc.array(word(16), { minLength: 6, maxLength: 6 }),
        chains: fc.uniqueArray(fc.nat(capacity - 1), { maxLength: Math.min(capacity, 32) }),
        states: fc.array(fc.constantFrom(...STATES), { minLength: 32, maxLength: 32 }),
        virtqueue: areas(capacity),
        conditions: notify(["event-idx", "flags"], 16),
      })
      .map(({ values, chains, states, virtqueue: queue, conditions }) => {
        const base = virtqueue();
        const slots = chains.map((slot, at) => ({ ...base.slots[at % base.slots.length]!, slot, state: states[at]! }));
        const indices = indicesOf(base, capacity, values);
        return { ...base, capacity, slots, indices, notify: conditions, virtqueue: queue };
      }),
  );

export const anyRing = fc.oneof(anyXenRing, anyVirtqueue);
