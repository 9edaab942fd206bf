import { describe, expect, it } from "vitest";
import type { DeviceCost, IoCosts, IoTrace, RingState } from "../../src/probe/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();

const ringOf = (machine: TestGuest, disk: string) => `virtio:${machine.spec.name}/${disk}/0`;

async function ring(machine: TestGuest, disk = "vda"): Promise<RingState> {
  const { host, spec } = machine;
  return (await host.probe(spec.name, "ring.state", { ring: ringOf(machine, disk) })) as RingState;
}

async function cost(machine: TestGuest, device: string): Promise<DeviceCost> {
  const { devices } = (await machine.host.probe(machine.spec.name, "io.costs", {})) as IoCosts;
  return devices.find(({ name }) => name === device)!;
}

const control = (machine: TestGuest, name: string, args: Record<string, unknown> = {}) =>
  machine.host.control(machine.spec.name, name, args);

/** Looks until a ring is as wanted; a real guest is at work meanwhile. */
async function until(machine: TestGuest, wanted: (state: RingState) => boolean, disk?: string): Promise<RingState> {
  for (;;) {
    const state = await ring(machine, disk);
    if (wanted(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const index = (state: RingState, name: string) => state.indices.find((each) => each.name === name)?.value;

/** A guest with a disk that negotiates everything, one without event indices, and one that is never quiet either. */
async function withDisks(name: string): Promise<TestGuest> {
  const disks = ["vda", "vdb", "vdc"].map((disk) => ({ name: disk, size: 8, model: "virtio" as const }));
  const machine = await guest({ name, layers: ["disk"], disks, options: ["eventidx=vda", "quiet=vda-vdb"] });
  await machine.start();
  return machine;
}

describe("a virtio disk in Linux", () => {
  it("saves notifications and interrupts as requests come together, and is read with its driver's own indices", async () => {
    const alpha = await withDisks("depth");
    for (const disk of ["vda", "vdb"]) {
      for (const depth of [1, 2, 4, 8, 16, 32]) {
        await control(alpha, "io.reset");
        const { out } = await alpha.run(`qd /dev/${disk} ${depth} 256 4096 r`, 60_000);
        expect(out).toMatch(/^requests=256 bytes=1048576 microseconds=\d+\n$/);
        const { counters } = await ring(alpha, disk);
        expect(counters.requests).toBeGreaterThan(240);
        expect(counters.responses).toBe(counters.requests);
        // never more than one for each batch of that depth, with some room for those that come apart
        expect(counters.notifications / counters.requests).toBeLessThan(1.2 / depth);
        expect(counters.interrupts / counters.requests).toBeLessThan(1.2 / depth);
        expect(counters.bytes).toBe(256 * 4096);
      }
    }
    const [events, flags] = [await ring(alpha, "vda"), await ring(alpha, "vdb")];
    expect([events.virtqueue!.eventIdx, flags.virtqueue!.eventIdx]).toEqual([true, false]);
    expect(events.notify.map(({ rule }) => rule)).toEqual(["event-idx", "event-idx"]);
    expect(flags.notify.map(({ rule }) => rule)).toEqual(["flags", "flags"]);
    for (const state of [events, flags]) {
      const [avail, last, used, lastUsed] = ["avail.idx", "last_avail_idx", "used.idx", "last_used_idx"].map((name) =>
        index(state, name),
      );
      expect([avail, used, lastUsed]).toEqual([last, last, last]);
      expect(state.slots).toEqual([]);
    }
  });

  it("is notified for every request of many that submit at once only where nothing keeps them from it", async () => {
    const alpha = await withDisks("quiet");
    const rates: number[] = [];
    for (const disk of ["vda", "vdb", "vdc"]) {
      await control(alpha, "io.reset");
      const reader = `dd if=/dev/${disk} of=/dev/null bs=4k count=64 iflag=direct 2> /dev/null &`;
      await alpha.run(`for i in 1 2 3 4 5 6 7 8; do ${reader} done; wait`, 60_000);
      const { counters } = await ring(alpha, disk);
      rates.push(counters.notifications / counters.requests);
    }
    const [events, flags, loud] = rates;
    expect(loud).toBeGreaterThan(2 * events!);
    expect(loud).toBeGreaterThan(2 * flags!);
  });

  it("costs one notification, one interrupt and one look at its status for a request at a time, as Linux counts too", async () => {
    const alpha = await withDisks("cost");
    await alpha.run("dd if=/dev/vda of=/dev/null bs=128k count=1 iflag=direct 2> /dev/null");
    await control(alpha, "io.reset");
    const count = "grep -h virtio /proc/interrupts | grep -v ringside | awk '{ s += $2 } END { print s }'";
    await alpha.run("dd if=/dev/vda of=/dev/null bs=128k count=32 iflag=direct 2> /dev/null", 60_000);
    const vda = await cost(alpha, "vda");
    expect(vda).toMatchObject({
      ...{ model: "virtio-blk", requests: 32, notifications: 32, interrupts: 32, bytes: 32 << 17, copied: 32 << 17 },
      sectors: { read: 32 * 256, written: 0 },
      exits: { "port write": 32, interrupt: 32 },
    });
    expect(vda.ports!.find(({ name }) => name === "queue notify")).toMatchObject({ reads: 0, writes: 32 });
    expect(vda.exits["port read"]).toBeGreaterThanOrEqual(32); // others share its line: their interrupts ask it, too
    expect(Number((await alpha.run(count)).out)).toBeGreaterThan(32);
  });

  it("can be slowed down until its queue is full, and pushes back; data comes right", async () => {
    const alpha = await withDisks("slow");
    const made = "head -c 409600 /dev/urandom > /tmp/noise; dd if=/tmp/noise of=/dev/vda bs=4k 2> /dev/null; sync";
    const { out: wanted } = await alpha.run(`${made}; md5sum < /tmp/noise`, 60_000);
    await control(alpha, "io.pace", { ring: ringOf(alpha, "vda"), latency: 20 });
    await control(alpha, "io.reset");
    const reading = alpha.run("qd /dev/vda 200 200 4096 r", 60_000);
    const full = await until(alpha, ({ counters }) => counters.full > 0);
    expect(full.pace).toEqual({ latency: 20, batch: 0, stepping: false, available: true });
    expect(full.slots.filter(({ state }) => state !== "answered").length).toBeGreaterThan(full.capacity / 2);
    expect(full.slots[0]!.request!.operation).toBe("read");
    await control(alpha, "io.pace", { ring: ringOf(alpha, "vda"), latency: 0 });
    expect((await reading).exit).toBe(0);
    expect((await alpha.run("dd if=/dev/vda bs=4k count=100 iflag=direct 2> /dev/null | md5sum")).out).toBe(wanted);
  });

  it("is stepped: a write is found in its chain, with its bytes, before and after it is served", async () => {
    const alpha = await withDisks("step");
    await control(alpha, "io.pace", { ring: ringOf(alpha, "vda"), stepping: true });
    const writing = alpha.run(
      "printf 'a word for the disk%4077s' '' | dd of=/dev/vda bs=4096 seek=3 oflag=direct conv=notrunc 2> /dev/null",
      60_000,
    );
    const asked = await until(alpha, ({ slots }) => slots.length > 0);
    expect(asked.slots[0]).toMatchObject({ state: "requested", request: { operation: "write" } });
    expect(asked.slots[0]!.request!.fields).toContainEqual({ name: "sector", value: 24 });
    const heads = asked.slots[0]!.request!.pages.map(({ head }) => Buffer.from(head, "hex").toString("latin1"));
    expect(heads.some((head) => head.startsWith("a word for the disk"))).toBe(true);
    expect(asked.virtqueue!.descriptors[asked.slots[0]!.slot]!.indirect).toBe(true);

    const step = () => control(alpha, "io.step", { ring: ringOf(alpha, "vda"), by: "slot" });
    expect(await step()).toEqual({ stepped: true });
    expect((await ring(alpha)).slots[0]!.state).toBe("serving");
    expect(await step()).toEqual({ stepped: true });
    expect((await writing).exit).toBe(0);
    await control(alpha, "io.pace", { ring: ringOf(alpha, "vda"), stepping: false });
    expect((await alpha.run("dd if=/dev/vda bs=4096 skip=3 count=1 2> /dev/null | head -c 10")).out).toBe("a word for");
    const { events } = (await alpha.host.probe("step", "io.trace", {})) as IoTrace;
    const kinds = events.filter((event) => event.ring === ringOf(alpha, "vda")).map(({ kind }) => kind);
    expect(kinds.join(" ")).toContain("notify request response interrupt");
  });

  it("goes on with the requests it had taken when its machine is put back", async () => {
    const alpha = await withDisks("saved");
    await control(alpha, "io.pace", { ring: ringOf(alpha, "vda"), stepping: true });
    await alpha.run(
      "(dd if=/dev/vda of=/tmp/got bs=64k count=2 iflag=direct; echo read > /tmp/end) > /dev/null 2>&1 &",
    );
    await until(alpha, ({ slots }) => slots.length > 0);
    await control(alpha, "io.step", { ring: ringOf(alpha, "vda"), by: "slot" });
    const saved = await alpha.host.snapshot("saved");
    await alpha.host.restore("saved", saved);
    const state = await ring(alpha);
    expect([state.pace.stepping, state.slots.map((slot) => slot.state)]).toEqual([true, ["serving"]]);
    await control(alpha, "io.pace", { ring: ringOf(alpha, "vda"), stepping: false });
    const got = await alpha.run("until [ -f /tmp/end ]; do sleep 0.1; done; wc -c < /tmp/got", 60_000);
    expect(got.out).toBe("131072\n");
  });

  it("gives discarded room back, and is there again when its driver is bound anew", async () => {
    const alpha = await withDisks("bound");
    await control(alpha, "io.reset"); // its devices are watched from here on
    const made = await alpha.run(
      `set -e; mkfs.ext2 /dev/vda > /dev/null; modprobe ext4; mkdir -p /mnt; mount -t ext4 -o discard /dev/vda /mnt
       head -c 600000 /dev/zero > /mnt/noise; sync; rm /mnt/noise; sync; umount /mnt`,
      60_000,
    );
    expect(made).toMatchObject({ exit: 0, err: "" });
    const { events } = (await alpha.host.probe("bound", "io.trace", { count: 1024 })) as IoTrace;
    expect(
      events.filter(({ kind, detail }) => kind === "response" && /^discard, /.test(detail)).length,
    ).toBeGreaterThan(0);
    const again = await alpha.run(
      `set -e; cd /sys/bus/virtio/drivers/virtio_blk; d=$(ls -d virtio* | head -n 1); echo $d > unbind; [ ! -b /dev/vda ]
       echo $d > bind; ls /sys/block | grep -c vd; dd if=/dev/vda of=/dev/null bs=64k iflag=direct 2>&1 | head -n 1`,
      60_000,
    );
    expect(again).toMatchObject({ exit: 0, out: "3\n128+0 records in\n" });
  });

  it("says what cannot be", async () => {
    const alpha = await withDisks("wrong");
    const paced = ringOf(alpha, "vda");
    await expect(control(alpha, "io.pace", { ring: "virtio:wrong/vdz/0" })).rejects.toThrow(/no ring called/);
    await expect(control(alpha, "io.pace", { ring: paced, latency: -3 })).rejects.toThrow(/latency is 0 to/);
    await expect(control(alpha, "io.pace", { ring: "virtio:wrong/console/1" })).rejects.toThrow(/no slow motion/);
    await expect(control(alpha, "io.step", { ring: paced, by: "slot" })).rejects.toThrow(/not being stepped/);
    await expect(alpha.host.probe("wrong", "ring.state", { ring: "x" })).rejects.toThrow(/no ring called/);
    const other = await guest({
      ...{ name: "other", disks: [{ name: "vda", size: 1, model: "virtio" as const }], options: ["eventidx=vdb"] },
    });
    await expect(other.start()).rejects.toThrow(/names no virtio disk/);
  });
});
