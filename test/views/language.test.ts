import { describe, expect, it } from "vitest";
import { inEach, inLanguage, preferredLanguage, type Strings, strings } from "../../src/views/language.ts";

/** Every text of a table with its path; functions are called with their own parameters' places as values. */
function texts(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function")
    return [[path, String(value(...Array.from({ length: value.length }, (_, i) => 1 + i)))]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

/** Names, units and keys that are the same in both languages. */
const SAME = /^\.(name$|machine\.load|strip\.(at|scale)|keyList\.\d+\.0|finish\.score|partLoaded)/;

describe("the interface's sentences", () => {
  it("are all there in Chinese, and are Chinese", () => {
    const untranslated = texts(strings("zh"), "").filter(
      ([path, text]) => !SAME.test(path) && !/\p{Script=Han}/u.test(text) && /[a-z]{3}/i.test(text),
    );
    expect(untranslated).toEqual([]);
  });

  it("hold no word that talks down", () => {
    const plain = texts(strings("en"), "").filter(([, text]) => /\b(simply|just|powerful)\b/i.test(text));
    expect(plain).toEqual([]);
  });

  it("are found in the language the reader wants most", () => {
    expect(preferredLanguage(["fr-FR", "zh-Hant-TW", "en"])).toBe("zh");
    expect(preferredLanguage(["de"])).toBe("en");
  });

  it("can be made in each language at once", () => {
    const sentence = inEach((text: Strings) => text.minutes(25));
    expect([inLanguage(sentence, "en"), inLanguage(sentence, "zh")]).toEqual(["25 min", "25 分钟"]);
  });
});
