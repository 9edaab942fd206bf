import type { RingState } from "../../../probe/io/types.ts";

/** What of a ring is different since the last reading: it carries a mark that fades. Without one, nothing is. */
export interface RingChanges {
  /** Slots (virtio: heads) whose state or bytes are others. */
  readonly slots: ReadonlySet<number>;
  readonly indices: ReadonlySet<string>;
}

const NOTHING: RingChanges = { slots: new Set(), indices: new Set() };

export function ringChanges(before: RingState | undefined, after: RingState): RingChanges {
  if (!before || before.ring !== after.ring) return NOTHING;
  const slots = new Map(before.slots.map((slot) => [slot.slot, slot]));
  const values = new Map(before.indices.map(({ name, value }) => [name, value]));
  const isOther = ({ slot, state, bytes }: RingState["slots"][number]) => {
    const was = slots.get(slot);
    return was ? was.state !== state || was.bytes !== bytes : state !== "free";
  };
  return {
    slots: new Set(after.slots.filter(isOther).map(({ slot }) => slot)),
    indices: new Set(after.indices.filter(({ name, value }) => values.get(name) !== value).map(({ name }) => name)),
  };
}

/** Which of a slot's bytes are others than before, by offset. */
export function changedBytes(before: string | undefined, after: string): ReadonlySet<number> {
  if (before === undefined) return new Set();
  const [then, now] = [bytesOf(before), bytesOf(after)];
  return new Set(now.flatMap((byte, at) => (byte === then[at] ? [] : [at])));
}

/** Hexadecimal digits, with or without blanks, as pairs. */
export function bytesOf(hexadecimal: string): readonly string[] {
  return hexadecimal.replace(/\s+/g, "").match(/../g) ?? [];
}
