import { describe, expect, it } from "vitest";
import type {
  IoCosts,
  IoTrace,
  RingList,
  RingSlot,
  RingState,
  XenDomains,
  XenStoreTree,
} from "../../src/probe/io/types.ts";
import { XenPlatform } from "../../src/xen/index.ts";
import { imagesWith } from "./changed-images.ts";
import { guests, type TestGuest } from "./guest.ts";

const platform = new XenPlatform();
const guest = guests({ platform });

const DEVICES = {
  image: "linux-xen",
  layers: ["disk"],
  disks: [
    { name: "xvda", size: 8, model: "xen" },
    { name: "xvdb", size: 4, model: "xen" },
  ],
  nics: [{ mac: "00:16:3e:00:00:01", model: "xen", link: "lan" }],
} as const;

const RING = "vbd:domU/xvda";

/** A guest with two disks and a card, started. */
async function started(name = "domU"): Promise<TestGuest> {
  const domU = await guest({ name, ...DEVICES });
  await domU.start();
  return domU;
}

/** Its domain's id: a started machine gets a new one. */
const idOf = (domU: TestGuest): number => platform.toolstack.get(domU.spec.name).guest.id;

const probe = <T>(domU: TestGuest, name: string, args: Record<string, unknown> = {}): Promise<T> =>
  domU.host.probe(domU.spec.name, name, args) as Promise<T>;

/** Waits in the guest until a command succeeds there, a minute at most. */
const until = (condition: string) => `for i in $(seq 600); do ${condition} && break; sleep 0.1; done; ${condition}`;

describe("Linux on Xen", () => {
  it("says that it is paravirtualized, and finds its disk, its card and its hypervisor", async () => {
    const domU = await started();
    const { out } = await domU.run(
      "dmesg; cat /sys/hypervisor/type /sys/hypervisor/version/*; cat /proc/xen/capabilities",
    );
    expect(out).toContain("Hypervisor detected: Xen HVM");
    expect(out).toContain("Booting paravirtualized kernel on Xen HVM");
    expect(out).toContain("Xen HVM callback vector for event delivery is enabled");
    expect(out).toMatch(/blkfront: xvda: .*persistent grants: enabled; indirect descriptors: enabled/);
    expect(out).toMatch(/^xen\n\.0-ringside\n4\n17\n/m);
    const devices = await domU.run(
      "cat /sys/block/xvda/size; cat /sys/class/net/eth0/address; xenstore-read name domid",
    );
    expect(devices.out).toBe(`16384\n00:16:3e:00:00:01\ndomU\n${idOf(domU)}\n`);
    const { out: uuid } = await domU.run("cat /sys/hypervisor/uuid");
    expect(uuid).toMatch(/^00000000-0000-4000-8000-00000000000\d\n$/);
  });

  it("keeps a file system on its disk, which the host's disk holds", async () => {
    const domU = await started();
    const { out } = await domU.run(
      `set -e; mkfs.ext2 /dev/xvda > /dev/null 2>&1; mkdir -p /mnt; modprobe ext4; mount /dev/xvda /mnt
       head -c 1000000 /dev/urandom > /mnt/noise; sync; md5sum < /mnt/noise
       echo 3 > /proc/sys/vm/drop_caches; md5sum < /mnt/noise; umount /mnt`,
      60_000,
    );
    const [written, read] = out.split("\n");
    expect(read).toBe(written);
    const costs = await probe<IoCosts>(domU, "io.costs");
    const disk = costs.devices.find(({ name }) => name === "xvda")!;
    expect(disk.sectors!.written).toBeGreaterThanOrEqual(1000000 / 512);
    expect(disk.exitsTotal).toBe(disk.notifications + disk.interrupts);
  });

  it("gives memory up when its target falls, and takes it back", async () => {
    const domU = await started();
    const free = "awk '/MemTotal/ {print $2}' /proc/meminfo";
    const before = Number((await domU.run(free)).out);
    await domU.host.control("domU", "xen.memory", { kib: 48 << 10 });
    const small = await domU.run(until(`[ $(${free}) -le ${before - (15 << 10)} ]`), 90_000);
    expect(small.exit).toBe(0);
    const memory = async () =>
      (await probe<XenDomains>(domU, "xen.domains")).domains.find(({ name }) => name === "domU")!.memory;
    expect(await memory()).toEqual({ now: 48 << 10, target: 48 << 10, most: 64 << 10 });
    await domU.host.control("domU", "xen.memory", { kib: 64 << 10 });
    expect((await domU.run(until(`[ $(${free}) -ge ${before} ]`), 90_000)).exit).toBe(0);
    expect((await memory()).now).toBe(64 << 10);
    await expect(domU.host.control("domU", "xen.memory", { kib: 1 })).rejects.toThrow("24576 to 65536 KiB");
  });

  it("loses and gets devices while it runs, and leaves nothing granted or bound behind", async () => {
    const domU = await started();
    const held = async () => {
      const { domains, grants } = await probe<XenDomains>(domU, "xen.domains");
      const { ports, grantEntries } = domains.find(({ name }) => name === "domU")!;
      return {
        ports: ports.length,
        mapped: grantEntries.mapped,
        granted: grants.reduce((sum, one) => sum + one.granted, 0),
      };
    };
    const before = await held();
    for (const [device, gone] of [
      [{ disk: "xvdb" }, "! -e /dev/xvdb"],
      [{ nic: "eth0" }, "! -e /sys/class/net/eth0"],
    ] as const) {
      await domU.host.control("domU", "xen.detach", device);
      expect((await domU.run(until(`[ ${gone} ]`), 90_000)).exit).toBe(0);
    }
    const without = await held();
    expect(without.ports).toBe(before.ports - 3);
    expect(without.granted).toBeLessThan(before.granted);
    const devices = `/local/domain/${idOf(domU)}/device`;
    const tree = await probe<XenStoreTree>(domU, "xen.store", { path: devices });
    expect(tree.nodes.some(({ path }) => path.startsWith(`${devices}/vbd/51712/`))).toBe(true);
    expect(tree.nodes.some(({ path }) => path.startsWith(`${devices}/vif/`))).toBe(false);
    await domU.host.control("domU", "xen.attach", { disk: "xvdb" });
    await domU.host.control("domU", "xen.attach", { nic: 0 });
    expect((await domU.run(until("[ -b /dev/xvdb -a -e /sys/class/net/eth0 ]"), 90_000)).exit).toBe(0);
    expect((await held()).ports).toBe(before.ports);
    await expect(domU.host.control("domU", "xen.attach", { disk: "xvdb" })).rejects.toThrow("attached already");
    await expect(domU.host.control("domU", "xen.detach", { disk: "xvdz" })).rejects.toThrow("has no Xen device `xvdz`");
  });

  it("is suspended and resumed with a file system mounted: its devices connect anew", async () => {
    const domU = await started();
    await domU.run(
      "mkfs.ext2 /dev/xvda > /dev/null 2>&1; mkdir -p /mnt; modprobe ext4; mount /dev/xvda /mnt; echo before > /mnt/f; sync",
    );
    const handshakes = async () => (await probe<XenStoreTree>(domU, "xen.store")).handshake.length;
    const before = await handshakes();
    await domU.host.control("domU", "xen.shutdown", { reason: "suspend" });
    const resumed = await domU.run(until("dmesg | grep -q 'Restarting tasks'"), 90_000);
    expect(resumed.exit).toBe(0);
    expect(await handshakes()).toBeGreaterThan(before + 8);
    const { out } = await domU.run(
      "grep -c xvda /proc/mounts; echo after >> /mnt/f; sync; echo 3 > /proc/sys/vm/drop_caches; cat /mnt/f; ls /sys/class/net",
    );
    expect(out).toBe("1\nbefore\nafter\neth0\nlo\n");
  });

  it("has a console of Xen's beside its own", async () => {
    const domU = await started();
    const reading = domU.run("head -n 1 /dev/hvc0", 60_000);
    platform.toolstack.get("domU").type(new TextEncoder().encode("typed at hvc0\n"));
    expect((await reading).out).toBe("typed at hvc0\n");
  });

  it("goes back to a save point, rings in the middle of their work and all", async () => {
    const domU = await started();
    await domU.run(
      "mkfs.ext2 /dev/xvda > /dev/null 2>&1; mkdir -p /mnt; modprobe ext4; mount /dev/xvda /mnt; echo then > /mnt/f; sync",
    );
    await domU.run("(while :; do qd /dev/xvdb 8 200 4096 r; done) > /dev/null 2>&1 & echo $! > /tmp/busy");
    const saved = await domU.host.snapshot("domU");
    await domU.run("kill $(cat /tmp/busy); echo now > /mnt/f; sync; umount /mnt");
    await domU.host.restore("domU", saved);
    const { out } = await domU.run(
      "cat /mnt/f; kill $(cat /tmp/busy); echo later > /mnt/f; umount /mnt; mount /dev/xvda /mnt; cat /mnt/f",
    );
    expect(out).toBe("then\nlater\n");
    const { err } = await domU.run(
      "dmesg | grep -iE 'error|bug|warn' | grep -v 'ACPI' >&2; xenstore-write data/x y; xenstore-read data/x",
    );
    expect(err).toBe("");
    await domU.host.control("domU", "xen.memory", { kib: 48 << 10 });
    const total = "awk '/MemTotal/ {print $2}' /proc/meminfo";
    expect((await domU.run(until(`[ $(${total}) -le 46000 ]`), 90_000)).exit).toBe(0);
  });

  it("ends when it is asked to, and when it panics", async () => {
    const domU = await started();
    await domU.host.control("domU", "xen.shutdown", { reason: "poweroff" });
    const stopped = () => domU.events.flatMap((event) => (event.type === "stopped" ? [event.reason] : []));
    await domU.until(() => stopped().length === 1);
    await expect(domU.run("true")).rejects.toThrow("stopped");
    expect(platform.xen.guests.size).toBe(0);
    expect(platform.store.list("/local/domain")).toEqual(["0"]);
    await domU.start();
    expect((await domU.run("xenstore-read domid")).out).toMatch(/^\d+\n$/);
    void domU.run("echo c > /proc/sysrq-trigger").catch(() => {});
    await domU.until(() => stopped().length === 2);
    expect(stopped()).toEqual(["poweroff", "panic"]);
    await expect(domU.host.control("domU", "xen.shutdown", { reason: "explode" })).rejects.toThrow();
  });
});

describe("a ring of a running guest", () => {
  it("is read with both sides' indices, the frontend's from its kernel's memory", async () => {
    const domU = await started();
    const { rings } = await probe<RingList>(domU, "ring.list");
    const xen = rings.filter(({ design }) => design === "xen").map(({ ring }) => ring);
    const consoles = ["console:domU/out", "console:domU/in"];
    expect(xen).toEqual([RING, "vbd:domU/xvdb", "vif:domU/0/tx", "vif:domU/0/rx", ...consoles]);
    await domU.run("qd /dev/xvda 4 100 4096 r", 60_000);
    const state = await probe<RingState>(domU, "ring.state", { ring: RING });
    const index = (name: string) => state.indices.find((one) => one.name === name)?.value;
    expect(index("req_prod_pvt")).toBe(index("req_prod"));
    expect(index("rsp_cons")).toBe(index("rsp_prod"));
    expect(index("req_cons")).toBe(index("req_prod"));
    expect(state.counters.requests).toBeGreaterThanOrEqual(100);
    expect(state.counters.notifications).toBeLessThan(100);
    expect(state.slots).toHaveLength(32);
  });

  it("stands still while it is stepped, slot by slot, and is told in the trace", async () => {
    const domU = await started();
    await probe<IoTrace>(domU, "io.trace");
    await domU.host.control("domU", "io.pace", { ring: RING, stepping: true });
    const write = domU.run("echo one write | dd of=/dev/xvda bs=512 conv=sync oflag=direct 2>&1; echo done", 60_000);
    const state = () => probe<RingState>(domU, "ring.state", { ring: RING });
    const waiting = async () => (await state()).slots.find((one) => one.state === "requested");
    const isWrite = (one: RingSlot | undefined): one is RingSlot => one?.request?.operation === "write";
    let slot = await waiting();
    // opening the disk reads its first sectors; those go by
    for (; !isWrite(slot); slot = await waiting()) {
      await domU.host.control("domU", "io.step", { ring: RING, by: "slot" });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(slot.request?.pages[0]?.head).toMatch(/^6f6e65207772697465/);
    await domU.host.control("domU", "io.step", { ring: RING, by: "slot" });
    expect((await state()).slots[slot.slot]!.state).toBe("serving");
    await domU.host.control("domU", "io.step", { ring: RING, by: "slot" });
    expect((await write).out).toContain("done");
    await domU.host.control("domU", "io.pace", { ring: RING, stepping: false });
    const { events } = await probe<IoTrace>(domU, "io.trace");
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ["notify", "request", "response", "interrupt"] as const) expect(kinds).toContain(kind);
    expect(events.find(({ kind }) => kind === "request")?.ring).toBe(RING);
  });
});

describe("a guest without a vector for its upcalls", () => {
  const own = new XenPlatform();
  const lineGuest = guests({ folder: imagesWith("linux-xen", "xen_no_vector_callback"), platform: own });

  it("takes them by the platform device's interrupt line", async () => {
    const domU = await lineGuest({ name: "domU", ...DEVICES });
    await domU.start();
    const { out } = await domU.run("qd /dev/xvda 4 200 4096 r; grep xen-platform-pci /proc/interrupts; dmesg", 120_000);
    expect(out).toMatch(/^requests=200/);
    expect(out).toMatch(/xen-platform-pci/);
    expect(out).not.toContain("callback vector for event delivery");
    expect(own.xen.guest(1)!.callback).toBe("line");
  });
});
