import { describe, expect, it, vi } from "vitest";
import { concat } from "../../src/machine/bytes.ts";
import { ConsoleStream } from "../../src/machine/console.ts";

function stream() {
  const out: Uint8Array[] = [];
  const pause = vi.fn();
  const resume = vi.fn();
  const console = new ConsoleStream({ deliver: (bytes) => out.push(bytes), pause, resume });
  return { console, out, pause, resume };
}

describe("a console", () => {
  it("gathers what is written in one go and loses nothing of it", async () => {
    const { console, out } = stream();
    for (let byte = 0; byte < 100; byte++) console.push(Uint8Array.of(byte));
    await vi.waitFor(() => expect(out.length).toBeGreaterThan(0));
    expect(out.length).toBe(1);
    expect([...concat(out)]).toEqual(Array.from({ length: 100 }, (_, byte) => byte));
  });

  it("pauses the guest when its reader falls behind, and lets it go on when it has caught up", () => {
    const { console, pause, resume } = stream();
    for (let each = 0; each < 15; each++) console.push(new Uint8Array(32 << 10));
    expect(pause).not.toHaveBeenCalled();
    console.push(new Uint8Array(32 << 10));
    expect(pause).toHaveBeenCalled();
    console.acknowledge(100 << 10);
    expect(resume).not.toHaveBeenCalled();
    console.acknowledge(400 << 10);
    expect(resume).toHaveBeenCalled();
    console.close();
  });
});
