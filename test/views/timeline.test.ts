import { describe, expect, it } from "vitest";
import { addMark, addSample, EMPTY_TIMELINE, samplePath, scaleTop, span } from "../../src/views/timeline.ts";

const sample = (at: number, instructions = 1e6) => ({ at, machine: "a", instructions, busy: 0.1 });
const mark = (at: number) => ({ at, kind: "task", machine: "a", what: "done" }) as const;

describe("a timeline", () => {
  it("drops the oldest marks when there are too many, and says how many", () => {
    const full = Array.from({ length: 250 }, (_, at) => mark(at)).reduce(addMark, EMPTY_TIMELINE);
    expect([full.marks.length, full.marks[0]?.at, full.dropped]).toEqual([200, 50, 50]);
  });

  it("holds ten minutes of samples", () => {
    const full = Array.from({ length: 1000 }, (_, second) => sample(second * 1000)).reduce(addSample, EMPTY_TIMELINE);
    expect(full.samples.length).toBe(600);
  });

  it("spans two minutes before they have passed, and all that is known afterwards", () => {
    const young = addSample(EMPTY_TIMELINE, sample(1000));
    expect(span(young, 2000)).toEqual({ from: 1000, to: 121_000 });
    expect(span(young, 300_000)).toEqual({ from: 1000, to: 300_000 });
  });

  it("is drawn inside its picture", () => {
    const samples = [sample(0, 0), sample(50_000, 5e6), sample(100_000, 9e9)];
    const path = samplePath(samples, { from: 0, to: 100_000 }, 1000, 40, 1e7);
    expect(path).toBe("M0.0 40L0.0 40.0L500.0 20.0L1000.0 0.0L1000.0 40Z");
  });

  it("has a round scale that every sample fits under", () => {
    expect([0, 1e6, 1.1e6, 4.9e6, 7e7].map((highest) => scaleTop([sample(0, highest)]))).toEqual([
      1e6, 1e6, 2e6, 5e6, 1e8,
    ]);
  });
});
