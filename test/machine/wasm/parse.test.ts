import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { get, i32, signed, store32, unsigned } from "../../../src/machine/wasm/code.ts";
import { findFunction } from "../../../src/machine/wasm/find.ts";
import { MissingHook } from "../../../src/machine/wasm/hooks.ts";
import { parse } from "../../../src/machine/wasm/parse.ts";
import { BadModule, Reader } from "../../../src/machine/wasm/reader.ts";
import { rewrite } from "../../../src/machine/wasm/rewrite.ts";
import { build } from "./build.ts";

const MODULE = build({
  imports: [{ name: "log", parameters: 1, results: 0 }],
  functions: [
    { name: "first", export: "one", parameters: 1, results: 1, locals: 3, code: get(0), localNames: ["x", "y"] },
    { name: "second", parameters: 0, results: 0, code: [] },
  ],
  memory: 3,
  mostMemory: 70,
  custom: ["producers"],
});

describe("a module's parts", () => {
  it("are what it was built of", () => {
    const { types, imports, functions, memory, exports, bodies } = parse(MODULE);
    expect(types.map(({ parameters, results }) => [parameters.length, results.length])).toEqual([
      [1, 0],
      [1, 1],
      [0, 0],
    ]);
    expect(imports).toEqual([{ module: "env", name: "log", type: 0 }]);
    expect([functions, memory, [...exports]]).toEqual([[1, 2], { flags: 1, least: 3, most: 70 }, [["one", 1]]]);
    expect(bodies.map(({ code }) => [...code])).toEqual([
      [1, 3, 0x7f, 0x20, 0, 0x0b],
      [0, 0x0b],
    ]);
    const module = parse(MODULE);
    expect(
      [{ name: "first" }, { export: "one" }, { name: "second" }].map((target) => findFunction(module, target)),
    ).toEqual([1, 1, 2]);
  });

  it("that others left out are none", () => {
    const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(parse(empty)).toMatchObject({ types: [], imports: [], functions: [], bodies: [], names: [] });
    expect(rewrite(empty, []).bytes).toEqual(empty);
  });
});

describe("bytes that are no module, or half of one", () => {
  /** Reads and rewrites it. @returns what was thrown */
  function thrown(bytes: Uint8Array): unknown {
    const count = ({ scratch }: { scratch: number }) => store32(i32(scratch), i32(1));
    const target = { name: "first" };
    const around = { kind: "around", target, purpose: "this test", code: count } as const;
    try {
      rewrite(bytes, [{ name: "test", pages: 1, hooks: [around, { ...around, kind: "prologue" }] }]);
    } catch (error) {
      return error;
    }
    return undefined;
  }
  const told = (error: unknown) =>
    expect(error === undefined || error instanceof BadModule || error instanceof MissingHook).toBe(true);

  it("are refused and never anything worse, wherever they are cut or changed", () => {
    fc.assert(
      fc.property(
        fc.nat(MODULE.length),
        fc.array(fc.tuple(fc.nat(MODULE.length - 1), fc.nat(255)), { maxLength: 4 }),
        (length, changes) => {
          const bytes = MODULE.slice();
          for (const [at, value] of changes) bytes[at] = value;
          told(thrown(bytes));
          told(thrown(bytes.slice(0, length)));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("are refused with what is wrong", () => {
    const refused = (bytes: readonly number[]) => () => parse(Uint8Array.from(bytes));
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    expect(refused([])).toThrow("its first bytes are others");
    expect(refused([...header, 1, 200])).toThrow("cut short");
    expect(refused([...header, 1, 2, 1, 0x5f])).toThrow("types that are not functions'");
    expect(refused([...header, 3, 2, 1, 0])).toThrow("other functions than bodies");
    expect(refused([...header, 3, 2, 1, 0, 10, 4, 1, 2, 0, 11])).toThrow("a function has no type");
    expect(refused([...header, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f])).toThrow("longer than its section");
    expect(refused([...header, 1, 6, 0xff, 0xff, 0xff, 0xff, 0x7f, 0])).toThrow("more than 32 bits");
    expect(refused([...header, 7, 5, 1, 1, 0x61, 0, 3])).toThrow("it names a function it has not");
    expect(refused([...header, 5, 4, 1, 4, 1, 1])).toThrow("64-bit memory");
  });
});

describe("numbers in LEB128", () => {
  it("are read as they were written, in as few bytes as they need", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (value) => {
        const bytes = unsigned(value);
        expect(new Reader(Uint8Array.from(bytes)).u32()).toBe(value);
        expect(bytes.length).toBe(Math.max(1, Math.ceil((32 - Math.clz32(value)) / 7)));
      }),
    );
    expect(() => unsigned(-1)).toThrow(RangeError);
    expect(() => unsigned(0.5)).toThrow(RangeError);
  });

  it("are signed where a constant is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -70, max: 70 })), (value) => {
        const constant = build({
          functions: [{ export: "value", parameters: 0, results: 1, code: [0x41, ...signed(value)] }],
        });
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(constant));
        expect((exports.value as () => number)()).toBe(value);
      }),
    );
  });
});
