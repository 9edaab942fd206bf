import type { NotifyCondition } from "../../../probe/io/types.ts";

/** The notify conditions written out with their numbers, as the headers compute them. */

/** The names of a condition's numbers: producer's index and threshold, or the word with the flag. */
interface Names {
  readonly producer: string;
  readonly event: string;
  readonly flags: string;
}

const NAMES: Readonly<Record<"xen" | "virtio", Readonly<Record<NotifyCondition["direction"], Names>>>> = {
  xen: {
    "front-to-back": { producer: "req_prod", event: "req_event", flags: "" },
    "back-to-front": { producer: "rsp_prod", event: "rsp_event", flags: "" },
  },
  virtio: {
    "front-to-back": { producer: "avail.idx", event: "avail_event", flags: "used.flags" },
    "back-to-front": { producer: "used.idx", event: "used_event", flags: "avail.flags" },
  },
};

export interface WrittenCondition {
  /** With the names: `(req_prod 17 − req_event 16) < (17 − old 16)`. */
  readonly named: string;
  /** With the differences worked out: `1 < 1`. */
  readonly worked: string;
  /** A difference came out below zero: what stands there is left of it modulo 2 to this power. */
  readonly modulo: 32 | 16 | undefined;
  /** What the numbers say. */
  readonly holds: boolean;
}

const MINUS = "\u2212";

/** Writes a condition out by its rule. */
export function writeCondition({ direction, rule, new: next, old, event }: NotifyCondition): WrittenCondition {
  const { producer, event: threshold, flags } = NAMES[rule === "xen" ? "xen" : "virtio"][direction];
  if (rule === "flags") {
    const bit = event & 1;
    return { named: `(${flags} ${event} & 1) = 0`, worked: `${bit} = 0`, modulo: undefined, holds: bit === 0 };
  }
  const bits = rule === "xen" ? 32 : 16;
  const one = rule === "xen" ? 0 : 1;
  const passed = next - event - one;
  const [left, right] = [wrap(passed, bits), wrap(next - old, bits)];
  const minusOne = one ? ` ${MINUS} 1` : "";
  return {
    named: `(${producer} ${next} ${MINUS} ${threshold} ${event}${minusOne}) < (${next} ${MINUS} old ${old})`,
    worked: `${left} < ${right}`,
    modulo: passed < 0 || next < old ? bits : undefined,
    holds: left < right,
  };
}

/** The remainder of a difference as an unsigned number of so many bits. */
const wrap = (value: number, bits: 16 | 32) => (bits === 32 ? value >>> 0 : value & 0xffff);
