import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Host, MemorySnapshots, type Platform, parseManifest, type SnapshotStore } from "../machine/index.ts";
import { createXenPlatform } from "../xen/index.ts";

/** Where the committed images are. */
export const BUILT_IMAGES = fileURLToPath(new URL("../../images/built/", import.meta.url));

/** v86.wasm of the installed package. */
export const V86_WASM = join(createRequire(import.meta.url).resolve("v86"), "../v86.wasm");

/**
 * The host of the command line and of the tests: images from a folder, snapshots in memory unless given a store.
 * Close it when done: its machines' timers keep the process alive.
 *
 * @throws ImageError when the folder's manifest is wrong
 */
export async function createNodeHost({
  folder = BUILT_IMAGES,
  snapshots = new MemorySnapshots(),
  platform = createXenPlatform(),
}: {
  folder?: string;
  snapshots?: SnapshotStore;
  platform?: Platform;
} = {}): Promise<Host> {
  return new Host({
    manifest: parseManifest(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"))),
    snapshots,
    platform,
    compile: async () => WebAssembly.compile(await readFile(V86_WASM)),
    wasm: () => readFile(V86_WASM),
    images: {
      open: async (file) => Readable.toWeb(createReadStream(join(folder, file))) as ReadableStream<Uint8Array>,
    },
  });
}
