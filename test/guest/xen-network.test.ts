import { afterEach, describe, expect, it } from "vitest";
import type { DeviceCost, IoCosts, RingState } from "../../src/probe/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();
let machines = 0;

/** Machines of the test: switched off after it, as a save point is of all guests of the host. */
const running: TestGuest[] = [];
afterEach(async () => {
  for (const { host, spec } of running.splice(0)) await host.stop(spec.name);
});

interface Kind {
  readonly image: string;
  readonly model: "xen" | "virtio";
  readonly options?: string[];
}
const XEN: Kind = { image: "linux-xen", model: "xen" };
const PLAIN: Kind = { image: "linux", model: "virtio" };

/** Two machines on a link of their own, with addresses. */
async function pair(link: string, ...kinds: readonly [Kind, Kind]): Promise<readonly [TestGuest, TestGuest]> {
  const made = kinds.map(async ({ image, model, options = [] }, index) => {
    const mac = `02:00:00:00:00:${(++machines).toString(16).padStart(2, "0")}`;
    const one = await guest({ name: `${link}-${index + 1}`, image, nics: [{ mac, model, link }], options });
    running.push(one);
    await one.start();
    await says(one, `ip addr add 10.0.0.${index + 1}/24 dev eth0; ip link set eth0 up`);
    return one;
  });
  return [await made[0]!, await made[1]!];
}

async function says(made: TestGuest, script: string): Promise<string> {
  const { exit, out, err } = await made.run(script, 120_000);
  expect([exit, err]).toEqual([0, expect.any(String)]);
  return out.trim();
}

async function vif(made: TestGuest): Promise<DeviceCost> {
  const { devices } = (await made.host.probe(made.spec.name, "io.costs", {})) as IoCosts;
  return devices.find(({ model }) => model === "xen-vif")!;
}

const ring = async (made: TestGuest, direction: "tx" | "rx") =>
  (await made.host.probe(made.spec.name, "ring.state", { ring: `vif:${made.spec.name}/0/${direction}` })) as RingState;

/** Sends a megabyte over TCP from one machine to the other. @returns true when it arrived whole */
async function carries(from: TestGuest, to: TestGuest, address: string): Promise<boolean> {
  await says(to, "rm -f /tmp/got; (nc -l -p 5000 > /tmp/got < /dev/null; touch /tmp/done) > /dev/null 2>&1 &");
  await says(to, "until netstat -ltn | grep -q :5000; do sleep 0.1; done");
  const sum = "[ -e /tmp/file ] || dd if=/dev/urandom of=/tmp/file bs=64k count=16 2>/dev/null; md5sum < /tmp/file";
  const sent = await says(from, sum);
  await says(from, `nc ${address} 5000 < /tmp/file`);
  const got = await says(to, "until [ -e /tmp/done ]; do sleep 0.1; done; rm /tmp/done; md5sum < /tmp/got");
  return sent === got;
}

describe("Linux's netfront on this program's backend", () => {
  it.each<[string, string, string[], { readonly large: boolean; readonly notifications: "split" | "together" }]>([
    ["offloads", "on", [], { large: true, notifications: "split" }],
    ["no offloads", "off", ["offloads=off"], { large: false, notifications: "split" }],
    ["one event channel", "one", ["split=off"], { large: true, notifications: "together" }],
  ])("pings and carries TCP with %s", async (_, link, options, { large, notifications }) => {
    const [a, b] = await pair(link, { ...XEN, options }, { ...XEN, options });
    expect(await says(a, "ping -c 3 -W 5 10.0.0.2")).toContain("3 packets received");
    for (const each of [a, b]) await each.host.control(each.spec.name, "io.reset", {});
    expect(await carries(a, b, "10.0.0.2")).toBe(true);

    const cost = await vif(a);
    const mean = (await ring(a, "tx")).counters.bytes / cost.packets!.sent;
    if (large) expect(mean).toBeGreaterThan(4000);
    else expect(mean).toBeLessThanOrEqual(1514);
    expect(cost.packets!.dropped).toBe(0);
    const [tx, rx] = [await ring(a, "tx"), await ring(a, "rx")];
    expect([tx.fault, rx.fault]).toEqual([undefined, undefined]);
    const channels = await says(a, "xenstore-list device/vif/0 | grep -c event-channel");
    expect(channels).toBe(notifications === "split" ? "2" : "1");
  });

  it("speaks with a virtio card on the same link, both ways", async () => {
    const [xen, plain] = await pair("mixed", XEN, PLAIN);
    expect(await says(xen, "ping -c 2 -W 5 10.0.0.2")).toContain("2 packets received");
    expect(await carries(xen, plain, "10.0.0.2")).toBe(true);
    expect(await carries(plain, xen, "10.0.0.1")).toBe(true);
    expect((await ring(xen, "tx")).counters.bytes / (await vif(xen)).packets!.sent).toBeGreaterThan(1514);
    // Whatever left the Xen guest in one piece reached the other in pieces of its card's size.
    expect(Number(await says(plain, "cat /sys/class/net/eth0/statistics/rx_bytes"))).toBeGreaterThan(1 << 20);
    const segmentsInError = "awk '/^Tcp:/ && $2 != \"RtoAlgorithm\" { print $14 }' /proc/net/snmp";
    expect(await says(plain, segmentsInError)).toBe("0");
  });

  it("goes on from a save point in the middle of a stream", async () => {
    const [a, b] = await pair("saved", XEN, XEN);
    await a.host.control(a.spec.name, "io.pace", { ring: `vif:${a.spec.name}/0/tx`, latency: 5 });
    await says(b, "(nc -l -p 5000 > /tmp/got < /dev/null; touch /tmp/done) > /dev/null 2>&1 &");
    await says(b, "until netstat -ltn | grep -q :5000; do sleep 0.1; done");
    await says(
      a,
      "dd if=/dev/urandom of=/tmp/file bs=64k count=8 2>/dev/null; (nc 10.0.0.2 5000 < /tmp/file) > /dev/null 2>&1 &",
    );
    await expect.poll(() => says(b, "wc -c < /tmp/got"), { timeout: 60_000 }).not.toBe("0");
    const saved = await a.host.snapshot(a.spec.name);
    await says(b, "rm /tmp/got");
    await a.host.restore(b.spec.name, saved);
    await a.host.control(a.spec.name, "io.pace", { ring: `vif:${a.spec.name}/0/tx`, latency: 0 });
    const sent = await says(a, "md5sum < /tmp/file");
    expect(await says(b, "until [ -e /tmp/done ]; do sleep 0.1; done; md5sum < /tmp/got")).toBe(sent);
  });

  it("is unplugged and plugged in again, and found by its own driver after it was let go", async () => {
    const [a] = await pair("again", XEN, XEN);
    const nic = { nic: "eth0" };
    await a.host.control(a.spec.name, "xen.detach", nic);
    await says(a, "until [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done");
    await a.host.control(a.spec.name, "xen.attach", nic);
    const up =
      "until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done; ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up";
    expect(await says(a, `${up}; ping -c 1 -W 5 10.0.0.2`)).toContain("1 packets received");
    const driver = "/sys/bus/xen/drivers/vif";
    await says(a, `echo vif-0 > ${driver}/unbind; echo vif-0 > ${driver}/bind`);
    expect(await says(a, `${up}; ping -c 1 -W 5 10.0.0.2`)).toContain("1 packets received");
  });
});
