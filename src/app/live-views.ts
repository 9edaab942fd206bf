import { html, nothing, type TemplateResult } from "lit";
import type { Lab, Panel } from "../lab/index.ts";
import { type Language, strings } from "../views/language.ts";
import type { MachineStatus } from "../views/machine.ts";
import {
  costsPanel,
  inspectingPanel,
  isInspecting,
  loadInspectingViews,
  steppedMachines,
  stepper,
} from "./hypervisor-panels.ts";
import { inspectedMachine, type NamespaceChoice, namespacesPanel } from "./namespaces-panel.ts";
import { isDevicePanel, panelId, ringMachines } from "./panels.ts";
import type { RunningLab } from "./running-lab.ts";

/** Parts of the page that only some labs need; each is loaded when a lab has a panel of it. */
export interface LiveParts {
  readonly io?: typeof import("./io/index.ts");
  readonly network?: typeof import("./network/index.ts");
}

const showsNetwork = (lab: Lab): boolean => lab.layout.some(({ kind }) => kind === "network");

/**
 * Loads what a lab's panels need and looks into its machines for them from now on.
 *
 * @param loaded told of each part that is there
 */
export function attachViews(running: RunningLab, loaded: (part: LiveParts) => void): void {
  const { lab } = running;
  if (lab.layout.some(isDevicePanel)) {
    void import("./io/index.ts").then((io) => {
      loaded({ io });
      running.watchDevices((options) => new io.DeviceWatch(options));
    });
  }
  if (showsNetwork(lab)) {
    void import("./network/index.ts").then((network) => {
      loaded({ network });
      running.watchNetwork((options) => new network.NetworkWatch(options));
    });
  }
  for (const panel of lab.layout) {
    if (isInspecting(panel) || panel.kind === "costs") void loadInspectingViews();
    if (isInspecting(panel)) running.inspector(panel.machine).want(panel.kind);
    if (panel.kind !== "namespaces") continue;
    void import("../views/namespaces/namespaces.ts");
    running.namespaces.want(inspectedMachine(running));
  }
}

export interface LiveLook {
  readonly parts: LiveParts;
  readonly language: Language;
  readonly machines: readonly MachineStatus[];
  readonly namespaces: NamespaceChoice;
  readonly onNamespaces: (choice: Partial<NamespaceChoice>) => void;
}

/** A panel that is no terminal. */
export function livePanel(panel: Panel, running: RunningLab, look: LiveLook): TemplateResult | typeof nothing {
  const { parts, language, machines } = look;
  const { devices, network } = running;
  if (panel.kind === "namespaces") return namespacesPanel(running, language, look.namespaces, look.onNamespaces);
  if (isDevicePanel(panel)) {
    return parts.io && devices ? parts.io.devicePanel(panel, devices, language, machines) : nothing;
  }
  if (panel.kind === "network") {
    return parts.network && network ? parts.network.networkPanel(network, language, machines) : nothing;
  }
  if (panel.kind === "costs") return costsPanel(running, language);
  if (isInspecting(panel)) return inspectingPanel(panel, running, language, machines);
  return html`<p class="unknown" slot=${panelId(panel)}>${strings(language).panel.unknown(panel.kind)}</p>`;
}

/**
 * Below the stage: the machine that goes from exit to exit, the one whose ring goes from slot to slot, the link whose
 * frames are let go one by one.
 *
 * @param stepped the machine the student looked into last
 */
export function steppers(running: RunningLab, stepped: string | undefined, look: LiveLook): TemplateResult {
  const { parts, language, machines } = look;
  const { devices, network } = running;
  const chosen = (names: readonly string[]) => names.find((name) => name === stepped) ?? names[0];
  const exits = chosen(steppedMachines(running));
  const ring = chosen(ringMachines(running.lab));
  return html`${exits === undefined ? nothing : stepper(running, exits, language, machines)}
    ${ring === undefined || !parts.io || !devices ? nothing : parts.io.ringStepper(devices, ring, language, machines)}
    ${parts.network && network ? parts.network.networkStepper(network, language) : nothing}`;
}
