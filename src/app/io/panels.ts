import { html, nothing, type TemplateResult } from "lit";
import type { Language } from "../../views/language.ts";
import type { MachineStatus } from "../../views/machine.ts";
import { type DevicePanel, panelId } from "../panels.ts";
import type { DeviceWatch, RingPace } from "./device-watch.ts";
import type { MachineCosts } from "./kept-runs.ts";

/** Panels that look at devices, and what the student does in them. */

/** One panel, listening to what the student asks for in it. */
export function devicePanel(
  panel: DevicePanel,
  devices: DeviceWatch,
  language: Language,
  machines: readonly MachineStatus[],
): TemplateResult {
  const letters = Object.fromEntries(machines.map(({ name, letter }) => [name, letter]));
  if (panel.kind === "io-costs") return costsPanel(devices, language, machines);
  const { phase } = machines.find(({ name }) => name === panel.machine)!;
  return panel.kind === "ring"
    ? ringPanel(panel.machine, devices, { language, letters, phase })
    : domainsPanel(panel.machine, devices, { language, letters, phase });
}

interface Look {
  readonly language: Language;
  readonly letters: Readonly<Record<string, string>>;
  readonly phase: MachineStatus["phase"];
}

function ringPanel(machine: string, devices: DeviceWatch, { language, letters, phase }: Look): TemplateResult {
  const watch = devices.rings(machine);
  return html`<ring-view slot=${panelId({ kind: "ring", machine })} .language=${language} .letters=${letters} .phase=${phase}
    .rings=${watch?.rings ?? []} .state=${watch?.state} .previous=${watch?.previous} .trace=${watch?.trace} .problem=${watch?.problem}
    @ring-choose=${(event: CustomEvent<{ ring: string }>) => devices.choose(machine, event.detail.ring)}
    @ring-pace=${(event: CustomEvent<RingPace>) => devices.pace(machine, event.detail)}
    @ring-step=${(event: CustomEvent<RingStep>) => devices.step(machine, event.detail.ring, event.detail.by)}></ring-view>`;
}

interface RingStep {
  readonly ring: string;
  readonly by: "slot" | "notification";
}

function domainsPanel(machine: string, devices: DeviceWatch, { language, letters, phase }: Look): TemplateResult {
  const watch = devices.domains(machine);
  return html`<xen-domains slot=${panelId({ kind: "domains", machine })} .language=${language} .letters=${letters} .phase=${phase}
    .domains=${watch?.domains.value} .previous=${watch?.domains.previous} .store=${watch?.store.value} .previousStore=${watch?.store.previous}
    .problem=${watch?.domains.problem ?? watch?.store.problem}></xen-domains>`;
}

function costsPanel(devices: DeviceWatch, language: Language, machines: readonly MachineStatus[]): TemplateResult {
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

/** Steps of a ring, below the stage, for one of the lab's machines; nothing before its rings were looked at. */
export function ringStepper(
  devices: DeviceWatch,
  name: string,
  language: Language,
  machines: readonly MachineStatus[],
): TemplateResult | typeof nothing {
  const { letter } = machines.find((machine) => machine.name === name)!;
  const watch = devices.rings(name);
  if (!watch || watch.rings.length === 0) return nothing;
  return html`<ringside-ring-transport class="stepper" .language=${language} .machine=${name} .letter=${letter}
    .rings=${watch.rings} .state=${watch.state}
    @ring-choose=${(event: CustomEvent<{ ring: string }>) => devices.choose(name, event.detail.ring)}
    @ring-pace=${(event: CustomEvent<RingPace>) => devices.pace(name, event.detail)}
    @ring-step=${(event: CustomEvent<RingStep>) => devices.step(name, event.detail.ring, event.detail.by)}></ringside-ring-transport>`;
}
