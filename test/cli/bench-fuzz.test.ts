import { afterEach, describe, expect, it, vi } from "vitest";
import { run } from "../../src/cli/bench.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("bench fuzz", () => {
  it("runs as many cases as it is told, from the seed it is told, and ends with 0 when nothing went wrong", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await run(["fuzz", "--cases", "500", "--seed", "7", "--json"])).toBe(0);
    const report = JSON.parse(String(printed.mock.calls[0]![0])) as { cases: number; seed: number; beats: number };
    expect(report).toMatchObject({ seed: 7 });
    expect(report.cases).toBeGreaterThanOrEqual(500);
    expect(report.beats).toBeGreaterThan(0);
    expect(report).not.toHaveProperty("wrong");
  });

  it("says what came of it in words", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await run(["fuzz", "--cases", "300", "--driver"])).toBe(0);
    const text = printed.mock.calls.map(([line]) => line).join("\n");
    expect(text).toMatch(/^fuzz {5}3\d\d cases from seed 1 in \d+ s\n/);
    expect(text).toMatch(/\n {2}nothing went wrong$/);
  });

  it.each([["--cases", "0"], ["--cases", "many"], ["--seed", "1.5"], ["--seed"]])(
    "ends with 2 for %s %s",
    async (...words) => {
      const said = vi.spyOn(console, "error").mockImplementation(() => {});
      expect(await run(["fuzz", ...words])).toBe(2);
      expect(String(said.mock.calls[0]![0])).toContain("`--cases` needs a number");
    },
  );
});
