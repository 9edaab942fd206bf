import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { BUILT_IMAGES, V86_WASM } from "../../src/cli/node-host.ts";
import type { Manifest, Platform, Surroundings } from "../../src/machine/index.ts";

/** What a host in Node is given, with a manifest of the test's own. */
export function nodeSurroundings(given: {
  readonly manifest: Manifest;
  readonly platform: Platform;
}): Omit<Surroundings, "snapshots"> {
  return {
    ...given,
    compile: async () => WebAssembly.compile(await readFile(V86_WASM)),
    wasm: () => readFile(V86_WASM),
    images: {
      open: async (file) => Readable.toWeb(createReadStream(join(BUILT_IMAGES, file))) as ReadableStream<Uint8Array>,
    },
  };
}
