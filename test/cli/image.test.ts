import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "../../src/cli/image.ts";
import { BUILT_IMAGES } from "../../src/cli/node-host.ts";

describe("image verify", () => {
  let folder: string;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ringside-images-"));
    cpSync(BUILT_IMAGES, folder, { recursive: true });
    said = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
    vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const kernel = () => readdirSync(folder).find((file) => file.startsWith("linux-kernel"))!;
  const verify = () => run(["verify", "--out", folder]);

  it("finds nothing to say of what is committed", async () => {
    expect(await verify()).toBe(0);
  });

  it.each([
    ["one flipped byte", (bytes: Buffer) => bytes.fill(bytes[5000]! ^ 1, 5000, 5001), "SHA-256 differs"],
    ["a missing end", (bytes: Buffer) => bytes.subarray(0, -1), "were expected"],
  ])("names the file with %s", async (_, spoil, why) => {
    const path = join(folder, kernel());
    writeFileSync(path, spoil(readFileSync(path)));
    expect(await verify()).toBe(1);
    expect(said).toContainEqual(expect.stringMatching(new RegExp(`FAULT.*${kernel()}.*${why}`)));
  });

  it("names a file that is missing, and one that does not belong there", async () => {
    const gone = kernel();
    rmSync(join(folder, gone));
    writeFileSync(join(folder, "stranger.gz"), "");
    expect(await verify()).toBe(1);
    expect(said.join("\n")).toMatch(
      new RegExp(`${gone}.*could not be loaded[^]*stranger\\.gz. is not in the manifest`),
    );
  });
});
