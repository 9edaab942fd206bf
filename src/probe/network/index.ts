export { NETVIEW_LIMITS } from "./limits.ts";
export { parseGuestNetwork } from "./parse.ts";
export { parseGuestFrames } from "./parse-frames.ts";
export type * from "./types.ts";
