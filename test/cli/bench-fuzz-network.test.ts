import { afterEach, describe, expect, it, vi } from "vitest";
import { run } from "../../src/cli/bench.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("bench fuzz-network", () => {
  it("gives every target its turn, and ends with 0 when nothing went wrong", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await run(["fuzz-network", "--cases", "600", "--seed", "7", "--json"])).toBe(0);
    const report = JSON.parse(String(printed.mock.calls[0]![0])) as { seed: number; cases: Record<string, number> };
    expect(report).not.toHaveProperty("wrong");
    expect(report.seed).toBe(7);
    const counts = Object.values(report.cases);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(600);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(Object.keys(report.cases)).toContain("mutated");
  });

  it("tries one target when it is told, and says what came of it in words", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await run(["fuzz-network", "--only", "built", "--cases", "50"])).toBe(0);
    const text = printed.mock.calls.map(([line]) => line).join("\n");
    expect(text).toMatch(/^fuzz-network 50 cases from seed 1 in \d+ s\n {9}50 {2}built\n {2}nothing went wrong$/);
  });

  it.each([
    [["--cases", "0"], "`--cases` needs a number"],
    [["--seed", "1.5"], "`--seed` a whole number"],
    [["--only", "nothing"], "There is no target called `nothing`; there are built, "],
  ])("ends with 2 for %j", async (words, sentence) => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await run(["fuzz-network", ...words])).toBe(2);
    expect(String(said.mock.calls[0]![0])).toContain(sentence);
  });
});
