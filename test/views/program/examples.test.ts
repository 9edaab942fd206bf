import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { assemble } from "../../../src/probe/hypervisor/assembly/assemble.ts";
import { EXAMPLES, exampleOf, exampleSource, USER_BASE } from "../../../src/views/program/examples.ts";

const guest = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../images/hypervisor/guest/${name}`, import.meta.url)), "utf8");

const SYSTEM_CALLS = new Map(
  [...guest("syscalls.h").matchAll(/X\((\d+), (\w+)\)/g)].map(([, number, name]) => [name, number]),
);

describe("the example programs", () => {
  it.each(EXAMPLES.map((example) => [example.id, example] as const))(
    "%s is the same program in both languages",
    (_, example) => {
      const [en, zh] = (["en", "zh"] as const).map((language) =>
        assemble(exampleSource(example, language), { origin: USER_BASE }),
      );
      expect(en).toMatchObject({ ok: true });
      expect(zh).toEqual(en);
      expect(example.lines.length).toBeLessThanOrEqual(20);
    },
  );

  it("say everything twice, in English and in Chinese", () => {
    const comments = EXAMPLES.flatMap(({ lines, title }) => [
      ...lines.map(([, en, zh]) => [en, zh]),
      [title.en, title.zh],
    ]);
    const words = comments.filter(([en]) => /[a-z]{3} [a-z]{2}/i.test(en ?? ""));
    expect(words.length).toBeGreaterThan(40);
    expect(words.filter(([en, zh]) => /\p{Script=Han}/u.test(en!) || !/\p{Script=Han}/u.test(zh ?? ""))).toEqual([]);
    expect(comments.filter(([en, zh]) => (en === undefined) !== (zh === undefined))).toEqual([]);
  });

  it("make the system calls they say, by the guest's own numbers", () => {
    const calls = EXAMPLES.flatMap(({ id, lines }) =>
      lines.flatMap(([code, en = ""]) => {
        const [number, name] = [/mov \$(\d+),%eax/.exec(code)?.[1], /^(\w+)(?:\(|$)/.exec(en)?.[1]];
        return number && name ? [{ id, name, number }] : [];
      }),
    );
    expect(calls.length).toBeGreaterThan(EXAMPLES.length);
    expect(calls.filter(({ name, number }) => SYSTEM_CALLS.get(name) !== number)).toEqual([]);
  });

  it("go where the guest puts a flat program", () => {
    const base = /#define USER_BASE (0x[0-9a-f]+)u/i.exec(guest("syscalls.h"))?.[1];
    expect(USER_BASE).toBe(Number(base));
  });

  it("take no name that the guest has a program of, nor one too long for a file", () => {
    const taken = new Set([...guest("programs.h").matchAll(/X\((\w+)\)/g)].map(([, name]) => name));
    expect(taken.size).toBeGreaterThan(12);
    const ids = EXAMPLES.map(({ id }) => id);
    expect(ids.filter((id) => taken.has(id) || id.length > 23)).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("are known again in either language, until they are changed", () => {
    const [first] = EXAMPLES;
    expect(exampleOf(exampleSource(first!, "zh"))).toBe(first);
    expect(exampleOf(`${exampleSource(first!, "en")}nop\n`)).toBeUndefined();
  });
});
