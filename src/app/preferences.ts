import type { Theme } from "../views/header.ts";
import { isLanguage, type Language, preferredLanguage } from "../views/language.ts";
import type { Storage } from "./storage.ts";

/** What a reader chose for the whole site. */
export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
  /** Width of the steps in pixels; undefined until the reader moved the divider. */
  readonly stepsWidth: number | undefined;
  readonly screenReader: boolean;
}

const KEY = "preferences";

/**
 * Reads the reader's choices; what is damaged or missing becomes the default.
 *
 * @param languages BCP 47 tags of the browser, in the reader's order
 */
export async function readPreferences(storage: Storage, languages: readonly string[]): Promise<Preferences> {
  const kept = parse(await storage.get(KEY).catch(() => undefined));
  return {
    language: isLanguage(kept.language as string) ? (kept.language as Language) : preferredLanguage(languages),
    theme: kept.theme === "light" || kept.theme === "dark" ? kept.theme : "auto",
    stepsWidth: typeof kept.stepsWidth === "number" ? kept.stepsWidth : undefined,
    screenReader: kept.screenReader === true,
  };
}

/** Keeps the reader's choices. A storage that refuses changes nothing for this visit. */
export async function keepPreferences(storage: Storage, preferences: Preferences): Promise<void> {
  await storage.set(KEY, JSON.stringify(preferences)).catch(() => undefined);
}

function parse(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
