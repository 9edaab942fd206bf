import { describe, expect, it } from "vitest";
import { guests } from "./guest.ts";

const guest = guests();

describe("a Linux guest", () => {
  it("boots to a shell whose prompt names the machine, in under 30 million instructions", async () => {
    const alpha = await guest();
    const { how, instructions } = await alpha.start();
    expect(how).toBe("boot");
    expect(instructions).toBeLessThan(30e6);
    await alpha.until(() => alpha.text.includes("alpha:~#"));
    await alpha.ask("uname -sr; id -un", /Linux 6\.1\.\d+[\s\S]*root/);
  });

  it.each([32, 128, 256])("boots with %i MiB and can use all of it", async (memory) => {
    const beta = await guest({ name: "beta", memory });
    await beta.start();
    const { out } = await beta.run("awk '/MemTotal/{print $2}' /proc/meminfo");
    // the kernel keeps its image, the page array and its own pool: a tenth, and 8 MiB
    expect(Number(out) / 1024).toBeGreaterThan(memory * 0.9 - 8);
    await beta.host.stop("beta");
  });

  it("is refused with a reason when its image, layer or memory cannot be", async () => {
    const alpha = await guest();
    const start = (spec: object) => alpha.host.start({ ...alpha.spec, ...spec }, {}, () => {});
    await expect(start({ image: "vms" })).rejects.toThrow(
      "There is no image called `vms`. This site has: hypervisor, linux",
    );
    await expect(start({ layers: ["gcc"] })).rejects.toThrow("no layer called `gcc`; it has:");
    await expect(start({ memory: 8 })).rejects.toThrow("memory is 32 to 512 MiB");
  });

  it("has its card's address, and no card when none was asked for", async () => {
    const gamma = await guest({ name: "gamma", nics: [{ mac: "02:11:22:33:44:55", model: "virtio" }] });
    await gamma.start();
    expect((await gamma.run("cat /sys/class/net/eth0/address")).out.trim()).toBe("02:11:22:33:44:55");
    const delta = await guest({ name: "delta" });
    await delta.start();
    expect((await delta.run("ls /sys/class/net/eth0")).exit).not.toBe(0);
  });

  it("tells its terminal's size, also when it changes", async () => {
    const alpha = await guest();
    await alpha.start({ start: "boot", columns: 91, rows: 33 });
    await alpha.ask("stty size", /33 91/);
    await alpha.host.resize("alpha", 120, 40);
    await alpha.ask("stty size", /40 120/);
  });
});
