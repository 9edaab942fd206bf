import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { IoCosts, RingState } from "../../src/probe/index.ts";
import { imagesWith } from "./changed-images.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();
const guestWithLargeRing = guests({ folder: imagesWith("linux-xen", "xen_blkfront.max_ring_page_order=2") });

/** Machines of the test: switched off after it, as a save point is of all guests of the host. */
const running: TestGuest[] = [];
afterEach(async () => {
  for (const { host, spec } of running.splice(0)) await host.stop(spec.name);
});

async function machine(name: string, options: string[] = [], make = guest): Promise<TestGuest> {
  const disks = [{ name: "xvda", size: 16, model: "xen" as const }];
  const made = await make({ name, image: "linux-xen", disks, options });
  running.push(made);
  await made.start();
  return made;
}

const ringOf = ({ spec }: TestGuest) => `vbd:${spec.name}/xvda`;
const ring = async (made: TestGuest) =>
  (await made.host.probe(made.spec.name, "ring.state", { ring: ringOf(made) })) as RingState;
const costs = async (made: TestGuest) => {
  const { devices } = (await made.host.probe(made.spec.name, "io.costs", {})) as IoCosts;
  return devices.find(({ model }) => model === "xen-vbd")!;
};
const reset = (made: TestGuest) => made.host.control(made.spec.name, "io.reset", {});
const pace = (made: TestGuest, setting: Record<string, unknown>) =>
  made.host.control(made.spec.name, "io.pace", { ring: ringOf(made), ...setting });

/** What a guest's script says, or the test fails with what it complained of. */
async function says(made: TestGuest, script: string): Promise<string> {
  const { exit, out, err } = await made.run(script, 120_000);
  expect([exit, err]).toEqual([0, expect.any(String)]);
  return out.trim();
}

/** A filesystem, a file of 2 MiB, and its sum before and after the page cache is emptied. */
const ROUND_TRIP = `
  mke2fs -q /dev/xvda >/dev/null 2>&1 && mount -t ext2 /dev/xvda /mnt || exit 1
  dd if=/dev/urandom of=/mnt/file bs=64k count=32 2>/dev/null
  before=$(md5sum < /mnt/file)
  umount /mnt; echo 3 > /proc/sys/vm/drop_caches; mount -t ext2 /dev/xvda /mnt || exit 1
  after=$(md5sum < /mnt/file)
  umount /mnt
  [ "$before" = "$after" ] && echo same`;

/** A static i386 program: ioctl(BLKDISCARD) on a device, its error number as its exit status. */
function discardProgram(device: string, from: number, bytes: number): Uint8Array {
  const word = (value: number) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
  const base = 0x08048000;
  const code = (path: number, range: number) => [
    ...[0xb8, ...word(5), 0xbb, ...word(path), 0xb9, ...word(2), 0xcd, 0x80], // open(path, O_RDWR)
    ...[0x89, 0xc3, 0xb8, ...word(54), 0xb9, ...word(0x1277), 0xba, ...word(range), 0xcd, 0x80], // ioctl
    ...[0xf7, 0xd8, 0x89, 0xc3, 0xb8, ...word(1), 0xcd, 0x80], // exit(-eax)
  ];
  const data = base + 84 + code(0, 0).length;
  const body = [
    ...code(data + 16, data),
    ...[from, 0, bytes, 0].flatMap(word),
    ...new TextEncoder().encode(`${device}\0`),
  ];
  const size = 84 + body.length;
  const header = [
    ...[0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[2, 0, 3, 0, ...word(1), ...word(base + 84), ...word(52), ...word(0), ...word(0)],
    ...[52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0],
  ];
  return Uint8Array.from([...header, ...[1, 0, base, base, size, size, 5, 0x1000].flatMap(word), ...body]);
}

describe("Linux's blkfront on this program's backend", () => {
  it.each<[string, string[], typeof guest, { pages: number; indirect: boolean; persistent: boolean }]>([
    ["everything", [], guest, { pages: 1, indirect: true, persistent: true }],
    ["no persistent grants", ["persistent=off"], guest, { pages: 1, indirect: true, persistent: false }],
    ["no indirect requests", ["xenindirect=off"], guest, { pages: 1, indirect: false, persistent: true }],
    ["a ring of four pages", [], guestWithLargeRing, { pages: 4, indirect: true, persistent: true }],
  ])("keeps files whole with %s", async (name, options, make, expected) => {
    const made = await machine(name.replaceAll(/[^a-z]+/g, "-"), options, make);
    expect(await says(made, ROUND_TRIP)).toBe("same");

    await reset(made);
    await says(made, "qd /dev/xvda 4 40 131072 r");
    const { pages, capacity, counters, fault } = await ring(made);
    expect({ fault, pages: pages.length, capacity }).toEqual({
      fault: undefined,
      pages: expected.pages,
      capacity: expected.pages === 1 ? 32 : 128,
    });
    // 32 segments of a page go into one indirect request, and into three of eleven.
    expect((await costs(made)).requests).toBe(expected.indirect ? 40 : 120);
    expect(counters.bytes).toBe(40 * 131_072);
    if (expected.persistent) expect(counters.grantsMapped).toBeLessThan(400);
    else expect(counters.grantsMapped).toBeGreaterThanOrEqual(40 * 32);
  });

  it("needs fewer notifications the more requests are in flight", async () => {
    const made = await machine("depth");
    const notifications: number[] = [];
    for (const depth of [1, 4, 32]) {
      await reset(made);
      await says(made, `qd /dev/xvda ${depth} 640 4096 r`);
      const { requests, notifications: sent, interrupts } = await costs(made);
      expect(requests).toBeGreaterThanOrEqual(600); // neighbours in one plug are merged
      expect(interrupts).toBeLessThanOrEqual(sent + 1);
      notifications.push(sent / requests);
    }
    expect(notifications[0]).toBeGreaterThan(0.95);
    expect(notifications[1]).toBeLessThanOrEqual(0.5);
    expect(notifications[2]).toBeLessThanOrEqual(0.1);
  });

  it("forgets sectors, flushes, and finds its disk as it was after it was unplugged", async () => {
    const made = await machine("again");
    await says(made, "yes | dd of=/dev/xvda bs=64k count=4 iflag=fullblock conv=fsync 2>/dev/null");
    await made.host.put("again", "/tmp/discard", discardProgram("/dev/xvda", 65_536, 131_072), 0o755);
    await says(made, "/tmp/discard");
    const sum = "dd if=/dev/xvda bs=64k count=4 iflag=direct 2>/dev/null | md5sum";
    const yes = Buffer.from("y\n".repeat(32_768));
    const expected = createHash("md5").update(yes).update(Buffer.alloc(131_072)).update(yes).digest("hex");
    const before = await says(made, sum);
    expect(before).toBe(`${expected}  -`);
    const control = (name: string) => made.host.control("again", name, { disk: "xvda" });
    await control("xen.detach");
    await says(made, "until [ ! -e /dev/xvda ]; do sleep 0.1; done");
    await control("xen.attach");
    await says(made, "until [ -e /dev/xvda ]; do sleep 0.1; done");
    expect(await says(made, sum)).toBe(before);
  });

  it("waits for a slow backend, one request at a time, and for one that is stepped", async () => {
    const made = await machine("slow");
    await pace(made, { latency: 25 });
    await reset(made);
    const took = /microseconds=(\d+)/.exec(await says(made, "qd /dev/xvda 8 16 4096 r"))![1];
    expect(Number(took)).toBeGreaterThan(16 * 25_000 * 0.8);
    const { batches, counters } = await ring(made);
    expect(batches.some(({ direction, entries }) => direction === "front-to-back" && entries > 1)).toBe(true);
    // Answered one by one, each with an upcall of its own: that is what slowness costs.
    expect(counters.interrupts).toBeGreaterThanOrEqual(15);

    await pace(made, { latency: 0, stepping: true });
    const reading = says(made, "qd /dev/xvda 3 3 4096 r");
    const states = async () => (await ring(made)).slots.map(({ state }) => state).filter((state) => state !== "free");
    await expect.poll(states, { timeout: 30_000 }).toEqual(["requested", "requested", "requested"]);
    const step = (by: string) => made.host.control(made.spec.name, "io.step", { ring: ringOf(made), by });
    await step("slot");
    expect(await states()).toEqual(["serving", "requested", "requested"]);
    await step("notification");
    await expect.poll(states, { timeout: 30_000 }).toEqual(["requested", "requested"]);
    await pace(made, { stepping: false });
    expect(await reading).toContain("requests=3");
  });

  it("goes on from a save point with requests in service and a mounted filesystem", async () => {
    const made = await machine("saved");
    await says(made, "mke2fs -q /dev/xvda >/dev/null 2>&1; mount -t ext2 /dev/xvda /mnt; echo first > /mnt/file; sync");
    await pace(made, { latency: 50 });
    await says(made, "(dd if=/dev/zero of=/mnt/more bs=4k count=64 oflag=direct 2>/dev/null; echo done > /tmp/done) &");
    await expect.poll(async () => (await ring(made)).slots.some(({ state }) => state === "serving")).toBe(true);
    const saved = await made.host.snapshot("saved");
    await says(made, "echo second > /mnt/file; sync");
    await made.host.restore("saved", saved);
    expect((await ring(made)).pace.latency).toBe(50);
    await pace(made, { latency: 0 });
    expect(await says(made, "until [ -e /tmp/done ]; do sleep 0.1; done; cat /mnt/file; wc -c < /mnt/more")).toBe(
      "first\n262144",
    );
    expect(await says(made, "umount /mnt && mount -t ext2 /dev/xvda /mnt && cat /mnt/file")).toBe("first");
  });
});
