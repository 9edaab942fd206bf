/** Grids of many small cells drawn as a few SVG paths, and walked with the arrow keys. */

export interface Grid {
  readonly columns: number;
  readonly count: number;
  /** Side of a cell, in the picture's own units. */
  readonly side: number;
}

/** A part of a cell, in shares of its side from its upper left corner. */
export interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const WHOLE: Part = { x: 0, y: 0, width: 1, height: 1 };

/** Width and height of a grid's picture. */
export function extent({ columns, count, side }: Grid): { readonly width: number; readonly height: number } {
  return { width: columns * side, height: Math.ceil(count / columns) * side };
}

/** The upper left corner of a cell. */
export function corner({ columns, side }: Grid, index: number): { readonly x: number; readonly y: number } {
  return { x: (index % columns) * side, y: Math.floor(index / columns) * side };
}

const short = (value: number) => String(Math.round(value * 100) / 100);

/** One SVG path that fills the same part of many cells. A gap of a tenth is left around each cell. */
export function fillPath(grid: Grid, indices: readonly number[], part: Part = WHOLE): string {
  const inner = grid.side * 0.8;
  return indices
    .map((index) => {
      const { x, y } = corner(grid, index);
      const left = x + grid.side * 0.1 + part.x * inner;
      const top = y + grid.side * 0.1 + part.y * inner;
      const width = short(part.width * inner);
      return `M${short(left)} ${short(top)}h${width}v${short(part.height * inner)}h-${width}z`;
    })
    .join("");
}

/** One SVG path with a stroke through each of many cells, from corner to corner; twice for a cross. */
export function strikePath(grid: Grid, indices: readonly number[], cross: boolean): string {
  return indices
    .map((index) => {
      const { x, y } = corner(grid, index);
      const far = short(grid.side);
      const stroke = `M${short(x)} ${short(y + grid.side)}l${far} -${far}`;
      return cross ? `${stroke}M${short(x)} ${short(y)}l${far} ${far}` : stroke;
    })
    .join("");
}

/** The cell at a place in the picture; undefined outside. */
export function cellAt(grid: Grid, x: number, y: number): number | undefined {
  const column = Math.floor(x / grid.side);
  const index = Math.floor(y / grid.side) * grid.columns + column;
  return column < 0 || column >= grid.columns || index < 0 || index >= grid.count ? undefined : index;
}

/** Where a key takes the cursor; undefined for keys that mean nothing here. Rows that a page key skips. */
export function move(grid: Grid, from: number, key: string, page = 8): number | undefined {
  const { columns, count } = grid;
  const row = from - (from % columns);
  const target: Readonly<Record<string, number>> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
    Home: row,
    End: row + columns - 1,
    PageUp: from - columns * page,
    PageDown: from + columns * page,
  };
  const to = target[key];
  if (to === undefined) return undefined;
  return to < 0 || to >= count ? from : to;
}
