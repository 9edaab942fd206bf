/** Languages every lab is written in; the order is the one pages list them in. */
export const LANGUAGES = ["en", "zh"] as const;

export type Language = (typeof LANGUAGES)[number];

/** Something a student reads, in every language. */
export type Text = Readonly<Record<Language, string>>;

/** Locale of a guest's shells and of hint scripts, by the reader's language. */
export const LOCALES: Readonly<Record<Language, string>> = { en: "en_US.UTF-8", zh: "zh_CN.UTF-8" };
