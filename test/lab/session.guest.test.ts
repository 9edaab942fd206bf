import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderSource } from "../../src/cli/lab-folder.ts";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { type LabSession, loadLab, memoryStore, openSession } from "../../src/lab/index.ts";
import type { Host } from "../../src/machine/index.ts";
import { taskIs, until } from "./running.ts";

const source = folderSource(new URL("labs/sound", import.meta.url).pathname);

let host: Host;
let session: LabSession;
/** What the terminal showed. */
let shown = "";

const type = (text: string) => host.type("box", new TextEncoder().encode(`${text}\n`));

beforeAll(async () => {
  host = await createNodeHost();
  session = openSession({
    lab: await loadLab(source, 0),
    source,
    hostOf: () => host,
    store: memoryStore(),
    language: "en",
    place: "build",
    startOptions: () => ({ start: "boot" }),
    onMachineEvent: (machine, event) => {
      if (event.type !== "console") return;
      shown += new TextDecoder().decode(event.bytes);
      void host.acknowledge(machine, event.bytes.length);
    },
    pace: { check: 100, hintAfter: 0 },
  });
  await session.start();
});
afterAll(async () => {
  await session.close();
  await host.close();
});

describe("a lab on a real Linux", () => {
  it("shows a prompt, a hint for what is missing, and ticks what is typed", async () => {
    const hinted = await until(session, ({ tasks }) => tasks.bridge?.hint !== undefined);
    expect(hinted.tasks.bridge?.hint?.text).toBe("There is no br0 yet.");
    session.setLanguage("zh");
    await until(session, ({ tasks }) => tasks.bridge?.hint?.text === "还没有 br0。");
    session.answer("count", "3");
    await type("ip link add br0 type bridge");
    session.nudge();
    await taskIs(session, "bridge", "done");
    expect(shown).toContain("ip link add br0");
    const { tasks } = await until(session, (state) => state.tasks.count?.verdict !== undefined);
    expect(tasks.count?.verdict).toMatchObject({ right: tasks.count?.verdict?.value === "3" });
  });

  it("asks about the card the seed gave it", async () => {
    session.goto("speak");
    expect(session.answer("card", session.lab.machines[0]!.spec.nics[0]!.mac)).toBe(true);
    await taskIs(session, "card", "done");
  });

  it("waits while the agent is gone, and goes on when it is back", async () => {
    const lost = until(session, ({ machines }) => machines.box?.status === "running" && machines.box.agent === "lost");
    await type("kill -9 $(pidof ringside-agent)");
    await lost;
    await until(session, ({ machines }) => machines.box?.status === "running" && machines.box.agent === "ready");
    expect((await session.run("box", "echo back")).exit).toBe(0);
  });

  it("says that the kernel panicked, and has the lab's files again after a restart", async () => {
    await type("rm /root/note; echo c > /proc/sysrq-trigger");
    const { machines } = await until(session, (state) => state.machines.box?.status === "stopped");
    expect(machines.box).toMatchObject({ reason: "panic" });
    expect(session.state.tasks.word?.waiting?.code).toBe("machine-stopped");
    await session.restart("box");
    expect(new TextDecoder().decode((await session.run("box", "cat /root/note")).stdout)).toBe("A note.\n");
    expect(session.state.tasks.bridge?.status).toBe("done");
  });
});
