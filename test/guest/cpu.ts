import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { V86 } from "v86";
import { BUILT_IMAGES, V86_WASM } from "../../src/cli/node-host.ts";
import { loadPart } from "../../src/machine/image/load.ts";
import { type Part, parseManifest } from "../../src/machine/index.ts";
import { openInternals } from "../../src/machine/v86-internals.ts";
import { PORT_END, runQemu } from "./qemu.ts";

const SOURCES = fileURLToPath(new URL("../../images/hypervisor/cputest/", import.meta.url));
const BUILD = fileURLToPath(new URL("../../.build/cputest/", import.meta.url));

/** Memory of the machines, MiB, as the suite's page tables expect it. */
const MEMORY = 32;

/** Facts by case, `section/case/ring`. */
export type Facts = ReadonlyMap<string, string>;

interface Group<Case> {
  readonly why: string;
  readonly cases: Readonly<Record<string, Case>>;
}

/** differences.json: all that v86 does otherwise than QEMU, and where both do otherwise than the manual. */
export interface Differences {
  readonly differences: readonly (Group<{ readonly v86: string; readonly qemu: string }> & {
    /** Who does what Intel's manual says. */
    readonly manual: "v86" | "qemu" | "either" | "neither";
  })[];
  readonly same: readonly Group<{ readonly both: string; readonly manual: string }>[];
}

export async function readDifferences(): Promise<Differences> {
  return JSON.parse(await readFile(join(SOURCES, "differences.json"), "utf8")) as Differences;
}

/** What QEMU printed when it was last asked, hostile cases included. */
export async function readCommitted(): Promise<Facts> {
  return parseFacts(await readFile(join(SOURCES, "qemu.txt"), "utf8"));
}

/**
 * @param text lines of `name: facts`; other lines (remarks, the last one, `end`) are left out
 * @throws Error when a case has two lines
 */
export function parseFacts(text: string): Facts {
  const facts = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0 || line.startsWith("#")) continue;
    const name = line.slice(0, colon);
    if (facts.has(name)) throw new Error(`The case \`${name}\` has two lines.`);
    facts.set(name, line.slice(colon + 1).trim());
  }
  return facts;
}

/**
 * The suite as a multiboot ELF: the `hypervisor` image's part `cputest`, or built from its sources while the catalogue
 * has none.
 *
 * @throws Error when it is not in the catalogue and cannot be built
 */
export async function loadSuite(): Promise<Uint8Array<ArrayBuffer>> {
  const part = await findPart();
  if (part) {
    const open = async (file: string) =>
      Readable.toWeb(createReadStream(join(BUILT_IMAGES, file))) as ReadableStream<Uint8Array>;
    return loadPart({ open }, "cputest", part);
  }
  await promisify(execFile)("make", ["-C", SOURCES, `BUILD=${BUILD}`]);
  return new Uint8Array(await readFile(join(BUILD, "cputest.elf")));
}

async function findPart(): Promise<Part | undefined> {
  const manifest = parseManifest(JSON.parse(await readFile(join(BUILT_IMAGES, "manifest.json"), "utf8")));
  const parts: Readonly<Record<string, Part>> = manifest.images.hypervisor?.parts ?? {};
  return parts.cputest;
}

/** How a machine ended: by the suite's own word, or by an error of the emulator. */
export interface Run {
  readonly text: string;
  /** What the suite wrote to the end port. */
  readonly code?: number;
  /** What executing the guest threw. */
  readonly error?: unknown;
}

let module: Promise<WebAssembly.Module> | undefined;

/** Runs the suite in v86 to its end. */
export async function runV86(
  elf: Uint8Array<ArrayBuffer>,
  { compiled, commandLine }: { compiled: boolean; commandLine?: string },
): Promise<Run> {
  module ??= readFile(V86_WASM).then((bytes) => WebAssembly.compile(bytes));
  const wasm = await module;
  const emulator = new V86({
    wasm_fn: async (imports: WebAssembly.Imports) => (await WebAssembly.instantiate(wasm, imports)).exports,
    memory_size: MEMORY << 20,
    vga_memory_size: 1 << 20,
    multiboot: { buffer: elf.slice().buffer },
    ...(commandLine === undefined ? {} : { cmdline: commandLine }),
    disable_jit: !compiled,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    autostart: false,
  } as unknown as ConstructorParameters<typeof V86>[0]);
  await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
  let text = "";
  emulator.add_listener("serial0-output-byte", (byte: number) => {
    text += String.fromCharCode(byte);
  });
  const internals = openInternals(emulator);
  const end = await new Promise<Omit<Run, "text">>((resolve) => {
    internals.onPortWrite(PORT_END, (code) => resolve({ code }));
    internals.schedule((delay, turn) => {
      const take = () => {
        try {
          turn();
        } catch (error) {
          resolve({ error });
        }
      };
      if (delay > 0 && internals.halted()) setTimeout(take, delay);
      else setImmediate(take);
    });
    void emulator.run();
  });
  internals.end();
  return { text, ...end };
}

/** Runs the suite in QEMU. @returns what it printed */
export async function runSuiteInQemu(elf: Uint8Array, commandLine = ""): Promise<string> {
  const { text } = await runQemu(elf, commandLine, MEMORY);
  return text;
}
