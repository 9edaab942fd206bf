import { beforeAll, describe, expect, it } from "vitest";
import {
  type Differences,
  type Facts,
  loadSuite,
  parseFacts,
  readCommitted,
  readDifferences,
  runSuiteInQemu,
  runV86,
} from "./cpu.ts";
import { hasQemu } from "./qemu.ts";

/** What the hypervisor relies on in the CPU: images/hypervisor/cputest, in v86 and in QEMU, line by line. */

const { differences, same }: Differences = await readDifferences();
const committed: Facts = await readCommitted();
const hostile = [...committed.keys()].filter((name) => name.startsWith("hostile/") && name !== "hostile/cases");

/** Said for a hostile case after which nothing is printed: the machine ends. */
const ENDS = "ends the machine";

/** Every listed case, once. */
const listed = differences.flatMap(({ cases }) => Object.entries(cases));

/** What v86 is to say: QEMU's facts, but for the differences. */
function expectedOfV86(hostileCases: boolean): Record<string, string> {
  const expected = [...committed].filter(([name]) => name.startsWith("hostile/") === hostileCases);
  for (const [name, { v86 }] of listed) {
    if (name.startsWith("hostile/") === hostileCases) expected.push([name, v86]);
  }
  return Object.fromEntries(expected);
}

let elf: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  elf = await loadSuite();
});

describe("the list of differences", () => {
  it("names each case once, quotes QEMU as committed, and holds no line where the two agree", () => {
    const names = listed.map(([name]) => name);
    expect(names).toEqual([...new Set(names)]);
    for (const [name, { v86, qemu }] of listed) {
      expect([name, committed.get(name) || ENDS]).toEqual([name, qemu]);
      expect([name, v86]).not.toEqual([name, qemu]);
    }
  });

  it("says of each group why it matters, and who does what the manual says", () => {
    for (const group of [...differences, ...same]) expect(group.why).toMatch(/^\S.{40,}\.$/);
    expect(new Set(differences.map(({ manual }) => manual))).toEqual(new Set(["v86", "qemu", "either", "neither"]));
  });

  it("names the cases in which v86 and QEMU agree against the manual", () => {
    const rows = same.flatMap(({ cases }) => Object.entries(cases));
    expect(rows.length).toBeGreaterThan(0);
    for (const [name, { both, manual }] of rows) {
      expect([name, committed.get(name)]).toEqual([name, both]);
      expect(both).not.toBe(manual);
      expect(names(listed)).not.toContain(name);
    }
  });
});

const names = (rows: readonly (readonly [string, unknown])[]) => rows.map(([name]) => name);

describe.each([
  { how: "interpreted", compiled: false },
  { how: "compiled", compiled: true },
])("v86, $how", ({ compiled }) => {
  it("does what QEMU does, but for the listed differences", async () => {
    const run = await runV86(elf, { compiled });
    expect(run).toMatchObject({ code: 0 });
    expect(Object.fromEntries(parseFacts(run.text))).toEqual(expectedOfV86(false));
  });
});

describe("hostile cases in v86, each in a machine of its own", () => {
  const expected = expectedOfV86(true);

  it.each(hostile.map((name, index) => [name, index + 1] as const))("%s", async (name, number) => {
    const run = await runV86(elf, { compiled: true, commandLine: `hostile=${number}` });
    const said = parseFacts(run.text);
    expect(said.get("hostile/cases")).toBe(String(hostile.length));
    const error = run.error instanceof Error ? `throws ${run.error.name}` : undefined;
    expect([name, error ?? said.get(name)]).toEqual([name, expected[name]]);
  });

  it("leave the process as it was: a machine made afterwards runs the whole suite", async () => {
    const [harmless, broken] = await Promise.all([
      runV86(elf, { compiled: true }),
      runV86(elf, { compiled: true, commandLine: "hostile=1" }),
    ]);
    expect(broken.error).toBeInstanceOf(WebAssembly.RuntimeError);
    expect(Object.fromEntries(parseFacts(harmless.text))).toEqual(expectedOfV86(false));
  });
});

describe.skipIf(!hasQemu())("QEMU", () => {
  it("says what is committed", async () => {
    const texts = [await runSuiteInQemu(elf), await runSuiteInQemu(elf, "hostile=all")];
    expect(Object.fromEntries(parseFacts(texts.join("\n")))).toEqual(Object.fromEntries(committed));
  });
});
