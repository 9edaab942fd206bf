import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type RunningLab, startLab } from "../../src/cli/lab-machines.ts";
import type { CaptureReport, FdbReport, LinkReport, NetworkCounters, PortReport } from "../../src/network/reports.ts";
import { filesSource, labOf, labTexts } from "../lab/fixtures.ts";

/** Two machines on hosts of their own, joined by the network; each has a second card on a link inside its host. */
const HEAD = `machines:
  one: { image: linux, nics: [{ link: lan }, { link: inner }] }
  two: { image: linux, nics: [{ link: lan }] }
links:
  lan: { kind: switch, gateway: { address: 10.0.0.254/24 } }
  inner: { kind: hub }`;

const lab = labOf(labTexts("  up: { machine: one, check: x }", { head: HEAD }), 7);
let running: RunningLab;
beforeAll(async () => {
  running = await startLab(lab, filesSource({}));
  for (const [index, name] of ["one", "two"].entries()) {
    // without IPv6 nobody says anything on the link that was not asked for
    const quiet = "sysctl -qw net.ipv6.conf.all.disable_ipv6=1";
    await run(name, `${quiet}; ip address add 10.0.0.${index + 1}/24 dev eth0; ip link set eth0 up`);
  }
});
afterAll(() => running?.close());

async function run(machine: string, script: string, limit = 60_000): Promise<{ exit: number; out: string }> {
  const { exit, stdout } = await running.machines.run(machine, script, { limit });
  return { exit, out: new TextDecoder().decode(stdout) };
}

const ping = (from: string, to: string, more = "-c 3 -i 0.2 -W 5") => run(from, `ping ${more} ${to}`);
const read = async <Report>(name: string, args = {}) => (await running.machines.read(name, args, 0)) as Report;
const turn = (control: string, args: Readonly<Record<string, unknown>>) =>
  running.machines.turn(undefined, control, args, 0);

const link = async (name: string): Promise<LinkReport> => (await read<NetworkCounters>("network.counters"))[name]!;
const port = async (name: string): Promise<PortReport> => (await link("lan")).ports.find((one) => one.name === name)!;

/** Milliseconds a ping took on average, as it says itself. */
const average = (out: string) => Number(/= [\d.]+\/([\d.]+)\//.exec(out)?.[1]);

describe("two machines on two hosts", () => {
  it("ping each other, both ways, and each the gateway between them", async () => {
    for (const [from, to] of [
      ["one", "10.0.0.2"] as const,
      ["two", "10.0.0.1"] as const,
      ["two", "10.0.0.254"] as const,
    ]) {
      expect(await ping(from, to)).toMatchObject({ exit: 0, out: expect.stringContaining("3 packets received") });
    }
  });

  it.each([["one", "two", "10.0.0.2"] as const, ["two", "one", "10.0.0.1"] as const])(
    "carry TCP whole from %s to %s",
    async (from, to, address) => {
      await run(to, "rm -f /tmp/end; (nc -l -p 7000 > /tmp/got; echo done > /tmp/end) > /dev/null 2>&1 &");
      await run(from, `seq 60000 > /tmp/sent; until nc -w 30 ${address} 7000 < /tmp/sent; do sleep 0.1; done`);
      const sum = (await run(from, "md5sum < /tmp/sent")).out;
      expect((await run(to, "until [ -f /tmp/end ]; do sleep 0.1; done; md5sum < /tmp/got")).out).toBe(sum);
    },
  );

  it("are seen where they are: each link by its place, each frame by the end it came in by", async () => {
    const counters = await read<NetworkCounters>("network.counters");
    expect(counters).toMatchObject({
      lan: { place: "network", gateway: { address: "10.0.0.254/24" } },
      inner: { place: "one" },
    });
    expect(counters.lan!.ports.map(({ name }) => name).sort()).toEqual(["gateway:lan/0", "one/0", "two/0"]);
    const { entries } = await read<FdbReport>("network.fdb", { link: "lan" });
    const mac = lab.machines[1]!.spec.nics[0]!.mac;
    expect(entries).toContainEqual(expect.objectContaining({ link: "lan", mac, port: "two/0" }));
    const { frames } = await read<CaptureReport>("network.capture", { link: "lan", count: 4096 });
    expect(frames.some(({ from, to }) => from === "one/0" && to.some((end) => end.port === "two/0" && end.at))).toBe(
      true,
    );
    await expect(read("network.capture")).rejects.toThrow("needs a `link`: the lab's links are in network, one");
    await expect(read("network.fdb", { link: "lam" })).rejects.toThrow("There is no link `lam`. Did you mean `lan`?");
  });

  it("lose each other with the cable, whose card says so, and find each other when it is back", async () => {
    await turn("network.cable", { machine: "two", nic: 0, plugged: false });
    expect((await port("two/0")).carrier).toBe(false);
    expect((await ping("one", "10.0.0.2", "-c 2 -i 0.2 -W 1")).exit).toBe(1);
    await turn("network.cable", { machine: "two", nic: 0, plugged: true });
    expect((await ping("one", "10.0.0.2")).exit).toBe(0);
    await expect(turn("network.cable", { machine: "two", nic: 1, plugged: false })).rejects.toThrow(
      "`two` has no card 1",
    );
  });

  it("see the latency of their link, and its loss", async () => {
    await turn("network.shape", { link: "lan", latency: 40 });
    const slow = await ping("one", "10.0.0.2");
    expect(average(slow.out)).toBeGreaterThanOrEqual(80);
    await turn("network.shape", { link: "lan", latency: 0, loss: 1 });
    expect((await ping("one", "10.0.0.2", "-c 2 -i 0.2 -W 1")).exit).toBe(1);
    expect((await link("lan")).dropped.loss).toBeGreaterThanOrEqual(2);
    await turn("network.shape", { link: "lan", loss: 0 });
    expect((await ping("one", "10.0.0.2")).exit).toBe(0);
  });

  it("bear a flood: what cannot pass is dropped and counted, and they still hear each other", async () => {
    const before = await port("one/0");
    const pour = "dd if=/dev/zero bs=1400 count=6000 2>/dev/null | nc -u -w 1 10.0.0.2 9";
    const [, { exit }] = await Promise.all([run("one", pour), ping("two", "10.0.0.254", "-c 20 -i 0.1 -W 5")]);
    expect(exit).toBe(0);
    const { sent, dropped } = await port("one/0");
    const poured = sent.frames - before.sent.frames + (dropped.queue ?? 0) - (before.dropped.queue ?? 0);
    expect(poured).toBeGreaterThan(2000);
    expect((await ping("two", "10.0.0.1")).exit).toBe(0);
  });

  it("keep their place on a link over a save point, and over a restart", async () => {
    await running.machines.save("two");
    await run("two", "ip link set eth0 down");
    expect((await ping("one", "10.0.0.2", "-c 1 -W 1")).exit).toBe(1);
    await running.machines.back("two");
    expect((await ping("one", "10.0.0.2")).exit).toBe(0);
    expect((await link("lan")).ports.filter(({ name }) => name === "two/0")).toHaveLength(1);
    await running.machines.start("en", { names: ["two"] });
    await run("two", "ip address add 10.0.0.2/24 dev eth0 && ip link set eth0 up");
    expect((await ping("one", "10.0.0.2")).exit).toBe(0);
  });
});

describe("VLANs between hosts", () => {
  it("keep machines apart that are on two of them, and a trunk is on both, tagged", async () => {
    const head = `machines:
  a: { image: linux, nics: [{ link: lan, vlan: 7 }] }
  b: { image: linux, nics: [{ link: lan, vlan: 8 }] }
  t: { image: linux, nics: [{ link: lan, vlans: [7, 8] }] }
links: { lan: { kind: switch } }`;
    const vlans = await startLab(labOf(labTexts("  up: { machine: a, check: x }", { head })), filesSource({}));
    onTestFinished(() => vlans.close());
    const on = async (machine: string, script: string) =>
      (await vlans.machines.run(machine, script, { limit: 60_000 })).exit;
    expect(await on("a", "ip address add 10.0.0.1/24 dev eth0; ip link set eth0 up")).toBe(0);
    expect(await on("b", "ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up")).toBe(0);
    const tagged = (id: number) =>
      `ip link add link eth0 name eth0.${id} type vlan id ${id} && ip link set eth0.${id} up && ` +
      `ip address add 10.0.0.${10 + id}/32 dev eth0.${id} && ip route add 10.0.0.${id - 6}/32 dev eth0.${id} src 10.0.0.${10 + id}`;
    expect(await on("t", `ip link set eth0 up && ${tagged(7)} && ${tagged(8)}`)).toBe(0);
    const once = "ping -c 2 -i 0.2 -W 2";
    expect([await on("t", `${once} 10.0.0.1`), await on("t", `${once} 10.0.0.2`)]).toEqual([0, 0]);
    expect([await on("a", `${once} 10.0.0.2`), await on("b", `${once} 10.0.0.1`)]).toEqual([1, 1]);
    const { entries } = (await vlans.machines.read("network.fdb", { link: "lan" }, 0)) as FdbReport;
    const seen = entries.map(({ port, vlan }) => `${port} ${vlan}`).sort();
    expect(seen).toEqual(["a/0 7", "b/0 8", "t/0 7", "t/0 8"]);
  });
});
