import { describe, expect, it, vi } from "vitest";
import { filesSource, labOf, labTexts } from "./fixtures.ts";
import { open, taskIs, until } from "./running.ts";

const HEAD =
  "machines:\n  box: { image: linux, files: { /root/seed.txt: seed.txt, /bin/tool: { from: t.sh, executable: true } } }";
const withFiles = labOf(labTexts("  make: { check: test -e made }", { head: HEAD }));
const source = filesSource({ "files/seed.txt": "hello\n", "files/t.sh": "#!/bin/sh\necho tool\n" });
const plain = labOf(labTexts("  make: { check: test -e made }"));
const two = labOf(
  labTexts("  a: { machine: one, check: test -e made }\n  b: { machine: two, check: test -e made }", {
    head: "machines:\n  one: { image: linux }\n  two: { image: linux }",
  }),
);

describe("machines of a session", () => {
  it("hold the lab's files, with their modes, also after a restart", async () => {
    const opened = await open(withFiles, { source });
    expect(await opened.do("cat root/seed.txt; bin/tool")).toBe("hello\ntool\n");
    await opened.do("rm -r root bin");
    await opened.session.restart("box");
    expect(await opened.do("cat root/seed.txt; bin/tool")).toBe("hello\ntool\n");
  });

  it("that lack a file are stopped, and say which", async () => {
    const { session } = await open(withFiles, { source: filesSource({ "files/t.sh": "" }) });
    expect(session.state.machines.box).toMatchObject({
      status: "stopped",
      reason: "start",
      message: "There is no file files/seed.txt.",
    });
    expect(session.state.tasks.make?.waiting?.code).toBe("machine-stopped");
  });

  it("that stop make their own tasks wait, and nothing else", async () => {
    const opened = await open(two);
    opened.host.crash("one", "the kernel panicked");
    const state = await until(opened.session, ({ machines }) => machines.one?.status === "stopped");
    expect(state.tasks.a?.waiting).toEqual({ code: "machine-stopped", machine: "one", message: "the kernel panicked" });
    await opened.do("touch made", "two");
    await taskIs(opened.session, "b", "done");
    await opened.session.restart("one");
    await opened.do("touch made", "one");
    await taskIs(opened.session, "a", "done");
  });

  it("that do not start are told of, and the others start", async () => {
    const opened = await open(two, {
      hostOf: () => {
        throw new Error("The worker could not be loaded.");
      },
    });
    expect(opened.session.state).toMatchObject({
      phase: "open",
      machines: { one: { status: "stopped", reason: "start", message: "The worker could not be loaded." } },
    });
  });

  it("make tasks wait while they are paused", async () => {
    const opened = await open(plain);
    await opened.session.pause("box");
    expect(opened.session.state.tasks.make?.waiting).toEqual({ code: "machine-paused", machine: "box" });
    await opened.do("touch made");
    await opened.session.resume("box");
    await taskIs(opened.session, "make", "done");
  });

  it("keep their disks over a restart, and not when the lab begins anew", async () => {
    const { session, host } = await open(plain);
    await session.restart("box");
    expect(host.disks.get("box")).toBe("kept");
    await session.reset();
    expect(host.disks.get("box")).toBe("empty");
  });

  it("know the speed they were given, and go at full speed after a restart", async () => {
    const opened = await open(plain);
    await opened.session.setSpeed("box", 1 / 4);
    expect(opened.session.state.machines.box).toMatchObject({ status: "running", speed: 1 / 4 });
    await opened.session.restart("box");
    expect(opened.session.state.machines.box).toMatchObject({ status: "running", speed: 1 });
  });

  it("have settings that are turned also while they stand still", async () => {
    const opened = await open(plain);
    await opened.session.pause("box");
    await opened.session.control("box", "io.step", { ring: "vbd:box/xvda", by: "slot" });
    expect(await opened.do("cat io.step.json")).toBe('{"ring":"vbd:box/xvda","by":"slot"}');
    await expect(opened.session.control("bax", "io.step", {})).rejects.toThrow("The lab has no machine `bax`.");
  });

  it("make tasks wait while their agent is lost", async () => {
    const opened = await open(plain);
    opened.host.tell("box", { type: "notice", code: "agent-lost", message: "killed" });
    expect(opened.session.state.tasks.make?.waiting).toEqual({ code: "agent", machine: "box" });
    opened.host.tell("box", { type: "notice", code: "agent-back", message: "back" });
    expect(opened.session.state.machines.box).toMatchObject({ agent: "ready" });
  });

  it("go back to their save point, from a panic too, and open failed attempts", async () => {
    const lab = labOf(labTexts("  make: { check: test -e made, fail: test -e broken }"));
    const opened = await open(lab);
    await opened.do("echo before > note");
    await opened.session.save("box");
    expect(opened.session.state.machines.box?.saved).toBeGreaterThan(0);
    await opened.do("echo after > note; touch broken");
    await taskIs(opened.session, "make", "failed");
    opened.host.crash("box", "the kernel panicked");
    await opened.session.back("box");
    expect(opened.session.state).toMatchObject({
      machines: { box: { status: "running" } },
      tasks: { make: { status: "open" } },
    });
    expect(await opened.do("cat note")).toBe("before\n");
  });

  it("have no save point before one is made", async () => {
    const { session } = await open(plain);
    await expect(session.back("box")).rejects.toThrow("`box` has no save point.");
  });

  it("whose worker dies end what was asked of them, and start again on another", async () => {
    const opened = await open(labOf(labTexts("  slow: { check: sleep 2; test -e made }")));
    await vi.waitUntil(() => opened.host.scripts.length > 0);
    const asked = opened.session.run("box", "sleep 30");
    opened.session.hostLost("box", "The worker died.");
    await expect(asked).rejects.toThrow("The worker died.");
    expect(opened.session.state.machines.box).toMatchObject({ status: "stopped", reason: "host" });
    await opened.session.restart("box");
    expect(opened.session.state.machines.box?.status).toBe("running");
  });

  it("that do not answer leave a task unknown, and nothing waits for them", async () => {
    const opened = await open(plain, { pace: { limit: 20, grace: 20 } });
    opened.host.mute = true;
    const state = await until(opened.session, ({ tasks }) => tasks.make?.waiting !== undefined);
    expect(state.tasks.make).toMatchObject({ status: "open", waiting: { code: "agent", machine: "box" } });
    opened.host.mute = false;
    await opened.do("touch made");
    await taskIs(opened.session, "make", "done");
  });

  it("on a worker that is gone do not keep a session from closing", async () => {
    const opened = await open(plain, { pace: { grace: 20 } });
    const stop = vi.spyOn(opened.host, "stop").mockReturnValue(new Promise(() => undefined));
    await opened.session.close();
    expect(opened.session.state.phase).toBe("closed");
    stop.mockRestore();
  });

  it("run in the student's language", async () => {
    const opened = await open(plain, { language: "zh" });
    expect(opened.host.environments.get("box")).toEqual({ LANG: "zh_CN.UTF-8" });
  });

  it("refuse names the lab does not have", async () => {
    const { session } = await open(plain);
    await expect(session.run("bax", "true")).rejects.toThrow("The lab has no machine `bax`. It has: box.");
    await expect(session.probe("guest.namespaces", { machine: "bax" })).rejects.toThrow(
      /needs one of the lab's machines/,
    );
    await expect(session.probe("guest.nothing", { machine: "box" })).rejects.toThrow(
      /There is no probe `guest.nothing`/,
    );
  });
});
