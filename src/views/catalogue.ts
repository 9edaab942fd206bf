import { css, html, LitElement, nothing } from "lit";
import { emit } from "./events.ts";
import { icon } from "./icons.ts";
import { inLanguage, type Language, type Localized, strings } from "./language.ts";
import { base, buttons } from "./styles.ts";

/** A lab as the list of labs tells of it (`labs/index.json`). */
export interface CatalogueEntry {
  readonly id: string;
  readonly title: Localized;
  /** What is real in it, in a sentence. */
  readonly summary: Localized;
  readonly minutes: number;
  readonly tasks: number;
  /** Addresses of its machines, so that they can be made ready before the lab is opened. */
  readonly machines: readonly string[];
}

/** How far a student is in a lab. */
export interface CatalogueProgress {
  readonly done: number;
  readonly finished: boolean;
}

/**
 * The front page: what this is, the labs, a bare machine.
 *
 * @fires ringside-open {href} @fires ringside-consider {machines}: the pointer or the focus rests on something that
 * starts them
 */
export class RingsideCatalogue extends LitElement {
  static override properties = {
    language: {},
    labs: { attribute: false },
    progress: { attribute: false },
    addressOf: { attribute: false },
    bareAddress: {},
    bareMachine: {},
  };

  declare language: Language;
  declare labs: readonly CatalogueEntry[] | undefined;
  declare progress: Readonly<Record<string, CatalogueProgress>>;
  declare addressOf: (lab: string) => string;
  declare bareAddress: string;
  declare bareMachine: string;

  static override styles = [
    base,
    buttons,
    css`
      main {
        display: grid;
        grid-template-columns: minmax(0, 5fr) minmax(0, 7fr);
        grid-template-rows: auto 1fr;
        gap: 0 72px;
        max-width: 1120px;
        margin: 0 auto;
        padding: 72px var(--space-5) var(--space-6);
      }
      h1 {
        margin: 0 0 var(--space-3);
        font-size: 27px;
        font-weight: 620;
        line-height: 1.32;
        letter-spacing: -0.012em;
        text-wrap: pretty;
      }
      :host(:lang(zh)) h1 {
        letter-spacing: 0;
        line-height: 1.45;
      }
      .more {
        margin: 0 0 var(--space-5);
        font-size: 17px;
        line-height: 1.55;
      }
      .labs {
        grid-column: 2;
        grid-row: 1 / span 2;
      }
      .facts {
        margin: 0;
        padding: 0;
        list-style: none;
        color: var(--text-2);
      }
      .facts li {
        padding: 10px 0;
        border-top: 1px solid var(--line);
      }
      h2 {
        margin: 0 0 var(--space-3);
        color: var(--text-2);
        font-size: var(--size-small);
        font-weight: 600;
      }
      .list {
        display: grid;
        gap: var(--space-3);
        margin: 0;
        padding: 0;
        list-style: none;
      }
      .entry {
        position: relative;
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 2px var(--space-4);
        align-items: center;
        padding: var(--space-4) var(--space-4) var(--space-4) 20px;
        border: 1px solid var(--line);
        border-radius: 8px;
        background: var(--surface-1);
        transition: border-color var(--quick);
      }
      .entry:hover,
      .entry:focus-within {
        border-color: var(--accent);
      }
      .entry h3 {
        margin: 0;
        font-size: 17px;
        font-weight: 620;
        line-height: 1.4;
      }
      .entry h3 a {
        color: inherit;
        text-decoration: none;
      }
      .entry h3 a::after {
        content: "";
        position: absolute;
        inset: 0;
        border-radius: 8px;
      }
      .entry h3 a:focus-visible {
        outline: none;
      }
      .entry h3 a:focus-visible::after {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
      .entry p {
        grid-column: 1;
        margin: 0;
        color: var(--text-2);
        font-size: 14px;
      }
      .meta {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        grid-column: 1;
        margin-top: 6px;
        color: var(--text-2);
        font-size: var(--size-small);
        font-variant-numeric: tabular-nums;
      }
      .meter {
        width: 96px;
        height: 4px;
        border-radius: 2px;
        background: var(--surface-2);
        overflow: hidden;
      }
      .meter i {
        display: block;
        height: 100%;
        background: var(--ok);
      }
      .done {
        color: var(--ok);
      }
      .go {
        grid-column: 2;
        grid-row: 1 / span 3;
      }
      .bare {
        margin-top: var(--space-5);
      }
      .bare .entry {
        background: none;
      }
      .bare h3 {
        font-size: var(--size);
      }
      @media (max-width: 900px) {
        main {
          display: block;
          padding-top: var(--space-5);
        }
        .facts {
          margin-top: var(--space-5);
        }
        h1 {
          font-size: 22px;
        }
      }
      @media (max-width: 760px) {
        main {
          padding: var(--space-5) var(--space-4);
        }
        .entry {
          padding: var(--space-4);
        }
        .entry .go {
          grid-column: 1;
          grid-row: auto;
          justify-self: start;
          margin-top: var(--space-2);
        }
        .facts li {
          padding: var(--space-2) 0;
          font-size: 14px;
        }
      }
      @media (forced-colors: active) {
        .meter i {
          background: Highlight;
        }
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.progress = {};
    this.addressOf = (lab) => lab;
    this.bareAddress = "";
    this.bareMachine = "";
  }

  override render() {
    const text = strings(this.language);
    return html`<main id="content" tabindex="-1">
      <section>
        <h1>${text.lead}</h1>
        <p class="more">${text.leadMore}</p>
      </section>
      <section class="labs">
        <h2>${text.labs}</h2>
        ${
          this.labs
            ? html`<ul class="list" role="list">${this.labs.map((lab) => this.entry(lab))}</ul>`
            : html`<p role="status">${text.labsLoading}</p>`
        }
        <div class="bare">
          <div class="entry" @pointerenter=${() => this.consider([this.bareMachine])} @focusin=${() => this.consider([this.bareMachine])}>
            <h3><a href=${this.bareAddress} @click=${this.follow}>${text.bareTitle}</a></h3>
            <p>${text.bareText}</p>
            <span class="go button" aria-hidden="true">${icon("terminal")}${text.bareOpen}</span>
          </div>
        </div>
      </section>
      <ul class="facts">${text.facts.map((fact) => html`<li>${fact}</li>`)}</ul>
    </main>`;
  }

  private entry(lab: CatalogueEntry) {
    const text = strings(this.language);
    const progress = this.progress[lab.id];
    const begun = progress !== undefined && (progress.done > 0 || progress.finished);
    const action = !begun ? text.open : progress.finished ? text.again : text.resume;
    return html`<li class="entry" @pointerenter=${() => this.consider(lab.machines)} @focusin=${() => this.consider(lab.machines)}>
      <h3><a href=${this.addressOf(lab.id)} @click=${this.follow}>${inLanguage(lab.title, this.language)}</a></h3>
      <p>${inLanguage(lab.summary, this.language)}</p>
      <div class="meta"><span>${text.minutes(lab.minutes)}</span>
        ${
          begun
            ? html`<span class="meter" aria-hidden="true"><i style="width:${(100 * progress.done) / Math.max(1, lab.tasks)}%"></i></span>
              <span>${text.tasksDone(progress.done, lab.tasks)}</span>
              ${progress.finished ? html`<span class="done">${text.finished}</span>` : nothing}`
            : nothing
        }</div>
      <span class="go button primary" aria-hidden="true">${action}</span>
    </li>`;
  }

  private consider(machines: readonly string[]) {
    emit(this, "ringside-consider", { machines });
  }

  private follow(event: MouseEvent) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    emit(this, "ringside-open", { href: (event.currentTarget as HTMLAnchorElement).href });
  }
}

customElements.define("ringside-catalogue", RingsideCatalogue);
