import type { Pointer } from "./model.ts";

/** Whose a pointer is to see, or what it is for: each has its own sign. */
export type Kind = "private" | "threshold" | "shared";

/** In the order they are painted: of two that stand at one place both are seen, the hollow one around the filled one. */
export const KINDS: readonly Kind[] = ["private", "threshold", "shared"];

export function kindOf({ threshold, index }: Pointer): Kind {
  if (threshold) return "threshold";
  return index.shared ? "shared" : "private";
}
