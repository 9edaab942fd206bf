import { describe, expect, it } from "vitest";
import type { RingList, RingState, XenDomains, XenStoreTree } from "../../src/probe/io/types.ts";
import { XenPlatform } from "../../src/xen/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const platform = new XenPlatform();
const guest = guests({ platform });

const RING = "vbd:domU/xvda";

/** A driver domain with a disk of its own, and a bridge. Guests of an earlier test are switched off unless they stay. */
async function driver(stays: readonly string[] = []): Promise<TestGuest> {
  const dom0 = await guest({
    name: "dom0",
    image: "linux-dom0",
    layers: ["disk"],
    disks: [{ name: "vda", size: 8, model: "virtio" }],
  });
  for (const name of ["domU", "domV"]) if (!stays.includes(name)) await dom0.host.stop(name);
  await dom0.start();
  await dom0.run("ip link add xenbr0 type bridge; ip link set xenbr0 up; ip addr add 10.0.0.9/24 dev xenbr0");
  return dom0;
}

/** A guest whose disk is the driver domain's, and whose card is on its bridge. */
async function frontend(
  name: string,
  last: number,
  more: { source?: string } = { source: "/dev/vda" },
): Promise<TestGuest> {
  const domU = await guest({
    name,
    image: "linux-xen",
    layers: ["disk"],
    disks: [{ name: "xvda", size: 8, model: "xen", backend: "dom0", ...more }],
    nics: [{ mac: `00:16:3e:00:00:0${last}`, model: "xen", backend: "dom0" }],
  });
  await domU.start();
  await domU.run(`ip addr add 10.0.0.${last}/24 dev eth0; ip link set eth0 up`);
  return domU;
}

const probe = <T>(of: TestGuest, name: string, args: Record<string, unknown> = {}): Promise<T> =>
  of.host.probe(of.spec.name, name, args) as Promise<T>;

const until = (condition: string) => `for i in $(seq 600); do ${condition} && break; sleep 0.1; done; ${condition}`;
const pings = (address: string) => until(`ping -c 1 -W 1 ${address} > /dev/null`);
const MOUNT = "mkfs.ext2 /dev/xvda > /dev/null 2>&1; mkdir -p /mnt; modprobe ext4; mount /dev/xvda /mnt";

describe("a driver domain", () => {
  it("serves disks and cards by Linux's own backends, its hotplug scripts and all", async () => {
    const dom0 = await driver();
    const domU = await frontend("domU", 1);
    const { out: tree } = await dom0.run("xenstore-ls -f /local/domain/0/backend; cat /proc/modules; ip -br link");
    expect(tree).toMatch(/vbd\/1\/51712\/state = "4"/);
    expect(tree).toMatch(/vbd\/1\/51712\/hotplug-status = "connected"/);
    expect(tree).toMatch(/vif\/1\/0\/state = "4"/);
    expect(tree).toMatch(/^vif1\.0\s+UP/m);
    expect(tree).toMatch(/^xen_blkback /m);
    await domU.run(`${MOUNT}; echo written in domU > /mnt/f; umount /mnt`, 60_000);
    const { out } = await dom0.run(
      "modprobe ext4; mkdir -p /mnt; mount -o ro /dev/vda /mnt && cat /mnt/f; umount /mnt",
      60_000,
    );
    expect(out).toBe("written in domU\n");
    expect((await domU.run(pings("10.0.0.9"), 90_000)).exit).toBe(0);
  });

  it("has a file made for a disk that names no source", async () => {
    const dom0 = await driver();
    const domU = await frontend("domU", 1, {});
    const { out } = await dom0.run("ls -s /srv; losetup -a");
    expect(out).toContain("domU-xvda.img");
    expect((await domU.run("cat /sys/block/xvda/size")).out).toBe("16384\n");
    await domU.run("echo in the file | dd of=/dev/xvda conv=fsync 2> /dev/null", 30_000);
    expect((await dom0.run("head -n 1 /srv/domU-xvda.img")).out).toBe("in the file\n");
  });

  it("carries TCP between two guests over its bridge", async () => {
    await driver();
    const [domU, domV] = [await frontend("domU", 1), await frontend("domV", 2, {})];
    expect((await domU.run(pings("10.0.0.2"), 90_000)).exit).toBe(0);
    const server = domV.run("tput s 5001", 60_000);
    const client = await domU.run(until("tput c 10.0.0.2 5001 5"), 60_000);
    const sent = /bytes=(\d+)/.exec(client.out)![1]!;
    expect(Number(sent)).toBeGreaterThan(1_000_000);
    expect((await server).out).toContain(`bytes=${sent} `);
  });

  it("shows its rings with the private indices of both kernels", async () => {
    const dom0 = await driver();
    const domU = await frontend("domU", 1);
    await domU.run("qd /dev/xvda 8 400 4096 r", 60_000);
    const { rings } = await probe<RingList>(dom0, "ring.list");
    expect(rings.find(({ ring }) => ring === RING)).toMatchObject({ front: "domU", back: "dom0", connected: true });
    const state = await probe<RingState>(domU, "ring.state", { ring: RING });
    const index = (name: string) => state.indices.find((one) => one.name === name)?.value;
    expect(index("req_prod")).toBeGreaterThanOrEqual(400);
    for (const name of ["req_prod_pvt", "req_cons", "rsp_prod_pvt", "rsp_cons", "rsp_prod"]) {
      expect(index(name), name).toBe(index("req_prod"));
    }
    expect(state.pace.available).toBe(false);
    await domU.run("qd /dev/xvda 8 400 4096 r", 60_000);
    const { batches } = await probe<RingState>(domU, "ring.state", { ring: RING });
    for (const direction of ["front-to-back", "back-to-front"] as const) {
      const sizes = batches.filter((batch) => batch.direction === direction).map(({ entries }) => entries);
      expect(
        sizes.reduce((sum, entries) => sum + entries, 0),
        direction,
      ).toBeGreaterThan(300);
      expect(Math.max(...sizes), direction).toBeGreaterThan(1);
    }
    expect(state.counters.notifications).toBeLessThan(state.counters.requests);
    const domains = await probe<XenDomains>(domU, "xen.domains");
    expect(domains.domains.map(({ id, name, kind }) => [id, name, kind])).toEqual([
      [0x7fef, "host", "host"],
      [0, "dom0", "guest"],
      [platform.toolstack.get("domU").guest.id, "domU", "guest"],
    ]);
    expect(domains.channels.some(({ use, ends }) => use === "vbd/51712" && ends[0].domain === 0)).toBe(true);
    expect(domains.grants.find(({ to }) => to === 0)!.mapped).toBeGreaterThan(0);
    await expect(domU.host.control("domU", "io.pace", { ring: RING, stepping: true })).rejects.toThrow(
      "no slow motion",
    );
  });

  it("goes back to a save point together with the guests it serves, also when it was started after them", async () => {
    await driver();
    const domU = await frontend("domU", 1);
    const dom0 = await driver(["domU"]);
    await domU.run(`${MOUNT}; echo then > /mnt/f; sync`, 60_000);
    const saved = await domU.host.snapshot("domU");
    await domU.run("echo now > /mnt/f; sync; umount /mnt", 60_000);
    await dom0.run("ip link del xenbr0");
    await domU.host.restore("domU", saved);
    await domU.run("echo more >> /mnt/f; sync; echo 3 > /proc/sys/vm/drop_caches", 60_000);
    expect((await domU.run("cat /mnt/f", 60_000)).out).toBe("then\nmore\n");
    expect((await domU.run(pings("10.0.0.9"), 90_000)).exit).toBe(0);
  });

  it("is restarted under a mounted file system: the frontends find the new one, and their requests go on", async () => {
    const dom0 = await driver();
    const domU = await frontend("domU", 1);
    await domU.run(`${MOUNT}; echo before > /mnt/f; sync`, 60_000);
    await dom0.host.stop("dom0");
    const stuck = domU.run(
      "echo 3 > /proc/sys/vm/drop_caches; cat /mnt/f; echo after > /mnt/g; sync; cat /mnt/g",
      110_000,
    );
    const waiting = async () => {
      const { connected, back, slots } = await probe<RingState>(domU, "ring.state", { ring: RING });
      return { connected, back, requested: slots.some(({ state }) => state === "requested") };
    };
    await expect.poll(waiting, { timeout: 60_000 }).toEqual({ connected: false, back: "dom0", requested: true });
    await driver(["domU"]);
    expect((await stuck).out).toBe("before\nafter\n");
    const tree = await probe<XenStoreTree>(domU, "xen.store", { path: "/local/domain/0/backend/vbd" });
    expect(tree.nodes.find(({ path }) => path.endsWith("/state"))?.value).toBe("4");
  });

  it("stays connected to a guest that is suspended and goes on where it was", async () => {
    await driver();
    const domU = await frontend("domU", 1);
    await domU.run(`${MOUNT}; echo before > /mnt/f; sync`, 60_000);
    await domU.host.control("domU", "xen.shutdown", { reason: "suspend" });
    expect((await domU.run(until("dmesg | grep -q 'Restarting tasks'"), 90_000)).exit).toBe(0);
    const { out } = await domU.run("echo after >> /mnt/f; sync; echo 3 > /proc/sys/vm/drop_caches; cat /mnt/f", 60_000);
    expect(out).toBe("before\nafter\n");
    expect((await domU.run(pings("10.0.0.9"), 90_000)).exit).toBe(0);
  });

  it("takes devices away and brings them while both run", async () => {
    const dom0 = await driver();
    const domU = await frontend("domU", 1);
    await domU.host.control("domU", "xen.detach", { nic: "eth0" });
    expect((await domU.run(until("[ ! -e /sys/class/net/eth0 ]"), 90_000)).exit).toBe(0);
    const vif = `vif${platform.toolstack.get("domU").guest.id}.0`;
    expect((await dom0.run(until(`[ ! -e /sys/class/net/${vif} ]`), 90_000)).exit).toBe(0);
    expect(platform.toolstack.get("domU").device.get("eth0")!.attached).toBe(false);
    await domU.host.control("domU", "xen.attach", { nic: "eth0" });
    expect((await dom0.run(until(`[ -e /sys/class/net/xenbr0/brif/${vif} ]`), 90_000)).exit).toBe(0);
  });

  it("has to be there before those it serves, and is the only one", async () => {
    const dom0 = await driver();
    const second = await guest({ name: "dom1", image: "linux-dom0" });
    await expect(second.start()).rejects.toThrow("`dom0` is it");
    for (const name of ["dom0", "domU", "domV"]) await dom0.host.stop(name);
    await expect(frontend("domU", 1)).rejects.toThrow("start `dom0` first");
  });
});
