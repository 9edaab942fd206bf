import { describe, expect, it } from "vitest";
import type { MachineSpec, NicSpec } from "../../src/machine/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();

/** Two running machines on a link of their own, with addresses 10.0.0.1 and 10.0.0.2. */
async function pair(link: string, model: NicSpec["model"], more: Partial<MachineSpec> = {}): Promise<TestGuest[]> {
  const machines = await Promise.all(
    [1, 2].map((number) => {
      const mac = `02:00:00:00:${link.length.toString(16).padStart(2, "0")}:0${number}`;
      return guest({ name: `${link}${number}`, nics: [{ mac, model, link }], ...more });
    }),
  );
  for (const [index, machine] of machines.entries()) {
    await machine.start();
    // without IPv6 nobody says anything on the link that was not asked for
    const quiet = "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1";
    await machine.run(`${quiet} && ip address add 10.0.0.${index + 1}/24 dev eth0 && ip link set eth0 up`, 30_000);
  }
  return machines;
}

describe.each([
  { model: "virtio", lines: 100_000 },
  { model: "ne2k", lines: 30_000 },
] as const)("a link between cards of model $model", ({ model, lines }) => {
  it("carries frames, and a transfer comes whole", async () => {
    const [one, other] = await pair(`${model}-lan`, model);
    expect((await one!.run("cat /sys/class/net/eth0/address")).out).toBe(`${one!.spec.nics[0]!.mac}\n`);
    expect(await one!.run("ping -c 3 -i 0.2 -W 5 10.0.0.2", 30_000)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("3 packets transmitted, 3 packets received"),
    });
    await one!.run(`seq ${lines} > /tmp/sent`);
    await other!.run("(nc -l -p 7000 > /tmp/got; echo done > /tmp/end) > /dev/null 2>&1 &");
    await one!.run("nc -w 30 10.0.0.2 7000 < /tmp/sent", 60_000);
    const sum = (await one!.run("md5sum < /tmp/sent")).out;
    expect((await other!.run("until [ -f /tmp/end ]; do sleep 0.1; done; md5sum < /tmp/got", 60_000)).out).toBe(sum);
  });

  it("hands a save point over with what was under way: the machines find each other again", async () => {
    const [one, other] = await pair(`${model}-saved`, model);
    await one!.run("ping -c 1 -W 5 10.0.0.2", 30_000);
    const state = await other!.host.snapshot(other!.spec.name);
    await other!.host.restore(other!.spec.name, state);
    expect((await one!.run("ping -c 2 -i 0.2 -W 5 10.0.0.2", 30_000)).exit).toBe(0);
    expect((await other!.run("ping -c 2 -i 0.2 -W 5 10.0.0.1", 30_000)).exit).toBe(0);
  });
});

describe("a link inside a host", () => {
  it("is another for another name, and one end of it goes with its machine", async () => {
    const [one] = await pair("east", "virtio");
    const [, west] = await pair("west", "virtio");
    expect((await one!.run("ping -c 1 -W 5 10.0.0.2", 30_000)).exit).toBe(0);
    const before = (await west!.run("cat /sys/class/net/eth0/statistics/rx_packets")).out;
    expect((await one!.run("ping -c 2 -W 1 10.0.0.2", 30_000)).exit).toBe(0);
    expect((await west!.run("cat /sys/class/net/eth0/statistics/rx_packets")).out).toBe(before);
    await one!.host.stop("east2");
    expect((await one!.run("ping -c 1 -W 1 10.0.0.2", 30_000)).exit).toBe(1);
  });

  it("waits for a machine that stands still: nothing reaches it before it goes on", async () => {
    const [one, other] = await pair("still", "virtio");
    await one!.run("ping -c 1 -W 5 10.0.0.2", 30_000);
    await one!.host.pause("still2");
    const { instructions } = await one!.host.meters("still2");
    const ping = one!.run("ping -c 1 -W 20 10.0.0.2", 30_000);
    await one!.run("sleep 0.5");
    expect((await one!.host.meters("still2")).instructions).toBe(instructions);
    await other!.host.resume("still2");
    expect((await ping).exit).toBe(0);
  });
});
