import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readProbe } from "../../src/lab/probes.ts";
import { XenPlatform } from "../../src/xen/index.ts";
import { guests, type TestGuest } from "./guest.ts";
import { behind, echo, frames, network, says } from "./netview-readings.ts";

const guest = guests({ platform: new XenPlatform() });

/** A veth pair between the machine's own namespace (10.2.0.1) and the named one (10.2.0.2), quiet. */
const pairInto = (name: string) => `
sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1
ip netns add ${name}; ip netns exec ${name} sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip link add v0 type veth peer name v1 netns ${name}
ip address add 10.2.0.1/24 dev v0; ip link set v0 up
ip -n ${name} address add 10.2.0.2/24 dev v1; ip -n ${name} link set v1 up`;

const READER = "$(pgrep -o netview)";
/** Prints how many sockets tap the namespace it is run in. */
const TAPS = "grep -c -v sk /proc/net/packet";

let alpha: TestGuest;
beforeEach(async () => {
  alpha = await guest();
  await alpha.start();
});
afterEach(() => alpha.host.stop("alpha"));

describe("the reader of frames", () => {
  it("taps what is made while it reads, at once: a named namespace, and one a veth is put into", async () => {
    const { next } = await frames(alpha, 1);
    await says(
      alpha,
      `${pairInto("red")}
      until [ $(ip netns exec red ${TAPS}) = 1 ]; do usleep 20000; done; ping -c 1 -W 5 10.2.0.2`,
    );
    await says(
      alpha,
      `${behind("unshare --net sleep 1000")}
      until p=$(pgrep -x sleep) && [ "$(readlink /proc/$p/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do usleep 50000; done
      ip link add w0 type veth peer name w1; ip link set w1 netns $p
      until [ $(nsenter -t $p -n ${TAPS}) = 1 ]; do usleep 20000; done
      nsenter -t $p -n ip address add 10.3.0.2/24 dev w1; nsenter -t $p -n ip link set w1 up
      ip address add 10.3.0.1/24 dev w0; ip link set w0 up; ping -c 1 -W 5 10.3.0.2`,
    );
    const seen = (await frames(alpha, next)).frames.filter((frame) => echo(frame)?.type === "request");
    const { namespaces } = await network(alpha);
    const names = seen.map(
      ({ namespace, link }) =>
        namespaces.find(({ id }) => id === namespace)!.links.find(({ index }) => index === link)!.name,
    );
    expect(names).toEqual(["v0", "v1", "w0", "w1"]);
  });

  it("keeps no namespace alive: with its name or its process it goes, and the other end of its veth", async () => {
    await says(alpha, pairInto("red"));
    await frames(alpha, 1);
    await says(alpha, "ip netns delete red; until ! ip link show v0 2>/dev/null; do usleep 20000; done");
    await says(
      alpha,
      `${behind("unshare --net sleep 1000")}
      until p=$(pgrep -x sleep) && [ "$(readlink /proc/$p/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do usleep 50000; done
      ip link add w0 type veth peer name w1 netns $p`,
    );
    await frames(alpha, 1);
    await says(alpha, "kill $(pgrep -x sleep); until ! ip link show w0 2>/dev/null; do usleep 20000; done");
    expect((await network(alpha)).namespaces).toHaveLength(1);
  });

  it("stops tapping when nobody asks, and then does nothing at all; what it knew stays", async () => {
    await says(alpha, pairInto("red"));
    const { next } = await frames(alpha, 1);
    expect((await alpha.run(TAPS)).out).toBe("1\n");
    await says(alpha, `ping -c 1 -W 5 10.2.0.2; until [ $(${TAPS}) = 0 ]; do sleep 0.2; done`);
    const work = `grep ctxt /proc/${READER}/status; cut -d ' ' -f 14,15 /proc/${READER}/stat`;
    const before = await says(alpha, work);
    await says(alpha, "for i in 1 2 3; do ping -c 1 -W 5 10.2.0.2; done; sleep 1");
    expect(await says(alpha, work)).toBe(before);
    expect((await frames(alpha, next)).frames.filter((frame) => echo(frame)).length).toBe(4);
  });

  it("does not take the machine while frames flood, and counts what it leaves out", async () => {
    await says(alpha, pairInto("red"));
    const carry = `${behind("ip netns exec red tput s 5000")}
      until ip netns exec red netstat -ltn | grep -q :5000; do usleep 50000; done; tput c 10.2.0.2 5000 2`;
    /** Bytes carried for each instruction of the machine: a busy computer changes that little. */
    const rate = async (meanwhile: () => Promise<void>): Promise<number> => {
      const { instructions: before } = await alpha.host.meters("alpha");
      const carrying = says(alpha, carry);
      await meanwhile();
      const [, bytes] = /bytes=(\d+)/.exec(await carrying)!;
      return Number(bytes) / ((await alpha.host.meters("alpha")).instructions - before);
    };
    /** Processor time of the reader, and the time that passed, in hundredths of a second. */
    const times = async () => {
      const out = await says(alpha, `cut -d ' ' -f 14,15 /proc/${READER}/stat; cut -d ' ' -f 1 /proc/uptime`);
      const [user, system, uptime] = out.split(/\s/).map(Number);
      return { reader: user! + system!, all: uptime! * 100 };
    };
    const alone = await rate(async () => {});
    await frames(alpha, 1);
    const before = await times();
    const watched = await rate(async () => {
      const answer = await frames(alpha, 1);
      expect(answer.frames.length + answer.lost).toBe(answer.next - 1);
    });
    const after = await times();
    expect((after.reader - before.reader) / (after.all - before.all)).toBeLessThan(0.3);
    expect(watched).toBeGreaterThan(alone / 4);
    const last = await frames(alpha, 1);
    expect(last.lost).toBeGreaterThan(0);
    expect(last.frames.length).toBeGreaterThan(0);
    expect(last.frames.length + last.lost).toBe(last.next - 1);
  });

  it("begins anew after it was stopped, for one who asks from where it was", async () => {
    await says(alpha, pairInto("red"));
    await frames(alpha, 1);
    await says(alpha, "ping -c 3 -i 0.2 -W 5 10.2.0.2");
    const { next } = await frames(alpha, 1);
    await says(alpha, "netview --stop; ! pgrep netview");
    expect(await frames(alpha, next)).toMatchObject({ frames: [], next: 1 });
    await says(alpha, "ping -c 1 -W 5 10.2.0.2");
    expect((await frames(alpha, next)).frames.map(({ seq }) => seq)[0]).toBe(1);
  });

  it("is for root, and a student cannot stand in its place", async () => {
    const ask = await alpha.run("su student -c 'netview --frames 1'");
    expect([ask.exit, ask.err]).toEqual([1, "netview: frames are for root\n"]);
    await frames(alpha, 1);
    expect((await alpha.run("su student -c 'netview --stop'; pgrep netview")).out).not.toBe("");
  });
});

describe("the probes of a guest's network", () => {
  const probe = (name: string, args: Record<string, string | number> = {}) =>
    readProbe(name, { machine: "alpha", ...args }, () => alpha.host);

  it("give what netview says", async () => {
    expect(await probe("guest.network")).toMatchObject({ truncated: false, namespaces: [{ initial: true }] });
    expect(await probe("guest.frames", { from: 1 })).toMatchObject({ frames: [], next: 1, lost: 0 });
  });

  it.each([
    ["garbage", "echo '{\"netview\":1'", /not JSON/],
    ["another document", 'echo \'{"netview":1,"at":1,"namespaces":[{}]}\'', /namespaces\[0\]/],
    ["nothing", "exit 7", /`netview --json` on `alpha` ended with 7/],
  ])("say so when the tool was replaced by one that prints %s", async (_, script, sentence) => {
    await says(
      alpha,
      `rm /usr/bin/netview; printf '#!/bin/sh\\n%s\\n' "$S" > /usr/bin/netview`.replace(
        "$S",
        script.replaceAll('"', '\\"'),
      ),
    );
    await says(alpha, "chmod 755 /usr/bin/netview");
    await expect(probe("guest.network")).rejects.toThrow(sentence);
  });
});

describe("netview beside nft", () => {
  it("reads its rules as `nft list ruleset` prints them", async () => {
    await says(
      alpha,
      `${pairInto("red")}
      nft 'table ip t {
        set s { type ipv4_addr; elements = { 10.2.0.2 }; }
        chain c { type filter hook input priority 0; policy drop; ip saddr @s counter accept; }
        chain mine { tcp dport { 80, 443 } reject; }
      }' &&       ip netns exec red nft 'table inet u { chain d { type nat hook postrouting priority 100; masquerade; }; }' &&
      ping -c 1 -W 5 10.2.0.2`,
    );
    const { namespaces } = await network(alpha);
    const rules = namespaces.map((namespace) => namespace.rules.map((rule) => Object.values(rule).join(" | ")));
    expect(rules).toEqual([
      [
        "ip t | c | policy drop | 0 | 0",
        "ip t | c | ip saddr @s counter packets 1 bytes 84 accept | 1 | 84",
        "ip t | mine | tcp dport { 80, 443 } reject | 0 | 0",
      ],
      ["inet u | d | policy accept | 0 | 0", "inet u | d | masquerade | 0 | 0"],
    ]);
  });
});

describe("netview in a driver domain", () => {
  it("tells netback's interface from a card, and sees a guest's ping at bridge and vif", async () => {
    const dom0 = await guest({ name: "dom0", image: "linux-dom0" });
    await dom0.start();
    const quiet = "sysctl -qw net.ipv6.conf.default.disable_ipv6=1";
    await says(
      dom0,
      `${quiet}; ip link add xenbr0 type bridge; ip link set xenbr0 up; ip addr add 10.0.0.9/24 dev xenbr0`,
    );
    const domU = await guest({
      name: "domU",
      image: "linux-xen",
      nics: [{ mac: "00:16:3e:00:00:01", model: "xen", backend: "dom0" }],
    });
    await domU.start();
    await says(
      domU,
      `${quiet}; sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1; ip addr add 10.0.0.1/24 dev eth0; ip link set eth0 up`,
    );
    await says(domU, "until ping -c 1 -W 1 10.0.0.9; do :; done");
    const [inside] = (await network(domU)).namespaces;
    expect(inside!.links.find(({ name }) => name === "eth0")).toMatchObject({ kind: "", mac: "00:16:3e:00:00:01" });
    const { next } = await frames(dom0, 1);
    await says(domU, "ping -c 1 -W 5 10.0.0.9");
    const [namespace] = (await network(dom0)).namespaces;
    const vif = namespace!.links.find(({ kind }) => kind === "vif")!;
    const bridge = namespace!.links.find(({ kind }) => kind === "bridge")!;
    expect(vif).toMatchObject({ name: "vif1.0", master: bridge.index, portState: "forwarding" });
    expect(namespace!.fdb).toContainEqual(expect.objectContaining({ mac: "00:16:3e:00:00:01", port: vif.index }));
    const seen = (await frames(dom0, next)).frames.filter((frame) => echo(frame));
    expect(seen.map((frame) => [echo(frame)!.type, frame.link, frame.direction])).toEqual([
      ["request", vif.index, "in"],
      ["request", bridge.index, "in"],
      ["reply", bridge.index, "out"],
      ["reply", vif.index, "out"],
    ]);
    await domU.host.stop("domU");
    await dom0.host.stop("dom0");
  });
});
