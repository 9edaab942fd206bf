import { describe, expect, it } from "vitest";
import { formatFault } from "../../src/lab/index.ts";
import { argumentFaults, looksInside, probeNames, readProbe } from "../../src/lab/probes.ts";
import type { HostApi } from "../../src/machine/api.ts";
import { faultsOf, labOf, labTexts } from "./fixtures.ts";
import { open, taskIs, until } from "./running.ts";

const DEVICE_PROBES = ["ring.list", "ring.state", "xen.domains", "xen.store", "io.costs", "io.trace"];

/** A host that answers a probe with what it was asked. */
const echo = { probe: async (...asked: unknown[]) => asked } as unknown as HostApi;

describe("probes of devices", () => {
  it("are there, and read a machine that stands still", () => {
    expect(probeNames()).toEqual(expect.arrayContaining(DEVICE_PROBES));
    expect(DEVICE_PROBES.map(looksInside)).toEqual(DEVICE_PROBES.map(() => true));
  });

  it("are asked of the machine's host under their own names, counts as numbers", async () => {
    expect(await readProbe("io.trace", { machine: "vm", from: "3", count: 8 }, () => echo)).toEqual([
      "vm",
      "io.trace",
      { from: 3, count: 8 },
    ]);
    expect(await readProbe("ring.state", { machine: "vm", ring: "virtio:vm/vda/0" }, () => echo)).toEqual([
      "vm",
      "ring.state",
      { ring: "virtio:vm/vda/0" },
    ]);
  });

  it.each([
    ["ring.state", { ring: 7 }, "The probe `ring.state` takes a name as `ring`."],
    ["ring.state", { ring: "a ring" }, "The probe `ring.state` takes a name as `ring`."],
    ["ring.list", { ring: "a" }, "The probe `ring.list` does not take `ring`."],
    ["xen.store", { path: "local/domain" }, "The probe `xen.store` takes a path that begins with / as `path`."],
    ["io.trace", { count: -1 }, "The probe `io.trace` takes a whole number as `count`."],
    ["io.trace", { from: [1] }, "The probe `io.trace` takes a whole number as `from`."],
    ["io.trace", { constructor: 1 }, "The probe `io.trace` does not take `constructor`."],
  ])("%s does not take %j", async (name, args, message) => {
    expect(argumentFaults(name, args).map((fault) => fault.message)).toEqual([message]);
    await expect(readProbe(name, { machine: "vm", ...args }, () => echo)).rejects.toThrow(message);
  });

  it("are asked what the lab says, and a wrong `with` is a fault of the lab", () => {
    const tasks = (given: string) => `  up: { probe: ring.state, with: ${given}, where: { connected: true } }`;
    expect(labOf(labTexts(tasks("{ ring: vbd:domU/xvda }"))).tasks.up).toMatchObject({
      with: { ring: "vbd:domU/xvda" },
    });
    expect(faultsOf(labTexts(tasks("{ rung: a }"))).map(formatFault)).toEqual([
      expect.stringContaining("tasks.up.with.rung: The probe `ring.state` does not take `rung`."),
    ]);
  });

  it("give answers, asked as the question says", async () => {
    const tasks = `  sent:
    ask: How many?
    answer: "{{probe.ring.state.counters.notifications}}"
    with: { ring: "vbd:box/xvda" }
    tolerance: 0`;
    const opened = await open(labOf(labTexts(tasks)));
    await opened.do(`echo '{ "counters": { "notifications": 12 } }' > ring.state.json`);
    opened.session.answer("sent", "12");
    const state = await until(opened.session, (now) => now.tasks.sent?.verdict !== undefined);
    expect(state.tasks.sent?.verdict).toMatchObject({ right: true, value: "12" });
  });

  it("of a question belong to an answer that is read", () => {
    const faults = faultsOf(labTexts("  sent: { ask: a, answer: b, with: { ring: c } }")).map(formatFault);
    expect(faults).toEqual([
      expect.stringContaining("tasks.sent.with: `with` belongs to a task with `probe`, or with an `answer`"),
    ]);
  });

  it("tick a task while the machine stands still", async () => {
    const tasks = "  full: { probe: ring.list, where: { rings: [{ ring: a, connected: true }] } }";
    const opened = await open(labOf(labTexts(tasks)));
    await opened.session.pause("box");
    await opened.do(`echo '{ "rings": [{ "ring": "b", "connected": true }] }' > ring.list.json`);
    expect(opened.session.state.tasks.full?.status).toBe("open");
    await opened.do(`echo '{ "rings": [{ "ring": "b" }, { "ring": "a", "connected": true }] }' > ring.list.json`);
    await taskIs(opened.session, "full", "done");
  });
});
