import type { FrameRun, Frames } from "../../probe/hypervisor/frames.ts";
import { fillPath, type Grid, type Part, WHOLE } from "./cells.ts";

/** How machine memory is drawn: a cell a frame, the owner by hue, the use by shape. */

/** 128 frames a row: 8192 frames are 64 rows. */
export function memoryGrid(total: number): Grid {
  return { columns: 128, count: total, side: 6 };
}

export interface FrameLayer {
  readonly owner: FrameRun["owner"];
  readonly type: string;
  readonly path: string;
}

/** Never colour alone: a page table is a cell with a bar, a directory with two, a shadow a small one. */
const SHAPES: Readonly<Record<string, readonly Part[]>> = {
  l1: [
    { x: 0, y: 0, width: 1, height: 0.35 },
    { x: 0, y: 0.65, width: 1, height: 0.35 },
  ],
  l2: [
    { x: 0, y: 0, width: 0.35, height: 1 },
    { x: 0.65, y: 0, width: 0.35, height: 1 },
  ],
  shadow: [{ x: 0.25, y: 0.25, width: 0.5, height: 0.5 }],
  hv: [{ x: 0, y: 0.4, width: 1, height: 0.6 }],
};

const range = ({ mfn, count }: FrameRun) => Array.from({ length: count }, (_, index) => mfn + index);

/** One layer for each owner and use there is; free frames are the empty ground. */
export function memoryLayers({ runs, total }: Frames): readonly FrameLayer[] {
  const layers = new Map<string, { owner: FrameRun["owner"]; type: string; frames: number[] }>();
  for (const run of runs) {
    if (run.type === "free") continue;
    const key = `${run.owner} ${run.type}`;
    const layer = layers.get(key) ?? { owner: run.owner, type: run.type, frames: [] };
    layer.frames.push(...range(run));
    layers.set(key, layer);
  }
  const grid = memoryGrid(total);
  return [...layers.values()].map(({ owner, type, frames }) => ({
    owner,
    type,
    path: (SHAPES[type] ?? [WHOLE]).map((part) => fillPath(grid, frames, part)).join(""),
  }));
}

/** The run a frame is in. */
export function runAt(runs: readonly FrameRun[], mfn: number): FrameRun | undefined {
  return runs.find((run) => mfn >= run.mfn && mfn < run.mfn + run.count);
}
