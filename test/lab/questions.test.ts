import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { parseNumber } from "../../src/lab/running/judge.ts";
import { holds, matches } from "../../src/lab/running/match.ts";
import { labOf, labTexts } from "./fixtures.ts";
import { open, taskIs, until } from "./running.ts";

const lab = (tasks: string, more?: Parameters<typeof labTexts>[1]) => labOf(labTexts(tasks, more));

describe("predictions", () => {
  const counted = `  guess:
    ask: How many files?
    tolerance: 10%
    answer: { run: ls | wc -l }
    reveal: make
    because: { en: You made them., zh: 是你做的。 }
  make: { check: test -e f9 }`;

  it("are done when answered, and judged when the task that reveals them is done", async () => {
    const opened = await open(lab(counted));
    expect(opened.session.answer("guess", "10")).toBe(true);
    expect(opened.session.state.tasks.guess).toMatchObject({
      status: "done",
      verdict: undefined,
      waiting: { code: "reveal", task: "make" },
    });
    await opened.do("touch f0 f1 f2 f3 f4 f5 f6 f7 f8 f9");
    const state = await until(opened.session, ({ tasks }) => tasks.guess?.verdict !== undefined);
    expect(state.tasks.guess).toMatchObject({
      answer: "10",
      verdict: { right: true, value: "10", because: { en: "You made them.", zh: "是你做的。" } },
      waiting: undefined,
    });
    expect(state.result).toMatchObject({ judged: 1, right: 1 });
  });

  it("may be changed until they are judged, and not after", async () => {
    const opened = await open(lab(counted));
    expect(opened.session.answer("guess", "3")).toBe(true);
    expect(opened.session.answer("guess", "4")).toBe(true);
    await opened.do("touch f9");
    const state = await until(opened.session, ({ tasks }) => tasks.guess?.verdict !== undefined);
    expect(state.tasks.guess).toMatchObject({ answer: "4", status: "done", verdict: { right: false, value: "1" } });
    expect(opened.session.answer("guess", "1")).toBe(false);
  });

  it("hold the value of the moment that revealed it, also for who answers late", async () => {
    const opened = await open(lab(counted));
    await opened.do("touch f9");
    await taskIs(opened.session, "make", "done");
    await vi.waitUntil(() => opened.host.ended.includes("ls | wc -l"));
    await opened.do("touch a b c d");
    expect(opened.session.answer("guess", "1")).toBe(true);
    const state = await until(opened.session, ({ tasks }) => tasks.guess?.verdict !== undefined);
    expect(state.tasks.guess?.verdict).toMatchObject({ right: true, value: "1" });
  });

  it("are judged from another step when they are revealed there", async () => {
    const tasks = "  guess: { ask: x, answer: 7, reveal: make }\n  make: { check: test -e made }";
    const opened = await open(lab(tasks, { steps: ["one", "two"] }));
    opened.session.answer("guess", "7");
    opened.session.goto("two");
    await opened.do("touch made");
    await until(opened.session, (state) => state.tasks.guess?.verdict?.right === true);
  });

  it("are done without a verdict where there is no answer", async () => {
    const { session } = await open(lab("  think: { ask: Why? }"));
    expect(session.answer("think", "  ")).toBe(false);
    expect(session.answer("think", " Because. ")).toBe(true);
    expect(session.state.tasks.think).toMatchObject({ status: "done", answer: "Because.", verdict: undefined });
  });

  it("refuse what is no answer to them", async () => {
    const choices = "choices: [{ value: a, en: First, zh: 一 }, { value: b, en: Second, zh: 二 }]";
    const { session } = await open(lab(`  pick: { ask: x, ${choices}, answer: b }\n  count: { ask: x, answer: 3 }`));
    expect([session.answer("pick", "First"), session.answer("pick", "c"), session.answer("count", "many")]).toEqual([
      false,
      false,
      false,
    ]);
    expect([session.answer("pick", "b"), session.answer("count", "0x3")]).toEqual([true, true]);
    const state = await until(
      session,
      ({ tasks }) => tasks.pick?.verdict !== undefined && tasks.count?.verdict !== undefined,
    );
    expect([state.tasks.pick?.verdict?.right, state.tasks.count?.verdict?.right]).toEqual([true, true]);
  });
});

describe("questions that have to be right", () => {
  const must = "  tell: { ask: What is in it?, answer: { run: cat secret }, must: right }";

  it("stay open, and keep the answer to themselves, until they are", async () => {
    const opened = await open(lab(must));
    await opened.do("echo Blue   whale > secret");
    opened.session.answer("tell", "a shark");
    const wrong = await until(opened.session, ({ tasks }) => tasks.tell?.verdict !== undefined);
    expect(wrong.tasks.tell).toMatchObject({ status: "open", verdict: { right: false, value: undefined } });
    opened.session.answer("tell", "blue whale");
    const right = await taskIs(opened.session, "tell", "done");
    expect(right.tasks.tell?.verdict).toMatchObject({ right: true, value: "Blue whale" });
  });

  it("wait while the machine has no answer", async () => {
    const opened = await open(lab(must));
    opened.session.answer("tell", "blue");
    const state = await until(opened.session, ({ tasks }) => tasks.tell?.waiting?.code === "no-result");
    expect(state.tasks.tell).toMatchObject({ status: "open", verdict: undefined });
    await opened.do("echo blue > secret");
    await taskIs(opened.session, "tell", "done");
  });
});

describe("an answer", () => {
  it("never becomes part of a script", async () => {
    const opened = await open(lab("  tell: { ask: x, answer: { run: echo 1 } }\n  make: { check: test -e made }"));
    opened.session.answer("tell", "$(touch made); touch made");
    await until(opened.session, ({ tasks }) => tasks.tell?.verdict !== undefined);
    expect(opened.host.scripts.filter((script) => script.includes("$("))).toEqual([]);
    expect(await opened.do("ls")).toBe("");
  });
});

describe("numbers as people write them", () => {
  it.each([
    ["1204", 1204],
    ["1,204", 1204],
    ["1 204 000", 1204000],
    ["-1.5e3", -1500],
    ["0x4b4", 1204],
    [".5", 0.5],
  ])("%s is %d", (text, value) => expect(parseNumber(text)).toBe(value));

  it.each(["", "about 7", "1,20", "0x", "1e", "Infinity", "NaN", "1 2"])("%j is none", (text) =>
    expect(parseNumber(text)).toBeUndefined(),
  );

  it("are read back as what was written", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (n) => Object.is(parseNumber(String(n)), n) || n === 0,
      ),
    );
  });
});

describe("patterns", () => {
  const reading = {
    mode: "up",
    ports: [
      { mac: "02:01", link: "trunk", age: 7 },
      { mac: "02:02", link: "trunk" },
    ],
    by: { a: { n: 1 } },
  };

  it("hold when any element has everything they name", () => {
    expect(holds(reading, { link: "trunk", age: "7" })).toBe(true);
    expect(holds(reading, { link: "trunk", age: 8 })).toBe(false);
    expect(holds(reading, { mac: "02:02", age: 7 })).toBe(false);
    expect(holds(reading, { ports: [{ mac: "02:02" }, { mac: "02:01" }] })).toBe(true);
    expect(holds(reading, { n: 1 })).toBe(true);
    expect(holds([{ a: 1 }], { a: 1 })).toBe(true);
    expect(holds(reading, { age: null, mac: "02:02" })).toBe(true);
  });

  it("bound a number, both ends included, and nothing else", () => {
    const counters = { counters: { requests: 32, full: 0 } };
    expect(holds(counters, { counters: { requests: { least: 32 }, full: { most: 0 } } })).toBe(true);
    expect(holds(counters, { requests: { least: "8", most: 40 } })).toBe(true);
    expect(holds(counters, { requests: { least: 33 } })).toBe(false);
    expect(holds(counters, { requests: { least: "many" } })).toBe(false);
    expect(holds(counters, { requests: {} })).toBe(false);
    expect(holds(counters, { requests: { above: 3 } })).toBe(false);
    expect(holds({ mode: "64" }, { mode: { least: 1 } })).toBe(false);
    expect(holds({ memory: { most: 64 } }, { memory: { most: 64 } })).toBe(true);
  });

  it("find an element of a list by what it is called", () => {
    const store = {
      nodes: [
        { path: "/a", value: "1" },
        { path: "/b", value: "2" },
      ],
      open: 0,
    };
    expect(holds(store, { path: "/b", value: "2" })).toBe(true);
    expect(holds(store, { path: "/b", value: "1" })).toBe(false);
    expect(holds(store, { open: 0, nodes: [{ path: "/a" }] })).toBe(true);
  });

  it("hold for whatever they were taken from", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => matches(value, value as never)));
  });

  it("do not find what every object has", () => {
    expect(holds({}, { toString: "x" })).toBe(false);
    expect(holds({ a: 1 }, { constructor: { name: "Object" } })).toBe(false);
  });
});
