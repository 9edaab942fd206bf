import { css, html, nothing, type PropertyDeclarations, type PropertyValues, svg, type TemplateResult } from "lit";
import type { FrameRun, Frames } from "../../probe/hypervisor/frames.ts";
import { hex } from "../../probe/hypervisor/memory.ts";
import { machineColour, machineLetter } from "../machine.ts";
import { grouped } from "../quantities.ts";
import { cellAt, corner, extent, fillPath, move } from "./cells.ts";
import { changedFrames } from "./changes.ts";
import { memoryGrid, memoryLayers, runAt } from "./memory-layers.ts";
import { HypervisorPanel } from "./panel.ts";
import { digits, frameNumber } from "./parts.ts";
import type { HypervisorWords } from "./words/words.ts";

/** Runs listed in the table; the rest are counted. */
const LISTED = 400;

/** Every machine frame: whose it is, as what it is used, how often. */
export class RingsideMemoryOwnership extends HypervisorPanel {
  static override properties: PropertyDeclarations = { frames: { attribute: false }, cursor: { state: true } };

  /** What `hv.frames` read last. */
  declare frames: Frames | undefined;
  /** The machine frame spoken of below the picture. */
  declare private cursor: number;
  private fresh: readonly number[] = [];
  private beat: 0 | 1 = 0;

  static override styles = [
    ...HypervisorPanel.styles,
    css`
    .memory {
      display: block;
      width: 100%;
      max-width: 900px;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--surface-1);
      cursor: crosshair;
    }
    .cursor {
      fill: none;
      stroke: var(--text);
      stroke-width: 1.5;
    }
    .sums {
      display: flex;
      flex-wrap: wrap;
      gap: 4px var(--space-4);
      margin: 0;
      padding: var(--space-2) 0;
      list-style: none;
    }
    .sums li {
      display: inline-flex;
      align-items: center;
      gap: 6px;
    }
    .sums svg {
      width: 14px;
      height: 14px;
      border: 1px solid var(--line);
      background: var(--surface-1);
    }
  `,
  ];

  constructor() {
    super();
    this.cursor = 0;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (!changed.has("frames")) return;
    this.fresh = this.frames ? changedFrames(changed.get("frames"), this.frames) : [];
    this.beat = this.beat ? 0 : 1;
  }

  protected override data() {
    return this.frames;
  }

  protected override picture(words: HypervisorWords): TemplateResult {
    const frames = this.frames!;
    const grid = memoryGrid(frames.total);
    const { width, height } = extent(grid);
    const at = corner(grid, this.cursor);
    return html`<div class="body">
      <svg class="memory" viewBox="0 0 ${width} ${height}" tabindex="0" role="application" aria-label="${words.memory.label}. ${words.memory.keys}"
        @keydown=${this.steer} @click=${this.point}>
        ${memoryLayers(frames).map(({ owner, type, path }) => svg`<path d=${path} fill=${hueOf(owner, type)}/>`)}
        <path class="fresh-${this.beat}" d=${fillPath(grid, this.fresh)}/>
        <rect class="cursor" x=${at.x} y=${at.y} width=${grid.side} height=${grid.side}/>
      </svg>
      <ul class="sums" aria-label=${words.memory.sums}>${frames.sums.map(
        (sum) => html`<li><svg viewBox="0 0 6 6" aria-hidden="true">${swatch(sum.owner, sum.type)}</svg>
          ${ownerWords(sum.owner, words)}: ${words.memory.types[sum.type] ?? sum.type} <b>${grouped(sum.count)}</b></li>`,
      )}</ul></div>
      <p class="detail" aria-live="polite">${this.detail(frames, words)}</p>`;
  }

  /** The frame under the cursor in words. */
  private detail(frames: Frames, words: HypervisorWords): TemplateResult {
    const text = words.memory;
    const run = runAt(frames.runs, this.cursor);
    const place = html`<b class="ma" title=${words.readAt(`ma:${digits(frames.at)}`)}>${text.frame(frameNumber(this.cursor), `ma:${digits(hex(this.cursor << 12))}`)}</b>`;
    if (!run) return place;
    const gfn = run.gfn === undefined ? undefined : run.gfn + this.cursor - run.mfn;
    return html`${place} · ${text.owner}: ${ownerWords(run.owner, words)} · ${text.type}: ${text.types[run.type] ?? run.type}${
      gfn === undefined ? nothing : html` · <span class="pa">${text.guestFrame(frameNumber(gfn))}</span>`
    }<br>${text.counts(run.typeCount, run.refCount)}${run.pinned ? html` · ${text.pinned}` : nothing}`;
  }

  private steer(event: KeyboardEvent) {
    const to = move(memoryGrid(this.frames!.total), this.cursor, event.key, 16);
    if (to === undefined) return;
    this.cursor = to;
    event.preventDefault();
  }

  private point(event: MouseEvent) {
    const grid = memoryGrid(this.frames!.total);
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const scale = extent(grid).width / box.width;
    this.cursor = cellAt(grid, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale) ?? this.cursor;
  }

  protected override table(words: HypervisorWords): TemplateResult {
    const { runs, sums } = this.frames!;
    const { columns } = words.memory;
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.memory.title)}>
      <table class="plain"><caption>${words.memory.sums}</caption>
        <thead><tr><th scope="col">${columns.owner}</th><th scope="col">${columns.type}</th><th scope="col">${columns.count}</th></tr></thead>
        <tbody>${sums.map(
          (sum) =>
            html`<tr><th scope="row">${ownerWords(sum.owner, words)}</th><td>${words.memory.types[sum.type] ?? sum.type}</td><td class="number">${grouped(sum.count)}</td></tr>`,
        )}</tbody></table>
      <table class="plain"><caption>${words.memory.runs}</caption>
        <thead><tr>${Object.values(columns).map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
        <tbody>${runs.slice(0, LISTED).map(
          (
            run,
          ) => html`<tr><th scope="row" class="ma">${frameNumber(run.mfn)}</th><td class="number">${grouped(run.count)}</td><td>${ownerWords(run.owner, words)}</td>
            <td>${words.memory.types[run.type] ?? run.type}${run.pinned ? html`, ${words.memory.pinned}` : nothing}</td>
            <td class="number">${run.typeCount}</td><td class="number">${run.refCount}</td><td class="pa">${run.gfn === undefined ? nothing : frameNumber(run.gfn)}</td></tr>`,
        )}</tbody></table>
      ${runs.length > LISTED ? html`<p class="note">${words.memory.more(runs.length - LISTED)}</p>` : nothing}</div>`;
  }
}

function ownerWords(owner: FrameRun["owner"], words: HypervisorWords): string {
  if (typeof owner === "number") return words.domain(owner);
  return owner === "hypervisor" ? words.memory.hypervisor : words.memory.nobody;
}

/** A domain's hue is that of its letter, paler for plain memory; the hypervisor and nobody have none. */
function hueOf(owner: FrameRun["owner"], type: string): string {
  if (typeof owner === "number") {
    const hue = machineColour(machineLetter(owner));
    return type === "writable" ? `color-mix(in srgb, ${hue} 50%, var(--surface-1))` : hue;
  }
  return owner === "hypervisor" ? "color-mix(in srgb, var(--text-2) 55%, var(--surface-1))" : "var(--line)";
}

/** One frame drawn as the picture draws it. */
function swatch(owner: FrameRun["owner"], type: string) {
  const run = { mfn: 0, count: 1, type, owner, typeCount: 0, refCount: 0, pinned: false, gfn: undefined };
  const layers = memoryLayers({ at: "0x00000000", total: 1, runs: [run], sums: [] });
  return layers.map(({ path }) => svg`<path d=${path} fill=${hueOf(owner, type)}/>`);
}

customElements.define("ringside-memory-ownership", RingsideMemoryOwnership);
