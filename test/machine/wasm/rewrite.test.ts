import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  call,
  callOriginal,
  choose,
  eq,
  get,
  I32,
  i32,
  leave,
  less,
  load32,
  or,
  sequence,
  set,
  shiftLeft,
  store32,
  sub,
  tee,
  when,
} from "../../../src/machine/wasm/code.ts";
import { type Hook, type HookContext, type HookSet, MissingHook } from "../../../src/machine/wasm/hooks.ts";
import { parse } from "../../../src/machine/wasm/parse.ts";
import { checkHooks, rewrite } from "../../../src/machine/wasm/rewrite.ts";
import { build, type Given, run } from "./build.ts";

/** `double(n)`, `sum(a, b)`, `twice(n)` that calls double, and an import they are told apart by. */
const MODULE: Given = {
  imports: [
    { name: "log", parameters: 2, results: 1 },
    { name: "other", parameters: 0, results: 0 },
  ],
  functions: [
    { name: "double", export: "double", parameters: 1, results: 1, code: add(get(0), get(0)), localNames: ["n"] },
    { name: "sum", export: "sum", parameters: 2, results: 1, locals: 1, code: tee(2, add(get(0), get(1))) },
    { name: "twice", export: "twice", parameters: 1, results: 1, code: call(2, call(2, get(0))) },
  ],
  memory: 1,
};
const ORIGINAL = build(MODULE);

const hooks = (...list: readonly Hook[]): HookSet => ({ name: "test", pages: 1, hooks: list });
const hook = (kind: Hook["kind"], name: string, code: Hook["code"], more: Partial<Hook> = {}): Hook => ({
  kind,
  target: { name },
  purpose: "this test",
  code,
  ...more,
});

/** Adds one to the first scratch word. */
const count = ({ scratch }: HookContext) => store32(i32(scratch), add(load32(i32(scratch)), i32(1)));

describe("a prologue", () => {
  it("runs first, sees the parameters, and may return early", () => {
    const { bytes, scratch } = rewrite(ORIGINAL, [
      hooks(
        hook("prologue", "double", (context) => sequence(count(context), when(eq(get(0), i32(-7)), leave(i32(99))))),
      ),
    ]);
    const { call, word } = run(bytes, { log: () => 0, other: () => 0 });
    expect([call("double", 4), call("double", -7), call("twice", 3)]).toEqual([8, 99, 12]);
    expect(word(scratch.get("test")!)).toBe(4);
  });

  it("leaves the function's own locals where they are", () => {
    const { bytes } = rewrite(ORIGINAL, [hooks(hook("prologue", "sum", () => set(0, add(get(0), i32(1)))))]);
    expect(run(bytes, { log: () => 0, other: () => 0 }).call("sum", 1, 2)).toBe(4);
  });
});

describe("a hook around a function", () => {
  it("is reached by every caller, calls the original, and looks at its result", () => {
    const logged: number[][] = [];
    const code = (context: HookContext) =>
      sequence(
        set(1, callOriginal(context)),
        set(2, call(context.imported("env", "log"), or(shiftLeft(get(0), i32(8)), i32(5)), get(1))),
        add(get(1), get(2)),
      );
    const around = hook("around", "double", code, { locals: [I32, I32] });
    const { bytes } = rewrite(ORIGINAL, [hooks(around)]);
    const log = (...operands: number[]) => {
      logged.push(operands);
      return 1000;
    };
    const { call: ask, indirect } = run(bytes, { log, other: () => 0 });
    expect([ask("double", 3), ask("twice", 1), indirect(0, 5)]).toEqual([1006, 3004, 1010]);
    expect(logged).toEqual([
      [0x305, 6],
      [0x105, 2],
      [(1002 << 8) | 5, 2004],
      [0x505, 10],
    ]);
  });

  it("may do without the original", () => {
    const code = (context: HookContext) =>
      choose(I32, less(get(0), i32(10)), callOriginal(context), sub(i32(0), get(0)));
    const { bytes } = rewrite(ORIGINAL, [hooks(hook("around", "double", code))]);
    const { call: ask } = run(bytes, { log: () => 0, other: () => 0 });
    expect([ask("double", 9), ask("double", 10)]).toEqual([18, -10]);
  });
});

describe("a replacement", () => {
  it("is the function's body and may call others", () => {
    const code = ({ function: found }: HookContext) =>
      sequence(set(1, call(found({ export: "sum" }), get(0), i32(100))), get(1));
    const { bytes } = rewrite(ORIGINAL, [hooks(hook("replace", "double", code, { locals: [I32] }))]);
    expect(run(bytes, { log: () => 0, other: () => 0 }).call("twice", 1)).toBe(201);
  });

  it("of a function that has a hook already would undo it, and is refused", () => {
    const both = hooks(
      hook("prologue", "double", count),
      hook("replace", "double", () => i32(1)),
    );
    expect(() => rewrite(ORIGINAL, [both])).toThrow("`double` is replaced by `test`, but has a hook already");
  });
});

describe("several hooks and sets", () => {
  it("on one function are around each other in the order given, each set with pages of its own", () => {
    const adding = (name: string, amount: number): HookSet => ({
      name,
      pages: 2,
      hooks: [
        hook("around", "double", (context) => sequence(count(context), add(callOriginal(context), i32(amount)))),
        hook("prologue", "double", () => set(0, add(get(0), i32(amount)))),
      ],
    });
    const { bytes, scratch } = rewrite(ORIGINAL, [adding("one", 1), adding("two", 10)]);
    expect([...scratch]).toEqual([
      ["one", 65536],
      ["two", 3 * 65536],
    ]);
    const { call: ask, word, pages } = run(bytes, { log: () => 0, other: () => 0 });
    // prologue of two: 5 + 10; around of two adds 10 to: prologue of one: + 1, around of one adds 1 to the double of that
    expect(ask("double", 5)).toBe(2 * (5 + 10 + 1) + 1 + 10);
    expect([word(65536), word(3 * 65536), pages]).toEqual([1, 1, 5]);
  });

  it("have different names", () => {
    expect(() => rewrite(ORIGINAL, [hooks(), hooks()])).toThrow("`test`");
  });

  it("ask for no more pages than the memory may have", () => {
    const small = build({ ...MODULE, mostMemory: 2 });
    expect(() => rewrite(small, [{ ...hooks(), pages: 2 }])).toThrow("no room");
    const { memory: _, ...none } = MODULE;
    expect(() => rewrite(build(none), [hooks()])).toThrow("no memory");
    expect(rewrite(build(none), [{ name: "test", hooks: [] }]).scratch.size).toBe(0);
  });
});

describe("what cannot be put in", () => {
  const nothing = () => [];
  const missing = (each: Hook) => {
    const [found] = checkHooks(ORIGINAL, [hooks(each)]);
    return found?.message;
  };

  it("is told with the set, the function and what is lost", () => {
    const absent = hook("prologue", "absent", nothing, { purpose: "counting" });
    expect(() => rewrite(ORIGINAL, [hooks(absent)])).toThrow(MissingHook);
    expect(missing(absent)).toBe(
      "The hooks `test` cannot be put in: it has no function called `absent`. Lost without it: counting.",
    );
    expect(missing({ ...absent, target: { export: "absent" } })).toContain("no function is exported as `absent`");
    expect(missing(hook("prologue", "double", ({ imported }) => call(imported("env", "nolog"))))).toContain(
      "imports no function `env.nolog`",
    );
    expect(missing(hook("prologue", "double", ({ function: found }) => call(found({ name: "gone" }))))).toContain(
      "no function called `gone`",
    );
    const type = { parameters: [I32, I32], results: [I32] };
    expect(missing(hook("prologue", "double", nothing, { type }))).toContain("`double` has another type");
    expect(missing(hook("prologue", "sum", nothing, { type }))).toBeUndefined();
  });

  it("is all told by a check, and an optional one is left out", () => {
    const optional = hook("prologue", "maybe", nothing, { optional: true });
    const set = hooks(
      hook("prologue", "one", nothing),
      optional,
      hook("prologue", "two", nothing),
      hook("prologue", "double", count),
    );
    expect(checkHooks(ORIGINAL, [set]).map(({ what }) => what)).toEqual([
      "it has no function called `one`",
      "it has no function called `two`",
    ]);
    const { bytes, missing: left } = rewrite(ORIGINAL, [hooks(optional, hook("prologue", "double", count))]);
    expect(left.map(({ what }) => what)).toEqual(["it has no function called `maybe`"]);
    expect(run(bytes, { log: () => 0, other: () => 0 }).call("double", 2)).toBe(4);
  });

  it("finds a function by the end of its Rust path, and says when that is not enough", () => {
    const named = (name: string) => ({ name, parameters: 0, results: 1, code: i32(1) });
    const rust = build({
      memory: 1,
      functions: [
        named("_RNvNtNtCslOG1uufA09K_3v863cpu3pic9set_irq_1"),
        named("_RNvNtNtCslOG1uufA09K_3v863cpu3apic9set_irq_1"),
        named("_RNvNtNtCslOG1uufA09K_3v863cpu3pic5__read"),
        named("7set_irq"),
      ],
    });
    const found = (name: string) =>
      checkHooks(rust, [hooks(hook("replace", name, () => i32(2)))]).map(({ what }) => what);
    expect(found("pic::set_irq_1")).toEqual([]);
    expect(found("set_irq_1")).toEqual(["it has 2 functions called `set_irq_1`: give more of the path"]);
    expect(found("pic::_read")).toEqual([]);
    expect(found("set_irq")).toEqual(["it has no function called `set_irq`"]);
  });
});

describe("the rest of the module", () => {
  const TRANSPARENT: Record<Hook["kind"], Hook["code"]> = {
    prologue: count,
    around: (context) => sequence(count(context), callOriginal(context)),
    replace: () => i32(12345),
  };

  it("answers as before, whatever hooks are put in", () => {
    /** Functions that call those before them, so that every hook is on somebody's way. */
    const program = fc.array(fc.record({ constant: fc.integer({ min: -99, max: 99 }), calls: fc.nat() }), {
      minLength: 1,
      maxLength: 12,
    });
    const chosen = fc.array(fc.record({ at: fc.nat(11), kind: fc.constantFrom<Hook["kind"]>("prologue", "around") }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(program, chosen, fc.integer({ min: -1000, max: 1000 }), (functions, list, operand) => {
        const given: Given = {
          memory: 1,
          functions: functions.map(({ constant, calls }, index) => ({
            name: `f${index}`,
            export: `f${index}`,
            parameters: 1,
            results: 1,
            code: add(index === 0 ? get(0) : call(calls % index, get(0)), i32(constant)),
          })),
        };
        const before = build(given);
        const put = list
          .filter(({ at }) => at < functions.length)
          .map(({ at, kind }) => hook(kind, `f${at}`, TRANSPARENT[kind]));
        const after = rewrite(before, [hooks(...put)]).bytes;
        const [one, other] = [run(before), run(after)];
        functions.forEach((_, index) => {
          expect(other.call(`f${index}`, operand)).toBe(one.call(`f${index}`, operand));
          expect(other.indirect(index, operand)).toBe(one.indirect(index, operand));
        });
      }),
    );
  });

  it("that does not call a replaced function does not notice", () => {
    const { bytes } = rewrite(ORIGINAL, [hooks(hook("replace", "double", TRANSPARENT.replace))]);
    const { call: ask } = run(bytes, { log: () => 0, other: () => 0 });
    expect([ask("sum", 2, 3), ask("twice", 2)]).toEqual([5, 12345]);
  });

  it("keeps its names: a moved body takes those of its locals along", () => {
    const { bytes } = rewrite(ORIGINAL, [
      hooks(hook("around", "double", TRANSPARENT.around), hook("around", "double", TRANSPARENT.around)),
    ]);
    const { names, bytes: whole } = parse(bytes);
    const called = names.map(({ index, start, end }) => [index, new TextDecoder().decode(whole.subarray(start, end))]);
    expect(called).toEqual([
      [2, "double"],
      [3, "sum"],
      [4, "twice"],
      [5, "double.original"],
      [6, "double.original"],
    ]);
    const [custom] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), "name");
    const text = Array.from(new Uint8Array(custom!).slice(-6));
    expect(text).toEqual([1, 5, 1, 0, 1, 0x6e]); // one function, index 5, one local, 0, "n"
  });

  it("keeps sections of others but for debug information, whose offsets hold no more", () => {
    const { bytes } = rewrite(build({ ...MODULE, custom: ["producers", ".debug_line"] }), [hooks()]);
    const { sections } = parse(bytes);
    expect(sections.filter(({ id }) => id === 0).map(({ name }) => name)).toEqual(["producers", "name"]);
  });

  it("without hooks is the same module", () => {
    const again = rewrite(ORIGINAL, []).bytes;
    expect(again).toEqual(ORIGINAL);
  });
});
