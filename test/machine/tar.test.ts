import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTar } from "../../src/machine/image/tar.ts";

/** An archive made by the system's own tar from a folder with a file, a directory and a link. */
function archive(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "ringside-tar-"));
  mkdirSync(join(folder, "usr/lib"), { recursive: true });
  writeFileSync(join(folder, "usr/lib/tool"), "content", { mode: 0o755 });
  symlinkSync("lib/tool", join(folder, "usr/tool"));
  const bytes = execFileSync("tar", ["-C", folder, "--format=ustar", "-cf", "-", "."]);
  rmSync(folder, { recursive: true });
  return bytes;
}

describe("tar archives", () => {
  it("are read as the system's tar wrote them", () => {
    const entries = readTar(archive()).map(({ path, type, mode, content, target }) => ({
      path,
      type,
      executable: (mode & 0o111) !== 0,
      content: new TextDecoder().decode(content),
      target,
    }));
    expect(entries).toContainEqual({
      path: "usr/lib/tool",
      type: "file",
      executable: true,
      content: "content",
      target: "",
    });
    expect(entries).toContainEqual(expect.objectContaining({ path: "usr/tool", type: "link", target: "lib/tool" }));
    expect(entries).toContainEqual(expect.objectContaining({ path: "usr/lib", type: "directory" }));
  });

  it("that are cut short are refused by the name of the entry", () => {
    const whole = archive();
    const file = readTar(whole).find((entry) => entry.type === "file")!;
    expect(() => readTar(whole.subarray(0, file.content.byteOffset - whole.byteOffset + 3))).toThrow("usr/lib/tool");
  });

  it("that would leave the root are refused", () => {
    const bytes = archive();
    bytes.set(new TextEncoder().encode("../evil\0"), 0);
    expect(() => readTar(bytes)).toThrow("would leave the root");
  });

  it("of any bytes end in entries or an error, never in a hang", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        try {
          expect(readTar(bytes)).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
