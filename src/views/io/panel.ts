import { css, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Language } from "../language.ts";
import { machineColour } from "../machine.ts";
import { Panel } from "../panel/panel.ts";
import { HOST, type Letters } from "./parties.ts";
import { type IoWords, ioWords } from "./words/words.ts";

/**
 * A view of rings, domains or their costs. It knows its own width, so that its pictures are laid out in pixels and their
 * text keeps its size.
 */
export abstract class IoPanel extends Panel<IoWords> {
  static override properties: PropertyDeclarations = { letters: { attribute: false }, width: { state: true } };

  declare letters: Letters;
  /** Of the element, in CSS pixels; 0 before it is laid out. */
  declare protected width: number;
  private readonly observer = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  static override styles = [
    ...Panel.styles,
    css`
    svg.sign {
      flex: none;
      width: 16px;
      height: 16px;
    }
    .party {
      display: inline-flex;
      align-items: baseline;
      gap: 5px;
      white-space: nowrap;
    }
    .letter {
      padding: 0 5px;
      border: 1px solid currentColor;
      border-radius: 4px;
      font: 600 11px/1.5 var(--mono);
    }
    .computed-party {
      padding: 0 5px;
      border: 1px dotted var(--text-2);
      border-radius: 4px;
    }
  `,
  ];

  constructor() {
    super();
    this.letters = {};
    this.width = 0;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  protected override wordsIn(language: Language): IoWords {
    return ioWords(language);
  }

  /** The colour of a machine, and of this program, which is none of them. */
  protected colourOf(name: string): string {
    const letter = this.letters[name];
    return letter === undefined ? "var(--text-2)" : machineColour(letter);
  }

  /** A machine by its letter and name, or this program in the frame of what is not executed by any. */
  protected party(name: string, words: IoWords): TemplateResult {
    const letter = this.letters[name];
    if (name === HOST) return html`<span class="party"><span class="computed-party">${words.program}</span></span>`;
    return html`<span class="party">${
      letter === undefined ? nothing : html`<span class="letter" style="color:${this.colourOf(name)}">${letter}</span>`
    }${name}</span>`;
  }
}
