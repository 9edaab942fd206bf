import { css, html, LitElement, type PropertyValues } from "lit";
import { emit } from "./events.ts";

/** What an arrow key moves, in pixels; with Shift four times as far. */
const STEP = 16;

/**
 * A line between two parts that can be dragged, or moved by arrow keys when it has the focus.
 *
 * @fires ringside-divide {delta} pixels to the right or down; `settled` when the move is over
 */
export class RingsideDivider extends LitElement {
  static override properties = {
    label: {},
    /** A vertical line moves sideways. */
    vertical: { type: Boolean, reflect: true },
    /** Where it is, as whole per cent of the way, for screen readers. */
    percent: { type: Number },
  };

  declare label: string;
  declare vertical: boolean;
  declare percent: number;

  private from = 0;

  static override styles = css`
    :host {
      position: relative;
      z-index: 1;
      display: block;
      flex: none;
      height: 1px;
      background: var(--line);
      cursor: row-resize;
      touch-action: none;
    }
    :host([vertical]) {
      width: 1px;
      height: auto;
      cursor: col-resize;
    }
    i {
      position: absolute;
      inset: -5px 0;
    }
    :host([vertical]) i {
      inset: 0 -5px;
    }
    i::after {
      content: "";
      position: absolute;
      inset: 4px 0;
      background: transparent;
      transition: background var(--quick);
    }
    :host([vertical]) i::after {
      inset: 0 4px;
    }
    i:hover::after,
    :host(:focus-visible) i::after,
    :host(:active) i::after {
      background: var(--accent);
    }
    :host(:focus-visible) {
      outline: 2px solid var(--accent);
      outline-offset: 1px;
    }
  `;

  constructor() {
    super();
    this.label = "";
    this.vertical = false;
    this.percent = 50;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "separator");
    this.addEventListener("keydown", this.onKey);
    this.addEventListener("pointerdown", this.onDown);
  }

  protected override updated(_changed: PropertyValues<this>) {
    this.setAttribute("aria-label", this.label);
    this.title = this.label;
    this.setAttribute("aria-orientation", this.vertical ? "vertical" : "horizontal");
    this.setAttribute("aria-valuenow", String(Math.round(this.percent)));
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", "100");
  }

  override render() {
    return html`<i></i>`;
  }

  private readonly onKey = (event: KeyboardEvent) => {
    const [less, more] = this.vertical ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    const far = event.shiftKey ? STEP * 4 : STEP;
    emit(this, "ringside-divide", { delta: event.key === less ? -far : far, settled: true });
  };

  private readonly onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    this.focus({ preventScroll: true });
    this.setPointerCapture(event.pointerId);
    this.from = this.vertical ? event.clientX : event.clientY;
    this.addEventListener("pointermove", this.onMove);
    this.addEventListener("pointerup", this.onUp, { once: true });
    this.addEventListener("pointercancel", this.onUp, { once: true });
  };

  private readonly onMove = (event: PointerEvent) => {
    const at = this.vertical ? event.clientX : event.clientY;
    if (at === this.from) return;
    emit(this, "ringside-divide", { delta: at - this.from, settled: false });
    this.from = at;
  };

  private readonly onUp = () => {
    this.removeEventListener("pointermove", this.onMove);
    emit(this, "ringside-divide", { delta: 0, settled: true });
  };
}

customElements.define("ringside-divider", RingsideDivider);
