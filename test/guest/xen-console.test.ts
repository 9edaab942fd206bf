import { describe, expect, it } from "vitest";
import type { RingState } from "../../src/probe/index.ts";
import { guests } from "./guest.ts";

const guest = guests();
const OUT = "console:domU/out";

describe("Linux's Xen console", () => {
  it("is shown byte by byte by a slow host, and its driver waits for room", async () => {
    const domU = await guest({ name: "domU", image: "linux-xen" });
    await domU.start();
    const ring = async () => (await domU.host.probe("domU", "ring.state", { ring: OUT })) as RingState;
    const shown = () => domU.host.platformConsole("domU");
    await domU.run("echo quick > /dev/hvc0");
    expect(await shown()).toContain("quick");

    await domU.host.control("domU", "io.pace", { ring: OUT, stepping: true });
    await domU.run("echo slow > /dev/hvc0");
    const standing = (await ring()).slots.filter(({ state }) => state === "requested");
    const text = standing.map(({ bytes }) => String.fromCharCode(Number.parseInt(bytes, 16))).join("");
    expect(text).toBe("slow\r\n");
    await domU.host.control("domU", "io.step", { ring: OUT, by: "notification" });
    expect(await shown()).toMatch(/quick\r\ns$/);

    await domU.host.control("domU", "io.pace", { ring: OUT, stepping: false, latency: 1 });
    await domU.run("seq 1 600 > /dev/hvc0", 90_000);
    await expect.poll(shown, { timeout: 60_000 }).toMatch(/slow\r\n1\r\n2\r\n(?:\d+\r\n)+599\r\n600\r\n$/);
    expect((await ring()).counters.full).toBeGreaterThan(0);
  });
});
