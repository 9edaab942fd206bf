import { modulo } from "./model.ts";

/** The part of a ring that is drawn large: a ring of many slots is seen through a window that follows its indices. */
export interface Window {
  /** Position of its first slot. */
  readonly start: number;
  readonly count: number;
}

/** Slots seen at once: a ring of this size is seen whole. */
export const WINDOW = 32;

/** The window moves by whole steps, so that it stands still while the indices run through it. */
const STEP = 8;

/**
 * Where the window stands so that as many of the pointers as can be are in it.
 *
 * @param before where it stood: it stays there while no other place shows more
 */
export function windowOf(capacity: number, positions: readonly number[], before?: number): Window {
  if (capacity <= WINDOW) return { start: 0, count: capacity };
  const starts = Array.from({ length: capacity / STEP }, (_, step) => step * STEP);
  const seen = (start: number) => {
    const offsets = positions
      .map((position) => modulo(position - start, capacity))
      .filter((offset) => offset <= WINDOW);
    return { start, count: offsets.length, lead: Math.min(WINDOW, ...offsets) };
  };
  const most = Math.max(...starts.map((start) => seen(start).count));
  if (before !== undefined && seen(before).count === most) return { start: before, count: WINDOW };
  // among the best places the one with some slots before the first pointer: what it has just done is seen, too
  const [best] = starts
    .map(seen)
    .filter(({ count }) => count === most)
    .sort((one, other) => Math.abs(one.lead - STEP) - Math.abs(other.lead - STEP));
  return { start: best?.start ?? 0, count: WINDOW };
}

/** Slots from the window's left edge to a boundary; undefined when it is out of sight. */
export function offsetIn({ start, count }: Window, capacity: number, position: number): number | undefined {
  const offset = modulo(position - start, capacity);
  return offset <= count ? offset : undefined;
}

/** On which side of the window a position out of sight is nearer. */
export function sideOf({ start, count }: Window, capacity: number, position: number): "left" | "right" {
  const offset = modulo(position - start, capacity);
  return offset - count <= capacity - offset ? "right" : "left";
}

/** The position at an offset of whole slots. */
export const positionAt = ({ start }: Window, capacity: number, offset: number) => modulo(start + offset, capacity);

/** The window moved so that a position is well inside. */
export function windowAround(window: Window, capacity: number, position: number): Window {
  if (modulo(position - window.start, capacity) < window.count) return window;
  const start = modulo(position - window.count / 2, capacity);
  return { ...window, start: start - (start % STEP) };
}
