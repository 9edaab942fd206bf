import { describe, expect, it } from "vitest";
import { type MachineSpec, machineSpec } from "../../src/machine/index.ts";
import type { LinkSpec } from "../../src/network/link-spec.ts";
import type { LinkReport, NetworkCounters } from "../../src/network/reports.ts";
import type { DeviceCost, IoCosts, IoTrace, RingList, RingState } from "../../src/probe/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();
let links = 0;

interface Given {
  readonly link?: Omit<LinkSpec, "kind">;
  readonly nics?: MachineSpec["nics"];
  readonly more?: readonly Partial<MachineSpec>[];
}

/** Two running machines on a link of their own, with addresses 10.0.0.1 and 10.0.0.2, that say nothing unasked. */
async function pair({ link: shape = {}, more = [] }: Given = {}): Promise<TestGuest[]> {
  const link = `wire${links++}`;
  const machines = await Promise.all(
    [1, 2].map((number) => {
      const mac = `02:00:00:01:0${links}:0${number}`;
      const nics = [{ mac, model: "virtio" as const, link }];
      return guest({ name: `${link}-${number}`, nics, ...more[number - 1] });
    }),
  );
  for (const [index, machine] of machines.entries()) {
    await machine.start({ start: "boot", links: { [link]: { kind: "switch", ...shape } } });
    const up = `ip address add 10.0.0.${index + 1}/24 dev eth0 && ip link set eth0 up`;
    expect(await machine.run(`sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1; ${up}`, 30_000)).toMatchObject({ exit: 0 });
  }
  expect(await machines[1]!.run("ping -c 1 -W 10 10.0.0.1", 30_000)).toMatchObject({ exit: 0 });
  return machines;
}

async function cost(machine: TestGuest): Promise<DeviceCost> {
  const { devices } = (await machine.host.probe(machine.spec.name, "io.costs", {})) as IoCosts;
  return devices.find(({ name }) => name === "eth0")!;
}

const control = (machine: TestGuest, name: string, args: Record<string, unknown> = {}) =>
  machine.host.control(machine.spec.name, name, args);

async function report(machine: TestGuest): Promise<LinkReport> {
  const counters = (await machine.host.networkProbe("network.counters", {})) as NetworkCounters;
  return counters[machine.spec.nics[0]!.link!]!;
}

/** Bytes of what is transferred: numbers from 1 on, a line each. */
const TRANSFER = 348_894;
/** Segments that a wire takes for it, with time stamps in each. */
const ON_A_WIRE = TRANSFER / 1448;

/** A file from the second to the first, and whether it came whole. */
async function transfer([one, other]: readonly TestGuest[]): Promise<void> {
  expect(await other!.run("seq 60000 > /tmp/sent; wc -c < /tmp/sent", 60_000)).toMatchObject({ out: `${TRANSFER}\n` });
  await one!.run("rm -f /tmp/end; (nc -l -p 7000 > /tmp/got; echo done > /tmp/end) > /dev/null 2>&1 &");
  const sending =
    "for try in 1 2 3 4 5; do nc -w 60 10.0.0.1 7000 < /tmp/sent && break; sleep 0.3; done; md5sum < /tmp/sent";
  const sum = (await other!.run(sending, 120_000)).out;
  const got = await one!.run("until [ -f /tmp/end ]; do sleep 0.1; done; md5sum < /tmp/got", 120_000);
  expect(got.out).toBe(sum);
}

describe("a virtio network card in Linux", () => {
  it("carries large segments whole, in far fewer frames than a wire would take", async () => {
    const machines = await pair();
    for (const machine of machines) await control(machine, "io.reset");
    await transfer(machines);
    const [one, other] = await Promise.all(machines.map(cost));
    // in the mean more bytes than a frame of the link's MTU has
    expect(other!.bytes / other!.packets!.sent).toBeGreaterThan(1514);
    expect(other!.packets!.sent).toBeLessThan(ON_A_WIRE);
    expect(one!.packets!.received).toBe(other!.packets!.sent);
    expect(one!.packets!.dropped).toBe(0);
    expect(other).toMatchObject({ model: "virtio-net", name: "eth0", copied: other!.bytes });
    // several frames to a notification, and no interrupt for each
    expect(other!.notifications).toBeLessThan(other!.packets!.sent + 20);
    const { out } = await machines[0]!.run("cat /sys/class/net/eth0/statistics/rx_packets /sys/class/net/eth0/mtu");
    expect(Number(out.split("\n")[0])).toBeGreaterThanOrEqual(one!.packets!.received);
    expect(out.split("\n")[1]).toBe("1500");
  });

  it("is read like any other ring, with what its headers say, and has no slow motion", async () => {
    const [one, other] = await pair();
    const { rings } = (await one!.host.probe(other!.spec.name, "ring.list", {})) as RingList;
    const names = rings.filter(({ device }) => device === "network").map(({ ring, connected }) => [ring, connected]);
    const ring = (queue: number) => `virtio:${other!.spec.name}/eth0/${queue}`;
    expect(names).toEqual([0, 1, 2].map((queue) => [ring(queue), true]));
    const state = (queue: number) =>
      one!.host.probe(other!.spec.name, "ring.state", { ring: ring(queue) }) as Promise<RingState>;
    const receive = await state(0);
    expect(receive.slots.filter(({ state }) => state === "requested").length).toBeGreaterThan(100);
    expect(receive.virtqueue!.eventIdx).toBe(true);
    expect(receive.pace.available).toBe(false);
    await one!.host.probe(other!.spec.name, "io.trace", {});
    const before = (await state(1)).counters.requests;
    expect((await other!.run("ping -c 3 -i 0.1 10.0.0.1", 30_000)).exit).toBe(0);
    expect((await state(1)).counters.requests).toBeGreaterThanOrEqual(before + 3);
    const { events } = (await one!.host.probe(other!.spec.name, "io.trace", {})) as IoTrace;
    const told = events.filter((event) => event.ring === ring(1)).map(({ kind, detail }) => `${kind} ${detail}`);
    expect(told).toContain("request send 98 bytes");
    expect(events.some((event) => event.ring === ring(0) && event.detail.startsWith("received 98 bytes"))).toBe(true);
    await expect(control(other!, "io.pace", { ring: ring(1), latency: 5 })).rejects.toThrow(/no slow motion/);
  });

  it("loses its carrier when the cable is pulled, and has it back", async () => {
    const [one, other] = await pair();
    const { name } = other!.spec;
    // operstate follows the carrier at the kernel's own pace (RFC 2863; linkwatch), and NO-CARRIER follows operstate
    const state = async (carrier: number, operstate: string) => {
      const there = `[ "$(cat carrier operstate | tr '\\n' ' ')" = "${carrier} ${operstate} " ]`;
      const looking = `cd /sys/class/net/eth0; until ${there}; do sleep 0.05; done; ip link show eth0`;
      return (await other!.run(looking, 30_000)).out;
    };
    expect(await state(1, "up")).not.toContain("NO-CARRIER");
    await one!.host.networkControl("network.cable", { machine: name, nic: 0, plugged: false });
    expect(await state(0, "down")).toContain("NO-CARRIER");
    expect((await other!.run("ping -c 1 -W 1 10.0.0.1", 30_000)).exit).not.toBe(0);
    await one!.host.networkControl("network.cable", { machine: name, nic: 0, plugged: true });
    expect(await state(1, "up")).not.toContain("NO-CARRIER");
    expect(await other!.run("ping -c 1 -W 10 10.0.0.1", 30_000)).toMatchObject({ exit: 0 });
  });

  it("has the link's MTU, and is told of no other", async () => {
    const machines = await pair({ link: { mtu: 9000 } });
    expect((await machines[0]!.run("cat /sys/class/net/eth0/mtu")).out).toBe("9000\n");
    expect(await machines[1]!.run("ping -c 1 -W 10 -s 8900 10.0.0.1", 30_000)).toMatchObject({ exit: 0 });
    expect((await report(machines[0]!)).dropped).toEqual({});
    await transfer(machines);
    expect((await machines[0]!.run("ip link set eth0 mtu 9001")).exit).not.toBe(0);
  });

  it("sends nothing but whole frames without offloads, and understands one that has them", async () => {
    const machines = await pair({ more: [{}, { options: ["offloads=off"] }] });
    for (const machine of machines) await control(machine, "io.reset");
    await transfer(machines);
    const without = await cost(machines[1]!);
    expect(without.packets!.sent).toBeGreaterThan(ON_A_WIRE);
    await machines[1]!.run("(nc -l -p 7001 > /tmp/back; echo done > /tmp/end) > /dev/null 2>&1 &");
    const sum = (
      await machines[0]!.run(
        "for try in 1 2 3 4 5; do nc -w 60 10.0.0.2 7001 < /tmp/got && break; sleep 0.3; done; md5sum < /tmp/got",
        120_000,
      )
    ).out;
    const back = await machines[1]!.run("until [ -f /tmp/end ]; do sleep 0.1; done; md5sum < /tmp/back", 120_000);
    expect(back.out).toBe(sum);
    expect((await report(machines[0]!)).dropped.malformed).toBeUndefined();
  });

  it("filters by address until it is to be promiscuous, and goes by another address when it is given one", async () => {
    const [one, other] = await pair();
    const received = async () => (await cost(one!)).packets!.received;
    const stranger =
      "ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:99 dev eth0 nud permanent; ping -c 3 -i 0.1 -W 1 10.0.0.9";
    await control(one!, "io.reset");
    await other!.run(stranger, 30_000);
    expect(await received()).toBe(0);
    await one!.run("ip link set eth0 promisc on");
    await other!.run(stranger, 30_000);
    expect(await received()).toBe(3);
    const renamed =
      "ip link set eth0 promisc off; ip link set eth0 address 02:00:00:00:00:77; cat /sys/class/net/eth0/address";
    expect((await one!.run(renamed)).out).toBe("02:00:00:00:00:77\n");
    expect(await other!.run("ip neigh flush dev eth0; ping -c 1 -W 10 10.0.0.1", 30_000)).toMatchObject({ exit: 0 });
    expect((await other!.run("ip neigh show 10.0.0.1")).out).toContain("02:00:00:00:00:77");
  });

  it("is one of four, in the spec's order; each goes where it is plugged in", async () => {
    const nics = [1, 2, 3, 4].map((card) => ({
      ...{ mac: `02:00:00:02:00:0${card}`, model: "virtio" as const },
      ...(card < 4 && { link: card === 3 ? "four-b" : "four-a" }),
    }));
    const four = await guest({ name: "four", nics });
    const peer = await guest({ name: "peer", nics: [{ mac: "02:00:00:02:00:0a", model: "virtio", link: "four-b" }] });
    await four.start();
    await peer.start();
    const { out } = await four.run("for c in 0 1 2 3; do ip link set eth$c up; cat /sys/class/net/eth$c/address; done");
    expect(out.trim().split("\n")).toEqual(nics.map(({ mac }) => mac));
    expect((await four.run("cat /sys/class/net/eth3/carrier")).out).toBe("0\n"); // nobody's cable
    await peer.run("ip address add 10.0.2.2/24 dev eth0; ip link set eth0 up");
    const ping = await four.run("ip address add 10.0.2.1/24 dev eth2; ping -c 2 -W 10 10.0.2.2", 30_000);
    expect(ping).toMatchObject({ exit: 0 });
    expect(await four.run("ip address add 10.0.1.1/24 dev eth0; ping -c 1 -W 1 10.0.1.2", 30_000)).toMatchObject({
      exit: 1,
    });
  });

  it("goes on where it was when its machine is put back, with its cable as it is then", async () => {
    const machines = await pair();
    const [one, other] = machines;
    const saved = await other!.host.snapshot(other!.spec.name);
    await transfer(machines);
    await other!.host.networkControl("network.cable", { machine: other!.spec.name, nic: 0, plugged: false });
    await other!.host.restore(other!.spec.name, saved);
    const down = 'until [ "$(cat /sys/class/net/eth0/carrier)" = 0 ]; do sleep 0.05; done';
    expect((await other!.run(down, 30_000)).exit).toBe(0);
    await other!.host.networkControl("network.cable", { machine: other!.spec.name, nic: 0, plugged: true });
    expect(await one!.run("ping -c 2 -i 0.2 -W 10 10.0.0.2", 30_000)).toMatchObject({ exit: 0 });
    await transfer(machines);
  });

  it("is there again when its driver is bound anew", async () => {
    const [one, other] = await pair();
    const again = await other!.run(
      `set -e; cd /sys/bus/virtio/drivers/virtio_net; d=$(ls -d virtio* | head -n 1); echo $d > unbind
       [ ! -e /sys/class/net/eth0 ]; echo $d > bind; ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up
       ping -c 2 -i 0.2 -W 10 10.0.0.1`,
      60_000,
    );
    expect(again).toMatchObject({ exit: 0 });
    expect((await cost(one!)).packets!.dropped).toBe(0);
  });

  it("is not one more than there may be, nor one with an offload that nobody has", async () => {
    const nic = (card: number) => ({ mac: `02:00:00:03:00:0${card}`, model: "virtio" as const });
    expect(() => machineSpec({ name: "five", image: "linux", nics: [1, 2, 3, 4, 5].map(nic) })).toThrow(
      /network cards/,
    );
    const wrong = await guest({ name: "wrong", nics: [nic(1)], options: ["offloads=eth7"] });
    await expect(wrong.start()).rejects.toThrow(/names no virtio card/);
  });
});
