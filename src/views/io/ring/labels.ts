/** Labels on poles: each stands at its own place, none lies on another, and no pole goes through a label. */

export interface Label {
  /** Where its pole stands, in pixels. */
  readonly x: number;
  /** Width of its text, in pixels. */
  readonly width: number;
}

export interface PlacedLabel {
  /** 0 is nearest to what is labelled. */
  readonly row: number;
  /** The text begins at the pole, or ends there. */
  readonly side: Side;
}

type Side = "right" | "left";

interface Hung {
  readonly x: number;
  readonly from: number;
  readonly to: number;
}

const GAP = 8;
/** More labels than this are all hung to the right: there are too many ways to try. */
const MOST_TRIED = 8;

/**
 * Places labels in rows so that nothing lies on anything: to the right of their poles as far as there is room for it,
 * so that they stay where they are while the poles wander.
 *
 * @param room width of the picture, in pixels
 * @returns in the order given; a row for each label is always enough
 */
export function placeLabels(labels: readonly Label[], room: number): readonly PlacedLabel[] {
  let best: { readonly cost: number; readonly placed: readonly PlacedLabel[] } | undefined;
  for (const sides of waysToHang(labels, room)) {
    const { rows, crossed } = rowsOf(labels.map((label, at) => hang(label, sides[at]!)));
    const turned = sides.filter((side) => side === "left").length;
    const cost = crossed * 1000 + turned * 10 + Math.max(0, ...rows);
    if (!best || cost < best.cost) best = { cost, placed: sides.map((side, at) => ({ side, row: rows[at]! })) };
  }
  return best?.placed ?? [];
}

function waysToHang(labels: readonly Label[], room: number): readonly (readonly Side[])[] {
  if (labels.length > MOST_TRIED) return [labels.map(() => "right")];
  return labels.reduce<readonly (readonly Side[])[]>(
    (ways, { x, width }) => {
      const fits = [...(x + width <= room ? ["right" as const] : []), ...(x - width >= 0 ? ["left" as const] : [])];
      const sides: readonly Side[] = fits.length > 0 ? fits : ["right"];
      return ways.flatMap((way) => sides.map((side) => [...way, side]));
    },
    [[]],
  );
}

const hang = ({ x, width }: Label, side: Side): Hung =>
  side === "right" ? { x, from: x, to: x + width } : { x, from: x - width, to: x };

/** The pole stands in the text; not at its end, where labels of one pole hang. */
const inside = (x: number, { from, to }: Hung) => x > from && x < to;
const overlaps = (one: Hung, other: Hung) => one.from < other.to + GAP && other.from < one.to + GAP;

/** A label goes above those whose poles stand in its text. `crossed` counts where that cannot be. */
function rowsOf(labels: readonly Hung[]): { readonly rows: readonly number[]; readonly crossed: number } {
  const rows: (number | undefined)[] = labels.map(() => undefined);
  let crossed = 0;
  const below = (at: number) =>
    labels.flatMap((other, index) =>
      index !== at && overlaps(other, labels[at]!) && inside(other.x, labels[at]!) ? [index] : [],
    );
  for (let left = labels.length; left > 0; left--) {
    const open = rows.flatMap((row, at) => (row === undefined ? [at] : []));
    const free = open.find((at) => below(at).every((index) => rows[index] !== undefined));
    if (free === undefined) crossed++;
    const next = free ?? open[0]!;
    const taken = labels.flatMap((other, at) =>
      rows[at] !== undefined && overlaps(other, labels[next]!) ? [rows[at]] : [],
    );
    let row = Math.max(-1, ...below(next).map((index) => rows[index] ?? -1)) + 1;
    while (taken.includes(row)) row++;
    rows[next] = row;
  }
  return { rows: rows.map((row) => row ?? 0), crossed };
}
