import { expect, it } from "vitest";
import { hypervisor } from "../../src/cli/bench/hypervisor.ts";

it("bench hypervisor prints the same counts in every run", async () => {
  const benches = ["null", "fork", "sh", "map", "zero"];
  const [first, second] = [await hypervisor(benches), await hypervisor(benches)];
  expect(second).toEqual(first);
  expect(first.rows.filter(({ exits }) => exits > 0).length).toBeGreaterThan(benches.length);
  expect(first.rows.every(({ instructions }) => instructions > 0)).toBe(true);
});
