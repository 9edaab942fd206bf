import { describe, expect, it, vi } from "vitest";
import { SerialLog } from "../../src/machine/serial-log.ts";

function write(log: SerialLog, text: string): void {
  for (const byte of new TextEncoder().encode(text)) log.byte(byte);
}

describe("a serial port's log", () => {
  it("keeps lines, and tells of a panic when the kernel has said all it had to say", () => {
    const onPanic = vi.fn();
    const log = new SerialLog(onPanic);
    write(log, "booting\r\nKernel panic - not syncing: Out of memory\r\n");
    expect([log.panic, onPanic.mock.calls]).toEqual(["Out of memory", []]);
    write(log, "CPU: 0\n---[ end Kernel panic - not syncing: Out of memory ]---\n");
    expect(onPanic.mock.calls).toEqual([["Out of memory"]]);
    expect(log.text.split("\n")).toHaveLength(5);
  });

  it("keeps the newest 64 KiB of a guest that never ends a line", () => {
    const log = new SerialLog(() => {});
    write(log, "x".repeat(200_000));
    expect(log.text).toBe("x".repeat(65_536));
    write(log, "\nlast\n");
    expect([log.text.length, log.text.endsWith("\nlast\n")]).toEqual([65_536, true]);
  });
});
