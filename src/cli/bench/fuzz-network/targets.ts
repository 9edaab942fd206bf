import { captureTargets } from "./captures.ts";
import { codecTargets } from "./codec.ts";
import type { Target } from "./target.ts";

/** Every target, as it is at the beginning of a run. */
export const makeTargets = (): readonly Target[] => [...codecTargets(), ...captureTargets()];
