import { describe, expect, it } from "vitest";
import { Random } from "../../../src/cli/bench/fuzz/random.ts";
import { fabricTargets } from "../../../src/cli/bench/fuzz-network/fabric.ts";

const CASES = 40_000;

describe("whatever is sent and done, for very many cases", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  it.each(fabricTargets().map((target) => [target.name, target] as const))(`%s (seed ${seed})`, (_, target) => {
    const random = new Random(seed);
    let wrong: string | undefined;
    for (let count = 0; count < CASES && !wrong; count++) wrong = target.step(random);
    expect(wrong).toBeUndefined();
  });
});
