import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Arrangement,
  initialArrangement,
  moveLine,
  movePanel,
  restoreArrangement,
  toggleAlone,
} from "../../src/views/arrangement.ts";

const PANELS = ["terminal:a", "namespaces", "terminal:b"];
const start = initialArrangement(PANELS);
const sum = ({ weights }: Arrangement) => Object.values(weights).reduce((total, weight) => total + weight, 0);

describe("an arrangement of panels", () => {
  it("moves a panel by one place and stops at the ends", () => {
    expect(movePanel(start, "namespaces", -1).order).toEqual(["namespaces", "terminal:a", "terminal:b"]);
    expect(movePanel(start, "terminal:b", 1)).toBe(start);
  });

  it("moves the line between two panels and leaves the third as it was", () => {
    const moved = moveLine(start, "terminal:a", 100, 900);
    expect(moved.weights["terminal:a"]).toBeCloseTo(1 + 100 * (sum(start) / 900));
    expect(moved.weights["terminal:b"]).toBe(1);
  });

  it("keeps every panel large enough to take hold of, however far a line is dragged", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...PANELS), fc.integer({ min: -5000, max: 5000 }))), (moves) => {
        const end = moves.reduce((now, [panel, delta]) => moveLine(now, panel, delta, 900), start);
        expect(sum(end)).toBeCloseTo(sum(start));
        for (const weight of Object.values(end.weights))
          expect((weight / sum(start)) * 900).toBeGreaterThanOrEqual(89.9);
      }),
    );
  });

  it("comes back as it was kept", () => {
    const kept = toggleAlone(moveLine(movePanel(start, "terminal:b", -1), "terminal:b", 40, 900), "namespaces");
    expect(restoreArrangement(JSON.stringify(kept), PANELS)).toEqual(kept);
  });

  it("gives every panel of the lab its place, whatever was kept", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (kept) => {
        expect([...restoreArrangement(kept, PANELS).order].sort()).toEqual([...PANELS].sort());
      }),
    );
  });
});
