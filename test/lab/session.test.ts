import { describe, expect, it } from "vitest";
import { labOf, labTexts } from "./fixtures.ts";
import { open, taskIs, until } from "./running.ts";

const lab = (tasks: string, more?: Parameters<typeof labTexts>[1]) => labOf(labTexts(tasks, more));

describe("checks", () => {
  it("tick a task when the machine shows that it is done, and not before", async () => {
    const opened = await open(lab("  make: { check: test -e made }"));
    expect(opened.session.state.tasks.make?.status).toBe("open");
    await opened.do("touch made");
    const state = await taskIs(opened.session, "make", "done");
    expect(state.steps).toEqual([{ id: "one", done: true }]);
    expect(state.result).toMatchObject({ score: 1, done: 1, tasks: 1 });
  });

  it("keep a task done when its check no longer holds, and say so", async () => {
    const opened = await open(lab("  make: { check: test -e made }\n  other: { check: 'false' }"));
    await opened.do("touch made");
    await taskIs(opened.session, "make", "done");
    await opened.do("rm made");
    const state = await until(opened.session, ({ tasks }) => tasks.make?.holds === false);
    expect(state.tasks.make?.status).toBe("done");
  });

  it("wait for what a task needs", async () => {
    const tasks = "  first: { check: test -e a }\n  second: { check: test -e b, needs: [first] }";
    const opened = await open(lab(tasks));
    await opened.do("touch b");
    expect(opened.session.state.tasks.second).toMatchObject({
      status: "blocked",
      waiting: { code: "needs", task: "first" },
    });
    await opened.do("touch a");
    await taskIs(opened.session, "second", "done");
  });

  it("run only for the step that is open", async () => {
    const steps = ["one", "two"];
    const opened = await open(lab("  here: { check: test -e a }\n  there: { check: test -e a }", { steps }));
    await opened.do("touch a");
    await taskIs(opened.session, "here", "done");
    expect(opened.session.state.tasks.there?.status).toBe("open");
    opened.session.goto("two");
    await taskIs(opened.session, "there", "done");
  });

  it("never overlap for one task, however often something changes", async () => {
    const script = "mkdir lock || touch overlapped; sleep 0.1; rmdir lock; test -e enough";
    const opened = await open(lab(`  slow: { check: "${script}" }`));
    let runs = 0;
    while (opened.host.scripts.filter((ran) => ran === script).length < 4) {
      opened.session.nudge();
      await opened.host.run("box", "sleep 0.02");
      runs += 1;
    }
    expect(runs).toBeGreaterThan(4);
    expect(await opened.do("test -e overlapped && echo yes || echo no")).toBe("no\n");
  });

  it("that take too long are unknown, not failed", async () => {
    const opened = await open(lab("  slow: { check: sleep 30, hint: echo x }"), { pace: { limit: 50 } });
    const state = await until(opened.session, ({ tasks }) => tasks.slow?.waiting?.code === "time-limit");
    expect(state.tasks.slow).toMatchObject({ status: "open", hint: undefined });
  });

  it("that are killed are unknown", async () => {
    const opened = await open(lab("  dead: { check: 'kill -9 $$' }"));
    await until(opened.session, ({ tasks }) => tasks.dead?.waiting?.code === "no-result");
  });

  it("rest while nobody looks", async () => {
    const opened = await open(lab("  make: { check: test -e made }"));
    opened.session.setAttention(false);
    const before = opened.host.scripts.length;
    await opened.host.run("box", "touch made; sleep 0.2");
    expect(opened.host.scripts.slice(before)).toEqual(["touch made; sleep 0.2"]);
    opened.session.setAttention(true);
    await taskIs(opened.session, "make", "done");
  });

  it("read the other machine where the lab says so", async () => {
    const head = "machines:\n  a: { image: linux }\n  b: { image: linux }";
    const opened = await open(lab("  up: { machine: a, check: { machine: b, run: test -e made } }", { head }));
    await opened.do("touch made", "a");
    await opened.do("touch made", "b");
    await taskIs(opened.session, "up", "done");
  });
});

describe("failed attempts", () => {
  const attempt = lab("  keep: { check: test -e made, fail: 'test -e broken && echo It is broken.' }");

  it("stay failed until they are tried again", async () => {
    const opened = await open(attempt);
    await opened.do("touch broken");
    expect((await taskIs(opened.session, "keep", "failed")).tasks.keep?.failure).toBe("It is broken.");
    await opened.do("rm broken; touch made");
    expect(opened.session.state.tasks.keep?.status).toBe("failed");
    opened.session.retry("keep");
    await taskIs(opened.session, "keep", "done");
  });

  it("open again with a fresh machine", async () => {
    const opened = await open(attempt);
    await opened.do("touch broken");
    await taskIs(opened.session, "keep", "failed");
    await opened.session.restart("box");
    expect(opened.session.state.tasks.keep?.status).toBe("open");
    expect(opened.host.started).toEqual(["box", "box"]);
  });
});

describe("hints", () => {
  const hinted = '  make:\n    check: test -e made\n    hint: ls | grep -q mode && echo "mode is not made ($LANG)"';

  it("say what was found once the check has failed for a while", async () => {
    const opened = await open(lab(hinted));
    await opened.do("touch mode");
    const state = await until(opened.session, ({ tasks }) => tasks.make?.hint !== undefined);
    expect(state.tasks.make?.hint).toEqual({ text: "mode is not made (en_US.UTF-8)", asked: false });
    await opened.do("rm mode");
    await until(opened.session, ({ tasks }) => tasks.make?.hint === undefined);
  });

  it("come at once when asked for, and say it when there is nothing to say", async () => {
    const opened = await open(lab(hinted), { pace: { hintAfter: 1_000_000 } });
    await opened.session.askHint("make");
    expect(opened.session.state.tasks.make?.hint).toEqual({ text: "", asked: true });
    await opened.do("touch mode");
    await until(opened.session, ({ tasks }) => tasks.make?.hint?.text !== "");
  });

  it("follow the language", async () => {
    const both = "  make:\n    check: test -e made\n    hint: { en: echo Make it., zh: echo 做它。 }";
    const opened = await open(lab(both));
    await until(opened.session, ({ tasks }) => tasks.make?.hint?.text === "Make it.");
    opened.session.setLanguage("zh");
    await until(opened.session, ({ tasks }) => tasks.make?.hint?.text === "做它。");
  });

  it("of a probe are chosen by what it reads, while the machine stands still", async () => {
    const cases = "[{ where: { pages: 0 }, en: None., zh: 没有。 }, { en: Some., zh: 有。 }]";
    const opened = await open(lab(`  map: { probe: hv.info, where: { pages: 2 }, hint: ${cases} }`));
    await opened.do("echo '{ \"pages\": 0 }' > hv.info.json");
    await until(opened.session, ({ tasks }) => tasks.map?.hint?.text === "None.");
    await opened.session.pause("box");
    opened.session.setLanguage("zh");
    await until(opened.session, ({ tasks }) => tasks.map?.hint?.text === "没有。");
    await opened.do("echo '{ \"pages\": 1 }' > hv.info.json");
    await until(opened.session, ({ tasks }) => tasks.map?.hint?.text === "有。");
    await opened.do("echo '{ \"pages\": 2 }' > hv.info.json");
    expect((await taskIs(opened.session, "map", "done")).tasks.map?.hint).toBeUndefined();
  });

  it("go when the task is done", async () => {
    const opened = await open(lab("  make: { check: test -e made, hint: echo x }"));
    await until(opened.session, ({ tasks }) => tasks.make?.hint !== undefined);
    await opened.do("touch made");
    expect((await taskIs(opened.session, "make", "done")).tasks.make?.hint).toBeUndefined();
  });
});

describe("the state", () => {
  it("keeps every part that did not change", async () => {
    const opened = await open(lab("  a: { check: test -e a }\n  b: { check: test -e b }"));
    const before = await until(opened.session, ({ phase }) => phase === "open");
    await opened.do("touch a");
    const after = await taskIs(opened.session, "a", "done");
    expect(after).not.toBe(before);
    expect(after.tasks.b).toBe(before.tasks.b);
    expect(after.machines).toBe(before.machines);
    expect(before.tasks.a?.status).toBe("open");
  });

  it("goes nowhere that is no place", async () => {
    const { session } = await open(lab("  a: { check: test -e a }"));
    for (const place of ["two", "__proto__", ""]) session.goto(place);
    expect(session.state.place).toBe("one");
    session.goto("finish");
    expect(session.state).toMatchObject({ place: "finish", result: undefined });
  });

  it("ends with a score when the student ends early", async () => {
    const opened = await open(lab("  a: { check: test -e a }\n  b: { check: test -e b }"));
    await opened.do("touch a");
    await taskIs(opened.session, "a", "done");
    expect(opened.session.finish()).toMatchObject({ score: 0.5, done: 1, tasks: 2 });
    expect(opened.session.state).toMatchObject({ place: "finish", result: { score: 0.5 } });
  });
});
