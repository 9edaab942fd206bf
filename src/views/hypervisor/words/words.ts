import type { Argument } from "../../../probe/hypervisor/exits.ts";
import type { Language } from "../../language.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type HypervisorWords = typeof en;

/** The words of the hypervisor's views in one language. */
export function hypervisorWords(language: Language): HypervisorWords {
  return language === "zh" ? zh : en;
}

/**
 * What a kind of exit or step is called.
 *
 * @param name its name in the headers
 * @param words the headers' English words, which came with the reading
 */
export function nameOf(words: HypervisorWords, name: string, given: string): string {
  return words.named[name] ?? given;
}

/** What a value of an enum is called: by the views' words, by the headers', or by its own name. */
export function meaningOf(words: HypervisorWords, argument: Argument): string {
  const { meaning = "" } = argument;
  return words.meanings[meaning] ?? argument.words ?? meaning;
}
