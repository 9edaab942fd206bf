import { readFile } from "node:fs/promises";
import { PLATFORM_HOOKS } from "../../machine/v86-hooks.ts";
import { rewrite } from "../../machine/wasm/rewrite.ts";
import { V86_WASM } from "../node-host.ts";
import { type Figure, figure, inTurn } from "./figure.ts";

const ROUNDS = 15;

/** Putting the platform's hooks into v86.wasm, beside what follows anyway: compiling it. */
export async function hooks(): Promise<Figure[]> {
  const wasm = await readFile(V86_WASM);
  const taking = async (work: () => unknown) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const [ours, peer] = await inTurn(
    ROUNDS,
    () => taking(() => rewrite(wasm, [PLATFORM_HOOKS])),
    () => taking(() => WebAssembly.compile(wasm)),
  );
  return [figure("hooks into v86.wasm", "ms", ours, peer, "compiling it")];
}
