import type { Language } from "../language.ts";
import { Panel } from "../panel/panel.ts";
import { type HypervisorWords, hypervisorWords } from "./words/words.ts";

/** A view into a machine that boots the hypervisor. */
export abstract class HypervisorPanel extends Panel<HypervisorWords> {
  protected override wordsIn(language: Language): HypervisorWords {
    return hypervisorWords(language);
  }
}
