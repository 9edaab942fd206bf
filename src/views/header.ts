import { css, html, LitElement, nothing } from "lit";
import { emit } from "./events.ts";
import { icon, mark } from "./icons.ts";
import { LANGUAGES, type Language, languageTag, strings } from "./language.ts";
import { base, buttons } from "./styles.ts";

export type Theme = "auto" | "light" | "dark";

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { auto: "light", light: "dark", dark: "auto" };
const THEME_ICON = { auto: "auto", light: "sun", dark: "moon" } as const;

/**
 * The bar on top: where one is, language, theme, keys.
 *
 * @fires ringside-language {language} @fires ringside-theme {theme} @fires ringside-keys @fires ringside-home
 * @fires ringside-skip
 */
export class RingsideHeader extends LitElement {
  static override properties = {
    language: {},
    theme: {},
    crumb: {},
    note: {},
    home: {},
  };

  declare language: Language;
  declare theme: Theme;
  /** Title of what is open; empty on the catalogue. */
  declare crumb: string;
  /** A few quiet words on the right, for example how many tasks are done. */
  declare note: string;
  /** Address of the catalogue. */
  declare home: string;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        position: relative;
        z-index: 2;
      }
      header {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        height: var(--bar);
        padding: 0 var(--space-3) 0 var(--space-4);
        border-bottom: 1px solid var(--line);
        background: var(--surface-1);
      }
      .brand {
        display: inline-flex;
        align-items: center;
        gap: 8px;
        color: var(--text);
        font-weight: 650;
        letter-spacing: 0.01em;
        text-decoration: none;
      }
      .mark {
        width: 22px;
        height: 22px;
        flex: none;
      }
      .crumb {
        min-width: 0;
        overflow: hidden;
        color: var(--text-2);
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .crumb::before {
        content: "/";
        margin-right: var(--space-3);
        color: var(--line);
      }
      .note {
        color: var(--text-2);
        font-size: var(--size-small);
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      nav {
        display: flex;
        align-items: center;
        gap: 2px;
        margin-left: auto;
      }
      .note {
        margin-right: var(--space-3);
      }
      .languages {
        display: flex;
        margin-right: 2px;
      }
      .languages button {
        border-color: transparent;
        background: none;
        color: var(--text-2);
        padding: 0 8px;
      }
      .languages button[aria-pressed="true"] {
        color: var(--text);
        font-weight: 600;
      }
      .skip {
        position: absolute;
        z-index: 9;
        left: 8px;
        top: 7px;
      }
      .skip:not(:focus) {
        clip-path: inset(50%);
      }
      .languages button:hover {
        color: var(--text);
      }
      @media (max-width: 760px) {
        header {
          padding: 0 var(--space-1) 0 var(--space-3);
          gap: var(--space-2);
        }
        .crumb::before {
          margin-right: var(--space-2);
        }
        .note,
        .keys {
          display: none;
        }
        .brand.named span {
          position: absolute;
          width: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
        .languages button {
          padding: 0 6px;
        }
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.theme = "auto";
    this.crumb = "";
    this.note = "";
    this.home = "./";
  }

  override render() {
    const text = strings(this.language);
    return html`<header>
      <button class="skip" @click=${() => emit(this, "ringside-skip", {})}>${text.skipToContent}</button>
      <a class="brand ${this.crumb ? "named" : ""}" href=${this.home} title=${this.crumb ? text.catalogue : nothing}
        @click=${this.goHome}>${mark()}<span>${text.name}</span></a>
      ${this.crumb ? html`<span class="crumb">${this.crumb}</span>` : nothing}
      <nav aria-label=${text.name}>
        ${this.note ? html`<span class="note">${this.note}</span>` : nothing}
        <div class="languages" role="group" aria-label=${text.languageSwitch}>${LANGUAGES.map(
          ({ id, name }) => html`<button lang=${languageTag(id)} aria-pressed=${this.language === id}
            @click=${() => emit(this, "ringside-language", { language: id })}>${name}</button>`,
        )}</div>
        <button class="quiet icon-only" aria-label=${text.theme[this.theme]} title=${text.theme[this.theme]}
          @click=${() => emit(this, "ringside-theme", { theme: NEXT_THEME[this.theme] })}
          >${icon(THEME_ICON[this.theme])}</button>
        <button class="quiet icon-only keys" aria-label=${text.keys} title=${text.keys}
          @click=${() => emit(this, "ringside-keys", {})}>${icon("keys")}</button>
      </nav>
    </header>`;
  }

  private goHome(event: MouseEvent) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    emit(this, "ringside-home", {});
  }
}

customElements.define("ringside-header", RingsideHeader);
