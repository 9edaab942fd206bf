import { describe, expect, it } from "vitest";
import { ExitHistory } from "../../src/app/exit-history.ts";
import type { Exit, ExitTrace } from "../../src/probe/hypervisor/exits.ts";

const exit = (number: number, reason: string): Exit => ({
  exit: number,
  at: "0x00000000",
  reason,
  words: reason,
  domain: 0,
  level: 0,
  eip: "0xc0100000",
  vector: 14,
  error: "0x00000000",
  arguments: [],
  bytes: "",
  instruction: "",
  entered: number * 100,
  cost: 50,
  steps: [],
  cut: false,
});

/** A reading of `count` exits from a number on, all for one reason. */
function reading(from: number, count: number, reason: string): ExitTrace {
  const exits = Array.from({ length: count }, (_, index) => exit(from + index, reason));
  return { total: from + count, oldest: 0, exits, more: false };
}

const numbers = ({ exits }: ExitTrace) => exits.map((one) => one.exit);

describe("the exits a page has read", () => {
  it("are put together without a repetition", () => {
    const history = new ExitHistory();
    history.add(reading(0, 3, "EXIT_CR3"));
    expect(numbers(history.add(reading(2, 3, "EXIT_CR3")))).toEqual([0, 1, 2, 3, 4]);
    expect(history.next).toBe(5);
  });

  it("outlive an idle guest's, of which the last 512 are kept", () => {
    const history = new ExitHistory();
    history.add(reading(0, 3, "EXIT_CR3"));
    for (let from = 3; from < 3003; from += 500) history.add(reading(from, 500, "EXIT_HLT"));
    const { exits } = history.add(reading(3003, 2, "EXIT_CR3"));
    const kinds = exits.map(({ reason }) => reason);
    expect(kinds.slice(0, 4)).toEqual(["EXIT_CR3", "EXIT_CR3", "EXIT_CR3", "EXIT_HLT"]);
    expect(exits).toHaveLength(3 + 512);
  });

  it("are bounded when the guest is busy", () => {
    const history = new ExitHistory();
    for (let from = 0; from < 5000; from += 500) history.add(reading(from, 500, "EXIT_CR3"));
    const { exits } = history.add(reading(5000, 1, "EXIT_CR3"));
    expect([exits.length, exits[0]!.exit, exits.at(-1)!.exit]).toEqual([2048, 2953, 5000]);
  });

  it("end where the machine stands after it went back", () => {
    const history = new ExitHistory();
    history.add(reading(0, 10, "EXIT_CR3"));
    history.rewind(6);
    expect(history.next).toBe(6);
    expect(numbers(history.add(reading(6, 1, "EXIT_INVLPG")))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
