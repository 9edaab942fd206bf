import { describe, expect, it } from "vitest";
import type { XenDomains } from "../../../src/probe/io/types.ts";
import { SHUTDOWN } from "../../../src/xen/abi/sched.ts";
import { XENBUS } from "../../../src/xen/abi/xenbus.ts";
import { XenPlatform } from "../../../src/xen/platform.ts";
import { virtualDevice } from "../../../src/xen/toolstack/paths.ts";
import { disk, nic, TestMachine } from "./machines.ts";

/** A platform with machines that have had a turn, so that their domains are built. */
function hosted(...given: ConstructorParameters<typeof TestMachine>[1][]) {
  const platform = new XenPlatform();
  const machines = given.map((spec) => new TestMachine(platform, spec));
  for (const machine of machines) machine.turn();
  return { platform, store: platform.store, machines };
}

const dom0 = { name: "dom0", image: "linux-dom0" } as const;

describe("a domain", () => {
  it("is written into xenstore as libxl writes it, what is its own to write and the rest to read", () => {
    const { store } = hosted({ name: "domU", disks: [disk("xvda")] });
    const read = (key: string) => store.read(`/local/domain/1/${key}`);
    expect([read("name"), read("domid"), read("memory/target"), read("memory/static-max")]).toEqual([
      "domU",
      "1",
      "2048",
      "2048",
    ]);
    expect(store.permissions("/local/domain/1")).toBe("n0,r1");
    expect(store.permissions("/local/domain/1/memory/target")).toBe("n0,r1");
    expect(store.permissions("/local/domain/1/control/shutdown")).toBe("n1");
    expect(store.permissions("/local/domain/1/data")).toBe("n1");
    expect(store.read(`${read("vm")}/name`)).toBe("domU");
    expect(Number(read("store/port"))).toBe(1);
    expect(Number(read("console/port"))).toBe(2);
  });

  it("has its devices' two directories, the frontend's its own, the backend's the backend's", () => {
    const { store } = hosted({ name: "domU", disks: [disk("xvda"), disk("xvdb")], nics: [nic(1)] });
    const front = "/local/domain/1/device/vbd/51712";
    const back = "/local/domain/0/backend/vbd/1/51712";
    expect(virtualDevice("xvdb")).toBe(51728);
    expect(store.read(`${front}/backend`)).toBe(back);
    expect(store.read(`${back}/frontend`)).toBe(front);
    expect(store.permissions(front)).toBe("n1,r0");
    expect(store.permissions(back)).toBe("n0,r1");
    expect(store.permissions(`${front}/state`)).toBe("n1,r0");
    expect(store.read(`${front}/state`)).toBe(String(XENBUS.initialising));
    expect(store.read(`${back}/state`)).toBe(String(XENBUS.initWait));
    expect(store.read("/local/domain/1/device/vif/0/mac")).toBe("00:16:3e:00:00:01");
    expect(store.list("/local/domain/1/device/vbd")).toEqual(["51712", "51728"]);
  });

  it("gets the next id each time its machine is started; only the driver domain is 0", () => {
    const { platform, machines } = hosted({ name: "a" }, { name: "b" });
    machines[0]!.place.detach();
    const again = new TestMachine(platform, { name: "a" });
    again.turn();
    expect([...platform.xen.guests.values()].map(({ id, name }) => [id, name])).toEqual([
      [2, "b"],
      [3, "a"],
    ]);
    expect(platform.store.read("/local/domain/1/name")).toBeUndefined();
    expect(platform.store.read("/local/domain/0/name")).toBe("host");
  });

  it("leaves nothing behind when it goes", () => {
    const { platform, store, machines } = hosted({ name: "domU", disks: [disk("xvda")], nics: [nic(1)] });
    machines[0]!.place.detach();
    machines[0]!.place.detach();
    machines[0]!.turn();
    expect(store.list("/local/domain")).toEqual(["0"]);
    expect(store.list("/local/domain/0/backend")).toEqual([]);
    expect(store.list("/vm")).toEqual([]);
    expect(platform.xen.host.ports.open.size).toBe(0);
    expect(platform.devices).toEqual([]);
    expect((platform.probe("domU", "xen.domains", {}) as XenDomains).domains).toHaveLength(1);
  });
});

describe("a driver domain", () => {
  it("is domain 0, and this program's own domain moves aside", async () => {
    const { platform, store, machines } = hosted(dom0, {
      name: "domU",
      disks: [disk("xvda", "dom0"), disk("xvdb")],
      nics: [nic(1, "dom0")],
    });
    expect(platform.xen.host.id).toBe(0x7fef);
    expect(store.read("/local/domain/0/name")).toBe("dom0");
    expect(store.read("/local/domain/32751/backend/vbd/1/51728/state")).toBe(String(XENBUS.initWait));
    expect(store.read("/local/domain/0/backend")).toBeUndefined();
    const ready = machines[1]!.place.ready();
    await Promise.resolve();
    await Promise.resolve();
    const back = "/local/domain/0/backend/vbd/1/51712";
    expect(machines[1]!.scripts).toEqual([["dom0", expect.stringContaining("truncate -s 1M /srv/domU-xvda.img")]]);
    expect(store.read(`${back}/state`)).toBe(String(XENBUS.initialising));
    expect(store.read(`${back}/params`)).toBe("/srv/domU-xvda.img");
    expect(store.read("/local/domain/0/backend/vif/1/0/bridge")).toBe("lan");
    expect(store.permissions(back)).toBe("n0,r1");
    machines[1]!.place.detach();
    await ready;
    expect(store.read(back)).toBeUndefined();
  });

  it("has to come first, and is one", () => {
    const { platform } = hosted({ name: "domU" });
    expect(() => new TestMachine(platform, dom0)).toThrow("before the other machines");
    expect(() => new TestMachine(platform, { name: "domV", disks: [disk("xvda", "dom0")] })).toThrow(
      "start `dom0` first",
    );
    const second = hosted(dom0).platform;
    expect(() => new TestMachine(second, { name: "dom1", image: "linux-dom0" })).toThrow("`dom0` is it");
    expect(() => new TestMachine(second, dom0)).toThrow("already");
  });

  it("that comes back finds its fronts' devices waiting", async () => {
    const { platform, store, machines } = hosted(dom0, { name: "domU", nics: [nic(1, "dom0")] });
    const [driver, domU] = machines as [TestMachine, TestMachine];
    const ready = domU.place.ready();
    await Promise.resolve();
    const back = "/local/domain/0/backend/vif/1/0";
    store.write(`${back}/state`, "4");
    store.write("/local/domain/1/device/vif/0/state", "4");
    await ready;
    driver.place.detach();
    expect(store.read(back)).toBeUndefined();
    expect(store.read("/local/domain/1/device/vif/0/state")).toBe("4");
    const again = new TestMachine(platform, dom0);
    again.turn();
    await again.place.ready();
    expect(store.read(`${back}/state`)).toBe(String(XENBUS.initialising));
    expect(store.read("/local/domain/1/device/vif/0/state")).toBe("4");
  });
});

describe("a device", () => {
  it("is taken away when both drivers have let go, and can be brought again", async () => {
    const { platform, store } = hosted({ name: "domU", disks: [disk("xvda")] });
    const [front, back] = ["/local/domain/1/device/vbd/51712", "/local/domain/0/backend/vbd/1/51712"];
    await platform.control("domU", "xen.detach", { disk: "xvda" });
    expect([store.read(`${back}/online`), store.read(`${back}/state`)]).toEqual(["0", String(XENBUS.closing)]);
    store.write(`${front}/state`, String(XENBUS.closed));
    await Promise.resolve();
    expect(store.read(front)).toBeUndefined();
    expect(store.read(back)).toBeUndefined();
    await platform.control("domU", "xen.attach", { disk: "xvda" });
    expect(store.read(`${back}/state`)).toBe(String(XENBUS.initWait));
    await expect(platform.control("domU", "xen.attach", { disk: "xvdc" })).rejects.toThrow("no Xen device `xvdc`");
    await expect(platform.control("domU", "xen.attach", {})).rejects.toThrow("named by");
  });
});

describe("a shutdown", () => {
  it("is asked for by xenstore, and ends the machine with its reason", async () => {
    const { platform, store, machines } = hosted({ name: "domU" });
    await platform.control("domU", "xen.shutdown", { reason: "reboot" });
    expect(store.read("/local/domain/1/control/shutdown")).toBe("reboot");
    const { guest } = platform.toolstack.get("domU");
    for (const [reason, word] of [
      [SHUTDOWN.poweroff, "poweroff"],
      [SHUTDOWN.reboot, "reboot"],
      [SHUTDOWN.crash, "panic"],
    ] as const) {
      guest.onShutdown(reason);
      expect(machines[0]!.stopped.at(-1)![0]).toBe(word);
    }
  });

  it("for suspend is cancelled unless it was asked for, and then the domain begins anew where it is", async () => {
    const { platform, store } = hosted({ name: "domU", disks: [disk("xvda")] });
    const { guest } = platform.toolstack.get("domU");
    expect(guest.onShutdown(SHUTDOWN.suspend)).toBe(1);
    const front = "/local/domain/1/device/vbd/51712";
    guest.ports.allocUnbound(0);
    store.write(`${front}/state`, "4");
    store.write(`${front}/ring-ref`, "8");
    await platform.control("domU", "xen.shutdown", { reason: "suspend" });
    expect(guest.onShutdown(SHUTDOWN.suspend)).toBe(0);
    expect([...guest.ports.open.keys()]).toEqual([1, 2]);
    expect(store.read(`${front}/state`)).toBe(String(XENBUS.initialising));
    expect(store.read(`${front}/ring-ref`)).toBeUndefined();
    expect(store.read("/local/domain/0/backend/vbd/1/51712/state")).toBe(String(XENBUS.initWait));
  });
});

describe("a save point", () => {
  it("is JSON, and puts domains, devices, channels and xenstore back into fresh machines", () => {
    const specs = [
      { name: "a", disks: [disk("xvda")] },
      { name: "b", nics: [nic(2)] },
    ];
    const { platform, store, machines } = hosted(...specs);
    const [a, b] = platform.toolstack.guests.map(({ guest }) => guest);
    const ofA = a!.ports.allocUnbound(2);
    const ofB = b!.ports.bindInterdomain(a!.ports, ofA);
    b!.ports.send(ofB);
    store.write("/local/domain/1/data/note", "kept");
    const state = JSON.parse(
      JSON.stringify({ platform: platform.save(), places: machines.map(({ place }) => place.save()) }),
    );
    store.write("/local/domain/1/data/note", "changed");
    for (const { place } of machines) place.detach();
    const fresh = specs.map((spec) => new TestMachine(platform, spec));
    platform.restore(state.platform);
    for (const [index, { place }] of fresh.entries()) place.restore(state.places[index]);
    for (const machine of fresh) machine.turn();
    expect(store.read("/local/domain/1/data/note")).toBe("kept");
    expect([...platform.xen.guests.keys()]).toEqual([1, 2]);
    const [a2, b2] = [platform.xen.guest(1)!, platform.xen.guest(2)!];
    expect(a2.words.isPending(ofA)).toBe(true);
    a2.words.clear(ofA);
    expect(b2.ports.send(ofB)).toBe(0);
    expect(a2.words.isPending(ofA)).toBe(true);
    expect(platform.xen.useOf(a2, 1)).toBe("xenstore");
    expect(store.read("/local/domain/0/backend/vbd/1/51712/state")).toBe(String(XENBUS.initWait));
    const next = new TestMachine(platform, { name: "c" });
    next.turn();
    expect([...platform.xen.guests.keys()]).toEqual([1, 2, 3]);
  });

  it("of other machines is refused", () => {
    const { platform, machines } = hosted({ name: "a" });
    const state = platform.save();
    machines[0]!.place.detach();
    new TestMachine(platform, { name: "z" });
    expect(() => platform.restore(state)).toThrow("`a`");
  });
});

describe("settings", () => {
  it("are checked", async () => {
    const { platform } = hosted({ name: "domU", disks: [disk("xvda")] });
    const wrong = [
      ["io.pace", { ring: "vbd:domU/xvdz" }],
      ["io.pace", { ring: "vbd:domU/xvda", latency: -1 }],
      ["io.pace", { ring: "vbd:domU/xvda", latency: 1e9 }],
      ["io.step", { ring: "vbd:domU/xvda", by: "moon" }],
      ["xen.memory", { kib: "much" }],
      ["xen.shutdown", { reason: "explode" }],
      ["xen.unknown", {}],
    ] as const;
    for (const [name, args] of wrong) await expect(platform.control("domU", name, args), name).rejects.toThrow(/.+\.$/);
    await expect(platform.control("domX", "xen.memory", { kib: 1 })).rejects.toThrow("not on this Xen host");
    await platform.control("domU", "io.pace", { ring: "vbd:domU/xvda", latency: 5, stepping: true });
    expect(platform.probe("domU", "ring.state", { ring: "vbd:domU/xvda" })).toMatchObject({
      pace: { latency: 5, stepping: true },
    });
  });
});
