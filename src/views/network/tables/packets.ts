import type { NetworkPicture, Trail } from "../picture.ts";
import { placeName } from "../things.ts";
import { directionWord } from "../way/hops.ts";
import { listed, timeText } from "../way/list.ts";
import type { NetworkWords } from "../words/words.ts";
import type { NetworkTable } from "./rows.ts";

/** The packets that passed lately, the last one first. */
export function packetTable(picture: NetworkPicture, trails: readonly Trail[], words: NetworkWords): NetworkTable {
  return {
    decides: undefined,
    caption: words.tables.packets,
    columns: Object.values(words.list.columns),
    numbers: [3],
    rows: listed(trails).map(({ hops, colour, summary, lost }, index) => ({
      index,
      cells: [
        timeText(hops[0]?.time ?? 0),
        words.colours[colour],
        summary,
        String(hops.length),
        lost ? placeName(picture, lost.at) : "",
      ],
    })),
  };
}

/** The way of one packet. */
export function hopTable(picture: NetworkPicture, { summary, hops }: Trail, words: NetworkWords): NetworkTable {
  const { columns, fields, tables, recorded } = words.way;
  return {
    decides: undefined,
    caption: summary,
    columns: Object.values(columns),
    numbers: [0, 3],
    rows: hops.map((hop, index) => ({
      index,
      cells: [
        String(index + 1),
        placeName(picture, hop.at),
        directionWord(hop, words),
        (hop.time - hops[0]!.time).toFixed(2),
        hop.changes.map(({ field, before, after }) => `${fields[field]} ${before} → ${after}`).join("; "),
        hop.decided
          .map(
            ({ table, text, how }) => `${tables[table]}: ${text} (${how === "computed" ? words.computed : recorded})`,
          )
          .join("; "),
      ],
    })),
  };
}
