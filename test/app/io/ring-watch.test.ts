import { describe, expect, it } from "vitest";
import { LOOK } from "../../../src/app/io/reading.ts";
import { RingWatch } from "../../../src/app/io/ring-watch.ts";
import type { RingSummary } from "../../../src/probe/io/types.ts";

const summary = (ring: string, device: RingSummary["device"], connected: boolean): RingSummary => ({
  ring,
  design: "xen",
  device,
  front: "domU",
  back: "dom0",
  connected,
});

/** A machine whose rings are listed as they are given, one list a look. */
function watching(chosen?: string) {
  const watch = new RingWatch(chosen);
  let now = 0;
  return async (...rings: RingSummary[]) => {
    now += LOOK.slow;
    watch.hurry();
    await watch.look(async (name) => (name === "ring.list" ? { rings } : { next: 0 }), now, true);
    return watch.ring;
  };
}

describe("the ring that is looked at", () => {
  it("is a disk's as soon as one works, and stays it when the other end goes", async () => {
    const look = watching();
    expect(await look(summary("console", "console", true), summary("xvda", "block", false))).toBe("console");
    expect(await look(summary("xvdb", "block", false), summary("xvda", "block", true))).toBe("xvda");
    expect(await look(summary("xvda", "block", false), summary("xvdb", "block", true))).toBe("xvda");
    expect(await look(summary("xvdb", "block", true))).toBe("xvdb");
  });

  it("is the chosen one while there is one of that name", async () => {
    const look = watching("console");
    expect(await look(summary("xvda", "block", true), summary("console", "console", false))).toBe("console");
    expect(await look(summary("xvda", "block", true))).toBe("xvda");
  });
});
