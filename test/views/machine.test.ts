import { describe, expect, it } from "vitest";
import { strings } from "../../src/views/language.ts";
import { machineLetter, stoppedDetail, stoppedSentence } from "../../src/views/machine.ts";

describe("a machine that stopped", () => {
  it("is told of in the reader's language, with the kernel's own words beside it", () => {
    const message =
      "Machine `box` stopped: the kernel panicked (`Out of memory (oom)`). Restart it, or go back to a save point.";
    expect(stoppedSentence(strings("zh"), "box", "panic")).toBe("机器 box 已停止：内核崩溃。");
    expect(stoppedDetail("panic", message)).toBe("Out of memory (oom)");
  });

  it("adds nothing to a plain shutdown", () => {
    expect(stoppedDetail("poweroff", "Machine `box` stopped: it was switched off from inside. Restart it.")).toBe("");
  });

  it("gives the reason of a start that failed as it came", () => {
    expect(stoppedDetail("start", "the server answered 404")).toBe("the server answered 404");
    expect(stoppedSentence(strings("en"), "box", "start")).toBe("Machine box did not start.");
  });
});

describe("the letters of machines", () => {
  it("begin again after F", () => {
    expect([0, 5, 6].map(machineLetter)).toEqual(["A", "F", "A"]);
  });
});
