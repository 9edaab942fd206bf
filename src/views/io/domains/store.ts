import {
  css,
  html,
  LitElement,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { XenStoreTree } from "../../../probe/io/types.ts";
import type { Language } from "../../language.ts";
import { panelStyles } from "../../panel/styles.ts";
import { grouped } from "../../quantities.ts";
import { base, buttons } from "../../styles.ts";
import { type IoWords, ioWords } from "../words/words.ts";
import { newestOf, openAtFirst, rowsInSight, storeTree, type TreeNode, type TreeRow, treeRows } from "./store-rows.ts";

/** Height of a row, pixels. */
const ROW = 22;

/** xenstore as a tree: values, permissions, watches, and a mark on what has changed. */
export class XenStoreView extends LitElement {
  static override properties: PropertyDeclarations = {
    language: {},
    store: { attribute: false },
    previous: { attribute: false },
    filter: { state: true },
    turned: { state: true },
    active: { state: true },
    top: { state: true },
    room: { state: true },
  };

  declare language: Language;
  declare store: XenStoreTree | undefined;
  /** The reading before: what has a higher generation than all of it carries a mark. */
  declare previous: XenStoreTree | undefined;
  declare private filter: string;
  /** Paths the student has opened or closed. */
  declare private turned: ReadonlyMap<string, boolean>;
  /** Path of the row the keyboard is at. */
  declare private active: string | undefined;
  /** How far the rows are scrolled, and the height they are seen through; pixels. */
  declare private top: number;
  declare private room: number;

  private trees: readonly TreeNode[] = [];
  private rows: readonly TreeRow[] = [];
  private watched: ReadonlyMap<string, XenStoreTree["watches"]> = new Map();
  private since = Number.POSITIVE_INFINITY;
  private beat: 0 | 1 = 0;
  private readonly observer = new ResizeObserver(() => {
    this.room = this.region?.clientHeight ?? 0;
  });

  static override styles = [
    base,
    buttons,
    panelStyles,
    css`
    :host {
      height: 100%;
      overflow: hidden;
      border: 1px solid var(--line);
      border-radius: var(--radius);
    }
    .bar {
      border-bottom: 1px solid var(--line);
    }
    .bar input {
      flex: 1 1 6em;
      min-width: 0;
    }
    .bar button {
      min-height: var(--tap);
    }
    .tree {
      flex: 1 1 0;
      min-height: 0;
      overflow: auto;
      background: var(--surface-1);
    }
    .row {
      display: flex;
      align-items: center;
      gap: 6px;
      height: ${ROW}px;
      padding-left: calc(var(--depth) * 13px + 4px);
      padding-right: var(--space-2);
      font: 12px/1.3 var(--mono);
      white-space: nowrap;
      cursor: default;
    }
    .row.active {
      background: var(--accent-soft);
    }
    .tree:focus-visible .row.active {
      outline: 2px solid var(--accent);
      outline-offset: -2px;
    }
    .twisty {
      flex: none;
      width: 1em;
      color: var(--text-2);
      text-align: center;
    }
    .name {
      flex: 0 1 auto;
      min-width: 0;
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .directory .name {
      font-weight: 700;
    }
    .value {
      flex: none;
      max-width: 45%;
      overflow: hidden;
      color: var(--pa);
      text-overflow: ellipsis;
    }
    .value::before {
      content: "= ";
      color: var(--text-2);
    }
    .meaning,
    .permissions {
      flex: none;
    }
    .meaning,
    .permissions,
    .watch {
      color: var(--text-2);
    }
    .permissions {
      margin-left: auto;
      padding-left: var(--space-2);
    }
    .watch {
      flex: none;
      display: inline-flex;
      align-items: center;
      gap: 3px;
    }
    .watch svg {
      width: 14px;
      height: 14px;
    }
    .below::after {
      content: "•";
      margin-left: 4px;
      color: var(--warn);
    }
    .foot {
      padding: 3px var(--space-3);
      border-top: 1px solid var(--line);
      color: var(--text-2);
      font-size: 12px;
    }
  `,
  ];

  constructor() {
    super();
    this.language = "en";
    this.filter = "";
    this.turned = new Map();
    this.top = 0;
    this.room = 0;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  private get region(): HTMLElement | null {
    return this.renderRoot.querySelector(".tree");
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (changed.has("store") && this.store) {
      this.trees = storeTree(this.store);
      this.since = this.previous ? newestOf(this.previous) : Number.POSITIVE_INFINITY;
      this.beat = this.beat ? 0 : 1;
      const watched = new Map<string, XenStoreTree["watches"][number][]>();
      for (const watch of this.store.watches) watched.set(watch.path, [...(watched.get(watch.path) ?? []), watch]);
      this.watched = watched;
    }
    this.rows = treeRows(this.trees, (node) => this.turned.get(node.path) ?? openAtFirst(node), this.filter);
  }

  protected override updated() {
    if (this.room === 0) this.room = this.region?.clientHeight ?? 0;
  }

  override render() {
    const words = ioWords(this.language);
    const text = words.store;
    const { store } = this;
    if (!store) return html`<p class="quiet">${text.none}</p>`;
    const { open, committed, refused } = store.transactions;
    return html`<div class="bar"><h2>${text.title}</h2>
        <input type="search" aria-label=${text.filter} placeholder=${text.filterHint} .value=${this.filter} @input=${this.seek}>
        <button @click=${() => this.turnAll(true)}>${text.open}</button><button @click=${() => this.turnAll(false)}>${text.close}</button></div>
      ${this.rows.length === 0 ? html`<p class="quiet">${text.nothing}</p>` : this.tree(words)}
      <div class="foot">${text.nodes(grouped(store.nodes.length))} · ${text.watches(store.watches.length)} · ${text.transactions(grouped(open), grouped(committed), grouped(refused))}</div>`;
  }

  private tree(words: IoWords): TemplateResult {
    const { first, end } = rowsInSight(this.rows.length, this.top, this.room, ROW);
    const seen = this.rows.slice(first, end);
    const active = seen.findIndex(({ tree }) => tree.path === this.active);
    return html`<div class="tree" role="tree" tabindex="0" aria-label=${words.store.title} aria-activedescendant=${active < 0 ? nothing : `row-${first + active}`}
      @scroll=${this.scrolled} @keydown=${this.steer}>
      <div role="none" style="height:${this.rows.length * ROW}px;padding-top:${first * ROW}px">${repeat(
        seen,
        ({ tree }) => tree.path,
        (row, at) => this.row(row, first + at, words),
      )}</div></div>`;
  }

  private row({ tree, open, place, of }: TreeRow, at: number, words: IoWords): TemplateResult {
    const { path, name, node, children, depth, newest } = tree;
    const inside = children.length > 0;
    const changed = (node?.generation ?? 0) > this.since;
    const below = inside && !open && newest > this.since;
    const classes = [
      "row",
      inside ? "directory" : "",
      path === this.active ? "active" : "",
      changed ? `fresh-${this.beat}` : "",
    ];
    const meaning = name === "state" && node ? words.handshake.states[Number(node.value)] : undefined;
    return html`<div class=${classes.join(" ")} id="row-${at}" role="treeitem" style="--depth:${depth}" title=${path}
      aria-level=${depth + 1} aria-setsize=${of} aria-posinset=${place} aria-selected=${path === this.active ? "true" : "false"}
      aria-expanded=${inside ? (open ? "true" : "false") : nothing} @click=${() => this.press(tree, open)}>
      <span class="twisty" aria-hidden="true">${inside ? (open ? "▾" : "▸") : ""}</span><span class="name ${below ? "below" : ""}">${name}</span>
      ${node?.value ? html`<span class="value">${node.value}</span>` : nothing}${meaning ? html`<span class="meaning">${meaning}</span>` : nothing}
      ${this.watches(path, words)}<span class="permissions" title=${words.store.permissions}>${node?.permissions}</span></div>`;
  }

  private watches(path: string, words: IoWords): TemplateResult | typeof nothing {
    const watches = this.watched.get(path);
    if (!watches) return nothing;
    const lines = watches.map(({ domain, token, fired }) => words.store.watchWords(domain, token, grouped(fired)));
    return html`<span class="watch" title=${lines.join("\n")}><svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" aria-hidden="true">
      <path d="M1.5 8c2-3.4 4-5 6.5-5s4.5 1.6 6.5 5c-2 3.4-4 5-6.5 5S3.5 11.4 1.5 8z"/><circle cx="8" cy="8" r="2"/></svg>${watches.length}</span>`;
  }

  private seek(event: InputEvent) {
    this.filter = (event.target as HTMLInputElement).value;
  }

  private scrolled(event: Event) {
    this.top = (event.target as HTMLElement).scrollTop;
  }

  private press(tree: TreeNode, open: boolean) {
    this.active = tree.path;
    if (tree.children.length > 0) this.turn(tree.path, !open);
  }

  private turn(path: string, open: boolean) {
    this.turned = new Map([...this.turned, [path, open]]);
  }

  private turnAll(open: boolean) {
    const turned = new Map<string, boolean>();
    const add = (trees: readonly TreeNode[]) => {
      for (const { path, depth, children } of trees) {
        turned.set(path, open || depth < 2);
        add(children);
      }
    };
    add(this.trees);
    this.turned = turned;
  }

  private steer(event: KeyboardEvent) {
    const at = this.rows.findIndex(({ tree }) => tree.path === this.active);
    const row = this.rows[at];
    const page = Math.max(1, Math.floor(this.room / ROW) - 1);
    const to: Readonly<Record<string, number>> = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      PageUp: at - page,
      PageDown: at + page,
      Home: 0,
      End: this.rows.length - 1,
    };
    if (event.key in to) this.go(to[event.key]!);
    else if (!row) return;
    else if (event.key === "ArrowRight" && !row.open && row.tree.children.length > 0) this.turn(row.tree.path, true);
    else if (event.key === "ArrowRight" && row.open) this.go(at + 1);
    else if (event.key === "ArrowLeft" && row.open) this.turn(row.tree.path, false);
    else if (event.key === "ArrowLeft") this.go(this.parentOf(at));
    else if (event.key === "Enter" || event.key === " ") this.press(row.tree, row.open);
    else return;
    event.preventDefault();
  }

  private parentOf(at: number): number {
    const depth = this.rows[at]?.tree.depth ?? 0;
    for (let above = at - 1; above >= 0; above--) if (this.rows[above]!.tree.depth < depth) return above;
    return at;
  }

  private go(to: number) {
    const at = Math.max(0, Math.min(this.rows.length - 1, to));
    this.active = this.rows[at]?.tree.path;
    const { region } = this;
    if (!region) return;
    if (at * ROW < region.scrollTop) region.scrollTop = at * ROW;
    else if ((at + 1) * ROW > region.scrollTop + region.clientHeight)
      region.scrollTop = (at + 1) * ROW - region.clientHeight;
  }
}

customElements.define("xen-store", XenStoreView);
