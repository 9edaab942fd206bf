/** Reads tar archives (POSIX.1-2001, pax Interchange Format, and ustar): what layers are shipped as. */

export interface TarEntry {
  /** Relative, without a leading `./`. */
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** Permission bits. */
  readonly mode: number;
  readonly content: Uint8Array;
  /** Where a symbolic link points. */
  readonly target: string;
}

const BLOCK = 512;
const TYPES: Readonly<Record<string, TarEntry["type"]>> = { "0": "file", "\0": "file", "5": "directory", "2": "link" };

/**
 * @throws Error naming the entry when the archive is cut short, has an entry that is neither file, directory nor
 * symbolic link, or one that would leave the root
 */
export function readTar(archive: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  let at = 0;
  while (at + BLOCK <= archive.length && archive[at] !== 0) {
    const header = archive.subarray(at, at + BLOCK);
    const path = entryPath(header);
    const size = octal(header, 124, 12);
    if (at + BLOCK + size > archive.length) throw new Error(`The archive ends inside \`${path}\`.`);
    const type = TYPES[text(header, 156, 1) || "\0"];
    if (!type) throw new Error(`\`${path}\` in the archive is neither file, directory nor symbolic link.`);
    if (path.split("/").includes("..")) throw new Error(`\`${path}\` in the archive would leave the root.`);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (path !== "")
      entries.push({ path, type, mode: octal(header, 100, 8) & 0o7777, content, target: text(header, 157, 100) });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

function entryPath(header: Uint8Array): string {
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  return (prefix ? `${prefix}/${name}` : name)
    .replace(/^(\.?\/)+/, "")
    .replace(/^\.$/, "")
    .replace(/\/$/, "");
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(bytes: Uint8Array, at: number, length: number): number {
  return Number.parseInt(text(bytes, at, length).trim() || "0", 8);
}
