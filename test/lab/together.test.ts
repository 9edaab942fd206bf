import { describe, expect, it } from "vitest";
import { apart, openSession } from "../../src/lab/index.ts";
import { memoryStore } from "../../src/lab/progress.ts";
import { filesSource, labOf, labTexts } from "./fixtures.ts";
import { type Opened, open, taskIs, until } from "./running.ts";
import { ShellHost } from "./shell-host.ts";

const XEN = `hosts: { xen: {} }
machines:
  plain: { image: linux, host: xen }
  dom0: { image: linux-dom0, host: xen }
  domU: { image: linux-xen, host: xen, disks: [{ size: 1, backend: dom0 }] }
  domV: { image: linux-xen, host: xen }
`;
const lab = labOf(labTexts("  make: { machine: domU, check: test -e made, fail: test -e broken }", { head: XEN }));

/** A promise, and what resolves it. */
function gateway() {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { gate, open };
}

/** A session that is not started yet, and what lets a machine come up. */
function held(machine: string) {
  const host = new ShellHost();
  const { gate, open: release } = gateway();
  host.gates.set(machine, gate);
  const session = openSession({
    lab,
    source: filesSource({}),
    hostOf: () => host,
    store: memoryStore(),
    language: "en",
    place: "one",
  });
  return { host, session, release };
}

const note = async (opened: Opened, text: string) => {
  for (const machine of ["plain", "dom0", "domU"]) await opened.do(`echo ${text} > note`, machine);
};

describe("machines of one Xen host", () => {
  it("start after the driver domain, which others do not wait for", async () => {
    const { host, session, release } = held("dom0");
    const started = session.start();
    await until(session, ({ machines }) => machines.plain?.status === "running");
    expect(host.begun.sort()).toEqual(["dom0", "plain"]);
    expect(session.state.machines.domU?.status).toBe("starting");
    release();
    await started;
    expect(host.begun.slice(2).sort()).toEqual(["domU", "domV"]);
    expect(session.state.machines.domU?.status).toBe("running");
    await session.close();
    await host.close();
  });

  it("start even when the driver domain does not, and the reason is its own", async () => {
    const { host, session, release } = held("dom0");
    host.refused.add("dom0");
    release();
    await session.start();
    expect(session.state.machines).toMatchObject({ dom0: { status: "stopped" }, domU: { status: "running" } });
    await session.close();
    await host.close();
  });

  it("do not start any more once the lab is closed", async () => {
    const { host, session, release } = held("dom0");
    const started = session.start();
    await until(session, ({ machines }) => machines.plain?.status === "running");
    await session.close();
    release();
    await started;
    expect(host.begun.sort()).toEqual(["dom0", "plain"]);
    await host.close();
  });

  it("have one save point, and go back to it together", async () => {
    const opened = await open(lab);
    await note(opened, "before");
    await opened.session.save("domU");
    const { machines } = opened.session.state;
    expect(machines.domU?.saved).toBeGreaterThan(0);
    expect([machines.dom0?.saved, machines.domV?.saved]).toEqual([machines.domU?.saved, machines.domU?.saved]);
    expect(machines.plain?.saved).toBeUndefined();

    await note(opened, "after");
    await opened.do("touch broken", "domU");
    await taskIs(opened.session, "make", "failed");
    await opened.session.pause("domV");
    expect(await opened.session.back("dom0")).toEqual(["dom0", "domU", "domV"]);
    expect(await opened.do("cat note", "dom0")).toBe("before\n");
    expect(await opened.do("cat note", "domU")).toBe("before\n");
    expect(await opened.do("cat note", "plain")).toBe("after\n");
    expect(opened.session.state).toMatchObject({
      machines: { domV: { status: "running", paused: false } },
      tasks: { make: { status: "open" } },
    });
  });

  it("are saved and put back once, whichever of them are named", () => {
    expect(apart(lab.machines, ["domV", "plain", "dom0", "domU"])).toEqual(["domV", "plain"]);
  });

  it("have no save point while one of them is on its way", async () => {
    const opened = await open(lab);
    const domV = gateway();
    opened.host.gates.set("domV", domV.gate);
    const restarted = opened.session.restart("domV");
    await until(opened.session, ({ machines }) => machines.domV?.status === "starting");
    await expect(opened.session.save("domU")).rejects.toMatchObject({
      waiting: { code: "machine-starting", machine: "domV" },
    });
    domV.open();
    await restarted;
    await opened.session.save("domU");
    expect(opened.session.state.machines.domV?.saved).toBeGreaterThan(0);
  });

  it("go back together when one of them is gone", async () => {
    const opened = await open(lab);
    await note(opened, "before");
    await opened.session.save("dom0");
    opened.host.crash("domU", "the kernel panicked");
    await until(opened.session, ({ machines }) => machines.domU?.status === "stopped");
    await opened.session.back("domU");
    expect(opened.session.state.machines.domU?.status).toBe("running");
    expect(await opened.do("cat note", "domU")).toBe("before\n");
  });

  it("are all switched off before a lab begins anew", async () => {
    const opened = await open(lab);
    await opened.do("touch made", "domU");
    await taskIs(opened.session, "make", "done");
    opened.host.begun.length = 0;
    const dom0 = gateway();
    opened.host.gates.set("dom0", dom0.gate);
    const reset = opened.session.reset();
    await until(opened.session, ({ machines }) => machines.plain?.status === "running");
    await expect(opened.host.run("domU", "true")).rejects.toThrow("does not run");
    dom0.open();
    await reset;
    expect(opened.host.begun.indexOf("domU")).toBeGreaterThan(opened.host.begun.indexOf("dom0"));
  });
});
