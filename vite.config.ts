import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { parse } from "yaml";
import { type MachineSpec, machineSpec, specToAddress } from "./src/machine/spec.ts";
import { ALL_HOOKS } from "./src/machine/v86-hooks.ts";
import { checkHooks } from "./src/machine/wasm/rewrite.ts";
import type { CatalogueEntry } from "./src/views/catalogue.ts";

const ROOT = fileURLToPath(new URL(".", import.meta.url));

/** Our own JavaScript that a lab needs before its machine, gzipped, in bytes (issue 2, "Tests and figures"). */
const BUDGET = 150_000;

interface LabFile {
  readonly id: string;
  readonly title: CatalogueEntry["title"];
  readonly summary?: CatalogueEntry["summary"];
  readonly minutes: number;
  readonly machines: Readonly<Record<string, Pick<MachineSpec, "image"> & Partial<MachineSpec>>>;
  readonly tasks: Readonly<Record<string, unknown>>;
}

/** The list of labs: one entry for every folder of `public/labs` that has a `lab.yaml`, in alphabetical order. */
export function labList(folder: string): CatalogueEntry[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const text = readOptional(join(folder, name, "lab.yaml"));
    if (text === undefined) return [];
    const lab = parse(text) as LabFile;
    const machines = Object.entries(lab.machines).map(([machine, { image, memory = 64, layers = [], options = [] }]) =>
      specToAddress(machineSpec({ name: machine, image, memory, layers, options })),
    );
    const { title, minutes, summary = "" } = lab;
    return [{ id: name, title, summary, minutes, tasks: Object.keys(lab.tasks).length, machines }];
  });
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Serves `labs/index.json` while developing and writes it into a build. */
function labIndex(): Plugin {
  const json = () => JSON.stringify(labList(join(ROOT, "public/labs")));
  return {
    name: "ringside:lab-index",
    configureServer(server) {
      server.middlewares.use("/labs/index.json", (_request, response) => {
        response.setHeader("content-type", "application/json");
        response.end(json());
      });
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "labs/index.json", source: json() });
    },
  };
}

/** Fails a build whose lab page needs more JavaScript than {@link BUDGET} before its machine, and prints the sum. */
function budget(): Plugin {
  return {
    name: "ringside:budget",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const roots = chunks.filter((chunk) => chunk.isEntry || chunk.name === "lab-page");
      const needed = new Set(roots);
      for (const chunk of needed) {
        for (const name of chunk.imports) {
          const imported = chunks.find((other) => other.fileName === name);
          if (imported) needed.add(imported);
        }
      }
      const sum = [...needed].reduce((bytes, chunk) => bytes + gzipSync(chunk.code, { level: 9 }).length, 0);
      const told = `JavaScript before the machine: ${(sum / 1000).toFixed(1)} of ${BUDGET / 1000} kB gzipped`;
      if (sum > BUDGET) this.error(told);
      this.info(told);
    },
  };
}

/** Fails a build with a v86.wasm that the hooks of src/machine/v86-hooks.ts do not fit, naming each that is missing. */
function hooks(): Plugin {
  return {
    name: "ringside:hooks",
    buildStart() {
      const wasm = createRequire(import.meta.url).resolve("v86/build/v86.wasm");
      const missing = checkHooks(readFileSync(wasm), ALL_HOOKS);
      if (missing.length > 0) this.error(missing.map(({ message }) => message).join("\n"));
    },
  };
}

const NODE_PART = "\0ringside:node";

/** v86 imports modules of Node's where it runs in Node. A page has none: they are empty here, without a warning each. */
function withoutNode(): Plugin {
  return {
    name: "ringside:without-node",
    enforce: "pre",
    resolveId: (source, importer) => (importer?.includes("/v86/") && isBuiltin(source) ? NODE_PART : undefined),
    load: (id) => (id === NODE_PART ? "export default {};" : undefined),
  };
}

export default defineConfig({
  base: "./",
  resolve: { alias: { entities: join(ROOT, "src/views/entities.ts") } },
  plugins: [labIndex(), budget(), hooks()],
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1000, modulePreload: { polyfill: false } },
  worker: { format: "es", plugins: () => [withoutNode()] },
  optimizeDeps: { exclude: ["v86"] },
});
