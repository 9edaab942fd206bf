import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Layout, readLayout } from "../../../src/probe/hypervisor/layout.ts";

const FOLDER = fileURLToPath(new URL("../../../images/hypervisor/layout", import.meta.url));

/** layout.json as the compiler makes it from the headers as they are now. */
export function makeLayout(): unknown {
  const folder = mkdtempSync(join(tmpdir(), "ringside-layout-"));
  try {
    execFileSync("make", ["-s", "-C", FOLDER, `BUILD=${folder}`]);
    return JSON.parse(readFileSync(join(folder, "layout.json"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let made: Layout | undefined;

/** The layout, made once for a test file. */
export function layout(): Layout {
  made ??= readLayout(makeLayout());
  return made;
}
