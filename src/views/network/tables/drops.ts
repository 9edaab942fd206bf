import type { DropCounts, DropReason } from "../../../network/reports.ts";
import { grouped } from "../../quantities.ts";
import type { NetworkWords } from "../words/words.ts";

/** Why frames were dropped, and how many; empty where none were. */
export function dropText(dropped: DropCounts, words: NetworkWords): string {
  const { drops, dropCount } = words.tables;
  return (Object.entries(dropped) as [DropReason, number][])
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => dropCount(drops[reason] ?? reason, grouped(count)))
    .join(" · ");
}
