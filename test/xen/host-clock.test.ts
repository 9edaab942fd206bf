import { describe, expect, it } from "vitest";
import type { GuestAccess } from "../../src/machine/platform.ts";
import { HostClock } from "../../src/xen/host-clock.ts";

/** A guest of which nothing but the clock is asked. */
const guest = (at: number) => {
  const clock = { at };
  return { clock, access: { now: () => clock.at } as GuestAccess };
};

describe("the host's clock", () => {
  it("goes on with the guest that went furthest, wherever each one's own clock stands", () => {
    const [old, young] = [guest(9_000), guest(3)];
    const clock = new HostClock(100);
    const now = () => clock.now([old.access, young.access]);
    expect(now()).toBe(100);
    old.clock.at += 5;
    young.clock.at += 2;
    expect(now()).toBe(105);
    young.clock.at += 20;
    expect(now()).toBe(125);
  });

  it("never goes back: not when the oldest guest is gone, nor when one begins anew", () => {
    const [old, young] = [guest(9_000), guest(3)];
    const clock = new HostClock();
    clock.now([old.access, young.access]);
    old.clock.at += 10;
    const before = clock.now([old.access, young.access]);
    young.clock.at += 4;
    expect(clock.now([young.access])).toBe(before + 4);
    expect(clock.now([young.access, guest(0).access])).toBe(before + 4);
    young.clock.at = 0;
    expect(clock.now([young.access])).toBe(before + 4);
  });
});
