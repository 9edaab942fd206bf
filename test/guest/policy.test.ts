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

  it("slow a guest down in its own time as well: to the guest its work takes no longer", async () => {
    const slow = await guest({ name: "slow" });
    await slow.start();
    const work = `now() { read up rest < /proc/uptime; echo "\${up%.*}\${up#*.}"; }
      t=$(now); i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $t $(now)`;
    /** What share of the time by our clock the guest saw pass by its own, while it worked. */
    const share = async () => {
      const began = performance.now();
      // subtracted here: in the first second of uptime the shell would take 096 for an octal number
      const [from, to] = (await slow.run(work, 0)).out.split(" ").map(Number);
      return (10 * (to! - from!)) / (performance.now() - began);
    };
    expect(await share()).toBeGreaterThan(0.6);
    await slow.host.speed("slow", 1 / 8);
    expect(await share()).toBeLessThan(0.4);
    await slow.host.speed("slow", 1);
    expect(await share()).toBeGreaterThan(0.6);
    await expect(slow.host.speed("slow", 0)).rejects.toThrow("above 0 to 1, not 0");
  });
});
