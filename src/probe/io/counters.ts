import type { RingCounters } from "./types.ts";

/** A ring nobody has used yet. */
export const NO_COUNTS: RingCounters = {
  requests: 0,
  responses: 0,
  notifications: 0,
  interrupts: 0,
  bytes: 0,
  copied: 0,
  grantsMapped: 0,
  grantsCopied: 0,
  full: 0,
};
