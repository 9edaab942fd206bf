import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { XenStoreTree } from "../../src/probe/io/types.ts";
import { XenPlatform } from "../../src/xen/index.ts";
import { imagesWith } from "./changed-images.ts";
import { guests } from "./guest.ts";

/**
 * Debian's own i386 kernel and modules, as apt offers them today, with our userland around them. Where apt offers
 * nothing (no network, no Debian) there is nothing to test.
 */
const TOOL = fileURLToPath(new URL("../../images/linux/tools/debian-kernel.sh", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "debian-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fetched = spawnSync(TOOL, ["--out", folder], { stdio: "ignore", timeout: 240_000 }).status === 0;

const platform = new XenPlatform();
const stock = () => {
  const parts = { kernel: readFileSync(join(folder, "kernel")), initramfs: readFileSync(join(folder, "initramfs")) };
  return guests({ platform, folder: imagesWith("linux-xen", { words: "rdinit=/stock-init", parts }) });
};
const guest = fetched ? stock() : guests({ platform });

describe.skipIf(!fetched)("Debian's stock kernel on Xen", () => {
  it("boots untouched, and its own frontends connect to a disk and a card", { timeout: 300_000 }, async () => {
    const domU = await guest({
      name: "stock",
      image: "linux-xen",
      memory: 256,
      disks: [{ name: "xvda", size: 16, model: "xen" }],
      nics: [{ mac: "00:16:3e:00:00:07", model: "xen", link: "lan" }],
    });
    await domU.start();
    const ask = async (script: string) => (await domU.run(script, 120_000)).out;

    const release = readFileSync(join(folder, "release"), "utf8").trim();
    expect((await ask("uname -r")).trim()).toBe(release);
    const log = await ask("dmesg");
    expect(log).toContain("Hypervisor detected: Xen HVM");
    expect(log).toContain("Booting paravirtualized kernel on Xen HVM");
    expect((await ask("cat /sys/hypervisor/type /sys/hypervisor/version/major")).split("\n")).toEqual(["xen", "4", ""]);
    expect((await ask("cat /sys/class/net/eth0/address /sys/block/xvda/size")).split("\n")).toEqual([
      "00:16:3e:00:00:07",
      String(16 << 11),
      "",
    ]);

    const written = await ask(
      "mke2fs /dev/xvda >/dev/null 2>&1; mount -t ext4 /dev/xvda /mnt && head -c 3000000 /dev/urandom > /mnt/f && md5sum < /mnt/f && umount /mnt && echo 3 > /proc/sys/vm/drop_caches && mount -t ext4 /dev/xvda /mnt && md5sum < /mnt/f",
    );
    const [before, after] = written.split("\n");
    expect(before).toMatch(/^[0-9a-f]{32} /);
    expect(after).toBe(before);

    const { nodes } = (await domU.host.probe("stock", "xen.store", {})) as XenStoreTree;
    const states = nodes.filter(({ path }) => /\/device\/v(?:bd|if)\/\d+\/state$/.test(path)).map(({ value }) => value);
    expect(states).toEqual(["4", "4"]);
  });
});
