import { describe, expect, it } from "vitest";
import { ARGUMENTS } from "../../../src/probe/hypervisor/arguments.ts";
import { constantOf, enumerator, enumOf, fieldOf, readLayout, structOf } from "../../../src/probe/hypervisor/layout.ts";
import { builtLayout, hasCompiler, layout, makeLayout } from "./layout.ts";

const names = (list: string) => enumOf(layout(), list).map(({ name }) => name);

describe("the layout the compiler makes", () => {
  it.skipIf(!hasCompiler)("is the committed image's: the image was built from these headers", () => {
    expect(builtLayout()).toEqual(makeLayout());
  });

  it("keeps to what the headers promise of sizes and places", () => {
    expect(structOf(layout(), "trace_record").size).toBe(64);
    expect(structOf(layout(), "ring").size).toBe(64 + 16 * constantOf(layout(), "RING_SLOTS"));
    expect(fieldOf(layout(), "ring", "slot")).toEqual({ offset: 64, size: 16, count: 32, struct: "ring_slot" });
    expect(fieldOf(layout(), "domain", "credit").signed).toBe(true);
    expect(fieldOf(layout(), "mmu", "p2m").count).toBe(constantOf(layout(), "DOMAIN_FRAMES"));
  });

  it("holds every exit, every step and every seeded bug the headers name", () => {
    const values = (list: string) => enumOf(layout(), list).map(({ value }) => value);
    const run = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
    const firstStep = constantOf(layout(), "TRACE_STEPS_START");
    expect(values("exit_reason")).toEqual(run(1, values("exit_reason").length + 1));
    expect(values("trace_step")).toEqual(run(firstStep, constantOf(layout(), "TRACE_KINDS")));
    expect(values("bug")).toEqual(run(0, constantOf(layout(), "BUG_COUNT")));
  });

  it("has words for every exit, step, refusal and end of a domain", () => {
    const lists = ["exit_reason", "trace_step", "refusal", "kill"];
    const wordless = lists.flatMap((list) => enumOf(layout(), list)).filter(({ words }) => !words);
    expect(wordless).toEqual([]);
  });

  it("names the kinds of record whose arguments the probes know, no more and no fewer", () => {
    expect(Object.keys(ARGUMENTS).sort()).toEqual([...names("exit_reason"), ...names("trace_step")].sort());
  });

  it("says which structure or field it lacks", () => {
    expect(() => fieldOf(layout(), "domain", "colour")).toThrow("field `colour` of `struct domain`");
    expect(() => structOf(layout(), "toString")).toThrow("struct `toString`");
    expect(enumerator(layout(), "kill", 99)).toEqual({ value: 99, name: "kill 99" });
  });

  it("is refused when it is damaged, with the place", () => {
    const spoil = (change: (copy: Record<string, Record<string, unknown>>) => void) => {
      const copy = builtLayout() as Record<string, Record<string, unknown>>;
      change(copy);
      return () => readLayout(copy);
    };
    const beyond = { offset: 60, size: 4, count: 2 };
    expect(
      spoil((copy) => {
        (copy.structs!.trace_record as { fields: Record<string, unknown> }).fields.arg = beyond;
      }),
    ).toThrow("structs.trace_record.fields.arg should be a field inside its structure");
    expect(
      spoil((copy) => {
        copy.constants!.HV_HOLE = "high";
      }),
    ).toThrow("constants.HV_HOLE should be a whole number");
  });
});
