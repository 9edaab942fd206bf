import { html, type TemplateResult } from "lit";
import type { NamespaceReading } from "../probe/index.ts";
import { type Language, strings } from "../views/language.ts";
import type { RunningLab } from "./running-lab.ts";

/** What the student holds on to in the view of namespaces. */
export interface NamespaceChoice {
  /** The reading that was kept. */
  readonly earlier: NamespaceReading | undefined;
  /** The process that is chosen. */
  readonly selected: number | undefined;
}

/** The namespaces inside the lab's first machine with a terminal. */
export function namespacesPanel(
  running: RunningLab,
  language: Language,
  choice: NamespaceChoice,
  choose: (choice: Partial<NamespaceChoice>) => void,
): TemplateResult {
  const machine = inspectedMachine(running);
  const inside = running.namespaces.of(machine);
  const problem = inside?.problem && [strings(language).panels.unreadable(machine), inside.problem].join(" ");
  return html`<ringside-namespaces slot="namespaces" .language=${language} .reading=${inside?.reading} .problem=${problem}
    .earlier=${choice.earlier} .selected=${choice.selected}
    @ringside-select=${(event: CustomEvent<{ pid: number }>) => choose({ selected: event.detail.pid })}
    @ringside-keep=${(event: CustomEvent<{ reading?: NamespaceReading }>) => choose({ earlier: event.detail.reading })}></ringside-namespaces>`;
}

/** The machine a lab's live view reads: the first one with a terminal. */
export function inspectedMachine(running: RunningLab): string {
  const terminal = running.lab.layout.find((panel) => panel.kind === "terminal");
  return terminal?.kind === "terminal" ? terminal.machine : running.lab.machines[0]!.spec.name;
}
