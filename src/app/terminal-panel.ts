import { html, type TemplateResult } from "lit";
import type { Language } from "../views/language.ts";
import type { MachineStatus } from "../views/machine.ts";
import "../views/terminal/terminal.ts";
import type { RunningLab } from "./running-lab.ts";

export interface TerminalLook {
  readonly language: Language;
  /** Anything that changes with the theme: the terminal reads its colours anew. */
  readonly theme: string;
  readonly screenReader: boolean;
}

/** A machine's terminal, wired to its console. */
export function terminalPanel(
  name: string,
  running: RunningLab,
  { language, theme, screenReader }: TerminalLook,
  machines: readonly MachineStatus[],
): TemplateResult {
  const machine = machines.find((other) => other.name === name)!;
  return html`<ringside-terminal slot="terminal:${name}" .language=${language} .theme=${theme}
    .machine=${machine} ?screenReader=${screenReader}
    @ringside-type=${(event: CustomEvent<{ bytes: Uint8Array }>) => running.type(name, event.detail.bytes)}
    @ringside-size=${(event: CustomEvent<{ columns: number; rows: number }>) =>
      running.consoles.resize(name, event.detail.columns, event.detail.rows)}
    @ringside-restart=${() => running.act("restart", [name])} @ringside-rewind=${() => running.act("back", [name])}
    ></ringside-terminal>`;
}
