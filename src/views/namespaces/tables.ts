import { html, nothing, type TemplateResult } from "lit";
import { type Letters, shares } from "../../probe/namespace-sharing.ts";
import type { Kind, NamespaceReading, Process } from "../../probe/namespaces.ts";
import { namespaceLines, openedBy } from "./facts.ts";
import { COLUMNS } from "./map.ts";
import type { NamespaceWords } from "./strings.ts";

/** Everything the map shows, as two plain tables. */
export function namespaceTables(reading: NamespaceReading, letters: Letters, words: NamespaceWords): TemplateResult {
  const columns = words.columns;
  return html`<div class="tables">
    <table class="plain">
      <caption>${words.tableProcesses}</caption>
      <thead><tr>
        <th scope="col">${words.process}</th><th scope="col">${words.outside}</th><th scope="col">${words.inside}</th>
        ${COLUMNS.map((kind) => html`<th scope="col">${kind}</th>`)}
        <th scope="col">${words.facts.root}</th><th scope="col">${words.facts.cgroup}</th>
      </tr></thead>
      <tbody>${reading.processes.map((process) => processRow(process, words))}</tbody>
    </table>
    <table class="plain">
      <caption>${words.tableNamespaces}</caption>
      <thead><tr>
        <th scope="col">${columns.kind}</th><th scope="col">${columns.letter}</th><th scope="col">${columns.number}</th>
        <th scope="col">${columns.members}</th><th scope="col">${columns.holds}</th>
        <th scope="col">${columns.owner}</th><th scope="col">${columns.origin}</th>
      </tr></thead>
      <tbody>${COLUMNS.map((kind) => namespaceRows(reading, kind, letters, words))}</tbody>
    </table>
  </div>`;
}

function processRow(process: Process, words: NamespaceWords): TemplateResult {
  return html`<tr>
    <th scope="row">${process.name}</th><td>${process.pid}</td><td>${process.nspid.at(-1) ?? nothing}</td>
    ${COLUMNS.map((kind) => html`<td>${process.namespaces[kind] ?? words.unread}</td>`)}
    <td>${process.root ?? words.unread}</td><td>${process.cgroup ?? words.unread}</td>
  </tr>`;
}

function namespaceRows(reading: NamespaceReading, kind: Kind, letters: Letters, words: NamespaceWords) {
  return shares(reading, kind).map(({ namespace, members }) => {
    const owner = namespace.owner === undefined ? undefined : letters.user.get(namespace.owner);
    return html`<tr>
      <th scope="row">${kind}</th><td>${letters[kind].get(namespace.inode)}</td><td>${namespace.inode}</td>
      <td>${members.join(" ") || words.none}</td>
      <td>${namespaceLines(reading, namespace, words).map((line) => html`<div>${line}</div>`)}</td>
      <td>${owner === undefined ? nothing : words.ownedBy(owner)}</td><td>${openedBy(namespace, words)}</td>
    </tr>`;
  });
}
