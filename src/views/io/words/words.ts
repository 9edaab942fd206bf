import type { Language } from "../../language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type IoWords = typeof en;

/** The words of the views of rings, domains and costs in one language. */
export function ioWords(language: Language): IoWords {
  return language === "zh" ? zh : en;
}

/** `1.25`, `12.5`, `125`: three digits that say something, and no more. */
export function figure(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}
