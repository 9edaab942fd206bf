import { describe, expect, it } from "vitest";
import { ARGUMENTS } from "../../../src/probe/hypervisor/arguments.ts";
import type { Argument } from "../../../src/probe/hypervisor/exits.ts";
import { enumOf } from "../../../src/probe/hypervisor/layout.ts";
import { argumentText } from "../../../src/views/hypervisor/arguments.ts";
import { parseAddress } from "../../../src/views/hypervisor/parts.ts";
import { hypervisorWords, meaningOf, nameOf } from "../../../src/views/hypervisor/words/words.ts";
import { grouped } from "../../../src/views/quantities.ts";
import { layout } from "../../probe/hypervisor/layout.ts";

const [en, zh] = [hypervisorWords("en"), hypervisorWords("zh")];
const names = (...lists: string[]) => lists.flatMap((list) => enumOf(layout(), list).map(({ name }) => name));

/** Every text of a table with its path; functions are called with their own parameters' places as values. */
function texts(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function")
    return [[path, String(value(...Array.from({ length: value.length }, (_, i) => 1 + i)))]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

/** Names of registers and of the field's own things, the same everywhere. */
const SAME = /^\.(translation\.p2m|arguments\.(eip|esp|cs|eflags)|strip\.lanes\.flags)$/;

describe("the words of the hypervisor's views", () => {
  it("are all there in Chinese, and are Chinese", () => {
    const untranslated = texts(zh, "").filter(
      ([path, text]) => !SAME.test(path) && !/\p{Script=Han}/u.test(text) && /[a-z]{3}/i.test(text),
    );
    expect(untranslated).toEqual([]);
  });

  it("hold no word that talks down", () => {
    expect(texts(en, "").filter(([, text]) => /\b(simply|just|powerful)\b/i.test(text))).toEqual([]);
  });

  it("say of every exit why it left the guest, in both languages", () => {
    const reasons = names("exit_reason");
    expect(Object.keys(en.why).sort()).toEqual([...reasons].sort());
    expect(Object.keys(zh.why).sort()).toEqual([...reasons].sort());
  });

  it("name in Chinese every exit, step, refusal and end of a domain that the headers name", () => {
    expect(names("exit_reason", "trace_step").filter((name) => !zh.named[name])).toEqual([]);
    expect(names("refusal", "kill", "hidden", "unshadow").filter((name) => !zh.meanings[name])).toEqual([]);
    expect(names("hidden", "unshadow").filter((name) => !en.meanings[name])).toEqual([]);
  });

  it("keep the headers' own in English", () => {
    expect([nameOf(en, "EXIT_CR3", "address-space switch"), nameOf(zh, "EXIT_CR3", "address-space switch")]).toEqual([
      "address-space switch",
      "切换地址空间",
    ]);
    const refused: Argument = {
      name: "why",
      kind: "refusal",
      value: "0x00000003",
      meaning: "REFUSE_HV_SLOT",
      words: "the slot",
    };
    expect([meaningOf(en, refused), meaningOf(zh, refused)]).toEqual(["the slot", "这一项归监控器所有"]);
  });
});

describe("an argument", () => {
  const text = (kind: Argument["kind"], value: Argument["value"]) => argumentText({ name: "value", kind, value }, en);

  it("is written as what it is", () => {
    expect(text("gva", "0xc0100000")).toBe("va:c0100000");
    expect(text("gfn", "0x00000103")).toBe("gfn 0x103");
    expect(text("entry", "0x00121023")).toBe("00121023 P W A");
    expect(text("count", "0x00000300")).toBe("768");
    expect(text("control-register", "0x00000003")).toBe("CR3");
    expect(text("segment-register", "0x00000003")).toBe("%ds");
    expect(text("domain", "0x00000001")).toBe("domain 1");
  });

  it("has a name in the views, whichever record it is of", () => {
    const used = new Set(Object.values(ARGUMENTS).flatMap((list) => list.map(({ name }) => name)));
    expect([...used].filter((name) => !en.arguments[name] || !zh.arguments[name])).toEqual([]);
    expect(Object.keys(en.arguments).filter((name) => !used.has(name as never))).toEqual([]);
  });
});

describe("an address a student writes", () => {
  it.each([
    ["c0100000", 0xc0100000],
    ["0xC010_0000", 0xc0100000],
    [" va:8048123 ", 0x8048123],
    ["0", 0],
  ])("%s is understood", (text, value) => {
    expect(parseAddress(text)).toBe(value);
  });

  it.each(["", "0x", "xyz", "123456789", "12 34 56 78 9", "-1"])("%j is refused", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe("a count", () => {
  it("has its thousands apart", () => {
    expect([999, 1000, 543747206].map(grouped)).toEqual(["999", "1\u202f000", "543\u202f747\u202f206"]);
  });
});
