import type { FitAddon } from "@xterm/addon-fit";
import type { SearchAddon } from "@xterm/addon-search";
import type { Terminal } from "@xterm/xterm";
import { html, LitElement, nothing, type PropertyValues } from "lit";
import { copyText } from "../clipboard.ts";
import { emit } from "../events.ts";
import { icon } from "../icons.ts";
import { type Language, strings } from "../language.ts";
import { type MachineStatus, machineColour, stoppedDetail, stoppedSentence } from "../machine.ts";
import { timeOfDay } from "../quantities.ts";
import { base, buttons } from "../styles.ts";
import { arrival } from "./arrival.ts";
import { terminalTheme, token } from "./palette.ts";
import { terminalStyles } from "./styles.ts";

interface Pending {
  readonly bytes: Uint8Array;
  readonly done: () => void;
}

/**
 * One machine's console. Bytes go in by {@link write}; what the student types comes out as events.
 *
 * @fires ringside-type {bytes}
 * @fires ringside-size {columns, rows} whenever the window's size in cells changes
 * @fires ringside-restart @fires ringside-rewind
 */
export class RingsideTerminal extends LitElement {
  static override properties = {
    language: {},
    theme: {},
    machine: { attribute: false },
    screenReader: { type: Boolean },
    searching: { state: true },
    found: { state: true },
    said: { state: true },
    failed: { state: true },
    opened: { state: true },
  };

  declare language: Language;
  /** Any value that changes when the colours do. */
  declare theme: string;
  declare machine: MachineStatus;
  declare screenReader: boolean;
  declare private searching: boolean;
  declare private found: { readonly index: number; readonly count: number } | undefined;
  declare private said: string;
  declare private failed: boolean;
  declare private opened: boolean;

  private terminal: Terminal | undefined;
  private fit: FitAddon | undefined;
  private search: SearchAddon | undefined;
  private readonly pending: Pending[] = [];
  private readonly encoder = new TextEncoder();
  private readonly resizing = new ResizeObserver(() => this.fitSoon());
  private fitting = 0;
  /** The focus was asked for before there was a terminal to have it. */
  private wantsFocus = false;

  static override styles = [base, buttons, terminalStyles];

  constructor() {
    super();
    this.language = "en";
    this.theme = "";
    this.screenReader = false;
    this.searching = false;
    this.said = "";
    this.failed = false;
    this.opened = false;
  }

  /**
   * Shows console bytes.
   *
   * @param done called when the terminal has dealt with them
   */
  write(bytes: Uint8Array, done: () => void): void {
    if (this.terminal) this.terminal.write(bytes, done);
    else this.pending.push({ bytes, done });
  }

  /** Forgets everything shown, then shows these bytes: the screen of an earlier moment. */
  replay(bytes: readonly Uint8Array[]): void {
    this.terminal?.reset();
    for (const piece of bytes) this.write(piece, () => undefined);
  }

  /** Writes a line of the page's own between what the machine printed. */
  announce(line: string): void {
    this.write(this.encoder.encode(`\r\n\x1b[0;90m── ${line}\x1b[0m\r\n`), () => undefined);
  }

  /** Puts the keyboard into the terminal. */
  override focus(): void {
    this.wantsFocus = true;
    this.terminal?.focus();
  }

  /** Opens the search field, or closes it. */
  toggleSearch(): void {
    if (this.searching) this.closeSearch();
    else void this.openSearch();
  }

  protected override firstUpdated() {
    void this.load();
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.resizing.disconnect();
  }

  override connectedCallback() {
    super.connectedCallback();
    const frame = this.renderRoot?.querySelector(".screen");
    if (frame) this.resizing.observe(frame);
  }

  protected override updated(changed: PropertyValues<this>) {
    if (!this.terminal) return;
    if (changed.has("screenReader")) this.terminal.options.screenReaderMode = this.screenReader;
    if (changed.has("theme")) this.terminal.options.theme = terminalTheme(this.frame);
    if (changed.has("language") || changed.has("machine")) this.label();
  }

  private get frame(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>(".screen")!;
  }

  private async load() {
    try {
      const xterm = await import("./xterm.ts");
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(xterm.css);
      const root = this.renderRoot as ShadowRoot;
      root.adoptedStyleSheets = [sheet, ...root.adoptedStyleSheets];
      this.open(new xterm.Terminal(this.options()), new xterm.FitAddon(), new xterm.SearchAddon());
    } catch {
      this.failed = true;
    }
  }

  private options() {
    return {
      allowProposedApi: true,
      cursorInactiveStyle: "outline",
      fontFamily: token(this.frame, "--mono"),
      fontSize: Number.parseFloat(token(this.frame, "--size-small")),
      lineHeight: 1.25,
      minimumContrastRatio: 4.5,
      screenReaderMode: this.screenReader,
      scrollback: 5000,
      theme: terminalTheme(this.frame),
    } as const;
  }

  private open(terminal: Terminal, fit: FitAddon, search: SearchAddon) {
    terminal.loadAddon(fit);
    terminal.loadAddon(search);
    terminal.attachCustomKeyEventHandler((event) => this.onKey(event));
    terminal.onData((text) => emit(this, "ringside-type", { bytes: this.encoder.encode(text) }));
    terminal.onBinary((text) => emit(this, "ringside-type", { bytes: latin1(text) }));
    terminal.onResize(({ cols, rows }) => emit(this, "ringside-size", { columns: cols, rows }));
    search.onDidChangeResults(({ resultIndex, resultCount }) => {
      this.found = { index: resultIndex + 1, count: resultCount };
    });
    terminal.open(this.frame);
    this.terminal = terminal;
    this.fit = fit;
    this.search = search;
    this.opened = true;
    this.label();
    this.resizing.observe(this.frame);
    this.fitNow();
    emit(this, "ringside-size", { columns: terminal.cols, rows: terminal.rows });
    for (const { bytes, done } of this.pending.splice(0)) terminal.write(bytes, done);
    if (this.wantsFocus) terminal.focus();
  }

  private label() {
    this.terminal?.textarea?.setAttribute("aria-label", strings(this.language).terminal.label(this.machine.name));
  }

  /** Several sizes in one frame become one: each costs the guest a redraw. */
  private fitSoon() {
    cancelAnimationFrame(this.fitting);
    this.fitting = requestAnimationFrame(() => this.fitNow());
  }

  private fitNow() {
    const { clientWidth, clientHeight } = this.frame;
    if (clientWidth > 0 && clientHeight > 0) this.fit?.fit();
  }

  /** @returns false for keys that belong to the page or the browser, so that the guest never sees them */
  private onKey(event: KeyboardEvent): boolean {
    if (event.key === "Tab" && event.shiftKey) return false;
    if (event.key === "F6") return false;
    if (!event.ctrlKey || !event.shiftKey) return true;
    const down = event.type === "keydown";
    if (event.code === "KeyV") return false;
    if (event.code === "KeyC" || event.code === "KeyF") {
      event.preventDefault();
      if (down && event.code === "KeyC") void this.copySelection();
      if (down && event.code === "KeyF") void this.openSearch();
      return false;
    }
    return true;
  }

  private async copySelection() {
    const text = this.terminal?.getSelection();
    if (!text) return;
    if (await copyText(text)) this.say(strings(this.language).terminal.copied);
  }

  private say(what: string) {
    this.said = "";
    requestAnimationFrame(() => {
      this.said = what;
    });
  }

  private async openSearch() {
    this.searching = true;
    await this.updateComplete;
    const field = this.renderRoot.querySelector<HTMLInputElement>(".search input");
    field?.focus();
    field?.select();
  }

  private closeSearch() {
    this.searching = false;
    this.found = undefined;
    this.search?.clearDecorations();
    this.focus();
  }

  private find(forward: boolean, incremental = false) {
    const query = this.renderRoot.querySelector<HTMLInputElement>(".search input")?.value ?? "";
    if (query === "") {
      this.search?.clearDecorations();
      this.found = undefined;
      return;
    }
    const theme = terminalTheme(this.frame);
    const colour = hexColour(theme.yellow ?? "");
    const decorations = {
      matchBorder: colour,
      matchOverviewRuler: colour,
      activeMatchBorder: hexColour(theme.red ?? ""),
      activeMatchColorOverviewRuler: hexColour(theme.red ?? ""),
    };
    if (forward) this.search?.findNext(query, { incremental, decorations });
    else this.search?.findPrevious(query, { decorations });
  }

  private onSearchKey(event: KeyboardEvent) {
    if (event.key === "Escape") this.closeSearch();
    else if (event.key === "Enter") this.find(!event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  override render() {
    const text = strings(this.language).terminal;
    return html`
      <div class="screen" style="--guest:${machineColour(this.machine.letter)}"
        @pointerup=${() => void this.copySelection()}></div>
      ${this.failed ? html`<p class="arrival" role="alert">${text.failed}</p>` : arrival(this.machine, this.language)}
      ${this.searching ? this.searchBar() : nothing}
      ${this.machine.phase === "stopped" ? this.stopBar() : nothing}
      <p class="unseen" role="status">${this.said}</p>`;
  }

  private searchBar() {
    const text = strings(this.language).terminal;
    const { found } = this;
    return html`<search class="search" role="search">
      <input type="search" aria-label=${text.searchField} placeholder=${text.searchField} spellcheck="false"
        @input=${() => this.find(true, true)} @keydown=${this.onSearchKey} />
      <span class="count" role="status">${
        !found ? nothing : found.count === 0 ? text.searchNone : text.searchCount(found.index, found.count)
      }</span>
      <button class="quiet icon-only" aria-label=${text.searchPrevious} title=${text.searchPrevious}
        @click=${() => this.find(false)}>${icon("up")}</button>
      <button class="quiet icon-only" aria-label=${text.searchNext} title=${text.searchNext}
        @click=${() => this.find(true)}>${icon("down")}</button>
      <button class="quiet icon-only" aria-label=${text.searchClose} title=${text.searchClose}
        @click=${() => this.closeSearch()}>${icon("cross")}</button>
    </search>`;
  }

  private stopBar() {
    const text = strings(this.language);
    const { saved, stopped } = this.machine;
    const detail = stopped && stoppedDetail(stopped.reason, stopped.message);
    const title = saved === undefined ? text.rewind : text.transport.savedAt(timeOfDay(new Date(saved)));
    return html`<div class="stopped" role="alert">
      <p>${stopped && stoppedSentence(text, this.machine.name, stopped.reason)}
        ${detail ? html`<code>${detail}</code>` : nothing}
        ${saved === undefined ? text.stoppedNextPlain : text.stoppedNext}</p>
      <button class="primary" @click=${() => emit(this, "ringside-restart", {})}>${icon("restart")}${text.restart}</button>
      ${
        saved === undefined
          ? nothing
          : html`<button title=${title} @click=${() => emit(this, "ringside-rewind", {})}>${icon("back")}${text.rewind}</button>`
      }
    </div>`;
  }
}

/** `rgb(1, 2, 3)` as `#010203`: the search decorations take nothing else. */
function hexColour(computed: string): string {
  const parts = computed.match(/[0-9.]+/g)?.slice(0, 3) ?? ["0", "0", "0"];
  return `#${parts.map((part) => Math.round(Number(part)).toString(16).padStart(2, "0")).join("")}`;
}

/** Old mouse reports are bytes above 127 in a string. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

customElements.define("ringside-terminal", RingsideTerminal);
