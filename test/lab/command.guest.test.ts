import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const [SOUND, FAULTY, XEN] = ["test/lab/labs/sound", "test/lab/labs/faulty", "test/lab/labs/driver-domain"];

/** Runs the command line as an author does, in a process of its own. */
function ringside(...args: string[]): Promise<{ exit: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes) => {
      stdout += bytes;
    });
    child.stderr.on("data", (bytes) => {
      stderr += bytes;
    });
    child.on("error", reject);
    child.on("close", (exit) => resolve({ exit, stdout, stderr }));
  });
}

describe("lab check", () => {
  it("passes a lab whose every task fails, is solved and holds on a real machine", async () => {
    const { exit, stdout } = await ringside("lab", "check", SOUND, "--seed", "3");
    expect(stdout).toMatch(/\n7 passed, 0 failed\n$/);
    expect(exit).toBe(0);
  });

  it("names every fault that only a machine shows, with its line", async () => {
    const { exit, stdout } = await ringside("lab", "check", FAULTY);
    const faults = stdout.split("\n").filter((line) => line.includes("lab.yaml:"));
    expect(faults.map((line) => line.trim().replace(`${FAULTY}/`, ""))).toEqual([
      "lab.yaml:9:5 tasks.already.check: it holds before the task is solved.",
      "lab.yaml:12:5 tasks.unsolved.check: it does not hold after `solve`.",
      expect.stringMatching(/^lab\.yaml:15:5 tasks\.broken\.check: it could not be run: exit 127: .*no-such-tool/),
      expect.stringMatching(/^lab\.yaml:16:5 tasks\.broken\.hint: .* in `en`, it ended with exit 1: .*missing/),
      expect.stringMatching(/^lab\.yaml:16:5 tasks\.broken\.hint: .* in `zh`, it ended with exit 1: .*missing/),
      "lab.yaml:17:5 tasks.broken.solve: it ended with exit 1.",
      "lab.yaml:19:5 tasks.undoable.check: the task has no `solve`, so nobody knows that it can be done.",
      "lab.yaml:23:5 tasks.count.answer: `many` is not a number.",
    ]);
    expect(stdout).toMatch(/\n2 passed, 5 failed\n$/);
    expect(exit).toBe(1);
  });
});

describe("a lab with a driver domain", () => {
  it("passes lab check: disks and cards through Dom0, links, settings turned", async () => {
    const { exit, stdout } = await ringside("lab", "check", XEN);
    expect(stdout).toMatch(/\n6 passed, 0 failed\n$/);
    expect(exit).toBe(0);
  });

  it("is read after scripts in any of its machines and turned settings", async () => {
    const ring = "vbd:domU/xvdb";
    const { exit, stdout, stderr } = await ringside(
      ...["lab", "probe", XEN, "ring.state", "machine=domU", `ring=${ring}`],
      ...["--after", "dom0:test -b /dev/vda", "--after", `domU:@io.pace ring=${ring} latency=7.5 batch=2`],
      ...["--after", "domU:dd if=/dev/xvdb of=/dev/null bs=512 count=1 iflag=direct"],
    );
    expect([exit, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ ring, back: "host", pace: { latency: 7.5, batch: 2, stepping: false } });
  });
});

describe("lab run", () => {
  it("gives a script's output, apart, and its exit code", async () => {
    const script = "cat note; uname -s; echo wrong >&2; exit 7";
    const result = await ringside("lab", "run", SOUND, "--machine", "box", "--", script);
    expect(result).toEqual({ exit: 7, stdout: "A note.\nLinux\n", stderr: "wrong\n" });
  });

  it("says which machines there are", async () => {
    const { exit, stderr } = await ringside("lab", "run", SOUND, "--machine", "bax", "--", "true");
    expect(stderr).toContain("The lab has no machine `bax`. It has: box.");
    expect(exit).toBe(2);
  });
});

describe("lab probe", () => {
  it("prints a reading as JSON, after a script that changed something", async () => {
    const after = "box:hostname renamed";
    const { exit, stdout } = await ringside("lab", "probe", SOUND, "guest.namespaces", "--after", after);
    expect(exit).toBe(0);
    expect(JSON.stringify(JSON.parse(stdout))).toContain('"renamed"');
  });
});

describe("what is not understood", () => {
  it.each([
    [["lab", "chek"], "Did you mean `lab check`?"],
    [["lba"], "There is no command `lba`. There are: lab, image, bench."],
    [["lab", "check", SOUND, "--sed", "1"], "--sed"],
    [["lab", "check", SOUND, "--seed", "many"], "is not a seed"],
    [["lab", "run", SOUND], "Expected: lab run <id> --machine m -- <script>"],
  ])("is answered with what is: %j", async (args, said) => {
    const { exit, stderr } = await ringside(...args);
    expect(stderr).toContain(said);
    expect(exit).toBe(2);
  });
});
