import { html, nothing } from "lit";
import { type Language, strings } from "../language.ts";
import type { MachineStatus, Part } from "../machine.ts";

/** A machine on its way to its prompt: the stage, and every part with its bytes. Nothing once it runs. */
export function arrival(machine: MachineStatus, language: Language) {
  if (machine.phase !== "starting") return nothing;
  const text = strings(language);
  return html`<div class="arrival">
    <p class="stage" role="status">${text.machine.name(machine.letter, machine.name)} · ${text.stages[machine.stage]}</p>
    <ul>${machine.parts.map((part) => partLine(part, language))}</ul>
  </div>`;
}

function partLine(part: Part, language: Language) {
  const text = strings(language);
  const name = text.partNames[part.name] ?? part.name;
  const share = part.total ? Math.min(1, part.loaded / part.total) : undefined;
  return html`<li>
    <span>${part.total ? text.part(name, part.loaded, part.total) : text.partLoaded(name, part.loaded)}</span>
    <span class="bar" aria-hidden="true"><i style="width:${share === undefined ? 0 : share * 100}%"></i></span>
  </li>`;
}
