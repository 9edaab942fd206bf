import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareReadings, hasChanges } from "../../src/probe/namespace-changes.ts";
import type { NamespaceReading, Process } from "../../src/probe/namespaces.ts";
import { CONTAINER_INIT, container, fresh } from "./readings.ts";

const altered = (reading: NamespaceReading, pid: number, change: Partial<Process>): NamespaceReading => ({
  ...reading,
  processes: reading.processes.map((process) => (process.pid === pid ? { ...process, ...change } : process)),
});

describe("compareReadings", () => {
  it("finds nothing between a reading and itself", () => {
    expect(hasChanges(compareReadings(container(), container()))).toBe(false);
  });

  it("tells what came between a fresh machine and one with a container", () => {
    const changes = compareReadings(fresh(), container());
    expect(changes.appeared).toEqual([36, 38, 50, 55, CONTAINER_INIT]);
    expect(changes.made.map(({ kind }) => kind).sort()).toEqual([
      "cgroup",
      "ipc",
      "mnt",
      "net",
      "net",
      "net",
      "pid",
      "user",
      "uts",
    ]);
    expect(changes.facts.map(({ kind }) => kind)).toEqual(["net"]);
    expect(changes.mounts).toContain(1);
  });

  it("tells backwards what it told forwards", () => {
    const forwards = compareReadings(fresh(), container());
    const backwards = compareReadings(container(), fresh());
    expect(backwards.vanished.map(({ pid }) => pid)).toEqual(forwards.appeared);
    expect(backwards.ended).toEqual(forwards.made);
  });

  it("finds exactly the processes that were taken away", () => {
    const pids = container().processes.map(({ pid }) => pid);
    fc.assert(
      fc.property(fc.subarray(pids), (kept) => {
        const later = { ...container(), processes: container().processes.filter(({ pid }) => kept.includes(pid)) };
        const { vanished, appeared } = compareReadings(container(), later);
        expect(vanished.map(({ pid }) => pid)).toEqual(pids.filter((pid) => !kept.includes(pid)));
        expect(appeared).toEqual([]);
      }),
    );
  });

  it("tells which namespace a process left and which it entered", () => {
    const shell = fresh().processes.find(({ pid }) => pid === 28)!;
    const moved = altered(fresh(), 28, { namespaces: { ...shell.namespaces, uts: 7 } });
    expect(compareReadings(fresh(), moved).moved).toEqual([
      { pid: 28, kind: "uts", from: shell.namespaces.uts, to: 7 },
    ]);
  });

  it("tells a program that took another's place from a process that took its number", () => {
    const exec = compareReadings(fresh(), altered(fresh(), 28, { name: "sleep" }));
    expect(exec.altered).toEqual([{ pid: 28, what: "name" }]);
    const reused = compareReadings(container(), altered(container(), CONTAINER_INIT, { nspid: [CONTAINER_INIT] }));
    expect(reused.appeared).toEqual([CONTAINER_INIT]);
  });

  it("does not take another numbering of views for another tree", () => {
    const reading = container();
    const swapped: NamespaceReading = {
      ...reading,
      views: [...reading.views].reverse(),
      processes: reading.processes.map((process) => ({
        ...process,
        view: process.view === undefined ? undefined : reading.views.length - 1 - process.view,
      })),
    };
    expect(compareReadings(reading, swapped).mounts).toEqual([]);
  });
});
