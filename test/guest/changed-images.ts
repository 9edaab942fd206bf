import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { BUILT_IMAGES } from "../../src/cli/node-host.ts";

/** A folder with the committed images, of which one has words added to its kernel's command line. Gone after the tests. */
export function imagesWith(image: string, words: string): string {
  const folder = mkdtempSync(join(tmpdir(), "images-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  for (const file of readdirSync(BUILT_IMAGES)) {
    if (file !== "manifest.json") symlinkSync(join(BUILT_IMAGES, file), join(folder, file));
  }
  const manifest = JSON.parse(readFileSync(join(BUILT_IMAGES, "manifest.json"), "utf8")) as {
    images: Record<string, { commandLine: string }>;
  };
  manifest.images[image]!.commandLine += ` ${words}`;
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}
