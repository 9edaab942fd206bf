import { css, html, nothing, type PropertyDeclarations, type PropertyValues, svg, type TemplateResult } from "lit";
import type { PageTableMap, Slot } from "../../probe/hypervisor/paging/table-map.ts";
import { emit } from "../events.ts";
import { cellAt, corner, extent, fillPath, move } from "./cells.ts";
import { changedSlots } from "./changes.ts";
import { entriesOf, type LayerName, mapLayers, slotAt, TABLE_GRID } from "./map-layers.ts";
import { HypervisorPanel } from "./panel.ts";
import { address, digits } from "./parts.ts";
import type { HypervisorWords } from "./words/words.ts";

type Which = "directory" | "leaf";

const SIZE = extent(TABLE_GRID);

/**
 * Both trees of page tables at once: the directory's 1024 slots, and the 1024 entries of the slot that is open. The left
 * half of a cell is the guest's entry, the right half the shadow's.
 *
 * @fires ringside-slot {slot} the student opens a slot of the directory, 0 to 1023
 * @fires ringside-address {gva, open} the student chooses an address to translate; `open`: and wants to see it
 */
export class RingsidePageTableMap extends HypervisorPanel {
  static override properties: PropertyDeclarations = {
    map: { attribute: false },
    leaf: { attribute: false },
    opened: { attribute: false },
    cursors: { state: true },
    active: { state: true },
  };

  /** What `paging.map` read of the whole directory. */
  declare map: PageTableMap | undefined;
  /** What it read of the open slot, with its entries. */
  declare leaf: PageTableMap | undefined;
  /** The open slot of the directory. */
  declare opened: number | undefined;
  declare private cursors: Readonly<Record<Which, number>>;
  /** The grid that is spoken of below the picture. */
  declare private active: Which;
  private fresh: Readonly<Record<Which, readonly number[]>> = { directory: [], leaf: [] };
  private beat: 0 | 1 = 0;

  static override styles = [
    ...HypervisorPanel.styles,
    css`
    .grids {
      display: flex;
      flex-wrap: wrap;
      gap: var(--space-3) var(--space-5);
      padding: 0 var(--space-3) var(--space-2);
    }
    figure {
      flex: 1 1 300px;
      max-width: 480px;
      min-width: 0;
      margin: 0;
    }
    figcaption {
      display: flex;
      justify-content: space-between;
      gap: var(--space-2);
      padding-bottom: var(--space-1);
    }
    figcaption small {
      color: var(--text-2);
    }
    .grid {
      display: block;
      width: 100%;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--surface-1);
      cursor: crosshair;
    }
    .lines {
      stroke: var(--line);
      stroke-width: 0.3;
    }
    .present {
      fill: none;
      stroke: color-mix(in srgb, var(--va) 60%, var(--surface-1));
      stroke-width: 0.7;
    }
    .accessed {
      fill: color-mix(in srgb, var(--va) 45%, var(--surface-1));
    }
    .dirty {
      fill: var(--va);
    }
    .lazy {
      fill: none;
      stroke: var(--ma);
      stroke-width: 0.6;
      stroke-dasharray: 1 1.4;
    }
    .shadow-read,
    .shadow-write {
      fill: var(--ma);
    }
    .large {
      fill: var(--text);
    }
    .unsync {
      fill: var(--warn);
    }
    .protected {
      fill: var(--text);
      stroke: var(--surface-1);
      stroke-width: 0.6;
    }
    .watched {
      fill: var(--accent);
      stroke: var(--surface-1);
      stroke-width: 0.6;
    }
    .hypervisor {
      fill: none;
      stroke: var(--text-2);
      stroke-width: 0.8;
    }
    .stale {
      fill: none;
      stroke: var(--warn);
      stroke-width: 1.4;
    }
    .disagrees {
      fill: none;
      stroke: var(--exit);
      stroke-width: 3;
    }
    .cursor {
      fill: none;
      stroke: var(--accent);
      stroke-width: 1.6;
    }
    .open {
      fill: none;
      stroke: var(--text);
      stroke-width: 1;
    }
    .legend {
      display: flex;
      flex-wrap: wrap;
      gap: 4px var(--space-3);
      padding: 0 var(--space-3) var(--space-3);
      color: var(--text-2);
      list-style: none;
      margin: 0;
    }
    .legend li {
      display: inline-flex;
      align-items: center;
      gap: 5px;
    }
    .legend svg {
      width: 16px;
      height: 16px;
      border: 1px solid var(--line);
      background: var(--surface-1);
    }
  `,
  ];

  constructor() {
    super();
    this.cursors = { directory: 0, leaf: 0 };
    this.active = "directory";
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("opened") && this.opened !== undefined) this.cursors = { ...this.cursors, directory: this.opened };
    if (!changed.has("map") && !changed.has("leaf")) return;
    const [map, leaf] = [changed.get("map") ?? this.map, changed.get("leaf") ?? this.leaf];
    const same = map?.domain === this.map?.domain;
    this.fresh = {
      directory: same ? changedSlots(map?.directory, this.map?.directory ?? []) : [],
      leaf: same ? changedSlots(entriesOf(leaf, this.opened), entriesOf(this.leaf, this.opened) ?? []) : [],
    };
    this.beat = this.beat ? 0 : 1;
  }

  protected override data() {
    if (!this.map) return undefined;
    return { ...this.map, tables: this.leaf?.tables ?? this.map.tables };
  }

  private slots(which: Which): readonly Slot[] | undefined {
    if (which === "directory") return this.map?.directory;
    return entriesOf(this.leaf, this.opened) ?? entriesOf(this.map, this.opened);
  }

  protected override picture(words: HypervisorWords): TemplateResult {
    const text = words.map;
    const leaf = this.slots("leaf");
    return html`<div class="grids">
        ${this.grid("directory", text.directory, text.each.directory, words)}
        ${leaf && this.opened !== undefined ? this.grid("leaf", text.leaf(this.opened), text.each.leaf, words) : html`<p class="quiet">${this.noTable(words)}</p>`}
      </div>
      <p class="note">${this.map!.mode === "pv" ? text.legendDirect : text.legend} ${text.keys}</p>
      ${this.legend(words)}
      <p class="detail" aria-live="polite">${this.detail(words)}</p>`;
  }

  /** Why no table stands beside the directory. */
  private noTable(words: HypervisorWords): string {
    if (this.opened === undefined) return words.map.pick;
    const slot = slotAt(this.map!.directory, this.opened);
    if (!slot) return words.map.empty;
    if (slot.verdict.kind === "hypervisor") return words.verdicts.hypervisor;
    return slot.marks.includes("large") ? words.marks.large : "";
  }

  private grid(which: Which, title: string, each: string, words: HypervisorWords): TemplateResult {
    const slots = this.slots(which)!;
    const at = corner(TABLE_GRID, this.cursors[which]);
    const open = which === "directory" && this.opened !== undefined ? corner(TABLE_GRID, this.opened) : undefined;
    const { side } = TABLE_GRID;
    return html`<figure>
      <figcaption><h3>${title}</h3><small>${each}</small></figcaption>
      <svg class="grid" viewBox="0 0 ${SIZE.width} ${SIZE.height}" tabindex="0" role="application" aria-label="${title}. ${words.map.keys}"
        @keydown=${(event: KeyboardEvent) => this.steer(event, which)} @click=${(event: MouseEvent) => this.point(event, which)}
        @focus=${() => {
          this.active = which;
        }}>
        <path class="lines" d=${gridLines()}/>
        <path class="fresh-${this.beat}" d=${fillPath(TABLE_GRID, this.fresh[which])}/>
        ${mapLayers(slots, this.map!.mode === "pv").map((layer) => svg`<path class=${layer.name} d=${layer.path}/>`)}
        ${open ? svg`<rect class="open" x=${open.x} y=${open.y} width=${side} height=${side}/>` : nothing}
        <rect class="cursor" x=${at.x} y=${at.y} width=${side} height=${side}/>
      </svg></figure>`;
  }

  private steer(event: KeyboardEvent, which: Which) {
    const to = move(TABLE_GRID, this.cursors[which], event.key);
    if (to !== undefined) this.put(which, to);
    else if (event.key === "Enter" || event.key === " ") this.open(which, this.cursors[which], true);
    else return;
    event.preventDefault();
  }

  private point(event: MouseEvent, which: Which) {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const scale = SIZE.width / box.width;
    const index = cellAt(TABLE_GRID, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    if (index === undefined) return;
    this.put(which, index);
    this.open(which, index);
  }

  private put(which: Which, index: number) {
    this.cursors = { ...this.cursors, [which]: index };
    this.active = which;
  }

  private open(which: Which, index: number, open = false) {
    if (which === "directory") emit(this, "ringside-slot", { slot: index });
    else emit(this, "ringside-address", { gva: this.addressOf(which, index), open });
  }

  private addressOf(which: Which, index: number): number {
    return (which === "directory" ? index << 22 : ((this.opened ?? 0) << 22) | (index << 12)) >>> 0;
  }

  /** The cell under the cursor in words. */
  private detail(words: HypervisorWords): TemplateResult {
    const which = this.slots(this.active) ? this.active : "directory";
    const index = this.cursors[which];
    const slot = slotAt(this.slots(which) ?? [], index);
    const gva = `va:${this.addressOf(which, index).toString(16).padStart(8, "0")}`;
    const place = which === "directory" ? words.map.slotWords(index, gva) : words.map.entryWords(index, gva);
    if (!slot) return html`<b>${place}</b> ${words.verdictNames.absent}`;
    return html`<b>${place}</b> · ${words.verdictNames[slot.verdict.kind]}${slot.marks.map((mark) => html` · ${words.marks[mark]}`)}<br>
      ${this.entries(slot, words)}<br>${slot.verdict.why.map((why) => html`${words.reasons[why]} `)}`;
  }

  private entries(slot: Slot, words: HypervisorWords): TemplateResult {
    const title = (at: string | undefined) => (at ? words.readAt(`ma:${at.slice(2)}`) : nothing);
    const { guest, shadow } = slot;
    return html`<span class="value" title=${title(guest.at)}>${words.map.guestEntry(digits(guest.value), guest.flags.join(" "))}</span>${
      shadow
        ? html` · <span class="value" title=${title(shadow.at)}>${words.map.shadowEntry(digits(shadow.value), shadow.flags.join(" "))}</span>`
        : nothing
    }`;
  }

  private legend(words: HypervisorWords): TemplateResult {
    const text = words.map;
    const direct = this.map!.mode === "pv";
    const items: readonly (readonly [LayerName, string])[] = [
      ["present", text.present],
      ["accessed", text.accessed],
      ["dirty", text.dirty],
      ...(direct
        ? []
        : ([
            ["shadow-read", text.shadowRead],
            ["shadow-write", text.shadowWrite],
            ["lazy", words.verdictNames.lazy],
            ["watched", words.marks.watched],
            ["unsync", words.marks.unsync],
            ["stale", words.verdictNames.stale],
          ] as const)),
      ["protected", words.marks["write-protected"]],
      ["large", words.marks.large],
      ["hypervisor", words.verdictNames.hypervisor],
      ["disagrees", words.verdictNames.disagrees],
    ];
    return html`<ul class="legend">${items.map(
      ([name, what]) => html`<li><svg viewBox="0 0 12 12" aria-hidden="true">${sample(name)}</svg>${what}</li>`,
    )}</ul>`;
  }

  protected override table(words: HypervisorWords): TemplateResult {
    const { columns } = words.map;
    const leaf = this.slots("leaf");
    const rows = (slots: readonly Slot[]) =>
      slots.map(
        (slot) => html`<tr class=${slot.verdict.kind === "disagrees" ? "bad" : ""}>
          <th scope="row" class="number">${slot.index}</th><td>${address("va", slot.gva)}</td>
          <td>${digits(slot.guest.value)} ${slot.guest.flags.join(" ")}</td>
          <td>${slot.shadow ? html`${digits(slot.shadow.value)} ${slot.shadow.flags.join(" ")}` : nothing}</td>
          <td>${words.verdictNames[slot.verdict.kind]}</td><td>${slot.marks.map((mark) => words.marks[mark]).join(", ")}</td></tr>`,
      );
    const table = (caption: string, slots: readonly Slot[]) => html`<table class="plain"><caption>${caption}</caption>
      <thead><tr>${Object.values(columns).map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
      <tbody>${rows(slots)}</tbody></table>`;
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${words.tableOf(words.map.title)}>${table(words.map.directory, this.map!.directory)}
      ${leaf && this.opened !== undefined ? table(words.map.leaf(this.opened), leaf) : nothing}</div>`;
  }
}

/** Thin lines every eighth cell, so that the eye can count. */
function gridLines(): string {
  const step = TABLE_GRID.side * 8;
  const lines = [1, 2, 3].map((line) => line * step);
  return lines.map((at) => `M${at} 0V${SIZE.height}M0 ${at}H${SIZE.width}`).join("");
}

/** One cell with one layer, for the legend: the picture's own drawing of a slot of that kind. */
function sample(name: LayerName) {
  const kind = name === "stale" || name === "disagrees" || name === "hypervisor" || name === "lazy" ? name : "agrees";
  const guest = { present: ["P"], accessed: ["P", "A"], dirty: ["P", "A", "D"], lazy: ["P"] } as const;
  const shadow = { "shadow-read": ["P"], "shadow-write": ["P", "W"] } as const;
  const marks = { large: ["large"], protected: ["write-protected"], watched: ["watched"], unsync: ["unsync"] } as const;
  const of = <T>(table: Readonly<Record<string, readonly T[]>>) => table[name] ?? [];
  const cell = { at: undefined, value: "0x00000000" } as const;
  const slot: Slot = {
    index: 0,
    gva: "0x00000000",
    guest: { ...cell, flags: of(guest) },
    shadow: { ...cell, flags: of(shadow) },
    verdict: { kind, why: [] },
    marks: of(marks),
  };
  return mapLayers([slot])
    .filter((layer) => layer.name === name)
    .map((layer) => svg`<path class=${layer.name} d=${layer.path}/>`);
}

customElements.define("ringside-page-table-map", RingsidePageTableMap);
