import { describe, expect, it } from "vitest";
import { bareLab } from "../../src/app/bare.ts";
import { machineStatus, NOTHING_SEEN, watchEvent, watchMeters } from "../../src/app/machine-watch.ts";
import type { MachineState } from "../../src/lab/index.ts";
import type { MachineEvent, Meters } from "../../src/machine/api.ts";
import { machineSpec } from "../../src/machine/spec.ts";
import { labOf, labTexts } from "../lab/fixtures.ts";

const lab = bareLab(machineSpec({ name: "box", image: "linux" }));
const progress = (part: string, loaded: number, total: number): MachineEvent => ({
  type: "progress",
  progress: { stage: "download", part, loaded, total },
});
const meters = (instructions: number, busy = 0.5): Meters => ({ running: true, instructions, busy, jit: false });

describe("a machine that is watched", () => {
  it("shows every part with its newest bytes, in the order they first came", () => {
    const events = [progress("kernel", 1, 9), progress("initramfs", 2, 4), progress("kernel", 9, 9)];
    expect(events.reduce(watchEvent, NOTHING_SEEN).parts).toEqual([
      { name: "kernel", loaded: 9, total: 9 },
      { name: "initramfs", loaded: 2, total: 4 },
    ]);
  });

  it("shows no parts any more once it is ready", () => {
    const loaded = watchEvent(NOTHING_SEEN, progress("kernel", 9, 9));
    expect(watchEvent(loaded, { type: "progress", progress: { stage: "ready" } })).toMatchObject({
      stage: "ready",
      parts: [],
    });
  });

  it("counts instructions per second, also where the 32-bit counter starts over", () => {
    const first = watchMeters(NOTHING_SEEN, meters(2 ** 32 - 1000), 10_000);
    const second = watchMeters(first, meters(3000), 12_000);
    expect(first.load).toBeUndefined();
    expect(second.load).toEqual({ instructions: 2000, busy: 0.5, jit: false });
  });

  it("is never busier than its host", () => {
    const first = watchMeters(NOTHING_SEEN, meters(0), 0);
    expect(watchMeters(first, meters(10, 1.3), 1000).load?.busy).toBe(1);
  });

  it("is what the session says, with what was watched beside it", () => {
    const report = { how: "restore", milliseconds: 80, agentMilliseconds: 60, instructions: 0 } as const;
    const running: MachineState = { status: "running", report, paused: true, speed: 1, agent: "ready", saved: 5 };
    expect(machineStatus(lab, "box", running, NOTHING_SEEN)).toMatchObject({ letter: "A", phase: "paused", saved: 5 });
    const stopped: MachineState = { status: "stopped", reason: "panic", message: "m", saved: undefined };
    expect(machineStatus(lab, "box", stopped, NOTHING_SEEN)).toMatchObject({
      phase: "stopped",
      stopped: { reason: "panic", message: "m" },
    });
  });

  it("names the machines it shares a save point with, itself among them", () => {
    const head =
      "hosts: { h: {} }\nmachines:\n  a: { image: linux-xen, host: h }\n  b: { image: linux-xen, host: h }\n  c: { image: linux }";
    const xen = labOf(labTexts("  up: { machine: a, check: x }", { head }));
    const together = (name: string) => machineStatus(xen, name, undefined, NOTHING_SEEN).savedWith;
    expect([together("a"), together("b"), together("c")]).toEqual([["a", "b"], ["a", "b"], ["c"]]);
  });
});
