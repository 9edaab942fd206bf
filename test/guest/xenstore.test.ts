import { afterEach, describe, expect, it, vi } from "vitest";
import { HEADER_BYTES, readHeader, XS } from "../../src/xen/abi/xs-wire.ts";
import { XenPlatform } from "../../src/xen/index.ts";
import { Connection } from "../../src/xen/store/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const platform = new XenPlatform();
const { store } = platform;
const guest = guests({ platform });

const SPEC = {
  image: "linux-xen",
  disks: [
    { name: "xvda", size: 1, model: "xen" },
    { name: "xvdb", size: 1, model: "xen" },
  ],
} as const;

async function started(name: string): Promise<TestGuest> {
  const domU = await guest({ name, ...SPEC });
  await domU.start();
  return domU;
}

const idOf = (domU: TestGuest) => platform.toolstack.get(domU.spec.name).guest.id;
const homeOf = (domU: TestGuest) => `/local/domain/${idOf(domU)}`;

/** What a script printed, and what it complained of, with its exit code. */
async function output(domU: TestGuest, script: string): Promise<string> {
  const { exit, out, err } = await domU.run(script, 60_000);
  return `${out}${err}[${exit}]`;
}

/** Waits in the guest until a command succeeds there. */
const until = (condition: string) => `for i in $(seq 300); do ${condition} && break; sleep 0.1; done; ${condition}`;

/** `xenstore-ls -f -p` as paths, values and permissions. */
function listed(out: string): string[] {
  return out
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^(.*?) = "(.*)"[ .]*\((.*)\)$/, "$1 = $2 ($3)"));
}

const stored = (path: string) =>
  store.probe(path).nodes.map(({ path: at, value, permissions }) => `${at} = ${value} (${permissions})`);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the xenstore tools of a guest", () => {
  it("list what the store holds, with everybody's rights", async () => {
    const domU = await started("domU");
    const home = homeOf(domU);
    await domU.run("xenstore-write data/one 1 data/two/three 'with spaces'; xenstore-chmod data/two b0 r7 w9");
    const { out } = await domU.run(`xenstore-ls -f -p ${home}`);
    const [, ...below] = stored(home);
    expect(listed(out)).toEqual(below);
    expect(below.length).toBeGreaterThan(60);
    expect(await output(domU, "xenstore-ls")).toBe("xenstore-ls: xs_directory (/): Permission denied\n[1]");
  });

  it("write, read, list, remove and look for nodes, and the store says the same", async () => {
    const domU = await started("domU");
    const home = homeOf(domU);
    expect(await output(domU, "xenstore-write data/a 'x y' data/b/c ''; xenstore-read data/a")).toBe("x y\n[0]");
    expect([store.read(`${home}/data/a`), store.read(`${home}/data/b/c`)]).toEqual(["x y", ""]);
    store.write(`${home}/data/d`, "from outside");
    expect(await output(domU, "xenstore-list data; xenstore-read data/d")).toBe("a\nb\nd\nfrom outside\n[0]");
    expect(await output(domU, "xenstore-exists data/b/c && xenstore-exists data/b/x")).toBe("[1]");
    expect(await output(domU, "xenstore-rm data/b; xenstore-list data")).toBe("a\nd\n[0]");
    expect(store.list(`${home}/data`)).toEqual(["a", "d"]);
    expect(await output(domU, "xenstore-rm data/b/c")).toBe("xenstore-rm: could not remove path data/b/c\n[1]");
    await domU.run("xenstore-write data/bytes \"$(printf 'tab\\there\\001\\351')\"");
    expect(await output(domU, "xenstore-read data/bytes | od -An -tx1")).toContain("74 61 62 5c 74 68 65 72 65");
    expect(store.read(`${home}/data/bytes`)).toBe("tab\there\x01\xe9");
  });

  it("hear of changes from inside and outside, by the path they watch", async () => {
    const domU = await started("domU");
    const home = homeOf(domU);
    await domU.run(`xenstore-watch -n 4 data ${home}/data/abs > /tmp/heard 2>&1 &`);
    await domU.run(until("[ $(wc -l < /tmp/heard) = 2 ]"));
    await domU.run("xenstore-write data/inside 1");
    store.write(`${home}/data/abs/outside`, "1");
    expect(await output(domU, until("! pgrep xenstore-watch > /dev/null"))).toBe("[0]");
    const heard = (await domU.run("sort /tmp/heard")).out.trimEnd().split("\n");
    expect(heard).toEqual([`${home}/data/abs`, ...heard.slice(1)]);
    expect(heard).toContain("data");
    expect(heard).toContain("data/inside");
    expect(heard.length).toBe(4);
  });

  it("are kept from another guest's nodes, until that guest lets them in", async () => {
    const [domU, domV] = await Promise.all([started("domU"), started("domV")]);
    const theirs = `${homeOf(domU)}/data/shared`;
    await domU.run("xenstore-write data/shared secret");
    expect(await output(domV, `xenstore-read ${theirs}`)).toBe(`xenstore-read: couldn't read path ${theirs}\n[1]`);
    expect(await output(domV, `xenstore-write ${theirs} x`)).toBe(
      `xenstore-write: could not write path ${theirs}\n[1]`,
    );
    expect(await output(domV, `xenstore-ls ${homeOf(domU)}`)).toMatch(/Permission denied\n\[1\]$/);
    expect(await output(domV, `xenstore-chmod ${theirs} n${idOf(domV)}`)).toMatch(/Permission denied\n\[1\]$/);
    await domU.run(`xenstore-chmod data/shared n${idOf(domU)} r${idOf(domV)}`);
    expect(await output(domV, `xenstore-read ${theirs}`)).toBe("secret\n[0]");
    expect(await output(domV, `xenstore-write ${theirs} x`)).toMatch(/could not write path .*\n\[1\]$/);
    expect(store.read(theirs)).toBe("secret");
    const id = idOf(domV);
    await domV.host.stop("domV");
    expect(store.probe(`/local/domain/${id}`).nodes).toEqual([]);
  });
});

describe("a transaction of the kernel's", () => {
  it("is begun again when somebody writes where it writes, and its device comes up all the same", async () => {
    const domU = await started("domU");
    await domU.host.control("domU", "xen.detach", { disk: "xvdb" });
    expect((await domU.run(until("[ ! -e /dev/xvdb ]"), 60_000)).exit).toBe(0);
    const front = `${homeOf(domU)}/device/vbd/51728`;
    const before = store.probe().transactions;
    let meddled = 0;
    const receive = Connection.prototype.receive;
    vi.spyOn(Connection.prototype, "receive").mockImplementation(function (this: Connection, bytes) {
      const ends = bytes.length >= HEADER_BYTES && readHeader(bytes).type === XS.TRANSACTION_END;
      if (ends && this.domain === idOf(domU) && store.read(`${front}/state`) === "1" && meddled < 3) {
        meddled += 1;
        store.mkdir(`${front}/meddled${meddled}`);
      }
      receive.call(this, bytes);
    });
    await domU.host.control("domU", "xen.attach", { disk: "xvdb" });
    expect((await domU.run(until("[ -e /dev/xvdb ]"), 60_000)).exit).toBe(0);
    const after = store.probe().transactions;
    expect(meddled).toBe(3);
    expect([after.refused - before.refused, after.committed > before.committed, after.open]).toEqual([3, true, 0]);
    expect(store.read(`${front}/state`)).toBe("4");
    expect((await domU.run("dd if=/dev/xvdb of=/dev/null bs=4k count=4")).exit).toBe(0);
  });
});
