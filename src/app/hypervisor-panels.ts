import { html, type TemplateResult } from "lit";
import { HYPERVISOR_PANELS, type MachinePanel } from "../lab/lab.ts";
import type { TravelTarget } from "../machine/api.ts";
import type { TransportState } from "../views/hypervisor/transport.ts";
import type { Language } from "../views/language.ts";
import type { MachineStatus } from "../views/machine.ts";
import type { ProgramRun, ProgramState } from "../views/program/program.ts";
import type { TransportAction } from "../views/transport.ts";
import { panelId } from "./panels.ts";
import type { RunningLab } from "./running-lab.ts";

/** Panels that look into a machine which boots the hypervisor: what they show and what the student does in them. */

export type InspectingPanel = MachinePanel & { readonly kind: (typeof HYPERVISOR_PANELS)[number] };

const KINDS: readonly string[] = HYPERVISOR_PANELS;

export function isInspecting(panel: { readonly kind: string }): panel is InspectingPanel {
  return KINDS.includes(panel.kind);
}

/** Loads the elements; a lab without such panels never does. */
export const loadInspectingViews = () =>
  Promise.all([import("../views/hypervisor/index.ts"), import("../views/program/program.ts")]);

type Picture = (
  panel: InspectingPanel,
  running: RunningLab,
  language: Language,
  machine: MachineStatus,
) => TemplateResult;

const PICTURES: Readonly<Record<InspectingPanel["kind"], Picture>> = {
  translation: (panel, running, language, { phase }) => {
    const { state } = running.inspector(panel.machine);
    return html`<ringside-translation slot=${panelId(panel)} .language=${language} .phase=${phase} .problem=${state.problems.translation}
      .translation=${state.translation}></ringside-translation>`;
  },
  "page-tables": (panel, running, language, { phase }) => {
    const { state } = running.inspector(panel.machine);
    return html`<ringside-page-table-map slot=${panelId(panel)} .language=${language} .phase=${phase} .problem=${state.problems["page-tables"]}
      .map=${state.map} .leaf=${state.leaf} .opened=${state.slot}></ringside-page-table-map>`;
  },
  exits: (panel, running, language, { phase }) => {
    const { state } = running.inspector(panel.machine);
    return html`<ringside-exit-strip slot=${panelId(panel)} .language=${language} .phase=${phase} .problem=${state.problems.exits}
      .withAnatomy=${running.lab.layout.some((other) => other.kind === "anatomy" && other.machine === panel.machine)}
      .trace=${state.trace} .counts=${state.counts} .selected=${state.exit}></ringside-exit-strip>`;
  },
  anatomy: (panel, running, language, { phase }) => {
    const { state } = running.inspector(panel.machine);
    return html`<ringside-trap-anatomy slot=${panelId(panel)} .language=${language} .phase=${phase} .problem=${state.problems.anatomy}
      .exit=${state.anatomy}></ringside-trap-anatomy>`;
  },
  memory: (panel, running, language, { phase }) => {
    const { state } = running.inspector(panel.machine);
    return html`<ringside-memory-ownership slot=${panelId(panel)} .language=${language} .phase=${phase} .problem=${state.problems.memory}
      .frames=${state.frames}></ringside-memory-ownership>`;
  },
  "nested-walk": (panel, running, language, { phase }) => {
    const { state } = running.inspector(panel.machine);
    return html`<ringside-nested-walk slot=${panelId(panel)} .language=${language} .phase=${phase} .problem=${state.problems["nested-walk"]}
      .levels=${state.levels} .walk=${state.nested}></ringside-nested-walk>`;
  },
  program: (panel, running, language, machine) => {
    const { text, notice } = running.programs.of(panel.machine);
    return html`<ringside-program slot=${panelId(panel)} .language=${language} .source=${text.source} .name=${text.name}
      .tail=${text.tail} .own=${text.own} .ready=${machine.phase === "running"} .notice=${notice}></ringside-program>`;
  },
};

/** One panel, listening to what the student asks for in it. */
export function inspectingPanel(
  panel: InspectingPanel,
  running: RunningLab,
  language: Language,
  machines: readonly MachineStatus[],
): TemplateResult {
  const machine = machines.find(({ name }) => name === panel.machine)!;
  return PICTURES[panel.kind](panel, running, language, machine);
}

/** The panel that compares what was measured on the lab's machines. */
export function costsPanel(running: RunningLab, language: Language): TemplateResult {
  return html`<ringside-costs slot="costs" .language=${language} .machines=${running.costs.now}></ringside-costs>`;
}

/** The machines of a lab that are looked into, and so are stepped, by name. */
export function steppedMachines(running: RunningLab): readonly string[] {
  return [...new Set(running.lab.layout.filter(isInspecting).map(({ machine }) => machine))];
}

/** Run, step and step back, below the stage, for one of the lab's machines. */
export function stepper(
  running: RunningLab,
  name: string,
  language: Language,
  machines: readonly MachineStatus[],
): TemplateResult {
  const machine = machines.find((other) => other.name === name)!;
  return html`<ringside-hypervisor-transport class="stepper" .language=${language} .machine=${name} .letter=${machine.letter}
    .state=${transportState(running, machine)} .reasons=${running.inspector(name).state.counts?.reasons ?? []}
    ></ringside-hypervisor-transport>`;
}

/**
 * Carries out what an event of such a panel asks for.
 *
 * @param show brings a panel to sight, by its id, and the keyboard into it when told to
 * @returns the names of the events to listen to
 */
export function inspectingEvents(
  running: () => RunningLab | undefined,
  panelOf: (event: Event) => InspectingPanel | undefined,
  show: (panel: string, focus: boolean) => void,
): Readonly<Record<string, (event: CustomEvent<Asked>) => void>> {
  const choose = (event: CustomEvent<Asked>, choice: Parameters<ReturnType<RunningLab["inspector"]>["choose"]>[0]) => {
    const machine = panelOf(event)?.machine;
    if (machine !== undefined) running()?.inspector(machine).choose(choice);
  };
  return {
    "ringside-address": (event) => {
      const { gva, open } = event.detail;
      choose(event, { address: gva!, slot: gva! >>> 22 });
      if (open) show(`translation:${panelOf(event)?.machine}`, true);
    },
    "ringside-slot": (event) => choose(event, { slot: event.detail.slot! }),
    "ringside-exit": (event) => {
      const { exit, open } = event.detail;
      choose(event, { exit: exit! });
      if (open) show(`anatomy:${panelOf(event)?.machine}`, true);
    },
    "ringside-levels": (event) => choose(event, { levels: event.detail.levels! }),
    "ringside-travel": (event) => {
      const machine = event.detail.machine ?? panelOf(event)?.machine;
      if (machine !== undefined) void running()?.travel(machine, event.detail.target!);
    },
    "ringside-program-change": (event) => {
      const machine = panelOf(event)?.machine;
      if (machine !== undefined) running()?.programs.keep(machine, event.detail as unknown as ProgramState);
    },
    "ringside-program-run": (event) => {
      const machine = panelOf(event)?.machine;
      const run = machine && running()?.programs.run(machine, event.detail as unknown as ProgramRun);
      if (run) void run.then((typed) => typed && show(`terminal:${machine}`, false));
    },
    // the controls below the stage send the same, and are listened to where they are
    "ringside-transport": (event) => {
      const { action, machines } = event.detail;
      if (isStepper(event)) void running()?.act(action!, machines!);
    },
    "ringside-speed": (event) => {
      const { speed, machines } = event.detail;
      if (isStepper(event)) void running()?.setSpeed(machines!, speed!);
    },
  };
}

const isStepper = (event: Event) =>
  event
    .composedPath()
    .some((target) => target instanceof HTMLElement && target.localName === "ringside-hypervisor-transport");

/** What the events of these panels carry, each its own part. */
interface Asked {
  readonly gva?: number;
  readonly open?: boolean;
  readonly slot?: number;
  readonly exit?: number;
  readonly levels?: 2 | 4;
  readonly machine?: string;
  readonly target?: TravelTarget;
  readonly action?: TransportAction;
  readonly machines?: readonly string[];
  readonly speed?: number;
}

function transportState(running: RunningLab, machine: MachineStatus): TransportState {
  const { trace, counts } = running.inspector(machine.name).state;
  const last = trace?.exits.at(-1);
  return {
    phase: machine.phase,
    exits: counts?.exits ?? 0,
    instructions: last ? (last.entered + last.cost) >>> 0 : 0,
    speed: machine.speed,
    travelling: running.travelling.has(machine.name),
  };
}
