import type { Language } from "../../language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type NetworkWords = typeof en;

/** The words of the views of the network in one language. */
export function networkWords(language: Language): NetworkWords {
  return language === "zh" ? zh : en;
}
