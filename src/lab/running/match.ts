import type { Pattern } from "../lab.ts";

/**
 * Whether a reading holds a pattern: the reading itself, an element of it, or an element of one of those (a reading is
 * often a map of lists) has everything the pattern names. What the pattern does not name may be anything.
 */
export function holds(reading: unknown, pattern: Pattern): boolean {
  return candidates(reading).some((candidate) => matches(candidate, pattern));
}

function candidates(reading: unknown): unknown[] {
  const elements = elementsOf(reading);
  return [reading, ...elements, ...elements.flatMap(elementsOf)];
}

const elementsOf = (value: unknown): unknown[] =>
  typeof value === "object" && value !== null ? Object.values(value) : [];

/**
 * Maps match by the keys the pattern has, lists when each element of the pattern matches some element, and values as
 * text: a pattern filled from a template holds `"7"` where a reading holds 7. A number also matches its bounds,
 * `{ least, most }`, which a template may have filled in too.
 */
export function matches(value: unknown, pattern: Pattern): boolean {
  if (pattern === null) return value === null || value === undefined;
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((part) => value.some((element) => matches(element, part)));
  }
  if (typeof pattern === "object") {
    if (typeof value === "number") return isWithin(value, pattern as Bounds);
    if (typeof value !== "object" || value === null) return false;
    const object = value as Record<string, unknown>;
    return Object.entries(pattern).every(([key, part]) =>
      matches(Object.hasOwn(object, key) ? object[key] : undefined, part),
    );
  }
  return typeof value !== "object" && value !== undefined && String(value) === String(pattern);
}

type Bounds = { readonly [key: string]: Pattern };

/** @returns whether a number lies between bounds, both included; false where the pattern is no bounds */
function isWithin(value: number, bounds: Bounds): boolean {
  const keys = Object.keys(bounds);
  const limit = (key: string, otherwise: number) => (Object.hasOwn(bounds, key) ? Number(bounds[key]) : otherwise);
  if (keys.length === 0 || keys.some((key) => key !== "least" && key !== "most")) return false;
  return value >= limit("least", Number.NEGATIVE_INFINITY) && value <= limit("most", Number.POSITIVE_INFINITY);
}
