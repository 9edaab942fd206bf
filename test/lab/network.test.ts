import { describe, expect, it, onTestFinished } from "vitest";
import { Cables } from "../../src/lab/running/cables.ts";
import { realFabric } from "../../src/machine/clock.ts";
import { Network } from "../../src/network/network.ts";
import type { FdbReport, NetworkCounters } from "../../src/network/reports.ts";
import { labOf, labTexts } from "./fixtures.ts";
import { open, taskIs, until } from "./running.ts";
import { ShellHost } from "./shell-host.ts";

const HEAD = `hosts: { h: {}, i: {} }
machines:
  a: { image: linux, host: h, nics: [{ link: lan }, { link: own }] }
  b: { image: linux, host: i, nics: [{ link: lan }] }
links:
  lan: { kind: switch, latency: 3ms, mirror: b/0 }
  own: { kind: hub }`;

/** A session of a lab with two hosts and a network between them, on machines that are folders. */
async function opened(tasks: string) {
  const lab = labOf(labTexts(tasks, { head: HEAD }));
  const hosts: Readonly<Record<string, ShellHost>> = { a: new ShellHost(), b: new ShellHost() };
  const networks: Network[] = [];
  let lose = () => {};
  const replaced: number[] = [];
  const start = (lost: () => void) => {
    lose = lost;
    networks.push(new Network(realFabric));
    return networks.at(-1)!;
  };
  const cables = new Cables(lab, start, () => replaced.push(networks.length));
  onTestFinished(() => cables.close());
  const hostOf = async (machine: string) => {
    await cables.join(machine === "a" ? "h" : "i", hosts[machine]!);
    return hosts[machine]!;
  };
  const { session } = await open(lab, { hostOf, network: () => cables.network() });
  onTestFinished(async () => void (await Promise.all(Object.values(hosts).map((host) => host.close()))));
  const counters = async () => (await session.probe("network.counters", {})) as NetworkCounters;
  await expect.poll(async () => (await counters()).lan!.ports.length, { timeout: 30_000 }).toBe(2);
  return { session, networks, replaced, lose: () => lose(), cables };
}

const CUT = "  cut: { probe: network.counters, where: { link: lan, cut: true } }";

describe("links of a session", () => {
  it("are read as if they were in one place, and each says where it is", async () => {
    const { session } = await opened(CUT);
    const counters = (await session.probe("network.counters", {})) as NetworkCounters;
    expect(Object.values(counters).map(({ link, place, latency }) => [link, place, latency])).toEqual([
      ["lan", "network", 3],
      ["own", "h", 0],
    ]);
    expect(counters.lan!.ports.map(({ name, carrier }) => [name, carrier])).toEqual([
      ["a/0", true],
      ["b/0", true],
    ]);
    const fdb = (await session.probe("network.fdb", {})) as FdbReport;
    expect(fdb.limit).toBe(1024);
    expect(await session.probe("network.nat", {})).toMatchObject({ entries: [] });
    expect(await session.probe("network.capture", { link: "own", from: "1" })).toMatchObject({ frames: [] });
  });

  it.each([
    ["network.capture", {}, "`network.capture` needs a `link`: the lab's links are in network, h"],
    ["network.capture", { link: "lam" }, "There is no link `lam`. Did you mean `lan`?"],
    ["network.fdb", { link: 7 }, "takes a name as `link`"],
    ["network.nothing", {}, "There is no probe `network.nothing`"],
    ["guest.network", {}, "needs one of the lab's machines as `machine`"],
  ])("refuse %s of %j with a sentence", async (name, args, message) => {
    const { session } = await opened(CUT);
    await expect(session.probe(name, args)).rejects.toThrow(message);
  });

  it("are turned where they are, and a card's cable where its link is", async () => {
    const { session } = await opened(CUT);
    const carriers = async () => {
      const counters = (await session.probe("network.counters", {})) as NetworkCounters;
      return Object.values(counters).flatMap(({ link, ports }) =>
        ports.map((port) => `${link} ${port.name} ${port.carrier}`),
      );
    };
    await session.control(undefined, "network.cable", { machine: "a", nic: 1, plugged: false });
    await session.control(undefined, "network.cut", { link: "lan", on: true });
    expect(await carriers()).toEqual(["lan a/0 false", "lan b/0 false", "own a/1 false"]);
    await expect(session.control(undefined, "network.cable", { machine: "b", nic: 1 })).rejects.toThrow(
      "`b` has no card 1",
    );
    await expect(session.control(undefined, "network.cut", { link: "lon" })).rejects.toThrow("There is no link `lon`");
    await expect(session.control(undefined, "io.pace", {})).rejects.toThrow("`io.pace` needs the name of a machine");
  });

  it("are what tasks without a machine look at, and what questions ask for", async () => {
    const { session } = await opened(
      `${CUT}\n  mtu: { ask: How long?, answer: "{{probe.network.counters.lan.mtu}}", tolerance: 0 }`,
    );
    session.answer("mtu", "1500");
    expect((await until(session, ({ tasks }) => tasks.mtu?.verdict !== undefined)).tasks.mtu?.verdict?.right).toBe(
      true,
    );
    expect(session.state.tasks.cut?.status).toBe("open");
    await session.control(undefined, "network.cut", { link: "lan", on: true });
    await taskIs(session, "cut", "done");
  });

  it("are as the lab says again when it is begun anew", async () => {
    const { session } = await opened(CUT);
    const before = await session.probe("network.counters", {});
    await session.control(undefined, "network.shape", { link: "lan", latency: 9, loss: 0.5, mtu: 900 });
    await session.control(undefined, "network.hold", { link: "own", on: true });
    await session.control(undefined, "network.cable", { machine: "b", nic: 0, plugged: false });
    expect(await session.probe("network.counters", {})).not.toEqual(before);
    await session.reset();
    await expect.poll(() => session.probe("network.counters", {}), { timeout: 30_000 }).toEqual(before);
  });

  it("come back when what had them is lost: every host is joined to the new one", async () => {
    const { session, networks, replaced, lose } = await opened(CUT);
    networks[0]!.close();
    lose();
    await expect.poll(() => replaced, { timeout: 30_000 }).toEqual([2]);
    await expect
      .poll(
        async () =>
          ((await session.probe("network.counters", {})) as NetworkCounters).lan!.ports.map(({ name }) => name).sort(),
        { timeout: 30_000 },
      )
      .toEqual(["a/0", "b/0"]);
  });
});

describe("a lab whose links are all inside hosts", () => {
  it("has no network started for it", async () => {
    const head = "machines:\n  box: { image: linux, nics: [{ link: lan }] }\nlinks: { lan: { kind: switch } }";
    const lab = labOf(labTexts("  up: { check: x }", { head }));
    const cables = new Cables(lab, () => {
      throw new Error("not asked for");
    });
    await cables.join("box", new ShellHost());
    const { session } = await open(lab);
    expect(await session.probe("network.capture", {})).toMatchObject({ frames: [], lost: 0 });
  });
});
