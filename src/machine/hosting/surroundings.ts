import type { ImageSource } from "../image/load.ts";
import type { Manifest } from "../image/manifest.ts";
import type { Platform } from "../platform.ts";
import type { SnapshotStore } from "../snapshot/store.ts";

/** What a host is given by where it runs: a worker in a page, or Node. */
export interface Surroundings {
  readonly manifest: Manifest;
  readonly images: ImageSource;
  /** Compiles v86.wasm; called once. */
  readonly compile: () => Promise<WebAssembly.Module>;
  /** v86.wasm itself, for guests of a platform: hooks are put into it before it is compiled. Called once. */
  readonly wasm: () => Promise<Uint8Array>;
  readonly snapshots: SnapshotStore | Promise<SnapshotStore>;
  /** What images that ask for it are plugged into; without one they boot as on a bare PC. */
  readonly platform?: Platform;
}
