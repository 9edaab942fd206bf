import { css, html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type Arrangement, initialArrangement, moveLine, movePanel, openPanel, toggleAlone } from "./arrangement.ts";
import "./divider.ts";
import { emit } from "./events.ts";
import { type IconName, icon } from "./icons.ts";
import { type Language, strings } from "./language.ts";
import { machineColour } from "./machine.ts";
import { base, buttons } from "./styles.ts";

/** A button in a panel's head. */
export interface PanelTool {
  readonly id: string;
  readonly icon: IconName;
  readonly label: string;
  readonly pressed?: boolean;
}

/** A panel's head; its body is the child with the slot of this id. */
export interface StagePanel {
  readonly id: string;
  readonly title: string;
  /** The letter of the machine it shows, if it shows one. */
  readonly letter: string | undefined;
  /** A few words about now, on the right. */
  readonly status: string;
  /** The whole story behind `status`, when pointed at. */
  readonly statusTitle: string;
  readonly tools: readonly PanelTool[];
}

/**
 * The panels of a lab beside its steps, and how the student arranged them.
 *
 * @fires ringside-arrange {arrangement} @fires ringside-tool {panel, tool}
 */
export class RingsideStage extends LitElement {
  static override properties = {
    language: {},
    panels: { attribute: false },
    places: { attribute: false },
    arrangement: { attribute: false },
    /** On a narrow screen: the one panel to show. */
    only: {},
  };

  declare language: Language;
  declare panels: readonly StagePanel[];
  /** Ids of the panels that share a place, by place. */
  declare places: readonly (readonly string[])[];
  declare arrangement: Arrangement;
  declare only: string | undefined;

  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-width: 0;
        min-height: 0;
        background: var(--surface-0);
      }
      :host(.columns) {
        flex-direction: row;
      }
      .panel {
        display: flex;
        flex-direction: column;
        min-width: 0;
        min-height: 0;
      }
      .head {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        flex: none;
        height: 34px;
        padding: 0 4px 0 14px;
        border-bottom: 1px solid var(--line);
        background: var(--surface-1);
        color: var(--text-2);
        font-size: var(--size-small);
      }
      h2 {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-width: 0;
        margin: 0;
        color: var(--text);
        font-size: var(--size-small);
        font-weight: 600;
        white-space: nowrap;
      }
      .choices {
        display: flex;
        align-self: stretch;
        gap: 2px;
        min-width: 0;
        overflow-x: auto;
        scrollbar-width: none;
      }
      .choices button {
        display: flex;
        flex: none;
        gap: 6px;
        align-items: center;
        min-height: 0;
        padding: 0 8px;
        border: 0;
        border-bottom: 2px solid transparent;
        border-radius: 0;
        background: none;
        color: var(--text-2);
        font-size: var(--size-small);
        white-space: nowrap;
      }
      .choices button[aria-selected="true"] {
        border-bottom-color: var(--accent);
        color: var(--text);
        font-weight: 600;
      }
      .body[hidden] {
        display: none;
      }
      .letter {
        padding: 0 6px;
        border: 1px solid currentColor;
        border-radius: 4px;
        font: 600 11px/16px var(--mono);
      }
      .status {
        min-width: 0;
        margin-left: auto;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-variant-numeric: tabular-nums;
      }
      .tools {
        display: flex;
        flex: none;
      }
      .tools button {
        min-height: 28px;
        width: 28px;
      }
      .body {
        position: relative;
        flex: 1;
        min-width: 0;
        min-height: 0;
      }
      /* Laid out when its place has its size, once: as an item of nested flex boxes it would be for each of their passes. */
      ::slotted(*) {
        position: absolute;
        inset: 0;
        min-width: 0;
        min-height: 0;
      }
      @media (max-width: 760px) {
        .arranging {
          display: none;
        }
        .tools button {
          min-height: 34px;
          width: 36px;
        }
        .head {
          height: 36px;
        }
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.panels = [];
    this.places = [];
    this.arrangement = initialArrangement([]);
  }

  override render() {
    const { order, direction, weights } = this.arrangement;
    const sum = order.reduce((total, id) => total + (weights[id] ?? 1), 0);
    const only = this.places.find((place) => place.includes(this.only ?? ""));
    const shown = only?.[0] ?? this.arrangement.alone;
    this.classList.toggle("columns", direction === "columns" && shown === undefined);
    const places = order.flatMap((id) => {
      const panels = this.places.find(([first]) => first === id)?.flatMap((panel) => this.panelOf(panel) ?? []);
      return panels?.length ? [{ id, panels }] : [];
    });
    return repeat(
      places,
      (place) => place.id,
      ({ id, panels }, index) => html`
        <section class="panel" style="flex: ${weights[id] ?? 1} 1 0" aria-labelledby="title-${this.openIn(id, panels).id}"
          ?hidden=${shown !== undefined && shown !== id}>
          ${this.head(id, panels, index, places.length)}
          ${panels.map(
            (panel) =>
              html`<div class="body" ?hidden=${panel !== this.openIn(id, panels)}><slot name=${panel.id}></slot></div>`,
          )}
        </section>
        ${
          index < places.length - 1 && shown === undefined
            ? html`<ringside-divider .label=${strings(this.language).panel.divider} ?vertical=${direction === "columns"}
              .percent=${(100 * (weights[id] ?? 1)) / sum} @ringside-divide=${(
                event: CustomEvent<{ delta: number; settled: boolean }>,
              ) => this.divide(event, id)}></ringside-divider>`
            : nothing
        }`,
    );
  }

  private panelOf(id: string): StagePanel | undefined {
    return this.panels.find((panel) => panel.id === id);
  }

  private openIn(place: string, panels: readonly StagePanel[]): StagePanel {
    const wanted = this.only ?? this.arrangement.open[place];
    return panels.find((panel) => panel.id === wanted) ?? panels[0]!;
  }

  private head(place: string, panels: readonly StagePanel[], index: number, count: number) {
    const text = strings(this.language).panel;
    const panel = this.openIn(place, panels);
    const alone = this.arrangement.alone === place;
    const { direction } = this.arrangement;
    const tool = ({
      id,
      icon: name,
      label,
      pressed,
    }: PanelTool) => html`<button class="quiet icon-only" aria-label=${label}
      title=${label} aria-pressed=${pressed ?? nothing} @click=${() => emit(this, "ringside-tool", { panel: panel.id, tool: id })}
      >${icon(name)}</button>`;
    const arrange = (name: IconName, label: string, next: Arrangement, disabled = false) => html`<button
      class="quiet icon-only arranging" aria-label=${label} title=${label} ?disabled=${disabled}
      @click=${() => this.arrange(next)}>${icon(name)}</button>`;
    const turned = { ...this.arrangement, direction: direction === "rows" ? "columns" : "rows" } as const;
    return html`<div class="head">
      ${panels.length > 1 && this.only === undefined ? this.choices(place, panels, panel) : html`<h2 id="title-${panel.id}">${this.titleOf(panel)}</h2>`}
      <span class="status" title=${panel.statusTitle}>${panel.status}</span>
      <span class="tools">
        ${panel.tools.map(tool)}
        ${
          count < 2
            ? nothing
            : html`${alone ? nothing : arrange(direction === "rows" ? "up" : "left", text.earlier(panel.title), movePanel(this.arrangement, place, -1), index === 0)}
              ${index > 0 || alone ? nothing : arrange(direction === "rows" ? "columns" : "rows", direction === "rows" ? text.sideBySide : text.stacked, turned)}
              ${arrange(alone ? "shrink" : "grow", alone ? text.shrink : text.grow(panel.title), toggleAlone(this.arrangement, place))}`
        }
      </span>
    </div>`;
  }

  private titleOf({ letter, title }: StagePanel) {
    return html`${letter ? html`<span class="letter" style="color:${machineColour(letter)}">${letter}</span>` : nothing}${title}`;
  }

  /** The panels that share a place: one is open, arrow keys go to the next. */
  private choices(place: string, panels: readonly StagePanel[], open: StagePanel) {
    return html`<div class="choices" role="tablist" aria-label=${strings(this.language).panel.choices} @keydown=${(
      event: KeyboardEvent,
    ) => this.onChoiceKey(event, place, panels, open)}>${panels.map(
      (panel) => html`<button role="tab" id="title-${panel.id}" aria-selected=${panel === open ? "true" : "false"}
        tabindex=${panel === open ? 0 : -1} @click=${() => this.arrange(openPanel(this.arrangement, place, panel.id))}>${this.titleOf(panel)}</button>`,
    )}</div>`;
  }

  private onChoiceKey(event: KeyboardEvent, place: string, panels: readonly StagePanel[], open: StagePanel) {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const next = panels[(panels.indexOf(open) + by + panels.length) % panels.length]!;
    event.preventDefault();
    this.arrange(openPanel(this.arrangement, place, next.id));
    this.renderRoot.querySelector<HTMLElement>(`[id="title-${next.id}"]`)?.focus();
  }

  private divide(event: CustomEvent<{ delta: number; settled: boolean }>, panel: string) {
    event.stopPropagation();
    const box = this.getBoundingClientRect();
    const extent = this.arrangement.direction === "columns" ? box.width : box.height;
    this.arrange(moveLine(this.arrangement, panel, event.detail.delta, extent), event.detail.settled);
  }

  private arrange(arrangement: Arrangement, settled = true) {
    emit(this, "ringside-arrange", { arrangement, settled });
  }
}

customElements.define("ringside-stage", RingsideStage);
