export * from "./chain.ts";
export * from "./entries.ts";
export * from "./front.ts";
export * from "./queue.ts";
export * from "./state.ts";
