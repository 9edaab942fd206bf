import { html, nothing, type TemplateResult } from "lit";
import { type Letters, machineNamespaces } from "../../probe/namespace-sharing.ts";
import type { Kind, NamespaceReading, Process } from "../../probe/namespaces.ts";
import { type Fact, factsOf } from "./facts.ts";
import { hueOf } from "./map.ts";
import { type Marks, namespaceKey } from "./marks.ts";
import type { NamespaceWords } from "./strings.ts";

/** All that the comparison of one process with its machine is drawn from. */
export interface InspectorModel {
  readonly reading: NamespaceReading;
  readonly before: NamespaceReading | undefined;
  readonly process: Process;
  readonly kind: Kind | undefined;
  readonly letters: Letters;
  readonly fresh: Marks;
  readonly beat: 0 | 1;
  readonly numbers: boolean;
  readonly words: NamespaceWords;
}

const lines = (all: readonly string[]) => all.map((line) => html`<div>${line}</div>`);
const same = (a: readonly string[], b: readonly string[]) => a.join("\n") === b.join("\n");

/** The process that stands for the machine. */
function machineProcess(reading: NamespaceReading): Process {
  return reading.processes.find(({ pid }) => pid === 1) ?? reading.processes[0]!;
}

function factsBefore({ before, process, words }: InspectorModel): readonly Fact[] | undefined {
  const then = before?.processes.find(({ pid }) => pid === process.pid);
  return before && then ? factsOf(before, then, machineProcess(before), words) : undefined;
}

/** Inside and outside of one process side by side, and what was inside before, where that is marked. */
export function inspector(model: InspectorModel): TemplateResult {
  const { reading, process, words } = model;
  const earlier = factsBefore(model);
  const absent = model.before && !earlier ? html` <small>${words.notYet}</small>` : nothing;
  return html`<table class="facts">
    <thead><tr>
      <td></td>
      <th scope="col">${words.insideOf(process.name, process.pid)}${absent}</th>
      ${earlier ? html`<th scope="col">${words.sawBefore}</th>` : nothing}
      <th scope="col">${words.machineSees}</th>
    </tr></thead>
    <tbody>${factsOf(reading, process, machineProcess(reading), words).map((fact, index) =>
      factRow(model, fact, earlier?.[index]),
    )}</tbody>
  </table>`;
}

function factRow(model: InspectorModel, fact: Fact, earlier: Fact | undefined): TemplateResult {
  const { words, kind, fresh, process } = model;
  const inode = fact.kind && process.namespaces[fact.kind];
  const own = fact.kind && machineNamespaces(model.reading)[fact.kind];
  const changed = fact.kind && inode !== undefined && fresh.namespaces.has(namespaceKey(fact.kind, inode));
  const differs = !same(fact.inside, fact.outside) || inode !== own;
  const letter = fact.kind && inode !== undefined ? model.letters[fact.kind].get(inode) : undefined;
  const classes = [
    changed ? `fresh-${model.beat}` : "",
    fact.kind !== undefined && fact.kind === kind ? "chosen" : "",
    differs ? "differs" : "",
  ];
  return html`<tr class=${classes.join(" ")}>
    <th scope="row">${words.facts[fact.id]}${
      fact.kind ? html` <span class="chip hue-${hueOf(letter ?? "a")}">${fact.kind} ${letter ?? "?"}</span>` : nothing
    }</th>
    <td class="here">${lines(fact.inside)}${
      model.numbers ? html`<small class="origin">${words.from(fact.origin)}</small>` : nothing
    }</td>
    ${earlier ? html`<td class=${same(earlier.inside, fact.inside) ? "then" : "then other"}>${lines(earlier.inside)}</td>` : nothing}
    <td class="there">${lines(fact.outside)}</td>
  </tr>`;
}
