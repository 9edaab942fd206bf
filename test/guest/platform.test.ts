import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUILT_IMAGES } from "../../src/cli/node-host.ts";
import { Host, MemorySnapshots, machineSpec, parseManifest } from "../../src/machine/index.ts";
import { guests } from "./guest.ts";
import { nodeSurroundings } from "./surroundings.ts";
import { TinyPlatform } from "./tiny-platform.ts";

/**
 * A static i386 program: CPUID leaf 0x40000000, its EBX, ECX and EDX to standard output; then `vmcall` with EAX and EBX
 * from the two words at its end, and EAX after it to standard output.
 */
function program(eax: number, ebx: number): Uint8Array {
  const word = (value: number) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
  const write = (bytes: number) => [0xb8, ...word(4), 0xbb, ...word(1), 0x89, 0xe1, 0xba, ...word(bytes), 0xcd, 0x80];
  const code = [
    ...[0xb8, ...word(0x40000000), 0x0f, 0xa2, 0x52, 0x51, 0x53], // mov, cpuid, push edx, ecx, ebx
    ...write(12),
    ...[0xb8, ...word(eax), 0xbb, ...word(ebx), 0x0f, 0x01, 0xc1, 0x50], // mov, mov, vmcall, push eax
    ...write(4),
    ...[0xb8, ...word(1), 0x31, 0xdb, 0xcd, 0x80], // exit(0)
  ];
  const base = 0x08048000;
  const size = 84 + code.length;
  const header = [
    ...[0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[2, 0, 3, 0, ...word(1), ...word(base + 84), ...word(52), ...word(0), ...word(0)],
    ...[52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0],
  ];
  const segment = [1, 0, base, base, size, size, 5, 0x1000].flatMap(word);
  return Uint8Array.from([...header, ...segment, ...code]);
}

const platform = new TinyPlatform();
const guest = guests({ platform });

async function machine(name: string) {
  const made = await guest({ name, image: "linux-xen" });
  await made.start();
  /** Runs the program above. @returns the signature it found and the number it got */
  const hypercall = async (eax: number, ebx: number) => {
    await made.host.put(name, "/tmp/call", program(eax, ebx), 0o755);
    const { stdout } = await made.host.run(name, "/tmp/call");
    return [new TextDecoder().decode(stdout.subarray(0, 12)), new DataView(stdout.slice(12).buffer).getInt32(0, true)];
  };
  return { made, hypercall };
}

describe("a machine on a platform", () => {
  it("is plugged in, attached and made ready, and asks it at instructions it gives away", async () => {
    const { made, hypercall } = await machine("alpha");
    const place = platform.of("alpha");
    expect(place.calls).toEqual(["attach", "ready"]);
    expect(await hypercall(0, 40)).toEqual(["TinyPlatform", 40]);
    expect(await hypercall(0, 2)).toEqual(["TinyPlatform", 42]);
    expect(await made.host.probe("alpha", "tiny.counted", {})).toEqual({ counted: 42 });
    expect(place.turns.before).toBeGreaterThan(0);
    expect(place.turns.after).toBe(place.turns.before);
  });

  it("has memory at its top that is the platform's, and no other machine has", async () => {
    const { made } = await machine("beta");
    const e820 = (await made.run("dmesg | grep e820 | grep -o 'mem 0x.*'")).out;
    expect(e820).toContain("mem 0x0000000003f00000-0x0000000003ffffff] reserved");
    const plain = await guest({ name: "plain" });
    await plain.start();
    expect((await plain.run("dmesg | grep -o 'mem 0x.*reserved'")).out).not.toContain("0x0000000003f00000");
  });

  it("turns settings of the platform's; a machine beside it has none", async () => {
    const { made, hypercall } = await machine("gamma");
    expect(await made.host.control("gamma", "tiny.count", { to: 9 })).toEqual({ done: true });
    expect(await hypercall(0, 1)).toEqual(["TinyPlatform", 10]);
    await expect(made.host.control("gamma", "tiny.nothing", {})).rejects.toThrow("no setting `tiny.nothing`");
    await expect(made.host.control("plain", "tiny.count", {})).rejects.toThrow("`plain`");
  });

  it("ends when the platform says so, executing nothing more, and is detached then", async () => {
    const { made } = await machine("delta");
    await made.host.put("delta", "/tmp/call", program(1, 0), 0o755);
    const place = platform.of("delta");
    void made.host.run("delta", "/tmp/call; echo on > /dev/hvc0").catch(() => {});
    await made.until(() => made.events.some(({ type }) => type === "stopped"));
    expect(made.events).toContainEqual(
      expect.objectContaining({
        reason: "poweroff",
        message: "Machine `delta` stopped: it called for its end. Restart it, or go back to a save point.",
      }),
    );
    await expect(made.run("true")).rejects.toThrow("it called for its end");
    expect(place.calls.filter((call) => call === "detach")).toEqual(["detach"]);
    await made.start();
    expect([platform.of("delta") === place, place.calls.at(-1)]).toEqual([false, "detach"]);
    expect((await made.run("echo again")).out).toBe("again\n");
  });

  it("does not start in an emulator the hooks do not fit, and says what is lost; other machines do without", async () => {
    const manifest = parseManifest(JSON.parse(await readFile(join(BUILT_IMAGES, "manifest.json"), "utf8")));
    const wasm = async () => Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1]);
    const snapshots = new MemorySnapshots();
    const host = new Host({ ...nodeSurroundings({ manifest, platform: new TinyPlatform() }), wasm, snapshots });
    try {
      const start = (image: string) => host.start(machineSpec({ name: "alpha", image }), { start: "boot" }, () => {});
      await expect(start("linux-xen")).rejects.toThrow(
        "The hooks `platform` cannot be put in: it has no function called `cpu::trigger_ud`. Lost without it: hypercalls.",
      );
      expect((await start("linux")).how).toBe("boot");
    } finally {
      await host.close();
    }
  });

  it("is refused on a bare PC where its spec asks for what only the platform has", async () => {
    const bare = await guest({ name: "bare", disks: [{ name: "xvda", size: 1, model: "xen" }] });
    await expect(bare.start()).rejects.toThrow("does not boot on Xen here");
  });
});
