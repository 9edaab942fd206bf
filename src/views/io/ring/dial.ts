import { nothing, type SVGTemplateResult, svg } from "lit";
import { KINDS, kindOf } from "./kinds.ts";
import type { Cell, Fill, Pointer, RingModel, TrackName } from "./model.ts";
import type { Window } from "./window.ts";

/** The whole ring at once, slot 0 at the top and onwards as a clock goes: the front outside, the back inside. */

/** The picture's own units: it is square, and its middle is 0, 0. */
export const DIAL = 164;
const OUTER = 64;
const INNER = 40;
/** Between `avail` and `used`. */
const GAP = 4;
const WINDOW_RADIUS = 78;
/** Rings of more slots are not divided cell by cell: the lines would be all there is. */
const MOST_DIVIDED = 64;

/** The angle of the boundary before a position, in radians from the top, clockwise. */
export const angleOf = (position: number, capacity: number) => (2 * Math.PI * position) / capacity;

const short = (value: number) => String(Math.round(value * 100) / 100);

/** A point at an angle and a distance from the middle, as a path writes it. */
export function point(angle: number, radius: number): string {
  return `${short(radius * Math.sin(angle))} ${short(-radius * Math.cos(angle))}`;
}

/** The boundary or slot under a point, from 0 to just below the capacity. */
export function positionUnder(x: number, y: number, capacity: number): number {
  const turn = Math.atan2(x, -y) / (2 * Math.PI);
  return Math.floor((turn < 0 ? turn + 1 : turn) * capacity) % capacity;
}

interface Radii {
  readonly outer: number;
  readonly inner: number;
}

/** The two radii between which a track lies. */
export function radiiOf(track: TrackName): Radii {
  const middle = (OUTER + INNER) / 2;
  if (track === "avail") return { outer: OUTER, inner: middle + GAP / 2 };
  return track === "used" ? { outer: middle - GAP / 2, inner: INNER } : { outer: OUTER, inner: INNER };
}

function filledRadii({ outer, inner }: Radii, fill: Fill): Radii {
  const middle = (outer + inner) / 2;
  if (fill === "outer") return { outer, inner: middle };
  return fill === "inner" ? { outer: middle, inner } : { outer, inner };
}

/** Slots that follow one another and are filled alike. */
export interface Run {
  readonly from: number;
  readonly count: number;
  readonly fill: Fill;
}

/** Cells as runs, in the order of their positions. A run does not go over the end of the ring. */
export function runsOf(cells: Iterable<Cell>): readonly Run[] {
  const runs: Run[] = [];
  for (const { position, fill } of [...cells].sort((one, other) => one.position - other.position)) {
    const last = runs.at(-1);
    if (last && last.fill === fill && last.from + last.count === position)
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ from: position, count: 1, fill });
  }
  return runs;
}

/** A sector between two radii; a whole turn is drawn as two halves. */
function sector(from: number, to: number, { outer, inner }: Radii): string {
  if (to - from > Math.PI * 1.999) {
    const half = from + Math.PI;
    return sector(from, half, { outer, inner }) + sector(half, to, { outer, inner });
  }
  const large = to - from > Math.PI ? 1 : 0;
  return `M${point(from, outer)}A${outer} ${outer} 0 ${large} 1 ${point(to, outer)}L${point(to, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`;
}

function runPath({ from, count, fill }: Run, capacity: number, track: TrackName): string {
  return sector(angleOf(from, capacity), angleOf(from + count, capacity), filledRadii(radiiOf(track), fill));
}

/** Lines between the slots, or between groups of them where they are many. */
function divisions(capacity: number, { outer, inner }: Radii): string {
  const every = capacity <= MOST_DIVIDED ? 1 : capacity / 16;
  return Array.from({ length: capacity / every }, (_, at) => {
    const angle = angleOf(at * every, capacity);
    return `M${point(angle, inner)}L${point(angle, outer)}`;
  }).join("");
}

/** A triangle whose tip touches its track: from outside for the front, from inside for the back. */
export function pointerPath(pointer: Pointer, capacity: number): string {
  const angle = angleOf(pointer.position, capacity);
  const kind = kindOf(pointer);
  const [high, wide] = kind === "private" ? [10, 5.5] : [8, 3.5];
  const [tip, base] = pointer.index.side === "front" ? [OUTER + 1, OUTER + 1 + high] : [INNER - 1, INNER - 1 - high];
  if (kind === "threshold") return `M${point(angle, tip)}L${point(angle, base)}`;
  const half = wide / base;
  return `M${point(angle, tip)}L${point(angle - half, base)}L${point(angle + half, base)}Z`;
}

function windowPath({ start, count }: Window, capacity: number): string {
  const [from, to] = [angleOf(start, capacity), angleOf(start + count, capacity)];
  const large = to - from > Math.PI ? 1 : 0;
  const r = WINDOW_RADIUS;
  return `M${point(from, r - 4)}L${point(from, r)}A${r} ${r} 0 ${large} 1 ${point(to, r)}L${point(to, r - 4)}`;
}

export interface DialPicture {
  readonly model: RingModel;
  readonly window: Window;
  readonly selected: { readonly track: TrackName; readonly position: number } | undefined;
  /** Slots that are not free, told in the middle. */
  readonly busy: number;
  readonly of: string;
}

/** The picture inside an `svg` whose `viewBox` is {@link DIAL_BOX}. */
export function dialPicture({ model, window, selected, busy, of }: DialPicture): SVGTemplateResult {
  const { capacity, tracks, pointers } = model;
  return svg`${tracks.map(({ name, cells }) => {
    const radii = radiiOf(name);
    return svg`<path class="ground" d=${sector(0, 2 * Math.PI, radii)} fill-rule="evenodd"/>
      ${runsOf(cells.values()).map((run) => svg`<path class="fill ${run.fill}" d=${runPath(run, capacity, name)}/>`)}
      <path class="division" d=${divisions(capacity, radii)}/>`;
  })}
    ${
      selected
        ? svg`<path class="chosen" d=${sector(angleOf(selected.position, capacity), angleOf(selected.position + 1, capacity), radiiOf(selected.track))}/>`
        : nothing
    }
    ${window.count < capacity ? svg`<path class="window" d=${windowPath(window, capacity)}/>` : nothing}
    ${KINDS.flatMap((kind) => pointers.filter((pointer) => kindOf(pointer) === kind)).map(
      (pointer) =>
        svg`<path class="pointer ${pointer.index.side} ${kindOf(pointer)}" d=${pointerPath(pointer, capacity)}/>`,
    )}
    <text class="busy" text-anchor="middle" y="2">${busy}</text><text class="of" text-anchor="middle" y="18">${of}</text>`;
}

export const DIAL_BOX = `${-DIAL / 2} ${-DIAL / 2} ${DIAL} ${DIAL}`;
