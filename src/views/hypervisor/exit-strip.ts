import { css, html, nothing, type PropertyDeclarations, svg, type TemplateResult } from "lit";
import type { Exit, ExitCounts, ExitTrace } from "../../probe/hypervisor/exits.ts";
import { idleExits } from "../../probe/hypervisor/idle.ts";
import { emit } from "../events.ts";
import { machineColour, machineLetter } from "../machine.ts";
import { grouped } from "../quantities.ts";
import { breakPath, LANES, nearest, notchPath, type Placed, placeExits, spanOf } from "./lanes.ts";
import { HypervisorPanel } from "./panel.ts";
import { address } from "./parts.ts";
import { type HypervisorWords, nameOf } from "./words/words.ts";

const WIDTH = 1000;
const LANE = 15;

/** Exits listed in the table, the newest first; the rest are counted. */
const LISTED = 512;

/**
 * The exits still recorded, over executed instructions: a downward notch each, in the lane of its reason.
 *
 * @fires ringside-exit {exit, open} the student looks at an exit, by its number; `open`: and wants it taken apart
 * @fires ringside-travel {target: {to: "exit", exit}} take the machine there; the target counts from 1
 */
export class RingsideExitStrip extends HypervisorPanel {
  static override properties: PropertyDeclarations = {
    trace: { attribute: false },
    counts: { attribute: false },
    selected: { attribute: false },
    unwanted: { state: true },
    withoutIdle: { state: true },
    withAnatomy: { attribute: false },
  };

  /** What `exits.trace` read last. */
  declare trace: ExitTrace | undefined;
  /** What `exits.counts` read last: how often each reason has been, also before the records. */
  declare counts: ExitCounts | undefined;
  /** Number of the exit being looked at; without one, the last. */
  declare selected: number | undefined;
  /** Reasons the student does not want to see. */
  declare private unwanted: ReadonlySet<string>;
  /** The student does not want to see a guest that has nothing to do. */
  declare private withoutIdle: boolean;
  /** There is a view that takes an exit apart. */
  declare withAnatomy: boolean;
  private idle: ReadonlySet<number> = new Set();
  private placed: readonly Placed[] = [];

  static override styles = [
    ...HypervisorPanel.styles,
    css`
    .reasons {
      display: flex;
      gap: var(--space-1);
      padding: 3px var(--space-3) var(--space-2);
      overflow-x: auto;
    }
    .chip {
      flex: none;
      min-height: 24px;
      padding: 0 8px;
      font-size: 12px;
    }
    .chip small {
      color: var(--text-2);
    }
    .strip {
      display: grid;
      grid-template-columns: max-content minmax(0, 1fr);
      gap: 0 var(--space-2);
      padding: 0 var(--space-3);
    }
    .lanes {
      display: grid;
      grid-template-rows: repeat(8, 15px);
      color: var(--text-2);
      font-size: 11px;
      line-height: 15px;
      text-align: right;
    }
    .plot {
      display: block;
      width: 100%;
      height: 120px;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--surface-1);
      cursor: pointer;
    }
    .lane {
      stroke: var(--line);
      stroke-width: 1;
      vector-effect: non-scaling-stroke;
    }
    .break {
      stroke: var(--control-line);
      stroke-dasharray: 2 3;
      vector-effect: non-scaling-stroke;
    }
    .notch {
      fill: var(--exit);
      opacity: 0.75;
    }
    .domain-b {
      fill: var(--guest-b);
    }
    .domain-c {
      fill: var(--guest-c);
    }
    .cursor {
      stroke: var(--accent);
      stroke-width: 2;
      vector-effect: non-scaling-stroke;
    }
    .line {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 4px var(--space-3);
      padding: 6px var(--space-3);
    }
    .line button {
      min-height: 24px;
    }
    .line .sign {
      color: var(--exit);
    }
    .narrow {
      display: none;
    }
    @container (max-width: 520px) {
      .lanes,
      .wide {
        display: none;
      }
      .narrow {
        display: inline;
      }
      .strip {
        grid-template-columns: minmax(0, 1fr);
      }
    }
  `,
  ];

  constructor() {
    super();
    this.unwanted = new Set();
    this.withoutIdle = false;
    this.withAnatomy = false;
  }

  protected override willUpdate() {
    const exits = this.trace?.exits ?? [];
    this.idle = idleExits(exits);
    this.placed = placeExits(exits, this.withoutIdle ? this.idle : undefined).filter(
      ({ exit }) => !this.unwanted.has(exit.reason),
    );
  }

  protected override data() {
    return this.trace && { trace: this.trace, counts: this.counts };
  }

  private get current(): Placed | undefined {
    return this.placed.find(({ exit }) => exit.exit === this.selected) ?? this.placed.at(-1);
  }

  protected override controls(words: HypervisorWords): TemplateResult | typeof nothing {
    const { trace } = this;
    if (!trace) return nothing;
    return html`<b>${words.strip.total(grouped(trace.total))}</b> ${this.shown(words, "wide")}
      <button class="chip" aria-pressed=${this.withoutIdle ? "false" : "true"} title=${words.strip.idleTitle}
        @click=${this.toggleIdle}>${words.strip.idle} <small>${grouped(this.idle.size)}</small></button>`;
  }

  protected override picture(words: HypervisorWords): TemplateResult {
    const text = words.strip;
    const span = spanOf(this.placed);
    const { current } = this;
    const height = LANE * LANES.length;
    const x = current ? (current.at / span) * WIDTH : 0;
    return html`<div class="strip">
        <div class="lanes" aria-hidden="true">${LANES.map((lane) => html`<span>${text.lanes[lane]}</span>`)}</div>
        <svg class="plot" viewBox="0 0 ${WIDTH} ${height}" preserveAspectRatio="none" tabindex="0" role="slider"
          aria-label=${text.label} aria-valuemin=${this.placed[0]?.exit.exit ?? 0} aria-valuemax=${this.placed.at(-1)?.exit.exit ?? 0}
          aria-valuenow=${current?.exit.exit ?? 0} aria-valuetext=${current ? this.sentence(current.exit, words) : text.before}
          @keydown=${this.steer} @click=${this.point}>
          ${LANES.slice(1).map((_, index) => svg`<line class="lane" x1="0" x2=${WIDTH} y1=${(index + 1) * LANE} y2=${(index + 1) * LANE}/>`)}
          <path class="break" d=${breakPath(this.placed, span, WIDTH, height)}/>
          ${[0, 1, 2].map((domain) => {
            const own = this.placed.filter(({ exit }) => (exit.domain ?? 0) === domain);
            return svg`<path class="notch domain-${"abc"[domain]}" d=${notchPath(own, span, WIDTH, LANE)}/>`;
          })}
          ${current ? svg`<line class="cursor" x1=${x} x2=${x} y1="0" y2=${height}/>` : nothing}
        </svg>
      </div>
      <div class="line" aria-live=${this.selected === undefined && this.phase === "running" ? "off" : "polite"}>${current ? this.words(current.exit, words) : text.before}</div>
      ${this.reasons(words)}
      <p class="note">${this.shown(words, "narrow")}<span class="narrow"> · </span>${this.withoutIdle ? text.spanWithoutIdle(grouped(span)) : text.span(grouped(span))}</p>`;
  }

  /** How many of the exits at hand are shown; where there is room for it. */
  private shown(words: HypervisorWords, where: "wide" | "narrow"): TemplateResult {
    const { shown, keptTitle } = words.strip;
    const sentence = shown(grouped(this.placed.length), grouped(this.trace?.exits.length ?? 0));
    return html`<span class="note ${where}" title=${keptTitle}>${sentence}</span>`;
  }

  private sentence(exit: Exit, words: HypervisorWords): string {
    return words.strip.at(grouped(exit.exit), nameOf(words, exit.reason, exit.words));
  }

  private words(exit: Exit, words: HypervisorWords): TemplateResult {
    return html`<span class="sign" aria-hidden="true">▼</span><b>${this.sentence(exit, words)}</b>
      ${exit.domain === undefined ? nothing : html`<span style="color:${machineColour(machineLetter(exit.domain))}">${words.domain(exit.domain)}</span>`}
      ${address("va", exit.eip, words.readAt(`ma:${exit.at.slice(2)}`))}
      ${exit.instruction ? html`<code>${exit.instruction}</code>` : nothing}
      <span class="note">${words.strip.cost(grouped(exit.cost))}</span>
      ${this.withAnatomy ? html`<button title=${words.strip.apartTitle} @click=${() => this.look(exit, true)}>${words.strip.apart}</button>` : nothing}
      <button title=${words.strip.jumpTitle} @click=${() => this.travel(exit)}>${words.strip.jump}</button>`;
  }

  /** Reasons with their counts; pressed are those shown. */
  private reasons(words: HypervisorWords): TemplateResult {
    const known = this.counts?.reasons ?? tally(this.trace?.exits ?? []);
    return html`<div class="reasons" role="group" aria-label=${words.strip.filter}>
      <button class="chip" aria-pressed=${this.unwanted.size === 0 ? "true" : "false"} @click=${() => this.show(new Set())}>${words.strip.all}</button>
      ${known.map(
        ({
          reason,
          words: given,
          count,
        }) => html`<button class="chip" aria-pressed=${this.unwanted.has(reason) ? "false" : "true"}
          @click=${() => this.toggle(reason)}>${nameOf(words, reason, given)} <small>${grouped(count)}</small></button>`,
      )}</div>`;
  }

  private toggleIdle() {
    this.withoutIdle = !this.withoutIdle;
  }

  private toggle(reason: string) {
    const hidden = new Set(this.unwanted);
    if (!hidden.delete(reason)) hidden.add(reason);
    this.show(hidden);
  }

  private show(hidden: ReadonlySet<string>) {
    this.unwanted = hidden;
  }

  private steer(event: KeyboardEvent) {
    const { current } = this;
    if (!current) return;
    const index = this.placed.indexOf(current);
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: index - 1,
      ArrowDown: index - 1,
      ArrowRight: index + 1,
      ArrowUp: index + 1,
      PageDown: index - 20,
      PageUp: index + 20,
      Home: 0,
      End: this.placed.length - 1,
    };
    const to = steps[event.key];
    if (event.key === "Enter") this.travel(current.exit);
    else if (to === undefined) return;
    else this.look(this.placed[Math.max(0, Math.min(this.placed.length - 1, to))]!.exit);
    event.preventDefault();
  }

  private point(event: MouseEvent) {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * spanOf(this.placed);
    const lane = Math.floor(((event.clientY - box.top) / box.height) * LANES.length);
    const found = nearest(this.placed, at, lane);
    if (found) this.look(found.exit);
  }

  private look(exit: Exit, open = false) {
    this.selected = exit.exit;
    emit(this, "ringside-exit", { exit: exit.exit, open });
  }

  /** Exits are numbered from 0; a machine stands after as many as its target says. */
  private travel(exit: Exit) {
    emit(this, "ringside-travel", { target: { to: "exit", exit: exit.exit + 1 } });
  }

  protected override table(words: HypervisorWords): TemplateResult {
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.strip.title)}><table class="plain">
      <thead><tr>${Object.values(words.strip.columns).map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
      <tbody>${this.placed
        .slice(-LISTED)
        .reverse()
        .map(
          ({ exit }) => html`<tr class=${exit.exit === this.current?.exit.exit ? "here" : ""}>
          <th scope="row" class="number">${grouped(exit.exit)}</th><td>${nameOf(words, exit.reason, exit.words)}</td>
          <td>${exit.domain ?? words.none}</td><td>${address("va", exit.eip)}</td><td>${exit.instruction}</td><td class="number">${grouped(exit.cost)}</td></tr>`,
        )}</tbody></table>
      ${this.placed.length > LISTED ? html`<p class="note">${words.strip.older(grouped(this.placed.length - LISTED))}</p>` : nothing}</div>`;
  }
}

/** Counts of the reasons among the exits at hand, for a strip that was given no counts. */
function tally(
  exits: readonly Exit[],
): readonly { readonly reason: string; readonly words: string; readonly count: number }[] {
  const counts = new Map<string, { reason: string; words: string; count: number }>();
  for (const { reason, words } of exits) {
    const entry = counts.get(reason) ?? { reason, words, count: 0 };
    entry.count++;
    counts.set(reason, entry);
  }
  return [...counts.values()];
}

customElements.define("ringside-exit-strip", RingsideExitStrip);
