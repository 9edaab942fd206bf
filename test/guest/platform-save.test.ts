import { describe, expect, it } from "vitest";
import type { TestGuest } from "./guest.ts";
import { guests } from "./guest.ts";
import { TinyPlatform } from "./tiny-platform.ts";

const platform = new TinyPlatform();
const guest = guests({ platform });

/** Two running guests of the platform and a plain machine beside them. */
async function three(): Promise<readonly [TestGuest, TestGuest, TestGuest]> {
  const xen = { image: "linux-xen", disks: [{ name: "xvda", size: 1, model: "xen" as const }] };
  const made = [
    await guest({ name: "first", ...xen }),
    await guest({ name: "second", ...xen }),
    await guest({ name: "plain" }),
  ] as const;
  for (const each of made) await each.start();
  return made;
}

const write = (each: TestGuest, text: string) => each.run(`echo ${text} > /tmp/f`);
const read = async (each: TestGuest) => (await each.run("cat /tmp/f")).out.trim();

describe("a save point of guests on a platform", () => {
  it("is of all of them at one moment: putting one back puts all back, and nobody else", async () => {
    const [first, second, plain] = await three();
    const disk = () => platform.of("second").surroundings.disks.get("xvda")!;
    const sector = new Uint8Array(512);
    for (const each of [first, second, plain]) await write(each, "then");
    platform.state = 7;
    await first.host.control("second", "tiny.count", { to: 5 });
    disk().write(3, sector.fill(0x77));
    const saved = await first.host.snapshot("first");

    for (const each of [first, second, plain]) await write(each, "now");
    platform.state = 8;
    await first.host.control("second", "tiny.count", { to: 6 });
    disk().write(3, sector.fill(0x88));
    const before = [platform.of("first"), platform.of("second")];
    await first.host.restore("second", saved);

    expect(await Promise.all([first, second, plain].map(read))).toEqual(["then", "then", "now"]);
    disk().read(3, sector);
    expect([platform.state, platform.of("second").counted, sector[0]]).toEqual([7, 5, 0x77]);
    expect(before.map(({ calls }) => calls.at(-1))).toEqual(["detach", "detach"]);
    expect(platform.of("first").calls).toEqual(["attach", "restore"]);
    expect(before.includes(platform.of("first"))).toBe(false);
  });

  it("that the platform refuses changes nothing: all go on as they were", async () => {
    const [first, second] = await three();
    const saved = await first.host.snapshot("second");
    for (const each of [first, second]) await write(each, "kept");
    platform.state = 3;
    platform.refuses = true;
    await expect(first.host.restore("first", saved)).rejects.toThrow("does not know this state");
    expect(await Promise.all([first, second].map(read))).toEqual(["kept", "kept"]);
    expect(platform.state).toBe(3);
  });

  it("of other machines is refused", async () => {
    const [first] = await three();
    const saved = await first.host.snapshot("first");
    await first.host.stop("second");
    await expect(first.host.restore("first", saved)).rejects.toThrow("belongs to another machine");
    expect((await first.run("echo fine")).out).toBe("fine\n");
  });

  it("is not taken of one that has stopped, nor of its neighbours, and brings it back", async () => {
    const [first, second] = await three();
    await write(second, "alive");
    const saved = await first.host.snapshot("first");
    platform.of("second").surroundings.stopped("panic", "it fell over");
    await expect(first.host.snapshot("first")).rejects.toThrow("it fell over");
    await first.host.restore("first", saved);
    expect(await read(second)).toBe("alive");
  });
});
