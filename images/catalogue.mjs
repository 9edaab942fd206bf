// What the recipes share in writing the catalogue of images (its format: src/machine/image/manifest.ts).

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

/** @returns what the manifest says of one file; `content` and `shipped` are paths, raw and compressed */
export function part(content, shipped, file) {
  const raw = readFileSync(content);
  const packed = readFileSync(shipped);
  const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
  return { file, bytes: packed.length, sha256: sha256(packed), rawBytes: raw.length, rawSha256: sha256(raw) };
}

/**
 * @param images descriptions by name
 * @returns the manifest's text with these images in it; others that the manifest `old` (which need not exist) describes stay
 */
export function withImages(old, images) {
  const others = existsSync(old) ? JSON.parse(readFileSync(old, "utf8")).images : {};
  return JSON.stringify({ version: 1, images: { ...others, ...images } }, sorted, 2);
}

/** Sorts the keys of every object, so that the file's bytes follow from its content. */
const sorted = (_key, value) =>
  value && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
