import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Layout, readLayout } from "../../../src/probe/hypervisor/layout.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Whether this computer can compile the headers. */
export const hasCompiler = (() => {
  try {
    execFileSync("gcc", ["-m32", "-ffreestanding", "-E", "-x", "c", "-"], {
      input: "",
      stdio: ["pipe", "ignore", "ignore"],
    });
    execFileSync("make", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** layout.json as the compiler makes it from the headers as they are now. */
export function makeLayout(): unknown {
  const folder = mkdtempSync(join(tmpdir(), "ringside-layout-"));
  try {
    execFileSync("make", ["-s", "-C", join(ROOT, "images/hypervisor/layout"), `BUILD=${folder}`]);
    return JSON.parse(readFileSync(join(folder, "layout.json"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** layout.json of the committed image. */
export function builtLayout(): unknown {
  const built = join(ROOT, "images/built");
  const { images } = JSON.parse(readFileSync(join(built, "manifest.json"), "utf8")) as {
    images: { hypervisor: { parts: { layout: { file: string } } } };
  };
  return JSON.parse(gunzipSync(readFileSync(join(built, images.hypervisor.parts.layout.file))).toString());
}

let made: Layout | undefined;

/** The layout of the headers, made once for a test file; of the image where there is no compiler. */
export function layout(): Layout {
  made ??= readLayout(hasCompiler ? makeLayout() : builtLayout());
  return made;
}
