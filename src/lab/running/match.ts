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
 * text: a pattern filled from a template holds `"7"` where a reading holds 7.
 */
export function matches(value: unknown, pattern: Pattern): boolean {
  if (pattern === null) return value === null || value === undefined;
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((part) => value.some((element) => matches(element, part)));
  }
  if (typeof pattern === "object") {
    if (typeof value !== "object" || value === null) return false;
    const object = value as Record<string, unknown>;
    return Object.entries(pattern).every(([key, part]) =>
      matches(Object.hasOwn(object, key) ? object[key] : undefined, part),
    );
  }
  return typeof value !== "object" && value !== undefined && String(value) === String(pattern);
}
