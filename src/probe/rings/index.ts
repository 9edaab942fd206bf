export * from "./private.ts";
export * from "./reader.ts";
