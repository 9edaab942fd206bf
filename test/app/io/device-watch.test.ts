import { describe, expect, it } from "vitest";
import { DeviceWatch } from "../../../src/app/io/device-watch.ts";
import { LOOK } from "../../../src/app/io/reading.ts";
import type { Storage } from "../../../src/app/storage.ts";
import { labOf, labTexts } from "../../lab/fixtures.ts";

const HEAD = `hosts: { h: {} }
machines:
  vm: { image: linux, host: h, disks: [{ size: 1 }] }
  domU: { image: linux-xen, host: h, disks: [{ size: 1 }] }
  bare: { image: linux }
layout: [ring:domU, domains:domU, io-costs, steps]`;
const lab = labOf(labTexts("  up: { machine: vm, check: x }", { head: HEAD }));

const ring = (name: string, device: string, connected = true) => ({ ring: name, device, connected, design: "xen" });
const RINGS = [
  ring("console:domU", "console"),
  ring("vbd:domU/xvdb", "block", false),
  ring("vbd:domU/xvda", "block"),
  ring("vif:domU/0/tx", "network"),
];

function memory(): Storage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    forgetful: true,
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
    remove: async (key) => void kept.delete(key),
  };
}

/** A watch over a lab whose probes say what they were asked, and how often. */
async function watch(storage = memory()) {
  const asked: string[] = [];
  const turned: unknown[] = [];
  const refused: string[] = [];
  const shown = new Set(["ring:domU", "domains:domU", "io-costs"]);
  let events = 0;
  const answers: Record<string, (args: Readonly<Record<string, unknown>>) => unknown> = {
    "ring.list": () => ({ rings: RINGS }),
    "ring.state": ({ ring }) => ({ ring, asked: asked.length }),
    "io.trace": ({ count }) => {
      events += 1;
      return { events: [{ number: events, count }], next: events, dropped: 0 };
    },
    "xen.domains": () => ({ domains: [] }),
    "xen.store": () => ({ nodes: [] }),
    "io.costs": ({ machine }) => ({ devices: [{ name: machine }] }),
  };
  const devices = new DeviceWatch({
    lab,
    storage,
    probe: async (name, args) => {
      asked.push(`${name} ${args.machine}`);
      return answers[name]!(args);
    },
    control: async (...turn) => {
      if (turn[1] === "io.step") throw new Error("That ring does not stand.");
      turned.push(turn);
    },
    phase: () => "running",
    shown: (panel) => shown.has(panel),
    changed: () => {},
    refused: (message) => refused.push(message),
  });
  await devices.start();
  devices.close(); // the test looks itself
  return { devices, asked, turned, refused, shown, storage };
}

describe("devices on the page", () => {
  it("are read for the panels that can be seen, and for no others", async () => {
    const { devices, asked, shown } = await watch();
    shown.clear();
    await devices.look(0);
    expect(asked).toEqual([]);
    shown.add("io-costs");
    await devices.look(0);
    expect(asked.sort()).toEqual(["io.costs domU", "io.costs vm"]);
    shown.add("ring:domU");
    await devices.look(1);
    expect(asked.slice(2)).toEqual(["ring.list domU", "ring.state domU", "io.trace domU"]);
  });

  it("show a disk's ring that works until the student chooses another, also after a reload", async () => {
    const { devices, storage } = await watch();
    await devices.look(0);
    expect(devices.rings("domU")?.ring).toBe("vbd:domU/xvda");
    expect(devices.rings("domU")?.state).toMatchObject({ ring: "vbd:domU/xvda" });
    devices.choose("domU", "vif:domU/0/tx");
    expect(devices.rings("domU")?.state).toBeUndefined();
    await devices.look(1);
    expect(devices.rings("domU")?.state).toMatchObject({ ring: "vif:domU/0/tx" });

    const { devices: again } = await watch(storage);
    await again.look(0);
    expect(again.rings("domU")?.ring).toBe("vif:domU/0/tx");
  });

  it("show another ring when the chosen one is gone", async () => {
    const storage = memory();
    storage.kept.set(`ring:${lab.address}`, JSON.stringify({ domU: "vbd:domU/xvdd" }));
    const { devices } = await watch(storage);
    await devices.look(0);
    expect(devices.rings("domU")?.ring).toBe("vbd:domU/xvda");
  });

  it("take up nothing from a damaged choice", async () => {
    const storage = memory();
    storage.kept.set(`ring:${lab.address}`, '{"domU": 7');
    const { devices } = await watch(storage);
    await devices.look(0);
    expect(devices.rings("domU")?.ring).toBe("vbd:domU/xvda");
  });

  it("have their newest events read with every change", async () => {
    const { devices } = await watch();
    for (let now = 0; now < 3 * LOOK.slow; now += LOOK.slow) await devices.look(now);
    expect(devices.rings("domU")?.trace).toMatchObject({ events: [{ number: 3, count: 256 }], next: 3 });
  });

  it("of all machines that have some are compared", async () => {
    const { devices } = await watch();
    await devices.look(0);
    expect(devices.costs.map(({ name, letter }) => [name, letter])).toEqual([
      ["vm", "A"],
      ["domU", "B"],
    ]);
    expect(devices.costs[0]?.costs).toEqual({ devices: [{ name: "vm" }] });
  });

  it("are turned as the student says, and what is refused is told", async () => {
    const { devices, turned, refused } = await watch();
    await devices.pace("domU", { ring: "vbd:domU/xvda", stepping: true });
    await devices.reset();
    await devices.step("domU", "vbd:domU/xvda", "slot");
    expect(turned).toEqual([
      ["domU", "io.pace", { ring: "vbd:domU/xvda", stepping: true }],
      ["vm", "io.reset", {}],
      ["domU", "io.reset", {}],
    ]);
    expect(refused).toEqual(["That ring does not stand."]);
  });

  it("are forgotten with the life of their machine", async () => {
    const { devices } = await watch();
    await devices.look(0);
    devices.forget("domU");
    expect(devices.rings("domU")).toMatchObject({ rings: [], state: undefined, trace: undefined });
    expect(devices.domains("domU")?.domains.value).toBeUndefined();
    expect(devices.costs.map(({ costs }) => costs === undefined)).toEqual([false, true]);
  });
});

describe("the notebook of measurements", () => {
  it("is there after a reload, each name once, the newest last", async () => {
    const { devices, storage } = await watch();
    const machines = [{ name: "vm", letter: "A", costs: { devices: [] } }];
    devices.kept.keep("ne2k", machines);
    devices.kept.keep("virtio", machines);
    devices.kept.keep(" ne2k ", machines);
    devices.kept.keep("  ", machines);
    expect(devices.kept.runs.map(({ name }) => name)).toEqual(["virtio", "ne2k"]);
    const { devices: again } = await watch(storage);
    expect(again.kept.runs).toEqual(devices.kept.runs);
    again.kept.forget("virtio");
    expect(again.kept.runs.map(({ name }) => name)).toEqual(["ne2k"]);
  });

  it("is bounded: the oldest goes", async () => {
    const { devices } = await watch();
    for (let run = 0; run < 40; run++) devices.kept.keep(`run ${run}`, []);
    expect(devices.kept.runs.length).toBeLessThan(20);
    expect(devices.kept.runs.at(-1)?.name).toBe("run 39");
  });

  it.each(["", "{", "7", '[{"name":1}]', '[{"name":"a","at":1,"machines":[null]}]'])("of %j is empty", async (text) => {
    const storage = memory();
    storage.kept.set(`io-runs:${lab.address}`, text);
    const { devices } = await watch(storage);
    expect(devices.kept.runs).toEqual([]);
  });
});
