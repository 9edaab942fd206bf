/** Languages every lab is written in; the order is the one pages list them in. */
export const LANGUAGES = ["en", "zh"] as const;

export type Language = (typeof LANGUAGES)[number];

/** Something a student reads, in every language. */
export type Text = Readonly<Record<Language, string>>;
