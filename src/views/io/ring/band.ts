import { placeLabels } from "./labels.ts";
import { type Cell, modulo, type Pointer, type RingModel, type TrackName } from "./model.ts";
import { offsetIn, sideOf, type Window } from "./window.ts";

/**
 * The ring cut open, in pixels: cells in a row, the front's pointers above with their names on poles, the back's below.
 * A pointer stands at the boundary before the slot it names.
 */

const LABEL = 17;
const POINTER = 12;
const AXIS = 16;
/** Between `avail` and `used`, where pointers of both sides reach in. */
const BETWEEN = 26;
const MARGIN = 8;
/** Left of two tracks stand their names. */
const GUTTER = 46;
const HEIGHTS: Readonly<Record<TrackName, number>> = { ring: 44, avail: 26, used: 26 };
/** Width of a letter of the labels, and what a label has beside its letters. */
const LETTER = 7.3;
const PADDING = 14;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface BandCell {
  readonly cell: Cell;
  /** The cell, and the part of it that is filled. */
  readonly box: Box;
  readonly filled: Box;
}

export interface Flag {
  readonly pointer: Pointer;
  /** Where its pole stands. */
  readonly x: number;
  /** Out of sight: there is no pole, and it is further on this way. */
  readonly away: "left" | "right" | undefined;
  /** Where its tip touches, the other end of its pole, and which way the tip points. */
  readonly tip: number;
  readonly end: number;
  readonly down: boolean;
  readonly text: { readonly x: number; readonly y: number; readonly anchor: "start" | "end" };
}

export interface BandTrack extends Box {
  readonly name: TrackName;
}

export interface Band {
  readonly width: number;
  readonly height: number;
  /** Width of a cell. */
  readonly step: number;
  readonly tracks: readonly BandTrack[];
  readonly cells: readonly BandCell[];
  readonly flags: readonly Flag[];
  /** Where the numbers of the slots are written: baseline. */
  readonly axis: number;
}

/** Lays the band out in a given width. */
export function bandOf(model: RingModel, window: Window, width: number): Band {
  const left = model.tracks.length > 1 ? GUTTER : MARGIN;
  const step = (width - left - MARGIN) / window.count;
  const front = model.pointers.filter(({ index }) => index.side === "front");
  const back = model.pointers.filter(({ index }) => index.side === "back");
  const top = front.length * LABEL + POINTER;
  const tracks = trackBoxes(model, { x: left, y: top, width: step * window.count });
  const bottom = Math.max(top, ...tracks.map(({ y, height }) => y + height));
  const axis = bottom + AXIS - 4;
  const low = bottom + AXIS;
  const place = { model, window, step, width, left, tracks };
  return {
    width,
    height: low + POINTER + back.length * LABEL + 2,
    step,
    tracks,
    axis,
    cells: tracks.flatMap((track) => cellBoxes(model, window, step, track)),
    flags: [
      ...flagsOf(front, place, (row) => top - POINTER - row * LABEL),
      ...flagsOf(back, place, (row) => low + POINTER + (row + 1) * LABEL),
    ],
  };
}

function trackBoxes({ tracks }: RingModel, first: Omit<Box, "height">): readonly BandTrack[] {
  const boxes: BandTrack[] = [];
  for (const { name } of tracks) {
    const above = boxes.at(-1);
    boxes.push({ ...first, name, y: above ? above.y + above.height + BETWEEN : first.y, height: HEIGHTS[name] });
  }
  return boxes;
}

function cellBoxes({ capacity, tracks }: RingModel, window: Window, step: number, track: BandTrack) {
  const cells = tracks.find(({ name }) => name === track.name)?.cells ?? new Map<number, Cell>();
  return [...cells.values()].flatMap((cell): BandCell[] => {
    const offset = modulo(cell.position - window.start, capacity);
    if (offset >= window.count) return [];
    const box = { x: track.x + offset * step, y: track.y, width: step, height: track.height };
    const half = track.height / 2;
    const filled = {
      ...box,
      y: cell.fill === "inner" ? box.y + half : box.y,
      height: cell.fill === "whole" ? box.height : half,
    };
    return [{ cell, box, filled }];
  });
}

interface Place {
  readonly model: RingModel;
  readonly window: Window;
  readonly step: number;
  readonly width: number;
  readonly left: number;
  readonly tracks: readonly BandTrack[];
}

/** @param baseline where the text of a row stands */
function flagsOf(pointers: readonly Pointer[], place: Place, baseline: (row: number) => number): readonly Flag[] {
  const { model, window, step, width, left, tracks } = place;
  const poles = pointers.map((pointer) => {
    const offset = offsetIn(window, model.capacity, pointer.position);
    if (offset !== undefined) return { x: left + offset * step, away: undefined };
    const away = sideOf(window, model.capacity, pointer.position);
    return { x: away === "left" ? left : width - MARGIN, away };
  });
  const labels = poles.map(({ x }, at) => ({ x, width: labelWidth(pointers[at]!) }));
  return placeLabels(labels, width).map(({ row, side }, at): Flag => {
    const pointer = pointers[at]!;
    const { x, away } = poles[at]!;
    const down = pointer.index.side === "front";
    const track = tracks.find(({ name }) => name === pointer.track) ?? tracks[0];
    const tip = track ? (down ? track.y : track.y + track.height) : 0;
    const y = baseline(row);
    const text = { x: x + (side === "right" ? 5 : -5), y: y - 4, anchor: side === "right" ? "start" : "end" } as const;
    return { pointer, x, away, tip, end: down ? y - LABEL + 3 : y - 1, down, text };
  });
}

/** Pixels that a pointer's name and value take. */
export function labelWidth({ index }: Pointer): number {
  return (index.name.length + 1 + String(index.value).length) * LETTER + PADDING;
}

/** The position in a track under a point of the picture; undefined beside it. */
export function cellUnder({ tracks, step }: Band, window: Window, capacity: number, x: number, y: number) {
  const [first, last] = [tracks[0], tracks.at(-1)];
  if (!first || !last) return undefined;
  const offset = Math.floor((x - first.x) / step);
  if (offset < 0 || offset >= window.count || y < first.y || y > last.y + last.height + AXIS) return undefined;
  const track = y < first.y + first.height + BETWEEN / 2 ? first : last;
  return { track: track.name, position: modulo(window.start + offset, capacity) };
}
