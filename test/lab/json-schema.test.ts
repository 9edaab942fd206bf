import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { labJsonSchema } from "../../src/lab/format/json-schema.ts";

describe("public/schema/lab.json", () => {
  it("is what the format says now (npm run --silent ringside -- lab schema > public/schema/lab.json)", async () => {
    const published = await readFile(new URL("../../public/schema/lab.json", import.meta.url), "utf8");
    expect(published).toBe(labJsonSchema());
  });
});
