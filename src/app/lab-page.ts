import { html, LitElement, nothing, type PropertyValues } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Panel } from "../lab/index.ts";
import { type Arrangement, initialArrangement, openPanel, restoreArrangement } from "../views/arrangement.ts";
import { emit } from "../views/events.ts";
import type { Theme } from "../views/header.ts";
import { type Language, strings } from "../views/language.ts";
import type { MachineStatus } from "../views/machine.ts";
import type { RingsideStage } from "../views/stage.ts";
import "../views/stage.ts";
import "../views/steps/steps.ts";
import { neighbour } from "../views/steps/places.ts";
import "../views/tabs.ts";
import type { RingsideTerminal } from "../views/terminal/terminal.ts";
import type { TransportAction } from "../views/transport.ts";
import "../views/transport.ts";
import type { Route } from "./address.ts";
import { inspectingEvents, isInspecting, steppedMachines } from "./hypervisor-panels.ts";
import { labPageStyles } from "./lab-page-styles.ts";
import { keepVisit } from "./labs.ts";
import { attachViews, type LiveLook, type LiveParts, livePanel, steppers } from "./live-views.ts";
import type { NamespaceChoice } from "./namespaces-panel.ts";
import { explain, openRoute } from "./opening.ts";
import { headOf, panelId, panelsOf, placesOf, ringMachines, tabsOf } from "./panels.ts";
import type { Preferences } from "./preferences.ts";
import { focusRegion } from "./regions.ts";
import { RunningLab } from "./running-lab.ts";
import type { Storage } from "./storage.ts";
import { terminalPanel } from "./terminal-panel.ts";

const NARROW = matchMedia("(max-width: 760px)");
const STEPS_WIDTH = { least: 280, most: 760, usual: 400 } as const;
const NOTE_MS = 8000;

/**
 * A lab, open: steps, stage, transport, wired to its machines.
 *
 * @fires ringside-heading {crumb, note} @fires ringside-place {step, seed} @fires ringside-problem
 * @fires ringside-preferences
 */
export class RingsideLabPage extends LitElement {
  static override properties = {
    language: {},
    theme: {},
    route: { attribute: false },
    storage: { attribute: false },
    preferences: { attribute: false },
    running: { state: true },
    arrangement: { state: true },
    tab: { state: true },
    changedTabs: { state: true },
    busy: { state: true },
    toast: { state: true },
    narrow: { type: Boolean, reflect: true },
    dark: { state: true },
    tick: { state: true },
    parts: { state: true },
    namespaces: { state: true },
    stepped: { state: true },
  };

  declare language: Language;
  declare theme: Theme;
  declare route: Exclude<Route, { page: "catalogue" }>;
  declare storage: Storage;
  declare preferences: Preferences;
  declare private running: RunningLab | undefined;
  declare private arrangement: Arrangement;
  /** The tab that is open on a narrow screen. */
  declare private tab: string;
  declare private changedTabs: ReadonlySet<string>;
  declare private busy: string;
  declare private toast: string;
  /** The page shows one part at a time. */
  declare narrow: boolean;
  declare private dark: boolean;
  /** What shows devices and the network, where a lab has panels for them. */
  declare private parts: LiveParts;
  /** Counts changes of the running lab: what is shown is read from it. */
  declare private tick: number;

  declare private namespaces: NamespaceChoice;
  /** The machine the student looked into last: the one that is stepped. */
  declare private stepped: string | undefined;

  /** What panels that look into machines ask for; they are found by their slot. */
  private readonly inspecting = inspectingEvents(
    () => this.running,
    (event) => {
      const slots = event.composedPath().map((target) => (target instanceof HTMLElement ? target.slot : ""));
      return this.running?.lab.layout.filter(isInspecting).find((panel) => slots.includes(panelId(panel)));
    },
    (panel, focus) => void this.showPanel(panel, focus),
  );

  private readonly system = matchMedia("(prefers-color-scheme: dark)");
  private opened: string | undefined;

  static override styles = labPageStyles;

  constructor() {
    super();
    this.arrangement = initialArrangement([]);
    this.tab = "steps";
    this.changedTabs = new Set();
    this.busy = "";
    this.toast = "";
    this.narrow = NARROW.matches;
    this.dark = this.system.matches;
    this.tick = 0;
    this.parts = {};
    this.namespaces = { earlier: undefined, selected: undefined };
  }

  override connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "main");
    this.tabIndex = -1;
    NARROW.addEventListener("change", this.onNarrow);
    this.system.addEventListener("change", this.onSystem);
    document.addEventListener("visibilitychange", this.onVisibility);
    addEventListener("keydown", this.onKey, { capture: true });
    for (const [name, listener] of Object.entries(this.inspecting)) {
      this.renderRoot.addEventListener(name, listener as EventListener);
    }
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    NARROW.removeEventListener("change", this.onNarrow);
    this.system.removeEventListener("change", this.onSystem);
    document.removeEventListener("visibilitychange", this.onVisibility);
    removeEventListener("keydown", this.onKey, { capture: true });
    void this.running?.close();
    this.running = undefined;
    this.opened = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    const wanted = this.route.page === "lab" ? `lab ${this.route.lab}` : `machine ${this.route.machine}`;
    if (this.opened !== wanted) {
      this.opened = wanted;
      void this.open(wanted);
    }
    if (changed.has("language")) this.running?.setLanguage(this.language);
    if (changed.has("route") && this.route.page === "lab" && this.route.step)
      this.running?.session.goto(this.route.step);
  }

  private async open(wanted: string) {
    void this.running?.close();
    this.running = undefined;
    const { route, storage, language } = this;
    try {
      const { lab, source } = await openRoute(route, storage, document.baseURI);
      const arrangement = await storage.get(`layout:${lab.address}`).catch(() => undefined);
      if (this.opened !== wanted || !this.isConnected) return;
      const place = route.page === "lab" ? route.step : undefined;
      const running = new RunningLab({
        lab,
        source,
        storage,
        language,
        place,
        changed: () => this.onRunning(),
        news: (part) => this.onNews(part),
        refused: (message) => this.say(message),
        shown: (panel) => this.isShown(panel),
      });
      this.arrangement = restoreArrangement(
        arrangement,
        placesOf(running.lab).map(([first]) => first!),
      );
      this.running = running;
      this.stepped = undefined;
      this.tab = lab.steps.length > 0 ? "steps" : panelId(lab.layout[0]!);
      await this.updateComplete;
      this.attachTerminals(running);
      const started = running.start();
      if (lab.steps.length === 0) this.terminal(lab.machines[0]!.spec.name)?.focus();
      await started;
    } catch (error) {
      if (this.opened === wanted) emit(this, "ringside-problem", explain(error, strings(this.language).problem));
    }
  }

  private attachTerminals(running: RunningLab) {
    for (const terminal of this.renderRoot.querySelectorAll<RingsideTerminal>("ringside-terminal")) {
      running.consoles.attach(terminal.machine.name, terminal);
    }
    attachViews(running, (part) => {
      this.parts = { ...this.parts, ...part };
    });
  }

  private onRunning() {
    this.tick += 1;
    const { running } = this;
    if (!running) return;
    const { tasks, result, place } = running.session.state;
    const states = Object.values(tasks);
    const done = states.filter(({ status }) => status === "done").length;
    const text = strings(this.language);
    const note = states.length > 0 ? text.tasksDone(done, states.length) : "";
    emit(this, "ringside-heading", { crumb: running.lab.title[this.language], note });
    if (this.route.page !== "lab") return;
    if (this.route.step !== place) emit(this, "ringside-place", { step: place, seed: running.lab.seed });
    this.noteVisit(done, result !== undefined);
  }

  private visit = "";

  private noteVisit(done: number, finished: boolean) {
    const visit = `${done} ${finished}`;
    if (visit === this.visit || !this.running || this.running.lab.foreign) return;
    this.visit = visit;
    void keepVisit(this.storage, this.running.lab.id, { done, finished });
  }

  override render() {
    const { running } = this;
    if (!running) return html`<div class="opening" aria-busy="true"></div>`;
    const withSteps = running.lab.steps.length > 0;
    const { machines } = running;
    const width = this.preferences.stepsWidth ?? STEPS_WIDTH.usual;
    return html`
      ${withSteps && !(this.narrow && this.tab !== "steps") ? nothing : html`<h1 class="unseen">${running.lab.title[this.language]}</h1>`}
      ${this.narrow ? this.tabs(running, machines, withSteps) : nothing}
      <div class="body ${this.narrow ? "narrow" : ""}" ?hidden=${this.narrow && this.tab === "controls"} style="--width:${width}px">
        ${withSteps ? this.steps(running, width) : nothing}
        ${this.stage(running, machines)}
      </div>
      ${this.narrow && this.tab === "steps" ? nothing : steppers(running, this.stepped, this.look(machines))}
      <ringside-transport style=${withSteps ? `--controls:${width}px` : nothing} ?hidden=${this.narrow && this.tab !== "controls"} .language=${this.language} .machines=${machines}
        .timeline=${running.timeline} .now=${Date.now()} .busy=${this.busy} @ringside-transport=${this.onTransport}
        @ringside-speed=${this.onSpeed}></ringside-transport>
      ${this.toast ? html`<p class="toast ${this.narrow ? "narrow" : ""}" role="status">${this.toast}</p>` : nothing}`;
  }

  private look(machines: readonly MachineStatus[]): LiveLook {
    const { parts, language, namespaces } = this;
    const onNamespaces = (choice: Partial<NamespaceChoice>) => {
      this.namespaces = { ...this.namespaces, ...choice };
    };
    return { parts, language, machines, namespaces, onNamespaces };
  }

  private tabs(running: RunningLab, machines: readonly MachineStatus[], withSteps: boolean) {
    return html`<ringside-tabs .language=${this.language} .current=${this.tab} .changed=${this.changedTabs}
      .tabs=${tabsOf(panelsOf(running.lab), machines, withSteps, this.language)}
      @ringside-tab=${(event: CustomEvent<{ tab: string }>) => this.openTab(event.detail.tab)}></ringside-tabs>`;
  }

  private steps(running: RunningLab, width: number) {
    const letters = Object.fromEntries(running.machines.map(({ name, letter }) => [name, letter]));
    return html`<ringside-steps ?hidden=${this.narrow && this.tab !== "steps"} .language=${this.language} .lab=${running.lab}
        .state=${running.session.state} .letters=${letters} @ringside-goto=${this.onGoto} @ringside-command=${this.onCommand}
        @ringside-answer=${this.onAnswer} @ringside-hint=${(event: CustomEvent<{ task: string }>) => running.session.askHint(event.detail.task)}
        @ringside-retry=${(event: CustomEvent<{ task: string }>) => running.session.retry(event.detail.task)}
        @ringside-finish=${() => running.session.finish()} @ringside-reset=${() => running.session.reset()}></ringside-steps>
      ${
        this.narrow
          ? nothing
          : html`<ringside-divider vertical .label=${strings(this.language).stepsDivider}
            .percent=${(100 * (width - STEPS_WIDTH.least)) / (STEPS_WIDTH.most - STEPS_WIDTH.least)}
            @ringside-divide=${(event: CustomEvent<{ delta: number }>) => this.widen(width + event.detail.delta)}></ringside-divider>`
      }`;
  }

  private stage(running: RunningLab, machines: readonly MachineStatus[]) {
    const panels = panelsOf(running.lab);
    const only = this.narrow ? this.tab : undefined;
    const away = this.narrow && (this.tab === "steps" || this.tab === "controls");
    const heads = panels.map((panel) => headOf(panel, machines, this.language, this.preferences.screenReader));
    return html`<ringside-stage ?hidden=${away} .language=${this.language} .panels=${heads} .places=${placesOf(running.lab)} .arrangement=${this.arrangement}
      .only=${only} @ringside-arrange=${this.onArrange} @ringside-tool=${this.onTool}>
      ${repeat(panels, panelId, (panel) => this.panel(panel, running, machines))}</ringside-stage>`;
  }

  private panel(panel: Panel, running: RunningLab, machines: readonly MachineStatus[]) {
    if (panel.kind !== "terminal") return livePanel(panel, running, this.look(machines));
    const { language, theme, dark, preferences } = this;
    const look = { language, theme: `${theme} ${dark}`, screenReader: preferences.screenReader === true };
    return terminalPanel(panel.machine, running, look, machines);
  }

  private isShown(panel: string): boolean {
    const element = this.renderRoot.querySelector(`[slot="${panel}"]`);
    return element !== null && element.getClientRects().length > 0;
  }

  private onNews(part: string) {
    if (!this.narrow || part === this.tab || this.changedTabs.has(part)) return;
    this.changedTabs = new Set([...this.changedTabs, part]);
  }

  /** The panel's machine is the one that is stepped from now on, if it can be. */
  private step(panel: string) {
    const machine = panel.slice(panel.indexOf(":") + 1);
    const { running } = this;
    if (running && [...steppedMachines(running), ...ringMachines(running.lab)].includes(machine))
      this.stepped = machine;
  }

  private openTab(tab: string) {
    this.tab = tab;
    this.step(tab);
    this.changedTabs = new Set([...this.changedTabs].filter((changed) => changed !== tab));
  }

  private onGoto(event: CustomEvent<{ place: string }>) {
    this.running?.session.goto(event.detail.place);
  }

  private async onCommand(event: CustomEvent<{ machine: string; text: string }>) {
    const { machine, text } = event.detail;
    const panel = `terminal:${machine}`;
    this.openPanel(panel);
    this.running?.type(machine, new TextEncoder().encode(`${text.trimEnd().replaceAll("\n", "\r")}\r`));
    await this.updateComplete;
    this.terminal(machine)?.focus();
  }

  private async showPanel(panel: string, focus: boolean) {
    if (!this.running?.lab.layout.some((other) => panelId(other) === panel)) return;
    this.openPanel(panel);
    await this.updateComplete;
    await this.renderRoot.querySelector<RingsideStage>("ringside-stage")?.updateComplete;
    if (focus) this.renderRoot.querySelector<HTMLElement>(`[slot="${panel}"]`)?.focus();
  }

  /** Brings a panel to sight. */
  private openPanel(panel: string) {
    if (this.narrow) this.openTab(panel);
    const place = this.running && placesOf(this.running.lab).find((panels) => panels.includes(panel))?.[0];
    if (!this.narrow && place !== undefined) this.setArrangement(openPanel(this.arrangement, place, panel), true);
  }

  private onAnswer(event: CustomEvent<{ task: string; text: string }>) {
    const taken = this.running?.session.answer(event.detail.task, event.detail.text);
    if (!taken) event.preventDefault();
  }

  private async onTransport(event: CustomEvent<{ action: TransportAction; machines: readonly string[] }>) {
    const { action, machines } = event.detail;
    if (action === "save") this.busy = strings(this.language).transport.saving;
    await this.running?.act(action, machines);
    this.busy = "";
  }

  private onSpeed(event: CustomEvent<{ speed: number; machines: readonly string[] }>) {
    void this.running?.setSpeed(event.detail.machines, event.detail.speed);
  }

  private onArrange(event: CustomEvent<{ arrangement: Arrangement; settled: boolean }>) {
    this.setArrangement(event.detail.arrangement, event.detail.settled);
  }

  private setArrangement(arrangement: Arrangement, settled: boolean) {
    const opened = Object.values(arrangement.open).find(
      (panel) => !Object.values(this.arrangement.open).includes(panel),
    );
    if (opened) this.step(opened);
    this.arrangement = arrangement;
    if (!settled || !this.running) return;
    void this.storage.set(`layout:${this.running.lab.address}`, JSON.stringify(arrangement)).catch(() => undefined);
  }

  private onTool(event: CustomEvent<{ panel: string; tool: string }>) {
    const { panel, tool } = event.detail;
    const terminal = this.terminal(panel.replace(/^terminal:/, ""));
    if (tool === "search") terminal?.toggleSearch();
    if (tool === "reader") emit(this, "ringside-preferences", { screenReader: !this.preferences.screenReader });
  }

  private terminal(machine: string): RingsideTerminal | undefined {
    const terminals = [...this.renderRoot.querySelectorAll<RingsideTerminal>("ringside-terminal")];
    return terminals.find((terminal) => terminal.machine.name === machine);
  }

  private widen(width: number) {
    const stepsWidth = Math.min(STEPS_WIDTH.most, Math.max(STEPS_WIDTH.least, width));
    emit(this, "ringside-preferences", { stepsWidth });
  }

  private say(message: string) {
    this.toast = message;
    setTimeout(() => {
      if (this.toast === message) this.toast = "";
    }, NOTE_MS);
  }

  private readonly onNarrow = () => {
    this.narrow = NARROW.matches;
  };

  private readonly onSystem = () => {
    this.dark = this.system.matches;
  };

  private readonly onVisibility = () => {
    this.running?.setAttention(!document.hidden);
  };

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key === "F6") {
      event.preventDefault();
      focusRegion(this.renderRoot, event.shiftKey ? -1 : 1);
    }
    if (event.altKey && (event.key === "PageUp" || event.key === "PageDown") && this.running) {
      const { lab, session } = this.running;
      const to = neighbour(lab, session.state.place, event.key === "PageUp" ? -1 : 1);
      event.preventDefault();
      event.stopPropagation();
      if (to && lab.steps.length > 0) session.goto(to);
    }
  };
}

customElements.define("ringside-lab-page", RingsideLabPage);
