export type * from "./io/types.ts";
export * from "./json.ts";
export * from "./namespace-changes.ts";
export * from "./namespace-sharing.ts";
export * from "./namespaces.ts";
