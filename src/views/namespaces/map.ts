import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { childrenElsewhere, type Letters, type TreeRow } from "../../probe/namespace-sharing.ts";
import type { Kind, NamespaceReading } from "../../probe/namespaces.ts";
import { cellKey, type Marks, namespaceKey } from "./marks.ts";
import type { NamespaceWords } from "./strings.ts";

/** The kinds in the order they are taught; `time` stands apart. */
export const COLUMNS: readonly Kind[] = ["uts", "mnt", "pid", "net", "ipc", "user", "cgroup", "time"];

/** What is chosen: a process, and a kind where a cell was. */
export interface Choice {
  readonly pid: number;
  readonly kind?: Kind | undefined;
}

/** All that the map is drawn from. */
export interface MapModel {
  readonly reading: NamespaceReading;
  readonly rows: readonly TreeRow[];
  readonly letters: Letters;
  /** Since the last reading, and since the student's mark. */
  readonly fresh: Marks;
  readonly since: Marks;
  /** Alternates with every reading, so that a mark that was already there fades anew. */
  readonly beat: 0 | 1;
  readonly numbers: boolean;
  readonly chosen: Choice | undefined;
  /** The cell the keyboard is on: a row's place and a column, −1 for the process itself. */
  readonly cursor: { readonly row: number; readonly column: number };
  readonly words: NamespaceWords;
  readonly choose: (choice: Choice) => void;
}

/** Which of seven hues a letter has; `a`, the machine's own, has none. */
export function hueOf(letter: string): number {
  let index = 0;
  for (const character of letter) index = index * 26 + (character.charCodeAt(0) - 96);
  return index <= 1 ? 0 : ((index - 2) % 7) + 1;
}

/** A picture of who shares what: processes down, kinds across, a letter and a hue for every namespace. */
export function namespaceMap(model: MapModel): TemplateResult {
  const { words } = model;
  return html`<table class="map" role="grid" aria-label=${words.title}>
    <thead><tr>
      <th scope="col" class="name">${words.process}</th>
      <th scope="col" class="number">${words.outside}</th>
      <th scope="col" class="number">${words.inside}</th>
      ${COLUMNS.map((kind) => html`<th scope="col" class=${kind} title=${words.holds[kind]}><span>${kind}</span></th>`)}
    </tr></thead>
    <tbody>${repeat(
      model.rows,
      ({ process }) => process.pid,
      (row, index) => processRow(model, row, index),
    )}</tbody>
  </table>`;
}

function tags(model: MapModel, { process }: TreeRow): readonly string[] {
  const { words, letters } = model;
  const list: string[] = [];
  if (process.zombie) list.push(words.zombie);
  if (process.root !== undefined && process.root !== "/") list.push(words.rootAt(process.root));
  if (childrenElsewhere(process)) {
    const letter = process.pidForChildren && letters.pid.get(process.pidForChildren);
    list.push(letter ? words.childrenIn(letter) : words.childrenElsewhere);
  }
  if (model.since.appeared.has(process.pid)) list.push(words.isNew);
  return list;
}

function processRow(model: MapModel, row: TreeRow, index: number): TemplateResult {
  const { process, depth } = row;
  const { words, fresh, chosen } = model;
  const mark = fresh.appeared.has(process.pid) || fresh.rows.has(process.pid) ? `fresh-${model.beat}` : "";
  const inside = process.nspid.at(-1);
  const selected = chosen?.pid === process.pid;
  return html`<tr class=${mark} aria-selected=${selected ? "true" : "false"}>
    <th scope="row" class="name" style="--depth:${Math.min(depth, 6)}">
      <button class="process" data-row=${index} data-column="-1" tabindex=${atCursor(model, index, -1)}
        aria-label=${words.row(process.name, process.pid)}
        @click=${() => model.choose({ pid: process.pid })}>${process.name}</button>
      ${tags(model, row).map((tag) => html`<small class="tag">${tag}</small>`)}
    </th>
    <td class="number">${process.pid}</td>
    <td class="number own">${inside === undefined || inside === process.pid ? nothing : inside}</td>
    ${COLUMNS.map((kind, column) => cell(model, row, kind, index, column))}
  </tr>`;
}

function atCursor({ cursor }: MapModel, row: number, column: number): number {
  return cursor.row === row && cursor.column === column ? 0 : -1;
}

function cell(model: MapModel, { process }: TreeRow, kind: Kind, row: number, column: number): TemplateResult {
  const { words, letters, fresh, since, chosen } = model;
  const inode = process.namespaces[kind];
  const key = cellKey(process.pid, kind);
  const letter = inode === undefined ? "–" : (letters[kind].get(inode) ?? "?");
  const label =
    inode === undefined ? words.cellUnread(kind, process.name) : words.cell(kind, letter, process.name, inode);
  const changed = fresh.cells.has(key) || (inode !== undefined && fresh.namespaces.has(namespaceKey(kind, inode)));
  const was = since.cells.get(key);
  const before = was === undefined ? undefined : letters[kind].get(was);
  const classes = [
    kind,
    inode === undefined ? "unread" : `hue-${hueOf(letter)}`,
    changed ? `fresh-${model.beat}` : "",
    since.cells.has(key) ? "since" : "",
  ];
  return html`<td class=${classes.join(" ")}>
    <button data-row=${row} data-column=${column} tabindex=${atCursor(model, row, column)} aria-label=${label} title=${label}
      aria-pressed=${chosen?.pid === process.pid && chosen.kind === kind ? "true" : "false"}
      @click=${() => model.choose({ pid: process.pid, kind })}><b>${letter}</b>${
        model.numbers && inode !== undefined ? html`<small>${inode}</small>` : nothing
      }${before === undefined ? nothing : html`<small class="was">${words.was(before)}</small>`}</button>
  </td>`;
}
