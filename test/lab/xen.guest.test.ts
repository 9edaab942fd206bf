import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderSource } from "../../src/cli/lab-folder.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { type LabSession, loadLab, memoryStore, openSession } from "../../src/lab/index.ts";
import type { Host } from "../../src/machine/index.ts";
import type { RingState, XenDomains } from "../../src/probe/io/types.ts";

const source = folderSource(new URL("labs/driver-domain", import.meta.url).pathname);

let host: Host;
let session: LabSession;

beforeAll(async () => {
  host = await createNodeHost();
  session = openSession({
    lab: await loadLab(source, 0),
    source,
    hostOf: () => host,
    store: memoryStore(),
    language: "en",
    startOptions: () => ({ start: "boot" }),
    onMachineEvent: (machine, event) => {
      if (event.type === "console") void host.acknowledge(machine, event.bytes.length);
    },
  });
  await session.start();
});
afterAll(async () => {
  await session.close();
  await host.close();
});

/** What a script printed. */
async function run(machine: string, script: string): Promise<string> {
  const { exit, stdout, stderr } = await session.run(machine, script);
  const text = new TextDecoder();
  if (exit !== 0) throw new Error(`\`${script}\` ended with ${exit}: ${text.decode(stderr)}`);
  return text.decode(stdout).trim();
}

const write = (machine: string, disk: string, word: string) =>
  run(machine, `printf '%-512s' ${word} | dd of=/dev/${disk} bs=512 oflag=direct 2>/dev/null`);
const read = (machine: string, disk: string) =>
  run(machine, `dd if=/dev/${disk} bs=512 count=1 iflag=direct 2>/dev/null | tr -d '\\0'`);
const domains = async () => {
  const found = (await session.probe("xen.domains", { machine: "domU" })) as XenDomains;
  return found.domains.filter(({ kind }) => kind === "guest").map(({ id, name }) => [id, name]);
};

describe("a lab on a real Xen host", () => {
  it("has its driver domain first, which is domain 0", async () => {
    expect(await domains()).toEqual([
      [0, "dom0"],
      [1, "domU"],
    ]);
    expect(session.state.machines).toMatchObject({ dom0: { status: "running" }, domU: { status: "running" } });
  });

  it("goes back to one save point: the guests' memory and the disk below them", async () => {
    await write("domU", "xvda", "before");
    await run("domU", "echo before > /tmp/note");
    await session.save("domU");
    await write("domU", "xvda", "after");
    await run("domU", "echo after > /tmp/note");
    expect(await read("dom0", "vda")).toBe("after");
    expect(await session.back("dom0")).toEqual(["dom0", "domU"]);
    expect([await run("domU", "cat /tmp/note"), await read("domU", "xvda"), await read("dom0", "vda")]).toEqual([
      "before",
      "before",
      "before",
    ]);
  });

  it("lets a ring stand, and shows the request that waits in it while the machine stands still too", async () => {
    const ring = "vbd:domU/xvdb";
    const state = async () => (await session.probe("ring.state", { machine: "domU", ring })) as RingState;
    await session.control("domU", "io.pace", { ring, stepping: true });
    await run("domU", "dd if=/dev/xvdb of=/dev/null bs=512 count=1 iflag=direct >/dev/null 2>&1 &");
    await expect.poll(async () => (await state()).slots.map((slot) => slot.state)).toContain("requested");
    await session.pause("domU");
    const { slots, pace } = await state();
    expect(pace.stepping).toBe(true);
    expect(slots.find((slot) => slot.state === "requested")?.request?.operation).toBe("read");
    await session.resume("domU");
    await session.control("domU", "io.pace", { ring, stepping: false });
    await expect.poll(async () => (await state()).slots.map((slot) => slot.state)).not.toContain("requested");
  });

  it("keeps what is on a disk when machines are restarted, and not when the lab begins anew", async () => {
    await write("domU", "xvda", "kept");
    await session.restart("domU", "dom0");
    expect(await read("domU", "xvda")).toBe("kept");
    expect((await domains()).map(([, name]) => name)).toEqual(["dom0", "domU"]);
    await session.reset();
    expect(await read("domU", "xvda")).toBe("");
    expect((await domains()).map(([, name]) => name)).toEqual(["dom0", "domU"]);
  });
});
