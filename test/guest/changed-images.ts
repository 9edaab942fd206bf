import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll } from "vitest";
import { BUILT_IMAGES } from "../../src/cli/node-host.ts";

export interface ImageChange {
  /** Words added to the kernel's command line. */
  readonly words?: string;
  /** Contents put in the place of parts. */
  readonly parts?: Readonly<Record<string, Uint8Array>>;
}

/** A folder with the committed images, of which one is changed. Gone after the tests. */
export function imagesWith(image: string, { words = "", parts = {} }: ImageChange): string {
  const folder = mkdtempSync(join(tmpdir(), "images-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  for (const file of readdirSync(BUILT_IMAGES)) {
    if (file !== "manifest.json") symlinkSync(join(BUILT_IMAGES, file), join(folder, file));
  }
  const manifest = JSON.parse(readFileSync(join(BUILT_IMAGES, "manifest.json"), "utf8")) as {
    images: Record<string, { commandLine: string; parts: Record<string, object> }>;
  };
  const changed = manifest.images[image]!;
  changed.commandLine += ` ${words}`;
  for (const [name, content] of Object.entries(parts)) changed.parts[name] = written(folder, name, content);
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}

function written(folder: string, name: string, content: Uint8Array) {
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  const packed = gzipSync(content, { level: 1 });
  const file = `changed-${name}.gz`;
  writeFileSync(join(folder, file), packed);
  return { file, bytes: packed.length, sha256: sha256(packed), rawBytes: content.length, rawSha256: sha256(content) };
}
