import { css, html, LitElement, nothing } from "lit";
import { emit } from "./events.ts";
import { type Language, strings } from "./language.ts";
import { machineColour } from "./machine.ts";
import { base } from "./styles.ts";

export interface Tab {
  readonly id: string;
  readonly title: string;
  /** Of a machine's terminal. */
  readonly letter?: string;
}

/** The parts of a lab page on a narrow screen, one at a time. @fires ringside-tab {tab} */
export class RingsideTabs extends LitElement {
  static override properties = {
    language: {},
    tabs: { attribute: false },
    current: {},
    changed: { attribute: false },
  };

  declare language: Language;
  declare tabs: readonly Tab[];
  declare current: string;
  /** Tabs in which something changed since they were last open. */
  declare changed: ReadonlySet<string>;

  static override styles = [
    base,
    css`
      nav {
        display: flex;
        border-bottom: 1px solid var(--line);
        background: var(--surface-1);
        overflow-x: auto;
        scrollbar-width: none;
      }
      button {
        position: relative;
        flex: 1 0 auto;
        min-height: 42px;
        padding: 0 12px;
        border: 0;
        border-bottom: 2px solid transparent;
        background: none;
        color: var(--text-2);
        font: var(--size-small) / 1.2 var(--sans);
        white-space: nowrap;
      }
      button[aria-current] {
        border-bottom-color: var(--accent);
        color: var(--text);
        font-weight: 600;
      }
      .letter {
        font: 600 11px/16px var(--mono);
      }
      .dot {
        display: inline-block;
        width: 7px;
        height: 7px;
        margin-left: 5px;
        border-radius: 50%;
        background: var(--exit);
        vertical-align: 2px;
      }
      button:focus-visible {
        outline-offset: -3px;
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.tabs = [];
    this.current = "";
    this.changed = new Set();
  }

  override render() {
    const text = strings(this.language).tabs;
    return html`<nav aria-label=${text.label}>${this.tabs.map(
      ({ id, title, letter }) => html`<button aria-current=${id === this.current ? "true" : nothing}
        @click=${() => emit(this, "ringside-tab", { tab: id })}>${
          letter ? html`<span class="letter" style="color:${machineColour(letter)}">${letter}</span> ` : nothing
        }${title}${this.changed.has(id) ? html`<i class="dot"></i><span class="unseen">${text.changed}</span>` : nothing}</button>`,
    )}</nav>`;
  }
}

customElements.define("ringside-tabs", RingsideTabs);
