import { en } from "./strings/en.ts";
import { zh } from "./strings/zh.ts";

/** The languages everything a student reads is written in. */
export type Language = "en" | "zh";

export const LANGUAGES: readonly { readonly id: Language; readonly name: string }[] = [
  { id: "en", name: "English" },
  { id: "zh", name: "中文" },
];

/** Every sentence of the interface. Sentences with something in them are functions, so that no language is glued. */
export type Strings = typeof en;

const TABLES: Readonly<Record<Language, Strings>> = { en, zh };

/** The interface's sentences in one language. */
export function strings(language: Language): Strings {
  return TABLES[language];
}

/** A text an author wrote once for all languages, or once for each. */
export type Localized = string | Readonly<Record<Language, string>>;

/** An author's text in the reader's language. */
export function inLanguage(text: Localized, language: Language): string {
  return typeof text === "string" ? text : text[language];
}

/** Whether a text names a language of ours. */
export function isLanguage(text: string | null | undefined): text is Language {
  return text === "en" || text === "zh";
}

/**
 * The language a reader most likely wants.
 *
 * @param preferred BCP 47 tags in the reader's order, as in `navigator.languages`
 */
export function preferredLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split("-")[0];
    if (isLanguage(primary)) return primary;
  }
  return "en";
}

/** The value of the `lang` attribute for text in this language. */
export function languageTag(language: Language): string {
  return language === "zh" ? "zh-Hans" : "en";
}

/** One sentence of the interface in every language, for what is shown again after the reader changed it. */
export function inEach(sentence: (text: Strings) => string): Localized {
  return { en: sentence(en), zh: sentence(zh) };
}
