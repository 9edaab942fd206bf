import { html, type TemplateResult } from "lit";
import type { Panel } from "../../lab/lab.ts";
import type { Language } from "../../views/language.ts";
import type { MachineStatus } from "../../views/machine.ts";
import { panelId } from "../panels.ts";
import type { RunningLab } from "../running-lab.ts";
import type { RingPace } from "./device-watch.ts";
import type { MachineCosts } from "./kept-runs.ts";

/** Panels that look at devices, and what the student does in them. */

type DeviceKind = "ring" | "domains" | "io-costs";
export type DevicePanel = Panel & { readonly kind: DeviceKind };

export function isDevicePanel(panel: Panel): panel is DevicePanel {
  return panel.kind === "ring" || panel.kind === "domains" || panel.kind === "io-costs";
}

/** Loads the elements; a lab without such panels never does. */
export const loadDeviceViews = () =>
  Promise.all([import("../../views/io/index.ts"), import("../../views/ring-transport.ts")]);

/** One panel, listening to what the student asks for in it. */
export function devicePanel(
  panel: DevicePanel,
  running: RunningLab,
  language: Language,
  machines: readonly MachineStatus[],
): TemplateResult {
  const letters = Object.fromEntries(machines.map(({ name, letter }) => [name, letter]));
  if (panel.kind === "io-costs") return costsPanel(running, language, machines);
  const { phase } = machines.find(({ name }) => name === panel.machine)!;
  return panel.kind === "ring"
    ? ringPanel(panel.machine, running, { language, letters, phase })
    : domainsPanel(panel.machine, running, { language, letters, phase });
}

interface Look {
  readonly language: Language;
  readonly letters: Readonly<Record<string, string>>;
  readonly phase: MachineStatus["phase"];
}

function ringPanel(machine: string, running: RunningLab, { language, letters, phase }: Look): TemplateResult {
  const watch = running.devices.rings(machine);
  return html`<ring-view slot=${panelId({ kind: "ring", machine })} .language=${language} .letters=${letters} .phase=${phase}
    .rings=${watch?.rings ?? []} .state=${watch?.state} .previous=${watch?.previous} .trace=${watch?.trace} .problem=${watch?.problem}
    @ring-choose=${(event: CustomEvent<{ ring: string }>) => running.devices.choose(machine, event.detail.ring)}
    @ring-pace=${(event: CustomEvent<RingPace>) => running.devices.pace(machine, event.detail)}
    @ring-step=${(event: CustomEvent<RingStep>) => running.devices.step(machine, event.detail.ring, event.detail.by)}></ring-view>`;
}

interface RingStep {
  readonly ring: string;
  readonly by: "slot" | "notification";
}

function domainsPanel(machine: string, running: RunningLab, { language, letters, phase }: Look): TemplateResult {
  const watch = running.devices.domains(machine);
  return html`<xen-domains slot=${panelId({ kind: "domains", machine })} .language=${language} .letters=${letters} .phase=${phase}
    .domains=${watch?.domains.value} .previous=${watch?.domains.previous} .store=${watch?.store.value} .previousStore=${watch?.store.previous}
    .problem=${watch?.domains.problem ?? watch?.store.problem}></xen-domains>`;
}

function costsPanel(running: RunningLab, language: Language, machines: readonly MachineStatus[]): TemplateResult {
  const { devices } = running;
  const letters = Object.fromEntries(machines.map(({ name, letter }) => [name, letter]));
  const measured = devices.costs.map(({ name }) => machines.find((machine) => machine.name === name)!.phase);
  const phase = measured.find((one) => one === "running") ?? measured[0] ?? "starting";
  return html`<io-costs slot="io-costs" .language=${language} .letters=${letters} .phase=${phase} .problem=${devices.costsProblem}
    .machines=${devices.costs} .kept=${devices.kept.runs} @io-reset=${() => devices.reset()}
    @io-keep=${(event: CustomEvent<Kept>) => devices.kept.keep(event.detail.name, event.detail.machines)}
    @io-forget=${(event: CustomEvent<{ name: string }>) => devices.kept.forget(event.detail.name)}></io-costs>`;
}

interface Kept {
  readonly name: string;
  readonly machines: readonly MachineCosts[];
}

/** The machines of a lab whose rings are shown, and so may be stepped, by name. */
export function ringMachines(running: RunningLab): readonly string[] {
  return [...new Set(running.lab.layout.flatMap((panel) => (panel.kind === "ring" ? [panel.machine] : [])))];
}

/** Steps of a ring, below the stage, for one of the lab's machines. */
export function ringStepper(
  running: RunningLab,
  name: string,
  language: Language,
  machines: readonly MachineStatus[],
): TemplateResult {
  const { letter } = machines.find((machine) => machine.name === name)!;
  const watch = running.devices.rings(name);
  return html`<ringside-ring-transport class="stepper" .language=${language} .machine=${name} .letter=${letter}
    .rings=${watch?.rings ?? []} .state=${watch?.state}
    @ring-choose=${(event: CustomEvent<{ ring: string }>) => running.devices.choose(name, event.detail.ring)}
    @ring-pace=${(event: CustomEvent<RingPace>) => running.devices.pace(name, event.detail)}
    @ring-step=${(event: CustomEvent<RingStep>) => running.devices.step(name, event.detail.ring, event.detail.by)}></ringside-ring-transport>`;
}
