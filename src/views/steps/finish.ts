import { html, nothing } from "lit";
import type { Result } from "../../lab/index.ts";
import { type Language, strings } from "../language.ts";
import { clock } from "../quantities.ts";

interface Finish {
  readonly language: Language;
  readonly result: Result | undefined;
  /** True while the student is asked whether everything may be forgotten. */
  readonly confirming: boolean;
  readonly ask: (confirming: boolean) => void;
  readonly finish: () => void;
  readonly reset: () => void;
}

/** The student's own numbers at the end, and the way back to the beginning. */
export function finishPanel({ language, result, confirming, ask, finish, reset }: Finish) {
  const text = strings(language);
  return html`
    ${
      result
        ? html`<dl class="result">
          <div><dt>${text.finish.tasks}</dt><dd>${text.finish.score(result.done, result.tasks)}</dd></div>
          ${result.judged > 0 ? html`<div><dt>${text.finish.predictions}</dt><dd>${text.finish.score(result.right, result.judged)}</dd></div>` : nothing}
          <div><dt>${text.finish.time}</dt><dd>${clock(result.seconds)}</dd></div>
        </dl>`
        : html`<p>${text.finish.open}</p><p><button @click=${finish}>${text.finish.finishNow}</button></p>`
    }
    ${
      confirming
        ? html`<div class="sure" role="alert"><p>${text.steps.resetSure}</p>
          <button class="primary" @click=${reset}>${text.steps.resetYes}</button>
          <button @click=${() => ask(false)}>${text.steps.cancel}</button></div>`
        : html`<p class="again"><button @click=${() => ask(true)}>${text.steps.reset}</button></p>`
    }`;
}
