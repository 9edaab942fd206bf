import { html, type TemplateResult } from "lit";
import type { Language } from "../../views/language.ts";
import type { MachineStatus } from "../../views/machine.ts";
import type { NetworkWatch } from "./network-watch.ts";

/** The panel of the network and the controls below the stage, and what the student does in them. */

/** What the panel and the controls ask of links alone: each is a control of the same name. */
const TURNED = ["hold", "step", "cable", "cut", "shape", "mirror", "forget", "reset"] as const;

type Listener = (event: CustomEvent<Readonly<Record<string, unknown>>>) => void;

/** Listeners for a panel's events, by their names. */
function listeners(watch: NetworkWatch): Readonly<Record<(typeof TURNED)[number], Listener>> {
  const entries = TURNED.map((name) => [
    name,
    (event: CustomEvent) => void watch.turn(`network.${name}`, event.detail),
  ]);
  return Object.fromEntries(entries);
}

export function networkPanel(
  watch: NetworkWatch,
  language: Language,
  machines: readonly MachineStatus[],
): TemplateResult {
  const letters = Object.fromEntries(machines.map(({ name, letter }) => [name, letter]));
  const phases = machines.map(({ phase }) => phase);
  const phase = phases.find((one) => one === "running") ?? phases[0] ?? "starting";
  const on = listeners(watch);
  return html`<network-view slot="network" .language=${language} .letters=${letters} .phase=${phase} .problem=${watch.problem}
    .network=${watch.picture} .passing=${watch.passing}
    @network-hold=${on.hold} @network-step=${on.step} @network-cable=${on.cable} @network-cut=${on.cut} @network-shape=${on.shape}
    @network-mirror=${on.mirror} @network-forget=${on.forget} @network-reset=${on.reset}
    @network-clear=${() => watch.clear()}
    @network-save=${(event: CustomEvent<{ link?: string }>) => watch.save(event.detail.link, language)}
    @network-replay=${(event: CustomEvent<{ link: string; file: File }>) => watch.replay(event.detail.link, event.detail.file, language)}></network-view>`;
}

/** Below the stage: holds the wire and lets frames go. */
export function networkStepper(watch: NetworkWatch, language: Language): TemplateResult {
  const on = listeners(watch);
  return html`<ringside-network-transport class="stepper" .language=${language} .links=${watch.picture?.fabric ?? []} .chosen=${watch.chosen}
    .stretches=${watch.activity.stretches} .now=${Date.now()}
    @network-choose=${(event: CustomEvent<{ link: string }>) => watch.choose(event.detail.link)}
    @network-hold=${on.hold} @network-step=${on.step}></ringside-network-transport>`;
}
