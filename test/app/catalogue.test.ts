import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { labList } from "../../vite.config.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("the list of labs", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "labs-"));
    await cp(join(root, "test/browser/lab"), join(folder, "small"), { recursive: true });
    await cp(join(root, "test/browser/lab/en.md"), join(folder, "unfinished/en.md"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has what each lab.yaml says, and leaves out folders without one", () => {
    const lab = parse(readFileSync(join(root, "test/browser/lab/lab.yaml"), "utf8"));
    const { title, summary, minutes } = lab;
    expect(labList(folder)).toEqual([{ id: "small", title, summary, minutes, tasks: 3, machines: ["box~linux~64"] }]);
  });

  it("is empty where there are none", () => {
    expect(labList(join(folder, "nowhere"))).toEqual([]);
  });
});
