import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { V86_WASM } from "../../src/cli/node-host.ts";
import { ALL_HOOKS } from "../../src/machine/v86-hooks.ts";
import { parse } from "../../src/machine/wasm/parse.ts";
import { checkHooks, rewrite } from "../../src/machine/wasm/rewrite.ts";

describe("the hooks in v86.wasm", () => {
  it("are all found in the installed version", async () => {
    expect(checkHooks(await readFile(V86_WASM), ALL_HOOKS).map(({ message }) => message)).toEqual([]);
  });

  it("make a valid module whose other functions are as they were", async () => {
    const original = await readFile(V86_WASM);
    const { bytes, missing } = rewrite(original, ALL_HOOKS);
    expect([WebAssembly.validate(bytes), missing]).toEqual([true, []]);
    const [before, after] = [parse(original), parse(bytes)];
    const changed = before.bodies.filter(({ code }, index) => Buffer.compare(code, after.bodies[index]!.code) !== 0);
    const hooked = new Set(ALL_HOOKS.flatMap(({ hooks }) => hooks.map(({ target }) => JSON.stringify(target))));
    expect(changed.length).toBe(hooked.size);
    expect([...after.exports]).toEqual([...before.exports]);
  });

  it("that another version lacks are named, with what is lost", () => {
    const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1]);
    expect(checkHooks(empty, ALL_HOOKS)[0]!.message).toBe(
      "The hooks `platform` cannot be put in: it has no function called `cpu::trigger_ud`. Lost without it: hypercalls.",
    );
  });
});
