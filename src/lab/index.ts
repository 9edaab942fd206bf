export type * from "./lab.ts";
export type { LabSource } from "./load.ts";
export { memoryStore, type ProgressStore } from "./progress.ts";
export type { Block, Prose, Section } from "./prose.ts";
export type * from "./running/types.ts";
export { LANGUAGES, type Language, type Text } from "./text.ts";
