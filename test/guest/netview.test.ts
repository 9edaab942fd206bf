import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GuestFrame, GuestNetwork, NetNamespace } from "../../src/probe/network/index.ts";
import { guests, type TestGuest } from "./guest.ts";
import {
  behind,
  bytesOf,
  echo,
  fdbByBridge,
  fdbOf,
  frames,
  linksByIp,
  linksOf,
  neighboursByIp,
  neighboursOf,
  network,
  routesByIp,
  routesOf,
  says,
} from "./netview-readings.ts";

const guest = guests({});

const named = (reading: GuestNetwork, name: string): NetNamespace =>
  reading.namespaces.find(({ names }) => names.includes(name))!;
const initial = (reading: GuestNetwork): NetNamespace => reading.namespaces.find((each) => each.initial)!;
const linkOf = (namespace: NetNamespace, name: string) => namespace.links.find((link) => link.name === name)!;

/** What is quiet: no address of IPv6 is tried out, and nobody speaks unasked. */
const QUIET = "sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1";

/**
 * A bridge in the machine's own namespace with two ports: a veth into the named namespace `blue`, tagged there
 * (VLAN 101), and one into the namespace of a process, untagged.
 */
const TOPOLOGY = `
${QUIET}
ip netns add blue; ip netns exec blue ${QUIET}
${behind("unshare --net sleep 1000")}
until p=$(pgrep -x sleep) && [ "$(readlink /proc/$p/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do usleep 50000; done
nsenter -t $p -n ${QUIET}
ip link add br0 type bridge vlan_filtering 1 ageing_time 6000
ip link add v0 type veth peer name v1 netns blue
ip link add w0 type veth peer name w1 netns $p
ip link set v0 master br0; ip link set w0 master br0
bridge vlan add dev v0 vid 101
bridge vlan add dev w0 vid 101 pvid untagged
for i in br0 v0 w0; do ip link set $i up; done
in_blue() { ip netns exec blue "$@"; }
in_blue ip link set lo up; in_blue ip link set v1 up
in_blue ip link add link v1 name v1.101 type vlan id 101
in_blue ip address add 10.1.0.2/24 dev v1.101; in_blue ip link set v1.101 up
nsenter -t $p -n ip address add 10.1.0.3/24 dev w1; nsenter -t $p -n ip link set w1 up`;

describe("netview in a guest", () => {
  let alpha: TestGuest;
  beforeEach(async () => {
    alpha = await guest({ nics: [{ mac: "02:00:00:00:00:51", model: "virtio", link: "nowhere" }] });
    await alpha.start();
  });
  afterEach(() => alpha.host.stop("alpha"));

  it("says what ip and bridge say, of every namespace", async () => {
    await says(alpha, TOPOLOGY);
    await says(
      alpha,
      `ip link add vx0 type vxlan id 42 dev br0 dstport 4789 remote 10.9.9.9
      ip link set eth0 down; ip link set eth0 name peth0 address 02:00:00:00:00:99
      ip address add 10.1.1.1/24 dev br0; ip address add 10.1.1.2/32 dev br0
      ip route add 10.5.0.0/16 via 10.1.1.77 src 10.1.1.1 metric 7; ip route add blackhole 10.7.0.0/16
      ip route add default nexthop via 10.1.1.3 dev br0 nexthop via 10.1.1.4 dev br0
      ip neighbour add 10.1.1.77 lladdr 02:00:00:00:00:77 dev br0; ip neighbour add proxy 10.1.1.9 dev br0
      bridge fdb add 02:00:00:00:00:78 dev w0 master static vlan 101
      sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.v0.proxy_arp=1
      ip netns exec blue sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.v1.disable_ipv6=0
      ip -n blue address add fd00::2/64 dev v1 nodad; ip -n blue route add fd01::/48 via fd00::7 metric 5
      ip -n blue neighbour add fd00::7 lladdr 02:00:00:00:00:79 dev v1
      until ! ip -n blue address | grep -q tentative; do usleep 50000; done
      ip netns exec blue ping -c 1 -W 5 10.1.0.3`,
    );
    // a neighbour's state goes on by itself: it is what it was just before or just after
    const everyNeighbour = async () =>
      (
        await Promise.all(
          ["", "ip netns exec blue", "nsenter -t $(pgrep -x sleep) -n"].map((way) => neighboursByIp(alpha, way)),
        )
      ).flat();
    const before = await everyNeighbour();
    const reading = await network(alpha);
    const around = [...before, ...(await everyNeighbour())];
    expect(before).toHaveLength(4);
    expect(reading.namespaces.flatMap(neighboursOf)).toHaveLength(4);
    for (const line of reading.namespaces.flatMap(neighboursOf)) expect(around).toContain(line);
    const inside = reading.namespaces.find(({ names, initial: first }) => names.length === 0 && !first)!;
    const ways: [NetNamespace, string][] = [
      [initial(reading), ""],
      [named(reading, "blue"), "ip netns exec blue"],
      [inside, `nsenter -t ${inside.processes[0]!.pid} -n`],
    ];
    expect(reading.namespaces.map(({ id }) => id).sort()).toEqual(ways.map(([{ id }]) => id).sort());
    for (const [namespace, way] of ways) {
      expect(`net:[${namespace.id}]\n`).toBe(await says(alpha, `${way} readlink /proc/self/ns/net`));
      expect(linksOf(namespace)).toEqual(await linksByIp(alpha, way));
      expect(routesOf(namespace)).toEqual(await routesByIp(alpha, way));
    }
    expect(fdbOf(initial(reading))).toEqual(await fdbByBridge(alpha));
    expect(linkOf(initial(reading), "peth0")).toMatchObject({ kind: "", permanent: "02:00:00:00:00:51" });
    expect(initial(reading).neighbours.filter(({ proxy }) => proxy)).toMatchObject([{ address: "10.1.1.9" }]);
    expect(initial(reading).forwarding).toEqual({ ipv4: true, ipv6: false });
    expect(initial(reading).links.flatMap(({ name, proxyArp }) => (proxyArp ? [name] : []))).toEqual(["v0"]);
    expect(inside.processes.map(({ name }) => name)).toEqual(["sleep"]);
    expect(reading.truncated).toBe(false);
  });

  it("finds the two ends of each veth, and the VLANs and addresses a bridge has learned", async () => {
    await says(alpha, `${TOPOLOGY}\nip netns exec blue ping -c 1 -W 5 10.1.0.3`);
    const reading = await network(alpha);
    const here = initial(reading);
    for (const [port, far, name] of [
      ["v0", named(reading, "blue"), "v1"],
      ["w0", reading.namespaces.find(({ processes }) => processes[0]?.name === "sleep")!, "w1"],
    ] as const) {
      expect(linkOf(here, port)).toMatchObject({ peer: linkOf(far, name).index, peerNamespace: far.id });
      expect(linkOf(far, name)).toMatchObject({ peer: linkOf(here, port).index, peerNamespace: here.id });
    }
    const port = (name: string) => linkOf(here, name).index;
    expect(here.vlans).toEqual([
      { port: port("br0"), from: 1, to: 1, pvid: true, untagged: true },
      { port: port("v0"), from: 1, to: 1, pvid: true, untagged: true },
      { port: port("v0"), from: 101, to: 101, pvid: false, untagged: false },
      { port: port("w0"), from: 1, to: 1, pvid: false, untagged: true },
      { port: port("w0"), from: 101, to: 101, pvid: true, untagged: true },
    ]);
    const learned = here.fdb.filter(({ permanent, vlan }) => !permanent && vlan === 101);
    expect(learned.map(({ port: by, bridge }) => [by, bridge]).sort()).toEqual([
      [port("v0"), port("br0")],
      [port("w0"), port("br0")],
    ]);
    for (const { age } of learned) expect(age).toBeLessThan(60);
    const { sent, received } = linkOf(named(reading, "blue"), "v1");
    expect([sent.packets, received.packets]).toEqual([
      linkOf(here, "v0").received.packets,
      linkOf(here, "v0").sent.packets,
    ]);
  });

  it("sees a ping at each interface on its way, in order, with direction and tag", async () => {
    await says(alpha, TOPOLOGY);
    const { next } = await frames(alpha, 1);
    await says(alpha, "ip netns exec blue ping -c 1 -W 5 10.1.0.3");
    const seen = await frames(alpha, next);
    const reading = await network(alpha);
    const place = ({ namespace, link }: GuestFrame) =>
      reading.namespaces.find(({ id }) => id === namespace)!.links.find(({ index }) => index === link)!.name;
    const hops = (type: string) =>
      seen.frames.flatMap((frame) => {
        const found = echo(frame);
        return found?.type === type ? [`${place(frame)} ${frame.direction} ${found.vlan ?? "untagged"}`] : [];
      });
    expect(hops("request")).toEqual([
      "v1.101 out untagged",
      "v1 out 101",
      "v0 in 101",
      "w0 out untagged",
      "w1 in untagged",
    ]);
    expect(hops("reply")).toEqual([
      "w1 out untagged",
      "w0 in untagged",
      "v0 out 101",
      "v1 in 101",
      "v1.101 in untagged",
    ]);
    expect(seen.lost).toBe(0);
    const times = seen.frames.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs(times.at(-1)! - seen.at)).toBeLessThan(60_000);
  });

  it("keeps short frames whole and the beginning of long ones, and loopback's once", async () => {
    const { next } = await frames(alpha, 1);
    await says(alpha, "ping -c 1 -s 56 -W 5 127.0.0.1; ping -c 1 -s 1000 -W 5 127.0.0.1");
    const seen = (await frames(alpha, next)).frames.filter((frame) => echo(frame)?.type === "request");
    expect(seen.map((frame) => [frame.direction, frame.length, bytesOf(frame).length])).toEqual([
      ["in", 98, 98],
      ["in", 1042, 320],
    ]);
  });

  it("reads connections and rules as conntrack and iptables-save have them", async () => {
    await says(
      alpha,
      `${TOPOLOGY}
      ip address add 10.3.0.1/24 dev br0; ip link add n0 type veth peer name n1 netns blue; ip link set n0 up
      ip address add 10.4.0.1/24 dev n0; ip netns exec blue ip address add 10.4.0.2/24 dev n1
      ip netns exec blue ip link set n1 up; ip netns exec blue ip route add 10.3.0.0/24 via 10.4.0.1
      iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.4.0.2:8080
      iptables -N mine; iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -P FORWARD DROP
      iptables -A mine -s 10.0.0.0/8 -m comment --comment 'a "b" \\c' -j RETURN
      ${behind("ip netns exec blue nc -l -p 8080 -e cat")}
      until ip netns exec blue netstat -ltn | grep -q :8080; do usleep 50000; done
      iptables -t nat -A OUTPUT -d 10.3.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.4.0.2:8080
      { echo hello; sleep 1; } | nc 10.3.0.1 80`,
    );
    const { conntrack, rules } = initial(await network(alpha));
    const [entry] = conntrack.filter(({ protocol }) => protocol === "tcp");
    expect(entry).toMatchObject({
      original: { destination: "10.3.0.1", destinationPort: 80 },
      reply: { source: "10.4.0.2", sourcePort: 8080 },
      assured: true,
      unreplied: false,
    });
    const listed = (await says(alpha, "cat /proc/net/nf_conntrack")).split("\n").find((line) => line.includes("tcp"))!;
    expect(listed).toContain(` ${entry!.state} `);
    expect(listed).toContain(`sport=${entry!.original.sourcePort} dport=80`);
    expect(listed).toContain(`sport=8080 dport=${entry!.reply.destinationPort}`);
    expect(rules).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ table: "filter", chain: "FORWARD", rule: "policy DROP" }),
        expect.objectContaining({ chain: "FORWARD", rule: "-m conntrack --ctstate ESTABLISHED -j ACCEPT" }),
        expect.objectContaining({
          table: "nat",
          chain: "OUTPUT",
          rule: "-d 10.3.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.4.0.2:8080",
          packets: 1,
          bytes: 60,
        }),
      ]),
    );
    const saved = await says(alpha, "iptables-save -c | grep -- '-A '");
    const lines = rules.flatMap(({ chain, rule, packets, bytes }) =>
      rule.startsWith("policy ") ? [] : [`[${packets}:${bytes}] -A ${chain} ${rule}`],
    );
    expect(lines).toEqual(saved.trim().split("\n"));
  });

  it("looks without changing: no table of iptables, no tracking, no module, no layer", async () => {
    await says(alpha, TOPOLOGY);
    const state =
      "cat /proc/net/ip_tables_names /proc/modules; ip netns exec blue cat /proc/net/ip_tables_names; cat /proc/sys/net/netfilter/nf_conntrack_count; readlink /usr/sbin/nft";
    const before = await alpha.run(state);
    await network(alpha);
    await frames(alpha, 1);
    await says(alpha, "ping -c 1 127.0.0.1");
    expect(await alpha.run(state)).toEqual(before);
    expect(initial(await network(alpha)).conntrack).toEqual([]);
  });
});
