export * as blkif from "./blkif.ts";
export * from "./entries.ts";
export * as netif from "./netif.ts";
export * from "./ring.ts";
export * from "./slots.ts";
