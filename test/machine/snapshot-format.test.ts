import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SnapshotError, unwrapState, wrapState } from "../../src/machine/snapshot/format.ts";
import { MemorySnapshots } from "../../src/machine/snapshot/store.ts";

const key = { build: "linux_0_1", options: "64_0" };
const state = () => Uint8Array.from({ length: 5000 }, (_, index) => index).buffer;

describe("a stored snapshot", () => {
  it("comes back as it went in", async () => {
    expect(await unwrapState(await wrapState(state(), key), key)).toEqual(state());
  });

  it("is refused after any one bit of it flipped", async () => {
    const whole = await wrapState(state(), key);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (byte, bit) => {
        const damaged = whole.slice();
        damaged[byte]! ^= 1 << bit;
        await expect(unwrapState(damaged, key)).rejects.toBeInstanceOf(SnapshotError);
      }),
    );
  });

  it("is refused when cut anywhere", async () => {
    const whole = await wrapState(state(), key);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        await expect(unwrapState(whole.slice(0, length), key)).rejects.toBeInstanceOf(SnapshotError);
      }),
    );
  });

  it("is refused for another build or other options", async () => {
    const whole = await wrapState(state(), key);
    await expect(unwrapState(whole, { ...key, build: "linux_0_2" })).rejects.toThrow("another machine or version");
    await expect(unwrapState(whole, { ...key, options: "32_0" })).rejects.toThrow("another machine or version");
  });
});

describe("a snapshot store", () => {
  it("drops other builds of an image when a new one is stored, and nothing else", async () => {
    const store = new MemorySnapshots();
    const bytes = await wrapState(state(), key);
    const other = { build: "hypervisor_0_1", options: "64_0" };
    const old = { build: "linux_0_0", options: "64_0" };
    for (const each of [old, other, { ...key, options: "32_0" }, key]) await store.save(each, bytes);
    expect(await store.load(old)).toBeUndefined();
    for (const each of [other, { ...key, options: "32_0" }, key]) expect(await store.load(each)).toBeDefined();
  });
});
