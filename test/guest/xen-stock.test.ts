import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILT_IMAGES } from "../../src/cli/node-host.ts";
import { sha256 } from "../../src/machine/image/load.ts";
import { Host, MemorySnapshots, machineSpec, parseManifest } from "../../src/machine/index.ts";
import { XenPlatform } from "../../src/xen/index.ts";
import { TestGuest } from "./guest.ts";
import { nodeSurroundings } from "./surroundings.ts";

const TOOL = fileURLToPath(new URL("../../images/linux/tools/debian-kernel.sh", import.meta.url));

/** A folder the tool has filled before; without one it is asked to, which needs apt and a mirror. */
const READY = process.env.RINGSIDE_DEBIAN_KERNEL;

async function fetchKernel(): Promise<string | undefined> {
  if (READY !== undefined) return READY;
  const folder = await mkdtemp(join(tmpdir(), "ringside-debian-"));
  try {
    await promisify(execFile)("bash", [TOOL, "--out", folder], { timeout: 150_000 });
    return folder;
  } catch {
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
}

/** The catalogue with Debian's kernel, and an initramfs that loads Debian's modules, in the place of ours. */
async function stockManifest(folder: string) {
  const manifest = JSON.parse(await readFile(join(BUILT_IMAGES, "manifest.json"), "utf8"));
  const image = manifest.images["linux-xen"];
  for (const part of ["kernel", "initramfs"] as const) {
    const bytes = await readFile(join(folder, part));
    const digest = await sha256(bytes);
    const size = { bytes: bytes.length, rawBytes: bytes.length, sha256: digest, rawSha256: digest };
    image.parts[part] = { file: `${part}.gz`, ...size };
  }
  image.commandLine = "console=ttyS0 console=hvc1 mitigations=off tsc=reliable rdinit=/stock-init acpi=off";
  return parseManifest(manifest);
}

describe("Debian's stock 686-pae kernel, with its own modules", () => {
  let folder: string | undefined;
  let host: Host | undefined;
  beforeAll(async () => {
    folder = await fetchKernel();
  });
  afterAll(async () => {
    await host?.close();
    if (folder !== undefined && folder !== READY) await rm(folder, { recursive: true, force: true });
  });

  it("boots as a paravirtualized guest, with its disk and its card", async (context) => {
    if (folder === undefined) return context.skip("apt could not fetch the kernel");
    const from = folder;
    const surroundings = nodeSurroundings({ manifest: await stockManifest(from), platform: new XenPlatform() });
    const open = async (file: string) => {
      const own = file === "kernel.gz" || file === "initramfs.gz";
      const path = own ? join(from, file.replace(".gz", "")) : join(BUILT_IMAGES, file);
      return Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
    };
    host = new Host({ ...surroundings, images: { open }, snapshots: new MemorySnapshots() });
    const spec = {
      name: "debian",
      image: "linux-xen",
      memory: 128,
      disks: [{ name: "xvda", size: 8, model: "xen" }],
      nics: [{ mac: "00:16:3e:00:00:0d", model: "xen", link: "lan" }],
    } as const;
    const debian = new TestGuest(host, machineSpec(spec));
    await debian.start();
    const { out } = await debian.run(
      "uname -r; dmesg; cat /sys/hypervisor/type; cat /sys/block/xvda/size; cat /sys/class/net/eth0/address",
    );
    expect(out.split("\n")[0]).toBe((await readFile(join(from, "release"), "utf8")).trim());
    expect(out).toContain("Booting paravirtualized kernel on Xen HVM");
    expect(out).toMatch(/blkfront: xvda: .*enabled/);
    expect(out).toMatch(/\nxen\n16384\n00:16:3e:00:00:0d\n$/);
    const kept = await debian.run(
      `set -e; mkfs.ext2 /dev/xvda > /dev/null 2>&1; mkdir -p /mnt; mount /dev/xvda /mnt
       head -c 2000000 /dev/urandom > /mnt/noise; sync; md5sum < /mnt/noise; echo 3 > /proc/sys/vm/drop_caches; md5sum < /mnt/noise`,
      110_000,
    );
    const [written, read] = kept.out.split("\n");
    expect(read).toBe(written);
    expect(written).toMatch(/^[0-9a-f]{32}/);
  }, 300_000);
});
