import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decode } from "../../../src/network/codec/index.ts";

/** What real guests and a real fabric said, with every frame they saw; see test/views/network/recorded.ts. */
const FOLDER = new URL("../../views/network/recorded/", import.meta.url);

interface Recorded {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Every frame in a JSON value, wherever it is. */
function framesIn(value: unknown): Recorded[] {
  if (value === null || typeof value !== "object") return [];
  const { bytes, length } = value as { readonly bytes?: unknown; readonly length?: unknown };
  if (typeof bytes === "string" && typeof length === "number") return [{ bytes: Buffer.from(bytes, "base64"), length }];
  return Object.values(value).flatMap(framesIn);
}

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith(".json")))("frames recorded in %s", (name) => {
  const frames = framesIn(JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")));

  it("have nothing malformed, and no wrong checksum: at most one that is left to a card", () => {
    expect(frames.length).toBeGreaterThan(10);
    const wrong = frames.flatMap(({ bytes, length }) =>
      decode(bytes, length).layers.flatMap((layer) => [
        ...(layer.malformed && layer.malformed !== "not captured whole" ? [`${layer.name}: ${layer.malformed}`] : []),
        ...layer.fields
          .filter(({ check }) => check?.state === "incorrect")
          .map((field) => `${layer.name}: ${field.name}`),
      ]),
    );
    expect(wrong).toEqual([]);
  });
});
