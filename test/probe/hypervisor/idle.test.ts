import { describe, expect, it } from "vitest";
import type { Exit } from "../../../src/probe/hypervisor/exits.ts";
import { idleExits } from "../../../src/probe/hypervisor/idle.ts";

type Written = readonly [reason: string, more?: Partial<Exit> & { readonly first?: string }];

/** Exits of a domain's kernel, numbered from 10; `first` is the name or the value of their first argument. */
function exits(...written: readonly Written[]): Exit[] {
  return written.map(([reason, { first = "0x00000000", ...more } = {}], index) => ({
    exit: 10 + index,
    at: "0x00000000",
    reason,
    words: reason,
    domain: 0,
    level: 0,
    eip: "0xc0100000",
    vector: 13,
    error: "0x00000000",
    arguments: first.startsWith("0x")
      ? [{ name: "port", kind: "hex", value: first as `0x${string}` }]
      : [{ name: "number", kind: "hypercall", value: "0x0000000a", meaning: first }],
    bytes: "",
    instruction: "",
    entered: index * 100,
    cost: 50,
    steps: [],
    cut: false,
    ...more,
  }));
}

const TICK: readonly Written[] = [
  ["EXIT_HLT"],
  ["EXIT_IO_OUT", { first: "0x00000020" }],
  ["EXIT_IRET"],
  ["EXIT_CLI"],
  ["EXIT_STI"],
];
const idle = (...written: readonly Written[]) => [...idleExits(exits(...written))].sort((a, b) => a - b);

describe("exits of an idle guest", () => {
  it("are its waits and the ticks between them", () => {
    expect(idle(...TICK, ...TICK)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it("are not what wakes it to work, the wait before that included", () => {
    expect(idle(["EXIT_CLI"], ...TICK, ["EXIT_CR3"], ...TICK)).toEqual([17, 18, 19, 20, 21]);
    expect(idle(["EXIT_HLT"], ["EXIT_IO_IN"], ["EXIT_IRET"], ["EXIT_HLT"])).toEqual([13]);
    expect(idle(["EXIT_HLT"], ["EXIT_IO_OUT", { first: "0x000003f8" }])).toEqual([]);
    expect(idle(["EXIT_HLT"], ["EXIT_CLI", { level: 3 }])).toEqual([]);
  });

  it("are a paravirtual guest's waits, too, and no other hypercall", () => {
    const wait: Written = ["EXIT_HYPERCALL", { first: "HC_BLOCK" }];
    expect(idle(wait, ["EXIT_IRET"], wait, ["EXIT_HYPERCALL", { first: "HC_MMU_UPDATE" }])).toEqual([10, 11]);
  });

  it("are told for each domain by itself", () => {
    expect(idle(["EXIT_HLT"], ["EXIT_CR3", { domain: 1 }], ["EXIT_IRET"], ["EXIT_HLT"])).toEqual([10, 12, 13]);
  });
});
