import type { V86 } from "v86";
import { describe, expect, it } from "vitest";
import { MissingInternal, openInternals } from "../../src/machine/v86-internals.ts";

describe("the boundary to v86", () => {
  it("names what a v86 of another version lacks, and the version to install", () => {
    const other = {
      v86: { yield: () => {}, yield_callback: () => {}, next_tick: () => {}, unregister_yield: () => {}, cpu: {} },
    };
    expect(() => openInternals(other as unknown as V86)).toThrow(MissingInternal);
    expect(() => openInternals(other as unknown as V86)).toThrow(/`cpu\.wasm_memory`.*0\.5\.462/);
    expect(() => openInternals({} as unknown as V86)).toThrow(MissingInternal);
  });
});
