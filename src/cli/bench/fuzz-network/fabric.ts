import { ExactLink } from "./fabric/exact.ts";
import { ShapedLink } from "./fabric/shaped.ts";
import type { Target } from "./target.ts";

/** Links: what is switched where, and what becomes of frames that take time. */
export const fabricTargets = (): readonly Target[] => [new ExactLink(), new ShapedLink()];
