import { captureTargets } from "./captures.ts";
import { codecTargets } from "./codec.ts";
import { fabricTargets } from "./fabric.ts";
import { gatewayTargets } from "./gateway.ts";
import type { Target } from "./target.ts";
import { trunkTargets } from "./trunk.ts";

/** Every target, as it is at the beginning of a run. */
export const makeTargets = (): readonly Target[] => [
  ...codecTargets(),
  ...captureTargets(),
  ...trunkTargets(),
  ...gatewayTargets(),
  ...fabricTargets(),
];
