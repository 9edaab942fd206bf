import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ImageError, loadPart, type Part, parseManifest, sha256 } from "../../src/machine/index.ts";

const content = Uint8Array.from({ length: 20_000 }, (_, index) => (index * index) >> 7);
const zipped = new Uint8Array(gzipSync(content));

async function part(): Promise<Part> {
  return {
    file: "linux-kernel.0123456789abcdef.gz",
    bytes: zipped.length,
    sha256: await sha256(zipped),
    rawBytes: content.length,
    rawSha256: await sha256(content),
  };
}

const serving = (bytes: Uint8Array) => ({
  open: async () => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(),
});

describe("a part of an image", () => {
  it("is inflated, and its progress told in bytes over the wire", async () => {
    let loaded = 0;
    expect(await loadPart(serving(zipped), "kernel", await part(), (bytes) => (loaded = bytes))).toEqual(content);
    expect(loaded).toBe(zipped.length);
  });

  it("is taken as it is from a server that has inflated it already", async () => {
    expect(await loadPart(serving(content), "kernel", await part())).toEqual(content);
  });

  const flipped = zipped.slice();
  flipped[200]! ^= 4;
  it.each([
    ["with a flipped bit", flipped, "SHA-256 differs"],
    ["cut short", zipped.slice(0, 100), "100 bytes"],
    ["replaced by a web page", new TextEncoder().encode("<!doctype html>"), "bytes"],
    ["empty", new Uint8Array(0), "0 bytes"],
  ])("%s is refused by its name", async (_, bytes, why) => {
    const refused = loadPart(serving(bytes), "kernel", await part());
    await expect(refused).rejects.toBeInstanceOf(ImageError);
    await expect(refused).rejects.toThrow(/kernel \(`linux-kernel\.0123456789abcdef\.gz`\)/);
    await expect(refused).rejects.toThrow(why);
  });

  it("that inflates to more than the manifest says is refused before it fills memory", async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(20 << 20)));
    const lying = { ...(await part()), bytes: bomb.length, sha256: await sha256(bomb) };
    await expect(loadPart(serving(bomb), "kernel", lying)).rejects.toThrow("cannot be inflated");
  });

  it("that cannot be had says why and what to do", async () => {
    const away = {
      open: async (): Promise<never> => {
        throw new Error("the server answered 404");
      },
    };
    await expect(loadPart(away, "kernel", await part())).rejects.toThrow(
      /could not be loaded: the server answered 404\. Check/,
    );
  });
});

describe("the manifest", () => {
  it.each([
    [null, "its top"],
    [{ version: 2, images: {} }, "version"],
    [{ version: 1, images: { linux: { title: "x" } } }, "images.linux"],
  ])("%j is refused at the place that is wrong", (data, where) => {
    expect(() => parseManifest(data)).toThrow(where);
  });

  it("with a file name that leaves its folder is refused", async () => {
    const parts = { kernel: await part(), initramfs: await part(), rom: { ...(await part()), file: "../x.gz" } };
    const linux = { title: "", commandLine: "", parts, layers: {}, build: { command: "", recipe: "" }, sources: [] };
    expect(() => parseManifest({ version: 1, images: { linux } })).toThrow("images.linux.parts.rom.file");
  });
});
