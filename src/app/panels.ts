import type { Lab, Panel } from "../lab/index.ts";
import { type Language, strings } from "../views/language.ts";
import type { MachineStatus } from "../views/machine.ts";
import { millions, percent } from "../views/quantities.ts";
import type { PanelTool, StagePanel } from "../views/stage.ts";
import type { Tab } from "../views/tabs.ts";

/** The name a panel has in the page: `terminal:<machine>`, `namespaces` … */
export function panelId(panel: Panel): string {
  return "machine" in panel ? `${panel.kind}:${panel.machine}` : panel.kind;
}

/** Panels that look at devices (src/app/io). */
export type DevicePanel = Panel & { readonly kind: "ring" | "domains" | "io-costs" };

export function isDevicePanel(panel: Panel): panel is DevicePanel {
  return panel.kind === "ring" || panel.kind === "domains" || panel.kind === "io-costs";
}

/** The machines of a lab whose rings are shown, and so may be stepped, by name. */
export function ringMachines(lab: Lab): readonly string[] {
  return [...new Set(lab.layout.flatMap((panel) => (panel.kind === "ring" ? [panel.machine] : [])))];
}

/** The panels of a lab's stage, in its order. */
export function panelsOf(lab: Lab): readonly Panel[] {
  return lab.layout.filter((panel) => panel.kind !== "steps");
}

/** Ids of the panels that share a place, by place. */
export function placesOf(lab: Lab): readonly (readonly string[])[] {
  const places = lab.places.map((place) => place.filter((panel) => panel.kind !== "steps").map(panelId));
  return places.filter((place) => place.length > 0);
}

/** What a panel's head says. */
export function headOf(
  panel: Panel,
  machines: readonly MachineStatus[],
  language: Language,
  screenReader: boolean,
): StagePanel {
  const text = strings(language);
  const id = panelId(panel);
  if (panel.kind !== "terminal") {
    const letter = "machine" in panel ? machines.find(({ name }) => name === panel.machine)?.letter : undefined;
    return { id, title: panelTitle(panel, language), letter, status: "", statusTitle: "", tools: [] };
  }
  const machine = machines.find(({ name }) => name === panel.machine);
  const tools: readonly PanelTool[] = [
    { id: "search", icon: "search", label: text.terminal.search },
    { id: "reader", icon: "speech", label: text.terminal.reader, pressed: screenReader },
  ];
  return {
    id,
    title: panel.machine,
    letter: machine?.letter,
    status: machine ? machineWords(machine, language) : "",
    statusTitle: machine?.notice ? text.notices[machine.notice] : "",
    tools,
  };
}

function panelTitle(panel: Exclude<Panel, { kind: "terminal" }>, language: Language): string {
  const text: Partial<Record<string, string>> = strings(language).panels.titles;
  return text[panel.kind] ?? panel.kind;
}

/** A machine now, in a few words. */
function machineWords(machine: MachineStatus, language: Language): string {
  const text = strings(language);
  if (machine.phase === "starting") return text.stages[machine.stage];
  if (machine.phase !== "running") return text.machine[machine.phase];
  if (machine.notice === "agent-lost" || machine.notice === "agent-silent") return text.notices[machine.notice];
  if (machine.load) return text.machine.load(millions(machine.load.instructions), percent(machine.load.busy));
  if (!machine.ready) return text.machine.running;
  const { how, milliseconds } = machine.ready;
  return how === "boot" ? text.booted(milliseconds) : text.restored(milliseconds);
}

/** The tabs of a narrow screen, in reading order. */
export function tabsOf(
  panels: readonly Panel[],
  machines: readonly MachineStatus[],
  withSteps: boolean,
  language: Language,
): readonly Tab[] {
  const text = strings(language);
  const middle = panels.map((panel): Tab => {
    const { id, title, letter } = headOf(panel, machines, language, false);
    const alone = panels.filter(({ kind }) => kind === panel.kind).length === 1;
    return { id, title, ...(letter && (panel.kind === "terminal" || !alone) ? { letter } : {}) };
  });
  const steps = withSteps ? [{ id: "steps", title: text.tabs.steps }] : [];
  return [...steps, ...middle, { id: "controls", title: text.tabs.controls }];
}
