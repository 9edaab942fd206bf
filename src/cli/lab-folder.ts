import { open } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type LabSource, missing, tooLarge, unreachable } from "../lab/load.ts";

const LABS = fileURLToPath(new URL("../../public/labs/", import.meta.url));

/** @param lab the id of a lab of this site, or a folder, relative to where the command was typed */
export function folderSource(lab: string): LabSource {
  const isId = /^[a-z][a-z0-9-]{0,47}$/.test(lab);
  const typedIn = process.env.INIT_CWD ?? process.cwd();
  const folder = isId ? join(LABS, lab) : resolve(typedIn, lab);
  const shown = relative(process.cwd(), folder) || ".";
  return {
    address: `${shown}/`,
    foreign: !isId,
    read: (path, limit) => readWithin(folder, path, `${shown}/${path}`, limit),
  };
}

/** @param shown the file's name for people */
async function readWithin(folder: string, path: string, shown: string, limit: number): Promise<Uint8Array> {
  const file = join(folder, path);
  const inside = relative(folder, file);
  if (inside.startsWith("..") || isAbsolute(inside)) throw unreachable(shown, "it is outside the lab's folder");
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? missing(shown) : unreachable(shown, error);
  });
  try {
    const { size, isFile } = await handle.stat().then((stat) => ({ size: stat.size, isFile: stat.isFile() }));
    if (!isFile) throw unreachable(shown, "it is not a file");
    if (size > limit) throw tooLarge(shown, limit);
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}
