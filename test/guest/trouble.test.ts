import { describe, expect, it } from "vitest";
import { guests } from "./guest.ts";

const guest = guests();

describe("a machine in trouble", () => {
  const stopped = (each: { events: readonly { type: string }[] }) => each.events.find(({ type }) => type === "stopped");

  it("that panics says why, rejects what was asked of it, and leaves its neighbour alone", async () => {
    const [alpha, beta] = [await guest(), await guest({ name: "beta" })];
    await Promise.all([alpha.start(), beta.start()]);
    const waiting = alpha.run("sleep 1000", 0).catch((error: Error) => error.message);
    await alpha.type("echo c > /proc/sysrq-trigger\n");
    await alpha.until(() => stopped(alpha) !== undefined);
    expect(stopped(alpha)).toMatchObject({
      reason: "panic",
      message: expect.stringMatching(/`alpha` stopped: the kernel panicked \(`.*sysrq/i),
    });
    expect(await waiting).toMatch(/`alpha` stopped/);
    await expect(alpha.run("echo there?")).rejects.toThrow("stopped: the kernel panicked");
    expect((await beta.run("echo fine")).out).toBe("fine\n");
    await alpha.start();
    expect((await alpha.run("echo again")).out).toBe("again\n");
  });

  it("that is switched off or reset from inside says so", async () => {
    const alpha = await guest();
    await alpha.start();
    await alpha.type("poweroff\n");
    await alpha.until(() => stopped(alpha) !== undefined);
    expect(stopped(alpha)).toMatchObject({ reason: "poweroff" });
    const beta = await guest({ name: "beta" });
    await beta.start();
    await beta.type("reboot\n");
    await beta.until(() => stopped(beta) !== undefined);
    expect(stopped(beta)).toMatchObject({ reason: "reboot" });
  });

  it("goes back to its save point after a panic", async () => {
    const alpha = await guest();
    await alpha.start();
    await alpha.run("echo kept > /tmp/f");
    const state = await alpha.host.snapshot("alpha");
    await alpha.type("echo c > /proc/sysrq-trigger\n");
    await alpha.until(() => stopped(alpha) !== undefined);
    await alpha.host.restore("alpha", state);
    expect((await alpha.run("cat /tmp/f")).out).toBe("kept\n");
  });

  it("loses no byte of a flood, and waits for a reader who does not read", async () => {
    const alpha = await guest();
    await alpha.start();
    await alpha.ask("stty -echo -onlcr; PS1=; echo qui''et", /quiet/);
    alpha.bytes = 0;
    alpha.acknowledging = false;
    await alpha.type("yes | dd bs=1k count=3000 iflag=fullblock 2>/dev/null; echo e''nd\n");
    await alpha.until(() => alpha.bytes >= 512 << 10);
    const { running } = await alpha.host.meters("alpha");
    expect(running).toBe(false);
    alpha.acknowledging = true;
    await alpha.host.acknowledge("alpha", alpha.bytes);
    await alpha.until(() => alpha.text.includes("end"));
    expect(alpha.bytes).toBe(3000 * 1024 + "end\n".length);
  });

  it("stands still while it is paused, in its own time too", async () => {
    const alpha = await guest();
    await alpha.start();
    const uptime = async () => Number((await alpha.run("cut -d' ' -f1 /proc/uptime")).out);
    const before = await uptime();
    await alpha.host.pause("alpha");
    const { instructions } = await alpha.host.meters("alpha");
    const pausedFor = 3;
    await new Promise((resolve) => setTimeout(resolve, 1000 * pausedFor));
    expect((await alpha.host.meters("alpha")).instructions).toBe(instructions);
    await alpha.host.resume("alpha");
    expect((await uptime()) - before).toBeLessThan(pausedFor);
  });
});
