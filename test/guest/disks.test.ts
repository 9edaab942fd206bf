import { describe, expect, it } from "vitest";
import type { MachineSpec } from "../../src/machine/index.ts";
import { guests } from "./guest.ts";

const guest = guests();

/** The same for an emulated disk and a paravirtual one. */
const DISKS = [
  { model: "ide", name: "sda", modules: "ata_piix sd_mod" },
  { model: "virtio", name: "vda", modules: "virtio_blk" },
] as const;

describe.each(DISKS)("a disk of model $model", ({ model, name, modules }) => {
  const spec: Partial<MachineSpec> = { layers: ["disk"], disks: [{ name, size: 8, model }] };
  const appear = `for m in ${modules}; do modprobe $m; done; for i in $(seq 100); do [ -b /dev/${name} ] && break; sleep 0.1; done`;

  it("is found with its size, keeps a file system's content, and does so over a restart of the machine", async () => {
    const alpha = await guest({ name: `${model}-a`, ...spec });
    await alpha.start();
    await alpha.run(appear, 30_000);
    expect((await alpha.run(`cat /sys/block/${name}/size`)).out).toBe(`${8 * 2048}\n`);
    const made = await alpha.run(
      `set -e; mkfs.ext2 /dev/${name} > /dev/null; mkdir -p /mnt; modprobe ext4; mount /dev/${name} /mnt
       seq 100000 > /mnt/numbers; md5sum < /mnt/numbers; umount /mnt`,
      60_000,
    );
    expect(made).toMatchObject({ exit: 0, err: "" });
    await alpha.start();
    const again = await alpha.run(
      `${appear}; modprobe ext4; mkdir -p /mnt; mount /dev/${name} /mnt && md5sum < /mnt/numbers`,
      60_000,
    );
    expect(again.out).toBe(made.out);
  });

  it("goes back with its machine, a mounted file system and all", async () => {
    const beta = await guest({ name: `${model}-b`, ...spec });
    await beta.start();
    await beta.run(
      `${appear}; mkfs.ext2 /dev/${name} > /dev/null 2>&1; mkdir -p /mnt; modprobe ext4; mount /dev/${name} /mnt; echo then > /mnt/f; sync`,
      60_000,
    );
    const saved = await beta.host.snapshot(beta.spec.name);
    await beta.run("echo now > /mnt/f; sync; echo 3 > /proc/sys/vm/drop_caches");
    expect((await beta.run("cat /mnt/f")).out).toBe("now\n");
    await beta.host.restore(beta.spec.name, saved);
    await beta.run("echo 3 > /proc/sys/vm/drop_caches");
    expect((await beta.run("cat /mnt/f")).out).toBe("then\n");
    const again = `echo later > /mnt/f; umount /mnt && mount /dev/${name} /mnt && cat /mnt/f`;
    expect((await beta.run(again)).out).toBe("later\n");
  });
});

describe("a machine with a disk", () => {
  const spec: Partial<MachineSpec> = {
    name: "gamma",
    layers: ["disk"],
    disks: [{ name: "vda", size: 1, model: "virtio" }],
  };

  it("starts out of its stored state only while the disk is as that state knows it", async () => {
    const gamma = await guest(spec);
    expect((await gamma.start({})).how).toBe("boot");
    await gamma.until(() => gamma.notices().includes("snapshot-stored"));
    expect((await gamma.start({})).how).toBe("restore");
    await gamma.run("modprobe virtio_blk; echo written | dd of=/dev/vda conv=notrunc,fsync 2> /dev/null", 30_000);
    expect((await gamma.start({})).how).toBe("boot");
    expect((await gamma.run("modprobe virtio_blk; head -n 1 /dev/vda", 30_000)).out).toBe("written\n");
  });
});
