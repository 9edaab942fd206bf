import type { FrameRun, Frames } from "../../probe/hypervisor/frames.ts";
import type { EntryReading } from "../../probe/hypervisor/paging/guest-walk.ts";
import type { Slot } from "../../probe/hypervisor/paging/table-map.ts";
import type { Translation } from "../../probe/hypervisor/paging/translate.ts";

/** What is different since the last reading: it carries a mark that fades. Without a last reading nothing is. */

/** Slots whose entry in either tree, or whose verdict, is another than it was; those that are gone too. */
export function changedSlots(before: readonly Slot[] | undefined, after: readonly Slot[]): readonly number[] {
  if (!before) return [];
  const state = (slot: Slot) => `${slot.guest.value} ${slot.shadow?.value} ${slot.verdict.kind}`;
  const then = new Map(before.map((slot) => [slot.index, state(slot)]));
  const changed = after.filter((slot) => then.get(slot.index) !== state(slot)).map(({ index }) => index);
  const stayed = new Set(after.map(({ index }) => index));
  return [...changed, ...[...then.keys()].filter((index) => !stayed.has(index))];
}

/** A cell of the translation's picture: which tree, and which level or `end`. */
export type CellKey = `${"guest" | "shadow"} ${EntryReading["level"] | "end" | "root"}`;

function cellsOf(translation: Translation): ReadonlyMap<CellKey, string | undefined> {
  const { guest, shadow, ma } = translation;
  return new Map<CellKey, string | undefined>([
    ["guest root", guest.cr3],
    ["shadow root", shadow?.root],
    ...guest.steps.map(({ level, value }) => [`guest ${level}`, value] as const),
    ...(shadow?.steps ?? []).map(({ level, value }) => [`shadow ${level}`, value] as const),
    ["guest end", ma],
    ["shadow end", shadow?.ma],
  ]);
}

/** Cells that show something else than they did for the same address of the same domain. */
export function changedCells(before: Translation | undefined, after: Translation): ReadonlySet<CellKey> {
  if (before?.gva !== after.gva || before.domain !== after.domain) return new Set();
  const then = cellsOf(before);
  return new Set([...cellsOf(after)].filter(([key, value]) => then.get(key) !== value).map(([key]) => key));
}

const use = ({ owner, type, pinned }: FrameRun) => `${owner} ${type} ${pinned}`;

/** Frames that have another owner or another use than they had. */
export function changedFrames(before: Frames | undefined, after: Frames): readonly number[] {
  if (before?.total !== after.total) return [];
  const then: string[] = [];
  for (const run of before.runs) then.push(...Array.from({ length: run.count }, () => use(run)));
  return after.runs.flatMap((run) => {
    const now = use(run);
    return Array.from({ length: run.count }, (_, index) => run.mfn + index).filter((mfn) => then[mfn] !== now);
  });
}
