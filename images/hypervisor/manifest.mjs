// manifest.mjs WORK OLD: writes the manifest of the parts in WORK/shipped to the standard output. Other images that
// the manifest OLD describes are kept.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { part, withImages } from "../catalogue.mjs";

const [work, old] = process.argv.slice(2);

const parts = {};
for (const line of readFileSync(join(work, "shipped.list"), "utf8").split("\n").filter(Boolean)) {
  const [name, content, file] = line.split(" ");
  parts[name] = part(content, join(work, "shipped", file), file);
}

/** Nothing of the compiler is shipped; its version is what a rebuild needs to come out the same. */
const compiler = execFileSync("gcc", ["-dumpfullversion"], { encoding: "utf8" }).trim();

const image = {
  title: "The teaching hypervisor and its guest",
  boot: "multiboot",
  memory: 32,
  parts,
  build: {
    command: "npm run ringside -- image build hypervisor",
    recipe: "images/hypervisor",
    compiler: `gcc ${compiler}`,
  },
  sources: [{ package: "ringside", version: "images/hypervisor", licence: "MIT", parts: Object.keys(parts) }],
};
console.log(withImages(old, { hypervisor: image }));
