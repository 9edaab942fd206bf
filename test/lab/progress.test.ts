import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryStore, type ProgressStore, parseProgress, progressKey, shareDone } from "../../src/lab/index.ts";
import { labOf, labTexts } from "./fixtures.ts";
import { open, taskIs, until } from "./running.ts";

const TASKS = "  make: { check: test -e made }\n  guess: { ask: x, answer: 3 }\n  last: { check: test -e last }";
const lab = labOf(labTexts(TASKS));
const otherSeed = labOf(labTexts(TASKS), 1);

/** Does two of three tasks and closes the page. */
async function visit(store: ProgressStore) {
  const opened = await open(lab, { store });
  await opened.do("touch made");
  await taskIs(opened.session, "make", "done");
  opened.session.answer("guess", "4");
  await until(opened.session, ({ tasks }) => tasks.guess?.verdict !== undefined);
  await opened.session.close();
}

describe("progress", () => {
  it("is there again on the next visit, on a machine that knows nothing of it", async () => {
    const store = memoryStore();
    await visit(store);
    const { session } = await open(lab, { store, place: undefined });
    expect(session.state.place).toBe("one");
    expect(session.state.tasks.guess).toMatchObject({
      status: "done",
      answer: "4",
      verdict: { right: false, value: "3" },
    });
    const state = await until(session, ({ tasks }) => tasks.make?.holds === false);
    expect(state.tasks.make?.status).toBe("done");
    expect(state.tasks.last?.status).toBe("open");
  });

  it("belongs to one instance of a lab", async () => {
    const store = memoryStore();
    await visit(store);
    const { session } = await open(otherSeed, { store });
    expect(session.state.tasks.make?.status).toBe("open");
    expect(progressKey({ ...lab, foreign: true, address: "https://a.example/x/" })).not.toBe(progressKey(lab));
  });

  it("is dropped when it is damaged, with a notice", async () => {
    const store = memoryStore();
    for (const damaged of ["", "{", "null", '{"version":1}', '{"version":2,"place":"one"}', "[1]"]) {
      await store.set(progressKey(lab), damaged);
      const { session } = await open(lab, { store });
      expect(session.state.notices.map(({ code }) => code)).toEqual(["progress-damaged"]);
      expect(session.state.tasks.make?.status).toBe("open");
      await session.close();
    }
  });

  it("of an older lab keeps what still has a name", async () => {
    const store = memoryStore();
    const old = {
      version: 1,
      place: "gone",
      seen: ["gone"],
      done: ["make", "gone"],
      answers: [{ task: "gone", answer: "x" }],
      seconds: 3,
      finished: false,
    };
    await store.set(progressKey(lab), JSON.stringify(old));
    const { session } = await open(lab, { store, place: undefined });
    expect(session.state).toMatchObject({ place: "intro", notices: [], tasks: { make: { status: "done" } } });
  });

  it("goes with a reset, and every machine starts anew", async () => {
    const opened = await open(lab);
    await opened.do("touch made");
    await taskIs(opened.session, "make", "done");
    await opened.session.reset();
    expect(opened.session.state).toMatchObject({ place: "intro", result: undefined, phase: "open" });
    expect(opened.session.state.tasks.make?.status).toBe("open");
    expect(opened.host.started).toEqual(["box", "box"]);
  });

  it("that cannot be kept is told of once, and the lab goes on", async () => {
    const refuse = async () => {
      throw new Error("Storage is full.");
    };
    const opened = await open(lab, { store: { get: async () => undefined, set: refuse, remove: refuse } });
    opened.session.goto("finish");
    opened.session.goto("one");
    await until(opened.session, ({ notices }) => notices.length > 0);
    await opened.do("touch made");
    const state = await taskIs(opened.session, "make", "done");
    expect(state.notices).toEqual([{ code: "progress-not-kept", message: "Storage is full." }]);
  });

  it("is read from any text without an error", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseProgress(text) === undefined));
  });

  it("of a lab for the catalogue is the share of its tasks", async () => {
    const store = memoryStore();
    await visit(store);
    const kept = parseProgress((await store.get(progressKey(lab)))!)!;
    expect(shareDone(kept, Object.keys(lab.tasks))).toBeCloseTo(2 / 3);
  });
});
