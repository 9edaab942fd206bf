import { css, html, LitElement, nothing, type PropertyDeclarations, svg, type TemplateResult } from "lit";
import { emit } from "./events.ts";
import { icon } from "./icons.ts";
import { type Language, languageTag } from "./language.ts";
import type { Colour, FabricBox } from "./network/picture.ts";
import { type TransportWords, transportWords } from "./network/words/transport.ts";
import { networkWords } from "./network/words/words.ts";
import { grouped } from "./quantities.ts";
import { stepperStyles } from "./stepper-styles.ts";
import { base, buttons } from "./styles.ts";

/** Frames that entered links in one stretch of time, by colour. */
export interface FrameStretch {
  /** Milliseconds since 1970, of its beginning. */
  readonly at: number;
  readonly frames: Readonly<Record<Colour, number>>;
}

const COLOURS: readonly Colour[] = ["arp", "icmp", "udp", "tcp", "other"];
/** The strip's window and one bar of it, in milliseconds; its height in its own units. */
const WINDOW = 60_000;
const BAR = 500;
const HEIGHT = 24;

/**
 * Below the stage: one link's wire is held, and its frames are let go one by one; beside it what passed over the last
 * minute. It holds no link: it tells the page.
 *
 * @fires network-choose {link}
 * @fires network-hold {link, on}
 * @fires network-step {link}
 */
export class RingsideNetworkTransport extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    links: { attribute: false },
    chosen: {},
    stretches: { attribute: false },
    now: { type: Number },
  };

  declare language: Language;
  declare links: readonly FabricBox[];
  /** The link the controls are for, by name. */
  declare chosen: string | undefined;
  declare stretches: readonly FrameStretch[];
  /** Milliseconds since 1970. */
  declare now: number;

  static override styles = [
    base,
    buttons,
    stepperStyles,
    css`
      .strip {
        flex: 1 1 160px;
        min-width: 120px;
        height: ${HEIGHT}px;
        border-bottom: 1px solid var(--line);
      }
      .strip .arp {
        fill: var(--hue-3);
      }
      .strip .icmp {
        fill: var(--hue-4);
      }
      .strip .udp {
        fill: var(--hue-2);
      }
      .strip .tcp {
        fill: var(--hue-1);
      }
      .strip .other {
        fill: var(--hue-8);
      }
    `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.links = [];
    this.stretches = [];
    this.now = 0;
  }

  override render() {
    const words = transportWords(this.language);
    const { controls } = networkWords(this.language);
    const report = this.report;
    const held = report?.held === true;
    return html`<div class="group kind"><select aria-label=${words.link} ?disabled=${this.links.length === 0} @change=${this.choose}>
        ${this.links.map(({ report: { link } }) => html`<option value=${link} .selected=${link === report?.link}>${link}</option>`)}
      </select></div>
      <div class="group" role="group" aria-label=${words.label}>
        <button aria-pressed=${held ? "true" : "false"} title=${controls.holdTitle} ?disabled=${!report} @click=${this.hold}>${icon(held ? "play" : "pause")}${held ? controls.release : words.hold}</button>
        <button title=${controls.stepTitle} ?disabled=${!held || report?.waiting === 0} @click=${this.step}>${controls.step}${icon("right")}</button>
      </div>
      <span class="where" role="status" aria-live=${held ? "polite" : "off"}>${report ? this.where(words) : words.none}</span>
      ${this.strip(words)}`;
  }

  private get report() {
    return (this.links.find(({ report }) => report.link === this.chosen) ?? this.links[0])?.report;
  }

  private where(words: TransportWords): TemplateResult | typeof nothing {
    const { report } = this;
    if (!report) return nothing;
    const { held, waiting, frames } = report;
    return html`<b>${held ? networkWords(this.language).controls.waits(grouped(waiting)) : words.passed(frames, grouped(frames))}</b>`;
  }

  /** Frames over the last minute, stacked by colour; the highest stretch fills the height. */
  private strip(words: TransportWords): TemplateResult {
    const from = this.now - WINDOW;
    const seen = this.stretches.filter(({ at }) => at > from);
    const most = Math.max(1, ...seen.map(({ frames }) => total(frames)));
    const width = WINDOW / BAR;
    const bars = seen.flatMap(({ at, frames }) => {
      let top = HEIGHT;
      return COLOURS.map((colour) => {
        const height = (frames[colour] / most) * HEIGHT;
        top -= height;
        const x = ((at - from) / BAR).toFixed(2);
        return height > 0
          ? svg`<rect class=${colour} x=${x} y=${top.toFixed(2)} width="0.9" height=${height.toFixed(2)}/>`
          : nothing;
      });
    });
    return html`<svg class="strip" viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${this.said(words, seen)}>${bars}</svg>`;
  }

  private said(words: TransportWords, seen: readonly FrameStretch[]): string {
    const sums = COLOURS.map((colour) => [colour, seen.reduce((sum, { frames }) => sum + frames[colour], 0)] as const);
    const all = sums.reduce((sum, [, count]) => sum + count, 0);
    if (all === 0) return words.stripEmpty;
    const { colours } = networkWords(this.language);
    const parts = sums
      .filter(([, count]) => count > 0)
      .map(([colour, count]) => words.part(colours[colour], grouped(count)));
    const list = new Intl.ListFormat(languageTag(this.language), { type: "unit", style: "short" }).format(parts);
    return words.strip(grouped(all), list);
  }

  private choose(event: Event) {
    emit(this, "network-choose", { link: (event.target as HTMLSelectElement).value });
  }

  private hold() {
    const { report } = this;
    if (report) emit(this, "network-hold", { link: report.link, on: !report.held });
  }

  private step() {
    const { report } = this;
    if (report) emit(this, "network-step", { link: report.link });
  }
}

const total = (frames: FrameStretch["frames"]): number => COLOURS.reduce((sum, colour) => sum + frames[colour], 0);

customElements.define("ringside-network-transport", RingsideNetworkTransport);
