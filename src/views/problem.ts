import { css, html, LitElement, nothing } from "lit";
import { emit } from "./events.ts";
import { type Language, strings } from "./language.ts";
import { base, buttons } from "./styles.ts";

/** One fault of a file, as the lab's reader found it. */
export interface FileFault {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly message: string;
}

/** Why there is nothing else to show, and what to do. */
export interface Problem {
  readonly what: string;
  readonly next: string;
  readonly faults?: readonly FileFault[];
  /** The machine's or the browser's own words. */
  readonly details?: string;
}

/** A page that says what happened, to what, and what now. @fires ringside-home */
export class RingsideProblem extends LitElement {
  static override properties = { language: {}, problem: { attribute: false }, home: {} };

  declare language: Language;
  declare problem: Problem;
  declare home: string;

  static override styles = [
    base,
    buttons,
    css`
      main {
        max-width: 720px;
        margin: 0 auto;
        padding: 72px var(--space-5) var(--space-6);
      }
      h1 {
        margin: 0 0 var(--space-2);
        font-size: var(--size-title);
        line-height: 1.35;
        overflow-wrap: anywhere;
      }
      p {
        margin: 0 0 var(--space-4);
        color: var(--text-2);
      }
      ol {
        margin: 0 0 var(--space-5);
        padding: 0;
        list-style: none;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--surface-1);
      }
      li {
        padding: 10px var(--space-4);
        overflow-wrap: anywhere;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      li small {
        display: block;
        color: var(--text-2);
        font-size: var(--size-small);
      }
      pre {
        margin: 0 0 var(--space-5);
        padding: var(--space-3) var(--space-4);
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--surface-1);
        font: var(--size-small) / 1.5 var(--mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .actions {
        display: flex;
        gap: var(--space-2);
      }
      @media (max-width: 760px) {
        main {
          padding: var(--space-5) var(--space-4);
        }
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.home = "./";
  }

  override render() {
    const text = strings(this.language).problem;
    const { what, next, faults = [], details } = this.problem;
    return html`<main id="content" tabindex="-1" role="alert">
      <h1>${what}</h1>
      <p>${next}</p>
      ${
        faults.length > 0
          ? html`<ol>${faults.map(
              (fault) => html`<li>${fault.message}
                <small>${text.faultAt(fault.file, fault.line)}${fault.path ? html` · <code>${fault.path}</code>` : nothing}</small></li>`,
            )}</ol>`
          : nothing
      }
      ${details ? html`<pre aria-label=${text.technical}>${details}</pre>` : nothing}
      <div class="actions">
        <button class="primary" @click=${() => location.reload()}>${text.reload}</button>
        <a class="button" href=${this.home} @click=${this.goHome}>${text.home}</a>
      </div>
    </main>`;
  }

  private goHome(event: MouseEvent) {
    event.preventDefault();
    emit(this, "ringside-home", {});
  }
}

customElements.define("ringside-problem", RingsideProblem);
