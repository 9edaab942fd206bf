import { beforeAll, describe, expect, it } from "vitest";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();

describe("the guest agent", () => {
  let alpha: TestGuest;
  beforeAll(async () => {
    alpha = await guest();
    await alpha.start();
  });

  it("returns the exit code and both outputs apart", async () => {
    expect(await alpha.run("echo out; echo err >&2; exit 3")).toEqual({
      exit: 3,
      how: "exited",
      out: "out\n",
      err: "err\n",
    });
  });

  it("is binary-clean in both directions", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3);
    await alpha.host.put("alpha", "/tmp/deep/er/file", bytes, 0o640);
    expect(await alpha.host.get("alpha", "/tmp/deep/er/file")).toEqual(bytes);
    const { stdout } = await alpha.host.run("alpha", "cat /tmp/deep/er/file; stat -c %a /tmp/deep/er/file >&2");
    expect(stdout).toEqual(bytes);
  });

  it("runs several scripts at once", async () => {
    const script = (own: string, other: string) =>
      `touch /tmp/${own}; for i in $(seq 100); do [ -e /tmp/${other} ] && exit 0; sleep 0.1; done; exit 1`;
    const both = await Promise.all([alpha.run(script("a", "b")), alpha.run(script("b", "a"))]);
    expect(both.map(({ exit }) => exit)).toEqual([0, 0]);
  });

  it("ends a script at its time limit, with what it had written", async () => {
    const { how, exit, out } = await alpha.run("echo before; sleep 100; echo after", 300);
    expect({ how, exit, out }).toEqual({ how: "time limit", exit: 124, out: "before\n" });
    expect((await alpha.run("pgrep -f 'sleep 100'")).out).toBe("");
  });

  it("does not wait for what a script left in the background", async () => {
    const { exit, out } = await alpha.run("sleep 1000 & echo done", 5000);
    expect({ exit, out }).toEqual({ exit: 0, out: "done\n" });
    await alpha.run("pkill sleep");
  });

  it("cuts off a script that floods", async () => {
    const result = await alpha.host.run("alpha", "yes", { maxOutput: 100_000, limit: 0 });
    expect(result.truncated).toBe(true);
    expect(result.stdout.length).toBeLessThanOrEqual(100_000);
  });

  it("refuses with a reason that names the file", async () => {
    await expect(alpha.host.get("alpha", "/no/such")).rejects.toThrow(/alpha.*\/no\/such.*No such file/s);
    await expect(alpha.host.put("alpha", "/proc/x/y", new Uint8Array(1))).rejects.toThrow("/proc/x");
  });

  it("answers while the student's shell floods the console and while a fork bomb burns", async () => {
    await alpha.type("yes\n");
    expect((await alpha.run("echo here")).out).toBe("here\n");
    await alpha.type("\x03");
    await alpha.type(
      "bomb() { bomb | bomb & }; ulimit -u 500; (ulimit -v 200000; for i in $(seq 60); do sleep 60 & done); echo bur''ning\n",
    );
    await alpha.until(() => alpha.text.includes("burning"));
    expect((await alpha.run("echo here")).out).toBe("here\n");
    await alpha.run("pkill sleep");
  });

  it("survives a guest out of memory", async () => {
    const { exit } = await alpha.run("tail /dev/zero", 60_000);
    expect(exit).toBe(137); // the OOM killer's SIGKILL
    expect((await alpha.run("echo here")).out).toBe("here\n");
  });

  it("that is stopped is said to be silent, and to be back when it goes on", async () => {
    await alpha.ask("kill -STOP $(pidof ringside-agent); echo stop''ped", /stopped/);
    await expect(alpha.run("echo there?", 1)).rejects.toThrow("The agent of `alpha` does not answer");
    expect(alpha.notices()).toContain("agent-silent");
    await alpha.type("kill -CONT $(pidof ringside-agent)\n");
    await alpha.until(() => alpha.notices().includes("agent-back"));
    expect((await alpha.run("echo there")).out).toBe("there\n");
  });

  it("says that it was killed, and comes back", async () => {
    const before = alpha.notices().length;
    const running = alpha.run("sleep 100", 0).catch((error: Error) => error.message);
    await alpha.type("kill -9 $(pidof ringside-agent)\n");
    expect(await running).toMatch(/The agent of `alpha` was killed by signal 9/);
    await alpha.until(() => alpha.notices().slice(before).includes("agent-back"));
    expect((await alpha.run("echo back")).out).toBe("back\n");
  });
});
