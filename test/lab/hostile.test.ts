import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Fault, readLab } from "../../src/lab/index.ts";
import { labOf, labTexts } from "./fixtures.ts";

const ORIGIN = { address: "", foreign: true };
const read = (yaml: string, prose = "") => readLab({ yaml, prose: { en: prose, zh: prose } }, 0, ORIGIN);
const first = (yaml: string) => read(yaml).faults[0]?.message;

/** Line and column exist, and there is something to read. */
const isUsable = ({ line, column, message }: Fault) => line >= 1 && column >= 1 && message.length > 0;

const anyYaml = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "en", "zh", "run", "check", "id")), tie("node")),
  ),
})).node;

describe("readLab", () => {
  it("answers any bytes with faults, never with an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const { faults } = read(new TextDecoder().decode(bytes), new TextDecoder().decode(bytes));
        return faults.length > 0 && faults.every(isUsable);
      }),
    );
  });

  it("answers any data in the place of any part of a lab with faults or a lab", () => {
    const parts = [
      "version",
      "id",
      "title",
      "minutes",
      "machines",
      "seed",
      "hosts",
      "links",
      "layout",
      "tasks",
      "steps",
    ];
    const sound = labOf(labTexts("  up: { check: x }"));
    const base = {
      version: 1,
      id: sound.id,
      title: sound.title,
      minutes: 5,
      machines: { box: { image: "linux" } },
      tasks: {},
      steps: [{ id: "one" }],
    };
    fc.assert(
      fc.property(fc.constantFrom(...parts), anyYaml, (part, data) => {
        const { lab, faults } = read(stringify({ ...base, [part]: data }));
        return lab ? faults.length === 0 : faults.every(isUsable) && faults.length > 0;
      }),
    );
  });

  it("answers any data as a task with faults or a lab", () => {
    const keys = [
      "check",
      "probe",
      "where",
      "ask",
      "choices",
      "tolerance",
      "answer",
      "reveal",
      "hint",
      "fail",
      "needs",
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), anyYaml), (task) => {
        const texts = labTexts(`  up: ${JSON.stringify(task)}`);
        const { lab, faults } = readLab(texts, 0, ORIGIN);
        return lab ? faults.length === 0 : faults.every(isUsable) && faults.length > 0;
      }),
    );
  });

  it("does not expand aliases without end", () => {
    const levels = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`);
    expect(first(["a0: &a0 x", ...levels].join("\n"))).toMatch(/aliases/);
  });

  it("refuses aliases of what they stand in", () => {
    expect(first("a: &a { b: *a }")).toBeDefined();
  });

  it("refuses nesting that is deeper than its stack", () => {
    expect(first("[".repeat(100_000))).toBeDefined();
    expect(first(`a: ${"{ a: ".repeat(200)}1${" }".repeat(200)}`)).toMatch(/nested/);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("refuses the name %s anywhere", (name) => {
    expect(first(`tasks: { ${name}: { check: x } }`)).toBe(`\`${name}\` cannot be used as a name.`);
    expect(({} as Record<string, unknown>).check).toBeUndefined();
  });

  it("refuses a file of very many values", () => {
    expect(first(`a: [${"1,".repeat(30_000)}]`)).toMatch(/more than 20000 values/);
  });

  it("refuses tags and duplicate keys", () => {
    expect(first("a: !!js/function x")).toMatch(/tag/i);
    expect(first("a: 1\na: 2")).toMatch(/unique/i);
  });
});
