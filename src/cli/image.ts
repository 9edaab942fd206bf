import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  ImageError,
  type ImageSource,
  loadPart,
  type Manifest,
  type Part,
  parseManifest,
  sha256,
} from "../machine/index.ts";
import { BUILT_IMAGES } from "./node-host.ts";

export const usage = `ringside image build [name] [--work folder] [--out folder]   rebuild images from their sources
ringside image verify [name] [--out folder]                  check the built ones against the manifest`;

/** What builds which images: images/<folder>/build.sh with these options. */
const RECIPES = [
  { images: ["linux"], folder: "linux", options: [] },
  { images: ["linux-xen", "linux-dom0"], folder: "linux", options: ["--flavour", "xen"] },
  { images: ["hypervisor"], folder: "hypervisor", options: [] },
];
const IMAGES = fileURLToPath(new URL("../../images/", import.meta.url));

/** @returns the exit code: 0, or 1 when a build failed or a file is not what the manifest says */
export async function run(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { positionals, values } = parseArgs({ args, allowPositionals: true, options: { work: text, out: text } });
  const [command, name] = positionals;
  const { work, out } = values;
  if (command === "build") return build(name, work, out ?? BUILT_IMAGES);
  if (command === "verify") return verify(name, out ?? BUILT_IMAGES);
  console.error(usage);
  return 2;
}

async function build(name: string | undefined, work: string | undefined, out: string): Promise<number> {
  const recipes = RECIPES.filter(({ images }) => name === undefined || images.includes(name));
  if (recipes.length === 0) {
    console.error(
      `There is no recipe for \`${name}\`. There are: ${RECIPES.flatMap(({ images }) => images).join(", ")}.`,
    );
    return 2;
  }
  for (const { images, folder, options } of recipes) {
    // A folder of work is one recipe's.
    const own = work && (name === undefined ? join(work, `${images[0]}`) : work);
    const place = own ?? (await mkdtemp(join(tmpdir(), `ringside-${images[0]}-`)));
    const code = await shell(join(IMAGES, folder, "build.sh"), [...options, "--work", place, "--out", out]);
    if (!own) await rm(place, { recursive: true, force: true });
    if (code !== 0) return 1;
  }
  return verify(name, out);
}

function shell(script: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", [script, ...args], { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Checks every file of the manifest, and that nothing else lies beside it. Prints a line for each. */
async function verify(name: string | undefined, folder: string): Promise<number> {
  const faults: string[] = [];
  const manifest = parseManifest(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  const parts = partsOf(manifest, name);
  if (parts.length === 0) faults.push(`The manifest has no image called \`${name}\`.`);
  for (const [label, part] of parts) {
    try {
      await verifyPart(folder, label, part);
      console.log(`ok      ${part.file}  ${label}, ${part.bytes} bytes`);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      faults.push(error.message);
    }
  }
  faults.push(...(await strangers(folder, manifest)));
  for (const fault of faults) console.error(`FAULT   ${fault}`);
  console.log(`${parts.length} files of images checked, ${faults.length} faults`);
  return faults.length === 0 ? 0 : 1;
}

function partsOf(manifest: Manifest, only: string | undefined): [string, Part][] {
  return Object.entries(manifest.images)
    .filter(([name]) => only === undefined || name === only)
    .flatMap(([name, { parts, layers }]) =>
      Object.entries({ ...parts, ...layers }).map(([part, entry]): [string, Part] => [`${name}: ${part}`, entry]),
    );
}

/** @throws ImageError naming the file that is missing, damaged, or another than the manifest's */
async function verifyPart(folder: string, label: string, part: Part): Promise<void> {
  const source: ImageSource = {
    open: async (file) => {
      await stat(join(folder, file));
      return Readable.toWeb(createReadStream(join(folder, file))) as ReadableStream<Uint8Array>;
    },
  };
  const content = await loadPart(source, label, part);
  if ((await sha256(content)) !== part.rawSha256) {
    throw new ImageError(`The content of \`${part.file}\` (${label}) is not what the manifest says.`);
  }
}

/** Files that no manifest entry names: they would be shipped, or read by mistake. */
async function strangers(folder: string, manifest: Manifest): Promise<string[]> {
  const known = new Set(["manifest.json", "LICENCES.md", ...partsOf(manifest, undefined).map(([, part]) => part.file)]);
  const files = await readdir(folder);
  return files.filter((file) => !known.has(file)).map((file) => `\`${file}\` is not in the manifest.`);
}
