import { describe, expect, it, vi } from "vitest";
import { guests } from "./guest.ts";

const guest = guests();

describe("the host's policies", () => {
  it("compile hot code of a guest that has been busy for a while, of that one only, and stop when it rests", async () => {
    const [busy, calm] = [await guest(), await guest({ name: "calm" })];
    await Promise.all([busy.start(), calm.start()]);
    const jit = async (each: typeof busy) => (await each.host.meters(each.spec.name)).jit;
    expect(await jit(busy)).toBe(false);
    await busy.type("while :; do :; done\n");
    await vi.waitFor(async () => expect(await jit(busy)).toBe(true), { timeout: 60_000 });
    expect(await jit(calm)).toBe(false);
    await busy.type("\x03");
    await vi.waitFor(async () => expect(await jit(busy)).toBe(false), { timeout: 60_000 });
  });
});
