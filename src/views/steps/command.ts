import { css, html, LitElement, nothing } from "lit";
import { copyText } from "../clipboard.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import { type Language, strings } from "../language.ts";
import { machineColour } from "../machine.ts";
import { base, buttons } from "../styles.ts";

/** A command of the prose: to be typed into a terminal, or copied. @fires ringside-command {machine, text} */
export class RingsideCommand extends LitElement {
  static override properties = {
    language: {},
    machine: {},
    letter: {},
    text: {},
    runnable: { type: Boolean },
    ready: { type: Boolean },
    copied: { state: true },
  };

  declare language: Language;
  declare machine: string;
  /** The machine's letter where the lab has several; empty otherwise. */
  declare letter: string;
  declare text: string;
  declare runnable: boolean;
  /** False while the machine cannot take it. */
  declare ready: boolean;
  declare private copied: boolean;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        margin: 10px 0;
      }
      .command {
        display: flex;
        align-items: flex-start;
        gap: 8px;
        padding: 5px 5px 5px 12px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface-2);
      }
      .letter {
        margin-top: 5px;
        padding: 0 6px;
        border: 1px solid currentColor;
        border-radius: 4px;
        font: 600 11px/16px var(--mono);
      }
      pre {
        flex: 1;
        min-width: 0;
        margin: 0;
        padding: 4px 0;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        font: var(--size-small) / 20px var(--mono);
        tab-size: 4;
      }
      pre code {
        font-size: inherit;
      }
      .actions {
        display: flex;
        gap: 2px;
      }
      .actions button {
        min-height: 28px;
      }
      @media (pointer: coarse) {
        .actions button {
          min-height: 36px;
        }
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.machine = "";
    this.letter = "";
    this.text = "";
    this.runnable = false;
    this.ready = false;
    this.copied = false;
  }

  override render() {
    const text = strings(this.language).command;
    const copyLabel = this.copied ? text.copied : text.copy;
    return html`<div class="command">
      ${this.letter ? html`<span class="letter" style="color:${machineColour(this.letter)}">${this.letter}</span>` : nothing}
      <pre><code>${this.text}</code></pre>
      <span class="actions">
        ${
          this.runnable
            ? html`<button ?disabled=${!this.ready} title=${this.ready ? text.runTitle(this.machine) : text.machineNotReady}
              @click=${this.run}>${icon("play")}${text.run}</button>`
            : nothing
        }
        <button class="quiet icon-only" aria-label=${copyLabel} title=${copyLabel} @click=${this.copy}
          >${icon(this.copied ? "check" : "copy")}</button>
      </span>
    </div>`;
  }

  private run() {
    emit(this, "ringside-command", { machine: this.machine, text: this.text });
  }

  private async copy() {
    this.copied = await copyText(this.text);
    setTimeout(() => {
      this.copied = false;
    }, 1500);
  }
}

customElements.define("ringside-command", RingsideCommand);
