import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { machineSpec, specToAddress } from "../machine/spec.ts";
import type { CatalogueEntry, CatalogueProgress } from "../views/catalogue.ts";
import type { Theme } from "../views/header.ts";
import type { RingsideKeys } from "../views/keys.ts";
import { type Language, languageTag, strings } from "../views/language.ts";
import type { Problem } from "../views/problem.ts";
import { type Address, type Route, readAddress, writeAddress } from "./address.ts";
import { anticipate, isCommon, makeReady, warmUp, whenIdle } from "./hosts.ts";
import { fetchLabList, readVisits } from "./labs.ts";
import { keepPreferences, type Preferences } from "./preferences.ts";
import type { Storage } from "./storage.ts";
import { showTheme } from "./theme.ts";
import "../views/catalogue.ts";
import "../views/header.ts";
import "../views/keys.ts";
import "../views/problem.ts";

/** The machine behind "a machine and nothing else". */
const BARE = machineSpec({ name: "linux", image: "linux" });

/** The shell: routes, language, theme, the bar, and the page that the address names. */
export class RingsideApp extends LitElement {
  static override properties = {
    storage: { attribute: false },
    preferences: { attribute: false },
    address: { state: true },
    labs: { state: true },
    visits: { state: true },
    problem: { state: true },
    crumb: { state: true },
    note: { state: true },
    loaded: { state: true },
  };

  declare storage: Storage;
  declare preferences: Preferences;
  declare private address: Address;
  declare private labs: readonly CatalogueEntry[] | undefined;
  declare private visits: Readonly<Record<string, CatalogueProgress>>;
  declare private problem: Problem | undefined;
  declare private crumb: string;
  declare private note: string;
  declare private loaded: boolean;

  static override styles = css`
    :host {
      display: grid;
      grid-template-rows: auto minmax(0, 1fr);
      height: 100dvh;
    }
    .scroll {
      min-height: 0;
      overflow: auto;
    }
    .toast {
      position: fixed;
      z-index: 8;
      right: 16px;
      bottom: 16px;
      max-width: min(420px, calc(100vw - 32px));
      padding: 10px 14px;
      border: 1px solid var(--line);
      border-radius: 8px;
      background: var(--surface-1);
      color: var(--text-2);
      font-size: var(--size-small);
    }
  `;

  constructor() {
    super();
    this.address = readAddress(location.search);
    this.visits = {};
    this.crumb = "";
    this.note = "";
    this.loaded = false;
  }

  override connectedCallback() {
    super.connectedCallback();
    addEventListener("popstate", this.onPopState);
    addEventListener("keydown", this.onKey);
    this.enter(this.address.route);
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("popstate", this.onPopState);
    removeEventListener("keydown", this.onKey);
  }

  /** The address's wish comes before the reader's habit. */
  private get language(): Language {
    return this.address.language ?? this.preferences.language;
  }

  private get theme(): Theme {
    return this.address.theme ?? this.preferences.theme;
  }

  protected override willUpdate(_changed: PropertyValues) {
    showTheme(this.theme);
    document.documentElement.lang = languageTag(this.language);
    document.title = this.crumb ? `${this.crumb} · Ringside` : "Ringside";
  }

  override render() {
    return html`
      <div>
        ${
          this.address.embed
            ? nothing
            : html`<ringside-header @ringside-skip=${this.skip} .language=${this.language} .theme=${this.theme} .crumb=${this.crumb} .note=${this.note}
                .home=${writeAddress(this.elsewhere({ page: "catalogue" })) || "./"} @ringside-language=${this.setLanguage}
                @ringside-theme=${this.setTheme} @ringside-keys=${this.showKeys} @ringside-home=${this.goHome}></ringside-header>`
        }
      </div>
      ${this.page()}
      <ringside-keys .language=${this.language}></ringside-keys>`;
  }

  private page() {
    if (this.problem) {
      return html`<div class="scroll"><ringside-problem .language=${this.language} .problem=${this.problem}
        @ringside-home=${this.goHome}></ringside-problem></div>`;
    }
    if (this.address.route.page === "catalogue") return this.catalogue();
    if (!this.loaded) return html`<div class="scroll" id="content" aria-busy="true"></div>`;
    return html`<ringside-lab-page .language=${this.language} .theme=${this.theme} .route=${this.address.route}
      .storage=${this.storage} .preferences=${this.preferences} @ringside-place=${this.onPlace}
      @ringside-heading=${this.onHeading} @ringside-problem=${this.onProblem} @ringside-home=${this.goHome}
      @ringside-preferences=${this.onPreferences}></ringside-lab-page>`;
  }

  private catalogue() {
    return html`<div class="scroll">
      <ringside-catalogue .language=${this.language} lang=${languageTag(this.language)} .labs=${this.labs}
        .progress=${this.visits} .addressOf=${(lab: string) => this.labAddress(lab)}
        .bareAddress=${writeAddress(this.elsewhere({ page: "machine", machine: specToAddress(BARE) }))}
        .bareMachine=${specToAddress(BARE)} @ringside-open=${this.open} @ringside-consider=${this.consider}></ringside-catalogue>
      ${this.storage.forgetful ? html`<p class="toast" role="status">${strings(this.language).stored.refused}</p>` : nothing}
    </div>`;
  }

  private labAddress(lab: string): string {
    return writeAddress(this.elsewhere({ page: "lab", lab, step: undefined, seed: undefined }));
  }

  private elsewhere(route: Route): Address {
    return { ...this.address, route };
  }

  /** Shows a page of this site without loading it anew, so that a host that is warm stays warm. */
  private go(address: Address) {
    history.pushState(null, "", writeAddress(address) || location.pathname);
    this.address = address;
    this.enter(address.route);
  }

  private enter(route: Route) {
    this.problem = undefined;
    this.crumb = "";
    this.note = "";
    if (route.page === "catalogue") {
      void this.enterCatalogue();
    } else {
      void this.enterLab();
    }
  }

  private async enterCatalogue() {
    const language = this.language;
    try {
      const [labs, visits] = await Promise.all([this.labs ?? fetchLabList(document.baseURI), readVisits(this.storage)]);
      this.labs = labs;
      this.visits = visits;
      whenIdle(() => {
        warmUp(labs.flatMap(({ machines }) => machines).filter(isCommon));
        // What opening a lab needs; failing here costs nothing, opening it fetches again.
        for (const part of [import("./lab-page.ts"), import("../views/terminal/xterm.ts")]) part.catch(() => undefined);
      });
    } catch (error) {
      const text = strings(language).problem;
      this.problem = { what: text.unexpected, next: text.unreachableNext, details: String(error) };
    }
  }

  private async enterLab() {
    const text = strings(this.language).problem;
    if (typeof WebAssembly !== "object") {
      this.problem = { what: text.noWasm, next: text.noWasmNext };
      return;
    }
    anticipate();
    try {
      await import("./lab-page.ts");
      this.loaded = true;
    } catch (error) {
      this.problem = { what: text.unexpected, next: text.unexpectedNext, details: String(error) };
    }
  }

  private readonly onPopState = () => {
    this.address = readAddress(location.search);
    this.enter(this.address.route);
  };

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== "?" || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const typing = event
      .composedPath()
      .some((node) => node instanceof Element && node.matches("input, textarea, select"));
    if (!typing) this.showKeys();
  };

  /** Puts the focus past the bar, into whatever page is open. */
  private skip() {
    const page = this.renderRoot.querySelector("ringside-catalogue, ringside-problem, ringside-lab-page");
    const content = page?.shadowRoot?.querySelector<HTMLElement>("#content") ?? (page as HTMLElement | null);
    content?.focus();
  }

  private showKeys() {
    this.renderRoot.querySelector<RingsideKeys>("ringside-keys")?.open();
  }

  private goHome() {
    this.go(this.elsewhere({ page: "catalogue" }));
  }

  private open(event: CustomEvent<{ href: string }>) {
    this.go(readAddress(new URL(event.detail.href).search));
  }

  private consider(event: CustomEvent<{ machines: readonly string[] }>) {
    const [first] = event.detail.machines;
    warmUp(event.detail.machines);
    if (first !== undefined) makeReady(first, this.language);
  }

  private setLanguage(event: CustomEvent<{ language: Language }>) {
    this.prefer({ ...this.preferences, language: event.detail.language });
    if (this.address.language) this.replace({ ...this.address, language: event.detail.language });
  }

  private setTheme(event: CustomEvent<{ theme: Theme }>) {
    this.prefer({ ...this.preferences, theme: event.detail.theme });
    if (this.address.theme) this.replace({ ...this.address, theme: event.detail.theme });
  }

  private prefer(preferences: Preferences) {
    this.preferences = preferences;
    void keepPreferences(this.storage, preferences);
  }

  private replace(address: Address) {
    history.replaceState(null, "", writeAddress(address) || location.pathname);
    this.address = address;
  }

  private onPlace(event: CustomEvent<{ step: string; seed: number }>) {
    const { route } = this.address;
    if (route.page === "lab") this.replace({ ...this.address, route: { ...route, ...event.detail } });
  }

  private onHeading(event: CustomEvent<{ crumb: string; note: string }>) {
    this.crumb = event.detail.crumb;
    this.note = event.detail.note;
  }

  private onProblem(event: CustomEvent<Problem>) {
    this.problem = event.detail;
  }

  private onPreferences(event: CustomEvent<Partial<Preferences>>) {
    this.prefer({ ...this.preferences, ...event.detail });
  }
}

customElements.define("ringside-app", RingsideApp);
