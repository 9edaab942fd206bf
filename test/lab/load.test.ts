import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderSource } from "../../src/cli/lab-folder.ts";
import { fetchSource, LabFaults, LoadError, loadLab } from "../../src/lab/index.ts";
import { labTexts } from "./fixtures.ts";

const texts = labTexts("  make: { check: test -e made }");
const files: Record<string, { type?: string; body: string | Uint8Array }> = {
  "/site/labs/files/lab.yaml": { body: texts.yaml },
  "/site/labs/files/en.md": { body: texts.prose.en },
  "/site/labs/files/zh.md": { body: texts.prose.zh },
  "/site/labs/wrong/lab.yaml": { body: "version: 2" },
  "/site/labs/wrong/en.md": { body: "" },
  "/site/labs/wrong/zh.md": { body: "" },
  "/site/labs/page/lab.yaml": { type: "text/html; charset=utf-8", body: "<!doctype html>" },
  "/site/labs/bytes/lab.yaml": { body: new Uint8Array([0xff, 0xfe, 0x00]) },
  "/site/labs/bytes/en.md": { body: "" },
  "/site/labs/bytes/zh.md": { body: "" },
  "/site/labs/long/lab.yaml": { body: "#".repeat(300 * 1024) },
  "/site/labs/long/en.md": { body: "" },
  "/site/labs/long/zh.md": { body: "" },
  "/else/mine.yml": { body: texts.yaml },
  "/else/en.md": { body: texts.prose.en },
  "/else/zh.md": { body: texts.prose.zh },
};

let server: Server;
let origin: string;
let base: string;

beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    const file = files[url];
    if (url.startsWith("/site/labs/sick/")) response.writeHead(500).end();
    else if (file) response.writeHead(200, { "content-type": file.type ?? "text/plain" }).end(file.body);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  base = `${origin}/site/`;
});
afterAll(() => server.close());

const load = (lab: string) => loadLab(fetchSource(lab, base), 7);

describe("a lab by its address", () => {
  it("is one of the site by its id", async () => {
    expect(await load("files")).toMatchObject({ id: "files", foreign: false, seed: 7, address: `${base}labs/files/` });
  });

  it("is anyone's by the address of its lab.yaml, under any name, and known to be foreign", async () => {
    expect(await load(`${origin}/else/mine.yml`)).toMatchObject({ foreign: true, address: `${origin}/else/` });
  });

  it("of the site's own labs is not foreign, however it is written", async () => {
    expect((await load(`${base}labs/files/lab.yaml`)).foreign).toBe(false);
  });

  it.each([
    "",
    "../x",
    "a b",
    "javascript:alert(1)",
    "file:///etc/lab.yaml",
    "https://a.example/",
    "data:text/plain,lab.yaml",
  ])("is not %j", (lab) => {
    expect(() => fetchSource(lab, base)).toThrowError(LoadError);
    expect(() => fetchSource(lab, base)).toThrowError(/neither the id of a lab nor the address/);
  });

  it.each([
    ["none", "missing"],
    ["page", "missing"],
    ["sick", "unreachable"],
    ["long", "too-large"],
    ["bytes", "not-text"],
  ])("that is %s fails with the code %s and its address", async (lab, code) => {
    const error = await load(lab).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "LoadError", code, address: expect.stringContaining(`${base}labs/${lab}/`) });
  });

  it("where nobody answers is unreachable", async () => {
    await expect(load("http://127.0.0.1:1/lab.yaml")).rejects.toMatchObject({ code: "unreachable" });
  });

  it("with faults says every one", async () => {
    const error = await load("wrong").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LabFaults);
    expect((error as LabFaults).message).toContain("lab.yaml:1:1 version: expected version 1, found `2`.");
  });
});

describe("a lab's folder", () => {
  it("is read by path, within its limits, and nothing outside of it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ringside-"));
    try {
      await writeFile(join(folder, "lab.yaml"), "12345");
      const source = folderSource(folder);
      expect(new TextDecoder().decode(await source.read("lab.yaml", 5))).toBe("12345");
      await expect(source.read("lab.yaml", 4)).rejects.toMatchObject({ code: "too-large" });
      await expect(source.read("en.md", 4)).rejects.toMatchObject({ code: "missing" });
      await expect(source.read("../../etc/passwd", 4)).rejects.toMatchObject({ code: "unreachable" });
      await symlink("/dev/zero", join(folder, "zh.md"));
      await expect(source.read("zh.md", 4)).rejects.toMatchObject({ code: "unreachable" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
