import { css, html, LitElement } from "lit";
import { icon } from "./icons.ts";
import { type Language, strings } from "./language.ts";
import { base, buttons } from "./styles.ts";

/** The list of keys, as a dialog over the page. */
export class RingsideKeys extends LitElement {
  static override properties = { language: {} };

  declare language: Language;

  static override styles = [
    base,
    buttons,
    css`
      dialog {
        width: min(560px, calc(100vw - 32px));
        padding: var(--space-4) var(--space-5) var(--space-5);
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--surface-1);
        color: var(--text);
        box-shadow: 0 12px 48px rgb(0 0 0 / 0.28);
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 0.36);
      }
      .top {
        display: flex;
        align-items: center;
        justify-content: space-between;
        margin-bottom: var(--space-2);
      }
      h2 {
        margin: 0;
        font-size: 17px;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0 var(--space-4);
        margin: 0;
      }
      dt,
      dd {
        margin: 0;
        padding: 8px 0;
        border-top: 1px solid var(--line);
      }
      dd {
        color: var(--text-2);
      }
      @media (max-width: 560px) {
        dl {
          grid-template-columns: 1fr;
        }
        dd {
          padding-top: 0;
          border-top: 0;
        }
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
  }

  /** Opens the list; focus returns to where it was when it is closed. */
  open() {
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  override render() {
    const text = strings(this.language);
    return html`<dialog aria-labelledby="title" @click=${this.closeOutside}>
      <div class="top"><h2 id="title">${text.keys}</h2>
        <form method="dialog"><button class="quiet icon-only" aria-label=${text.close} title=${text.close}>${icon("cross")}</button></form></div>
      <dl>${text.keyList.map(([keys, what]) => html`<dt>${keys.split(", ").map((key, index) => html`${index > 0 ? " " : ""}<kbd>${key.trim()}</kbd>`)}</dt><dd>${what}</dd>`)}</dl>
    </dialog>`;
  }

  private closeOutside(event: MouseEvent) {
    const dialog = event.currentTarget as HTMLDialogElement;
    if (event.target === dialog && event.detail > 0) {
      const box = dialog.getBoundingClientRect();
      const inside =
        event.clientX >= box.left &&
        event.clientX <= box.right &&
        event.clientY >= box.top &&
        event.clientY <= box.bottom;
      if (!inside) dialog.close();
    }
  }
}

customElements.define("ringside-keys", RingsideKeys);
