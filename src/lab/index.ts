export { closest, type Fault, formatFault, LabFaults } from "./format/fault.ts";
export { type LabReading, type LabTexts, type Origin, readLab } from "./format/read.ts";
export { MOST_SEED, readSeed } from "./format/seed.ts";
export type * from "./lab.ts";
export { fetchSource, type LabSource, LoadError, type LoadProblem, loadLab } from "./load.ts";
export { ProbeError, probeNames } from "./probes.ts";
export {
  type KeptProgress,
  memoryStore,
  type ProgressStore,
  parseProgress,
  progressKey,
  shareDone,
} from "./progress.ts";
export type { Block, Prose, Section } from "./prose.ts";
export { apart, savedWith } from "./running/together.ts";
export type * from "./running/types.ts";
export { openSession } from "./session.ts";
export { LANGUAGES, type Language, type Text } from "./text.ts";
