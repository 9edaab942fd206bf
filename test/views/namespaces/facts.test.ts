import { describe, expect, it } from "vitest";
import { compareReadings } from "../../../src/probe/namespace-changes.ts";
import type { NamespaceReading } from "../../../src/probe/namespaces.ts";
import { factsOf } from "../../../src/views/namespaces/facts.ts";
import { COLUMNS, hueOf } from "../../../src/views/namespaces/map.ts";
import { cellKey, marksOf } from "../../../src/views/namespaces/marks.ts";
import { namespaceWords } from "../../../src/views/namespaces/strings.ts";
import { summary } from "../../../src/views/namespaces/summary.ts";
import { CONTAINER_INIT, container, fresh } from "../../probe/readings.ts";

const words = namespaceWords("en");
const find = (reading: NamespaceReading, pid: number) => reading.processes.find((process) => process.pid === pid)!;

const seen = (pid: number) => {
  const reading = container();
  const facts = factsOf(reading, find(reading, pid), find(reading, 1), words);
  return Object.fromEntries(facts.map((fact) => [fact.id, fact]));
};

describe("what a process sees beside what the machine does", () => {
  it("parts in every fact for a container's process 1", () => {
    const { hostname, pid, uid, cgroup, root, processes } = seen(CONTAINER_INIT);
    expect([hostname!.inside, hostname!.outside]).toEqual([["sloop"], ["box"]]);
    expect([pid!.inside, pid!.outside]).toEqual([["1"], [`${CONTAINER_INIT}`]]);
    expect([uid!.inside[0], uid!.outside[0]]).toEqual(["0", "1000"]);
    expect([cgroup!.inside, cgroup!.outside]).toEqual([["/"], ["/ct"]]);
    expect([root!.inside, root!.outside]).toEqual([
      ["/", "ct (tmpfs)"],
      ["/", "rootfs (rootfs)"],
    ]);
    expect(processes!.inside).toEqual(["1 sleep"]);
  });

  it("counts no capability of a container's root for the machine", () => {
    const { capabilities } = seen(CONTAINER_INIT);
    expect([capabilities!.inside, capabilities!.outside]).toEqual([["all 41"], ["none"]]);
  });

  it("parts in nothing but the root directory for a process in a chroot", () => {
    const facts = Object.values(seen(36)).filter(({ inside, outside }) => `${inside}` !== `${outside}`);
    expect(facts.map(({ id }) => id)).toEqual(["mounts", "root"]);
  });

  it("tells of every fact where it was read", () => {
    for (const { origin } of Object.values(seen(CONTAINER_INIT))) expect(origin).toMatch(/\/proc\//);
  });
});

describe("marks", () => {
  it("mark what appeared between two readings and nothing that stayed", () => {
    const marks = marksOf(compareReadings(fresh(), container()));
    expect([...marks.appeared]).toContain(CONTAINER_INIT);
    expect(marks.appeared.has(28)).toBe(false);
    expect(marks.cells.has(cellKey(28, "uts"))).toBe(false);
  });

  it("are put into words, kinds in the order they are taught", () => {
    const phrases = summary(compareReadings(fresh(), container()), words);
    expect(phrases).toContain("new namespaces: uts mnt pid net ipc user cgroup");
    expect(summary(compareReadings(fresh(), fresh()), words)).toEqual(["nothing changed"]);
  });
});

describe("letters' hues", () => {
  it("leave the machine's own without one and repeat after seven", () => {
    expect(["a", "b", "c", "h", "i"].map(hueOf)).toEqual([0, 1, 2, 7, 1]);
  });

  it("stand in eight columns, the seven and then time", () => {
    expect(COLUMNS).toHaveLength(8);
    expect(COLUMNS.at(-1)).toBe("time");
  });
});
