import { describe, expect, it } from "vitest";
import { assemble } from "../../../src/probe/hypervisor/assembly/assemble.ts";
import { columnsOf, offsetOf } from "../../../src/views/program/columns.ts";
import { faultSentence, programWords } from "../../../src/views/program/strings.ts";

/** One program for everything that can be wrong. */
const WRONG = [
  "movv $1,%eax",
  ".org 5",
  "lgdt %eax",
  "mov $1,(%eax)",
  "mov %eex,%eax",
  "mov (%ax),%eax",
  "mov (%eax,%esp),%eax",
  "mov (%eax,%ebx,3),%eax",
  "mov %eax,",
  "mov $08,%eax",
  ".skip later\nlater:",
  '.ascii "abc',
  '.ascii "a\\q"',
  "mov (%eax",
  "mov %eax %ebx",
  "nop ; nop",
  "int $256",
  "loop far\n.skip 128\nfar:",
  "jmp nowhere",
  "a = b\nb:",
  "a:\na:",
  ".skip 65536\nnop",
];

const faults = WRONG.flatMap((source) => {
  const result = assemble(source, { origin: 0 });
  return result.ok ? [] : result.faults;
});

describe("what is wrong with a program", () => {
  it("is there to be said for every kind of fault", () => {
    const kinds = new Set(faults.map(({ expected }) => expected.kind));
    expect([...kinds].sort()).toEqual(Object.keys(programWords("en").faults).sort());
  });

  it.each(["en", "zh"] as const)("is said whole in %s, and names what was found", (language) => {
    const words = programWords(language);
    const sentences = faults.map(({ expected, found }) => ({
      kind: expected.kind,
      found: found || words.lineEnd,
      text: faultSentence(expected, found, words),
    }));
    expect(sentences.filter(({ text }) => /undefined|NaN|\[object/.test(text))).toEqual([]);
    const nameless = sentences.filter(({ text, found }) => !text.includes(found)).map(({ kind }) => kind);
    expect(nameless).toEqual(["room"]);
    const chinese = sentences.filter(({ text }) => /\p{Script=Han}/u.test(text)).length;
    expect(chinese).toBe(language === "zh" ? sentences.length : 0);
  });
});

describe("places in the editor", () => {
  it("count tabs to the next stop of eight, and Chinese as two columns", () => {
    expect([columnsOf("\tmov"), columnsOf("a\tb"), columnsOf("\t", 7), columnsOf("你好，a"), columnsOf("😀")]).toEqual([
      11, 9, 1, 7, 2,
    ]);
  });

  it("are found again as characters from the start", () => {
    const text = "nop\n\n  jmp there";
    expect(text.slice(offsetOf(text, 3, 7))).toBe("there");
    expect(offsetOf(text, 1, 1)).toBe(0);
  });
});
