import { describe, expect, it } from "vitest";
import { MemorySnapshots, type SnapshotStore } from "../../src/machine/index.ts";
import { guests } from "./guest.ts";

describe("instant start", () => {
  const snapshots = new MemorySnapshots();
  const guest = guests({ snapshots });

  it("stores the state after the first boot and restores it at the next start", async () => {
    const alpha = await guest();
    expect((await alpha.start({})).how).toBe("boot");
    await alpha.until(() => alpha.notices().includes("snapshot-stored"));
    expect((await alpha.start({})).how).toBe("restore");
    await alpha.until(() => alpha.text.includes("alpha:~#"));
    expect((await alpha.run("echo $((40 + 2))")).out).toBe("42\n");
  });

  it("made ready ahead stands still until its start, and then only that one is used", async () => {
    const alpha = await guest();
    if ((await alpha.start({})).how === "boot") await alpha.until(() => alpha.notices().includes("snapshot-stored"));
    alpha.forget();
    await alpha.host.stop("alpha");
    await alpha.host.ready(alpha.spec, {});
    const { how } = await alpha.start({});
    expect([how, (await alpha.run("hostname")).out]).toEqual(["restore", "alpha\n"]);
    await alpha.until(() => alpha.text.includes("alpha:~#"));

    const other = await guest({ name: "other", memory: 32 });
    await alpha.host.ready(alpha.spec, {});
    expect((await other.start({})).how).toBe("boot");
    expect((await other.run("hostname")).out).toBe("other\n");
  });

  it("gives each clone its own name, address, clock and randomness", async () => {
    const names = ["beta", "gamma"];
    const clones = await Promise.all(
      names.map((name, index) => guest({ name, nics: [{ mac: `02:00:00:00:00:0${index}`, model: "virtio" }] })),
    );
    await clones[0]!.start({});
    await clones[0]!.until(() => clones[0]!.notices().includes("snapshot-stored"));
    const before = Date.now();
    for (const clone of clones) expect((await clone.start({})).how).toBe("restore");
    const facts = await Promise.all(
      clones.map(async (clone) => {
        const { out } = await clone.run(
          "hostname; cat /sys/class/net/eth0/address; head -c 16 /dev/urandom | od -An -tx1 | tr -d ' '; date +%s",
        );
        const [name, mac, random, time] = out.trim().split("\n");
        return { name, mac, random, time: Number(time) };
      }),
    );
    expect(facts.map(({ name, mac }) => ({ name, mac }))).toEqual([
      { name: "beta", mac: "02:00:00:00:00:00" },
      { name: "gamma", mac: "02:00:00:00:00:01" },
    ]);
    expect(facts[0]!.random).not.toBe(facts[1]!.random);
    for (const { time } of facts) {
      expect(time).toBeGreaterThanOrEqual(Math.floor(before / 1000));
      expect(time).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
    }
    for (const clone of clones) await clone.until(() => clone.text.includes(`${clone.spec.name}:~#`));
  });

  it("keeps arithmetic whole across a restore: flags, FPU and SSE state", async () => {
    const alpha = await guest();
    await alpha.start({});
    const script = "awk 'BEGIN { for (i = 0; i < 200000; i++) s += sqrt(i) / 3; printf \"%.6f\", s }'";
    const expected = (await alpha.run(script, 60_000)).out;
    const running = `while :; do ${script}; echo; done > /tmp/sums & echo $! > /tmp/pid`;
    await alpha.run(running);
    for (let round = 0; round < 5; round++) {
      const state = await alpha.host.snapshot("alpha");
      await alpha.host.restore("alpha", state);
    }
    await alpha.run("sleep 1; while [ $(wc -l < /tmp/sums) -lt 2 ]; do sleep 0.2; done", 60_000);
    const { out } = await alpha.run("kill $(cat /tmp/pid); grep . /tmp/sums | head -n 2 | sort -u");
    expect(out.trim()).toBe(expected);
  });
});

describe("a stored state that cannot be trusted", () => {
  /** A store whose bytes are spoiled before they are read. */
  const spoiling = (spoil: (bytes: Uint8Array) => Uint8Array): SnapshotStore & { removed: number } => {
    const inner = new MemorySnapshots();
    const store = {
      removed: 0,
      has: (build: string) => inner.has(build),
      save: (...given: Parameters<SnapshotStore["save"]>) => inner.save(...given),
      load: async (key: Parameters<SnapshotStore["load"]>[0]) => {
        const bytes = await inner.load(key);
        return bytes && spoil(bytes.slice());
      },
      remove: async (key: Parameters<SnapshotStore["remove"]>[0]) => {
        store.removed++;
        await inner.remove(key);
      },
    };
    return store;
  };

  const flip = (bytes: Uint8Array) => {
    bytes[bytes.length >> 1]! ^= 1;
    return bytes;
  };
  for (const [what, spoil] of [
    ["one flipped bit", flip],
    ["half of it missing", (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1)],
    ["another file", () => new TextEncoder().encode("<!doctype html>")],
  ] as const) {
    const store = spoiling(spoil);
    const guest = guests({ snapshots: store });
    it(`(${what}) is dropped, said, and the machine boots`, async () => {
      const alpha = await guest();
      await alpha.start({});
      await alpha.until(() => alpha.notices().includes("snapshot-stored"));
      expect((await alpha.start({})).how).toBe("boot");
      expect(alpha.notices()).toContain("snapshot-damaged");
      expect(store.removed).toBe(1);
      expect((await alpha.run("echo fine")).out).toBe("fine\n");
    });
  }

  const refusing = guests({
    snapshots: {
      has: async () => false,
      load: async () => undefined,
      remove: async () => {},
      save: async () => {
        throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
      },
    },
  });
  it("is done without when storage is full, with a quiet word", async () => {
    const alpha = await refusing();
    expect((await alpha.start({})).how).toBe("boot");
    await alpha.until(() => alpha.notices().includes("snapshot-refused"));
    expect((await alpha.run("echo fine")).out).toBe("fine\n");
  });
});

describe("a save point", () => {
  const guest = guests();

  it("brings back files, processes and the shell", async () => {
    const alpha = await guest();
    await alpha.start();
    await alpha.ask("x=kept; echo first > /tmp/f; sleep 1000 & echo re''ady", /ready/);
    const state = await alpha.host.snapshot("alpha");
    await alpha.ask("x=lost; rm /tmp/f; kill %1; wait; echo go''ne", /gone/);
    await alpha.host.restore("alpha", state);
    await alpha.ask("echo $x; cat /tmp/f; jobs", /kept\r?\nfirst\r?\n[\s\S]*sleep 1000/);
  });

  it("of another machine, or damaged, is refused and loses nothing", async () => {
    const alpha = await guest();
    await alpha.start();
    await alpha.run("echo mine > /tmp/f");
    const state = await alpha.host.snapshot("alpha");
    state[state.length >> 1]! ^= 1;
    await expect(alpha.host.restore("alpha", state)).rejects.toThrow("damaged");
    const small = await guest({ name: "small", memory: 32 });
    await small.start();
    const other = await small.host.snapshot("small");
    await expect(alpha.host.restore("alpha", other)).rejects.toThrow("another machine");
    expect((await alpha.run("cat /tmp/f")).out).toBe("mine\n");
  });
});
