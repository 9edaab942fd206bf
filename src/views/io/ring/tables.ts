import { html, nothing, type TemplateResult } from "lit";
import type { RingEntry, RingState } from "../../../probe/io/types.ts";
import { grouped } from "../../quantities.ts";
import { HOST } from "../parties.ts";
import { plainTable, type TableCell } from "../tables.ts";
import type { IoWords } from "../words/words.ts";
import { writeCondition } from "./condition.ts";
import { countersOf, ratioLines } from "./side.ts";

/** Everything a ring's picture shows, as rows. */

export function ringTables(state: RingState, words: IoWords): TemplateResult {
  return html`${indices(state, words)}${conditions(state, words)}${slots(state, words)}${queue(state, words)}
    ${counters(state, words)}${batches(state, words)}`;
}

function indices(state: RingState, words: IoWords) {
  const { title, columns, kinds } = words.indices;
  const rows = state.indices.map(({ name, side, shared, value, slot, from }) => [
    name,
    words.ring[side],
    shared ? kinds.shared : kinds.private,
    value,
    slot,
    from,
  ]);
  return plainTable(title, Object.values(columns), rows, [3, 4]);
}

function conditions({ notify, front, back }: RingState, words: IoWords) {
  const { title, columns, notify: yes, quiet, rules } = words.condition;
  const rows = notify.map((condition) => {
    const { named, worked } = writeCondition(condition);
    const [one, other] = [front, back].map((name) => (name === HOST ? words.program : name)) as [string, string];
    const direction = condition.direction === "front-to-back" ? words.from(one, other) : words.from(other, one);
    return [direction, rules[condition.rule], named, worked, condition.holds ? yes : quiet];
  });
  return plainTable(title, Object.values(columns), rows);
}

function entryText(entry: RingEntry | undefined): TableCell {
  if (!entry) return nothing;
  return `${entry.operation} ${entry.fields.map(({ name, value }) => `${name}=${value}`).join(" ")}`;
}

function slots(state: RingState, words: IoWords) {
  const { columns, grants, grant, descriptor } = words.slot;
  const rows = state.slots
    .filter((slot) => slot.state !== "free")
    .map((slot) => {
      const pages = [...(slot.request?.pages ?? []), ...(slot.response?.pages ?? [])];
      const listed = pages.map((page) =>
        page.grant
          ? `${grant(page.reference)} ${page.address} ${grants[page.grant]}`
          : `${descriptor(page.reference)} ${page.address}`,
      );
      return [
        slot.slot,
        words.ring.states[slot.state],
        html`<span class="pa">${slot.address}</span>`,
        entryText(slot.request),
        entryText(slot.response),
        html`${listed.map((page) => html`<div>${page}</div>`)}`,
        slot.bytes,
      ];
    });
  return plainTable(words.ring.title, Object.values(columns), rows, [0]);
}

function queue({ virtqueue }: RingState, words: IoWords) {
  if (!virtqueue) return nothing;
  const { columns, descriptors, avail, used } = words.queue;
  const table = virtqueue.descriptors.map(({ index, address, bytes, writable, next, indirect }) => [
    index,
    html`<span class="pa">${address}</span>`,
    bytes,
    writable ? words.yes : words.no,
    next ?? words.none,
    indirect ? words.yes : words.no,
  ]);
  return html`${plainTable(descriptors, [columns.index, columns.address, columns.bytes, columns.writable, columns.next, columns.indirect], table, [0, 2])}
    ${plainTable(
      avail,
      [columns.entry, columns.head],
      virtqueue.avail.map((head, entry) => [entry, head]),
      [0, 1],
    )}
    ${plainTable(
      used,
      [columns.entry, columns.head, columns.written],
      virtqueue.used.map(({ id, bytes }, entry) => [entry, id, bytes]),
      [0, 1, 2],
    )}`;
}

function counters(state: RingState, words: IoWords) {
  const { title, columns } = words.counters;
  const counted = countersOf(state).map(([name, value]) => [words.counters[name], grouped(value)]);
  return plainTable(title, Object.values(columns), [...ratioLines(state, words), ...counted], [1]);
}

function batches(state: RingState, words: IoWords) {
  const { title, columns, directions } = words.batches;
  const rows = [...state.batches]
    .reverse()
    .map(({ direction, at, entries, notified }) => [
      directions[direction],
      Math.round(at),
      entries,
      notified ? words.yes : words.no,
    ]);
  return plainTable(title, Object.values(columns), rows, [1, 2]);
}
