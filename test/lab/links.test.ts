import { describe, expect, it } from "vitest";
import { formatFault } from "../../src/lab/index.ts";
import { faultsOf, labOf, labTexts } from "./fixtures.ts";

const TASK = "  up: { machine: a, check: x }";

/** A lab with two hosts, machines `a` and `b` as given, and these links. */
const texts = (links: string, machines: Readonly<Record<string, string>> = {}) => {
  const { a = "host: h", b = "host: i" } = machines;
  const head = `hosts: { h: {}, i: {} }\nmachines:\n  a: { image: linux, ${a} }\n  b: { image: linux, ${b} }\nlinks:\n${links}`;
  return labTexts(TASK, { head });
};

const linksOf = (...given: Parameters<typeof texts>) => labOf(texts(...given)).links;
const faults = (...given: Parameters<typeof texts>) =>
  faultsOf(texts(...given)).map((fault) => formatFault(fault).replace(/^\S+ /, ""));

describe("links of a lab", () => {
  it("are what is written, in milliseconds and bits a second", () => {
    const written =
      "kind: switch, latency: 2ms, jitter: 500us, loss: 0.1, rate: 10mbit, queue: 20, mtu: 9000, cut: true, mirror: b/0";
    const [lan] = linksOf(`  lan: { ${written} }`, { b: "nics: [{ link: lan }]" });
    const { kind, ...shape } = lan!.spec;
    expect(kind).toBe("switch");
    expect(shape).toEqual({
      latency: 2,
      jitter: 0.5,
      loss: 0.1,
      rate: 10e6,
      queue: 20,
      mtu: 9000,
      cut: true,
      mirror: "b/0",
    });
  });

  it("may have a gateway, and one that translates", () => {
    const gateway =
      "address: 10.0.0.254/24, dhcp: { from: 10.0.0.10, to: 10.0.0.20 }, names: { www: 10.0.0.80 }, " +
      "nat: { link: out, address: 192.0.2.1/24, kind: symmetric, hairpin: false }";
    const [lan] = linksOf(`  lan: { kind: switch, gateway: { ${gateway} } }\n  out: { kind: wire }`);
    expect(lan!.spec.gateway).toEqual({
      address: "10.0.0.254/24",
      dhcp: { from: "10.0.0.10", to: "10.0.0.20" },
      names: { www: "10.0.0.80" },
      nat: { link: "out", address: "192.0.2.1/24", kind: "symmetric", hairpin: false },
    });
  });

  it("carry VLANs where their machines' cards say so", () => {
    const lab = labOf(
      texts("  lan: { kind: switch }", { a: "nics: [{ link: lan, vlan: 7 }, { link: lan, vlans: [7, 8] }]" }),
    );
    expect(lab.machines[0]!.spec.nics).toMatchObject([{ vlan: 7 }, { vlans: [7, 8] }]);
  });

  it.each([
    ["latency: 2", "links.lan.latency: expected a time, as 2ms, found `2`."],
    ["latency: 11s", "links.lan.latency: expected a time of at most 10s, found the text `11s`."],
    ["rate: 10", "links.lan.rate: expected a rate, as 10mbit, found `10`."],
    ["rate: 10bit", "links.lan.rate: expected at least 1kbit, found the text `10bit`."],
    ["loss: 1.5", "links.lan.loss: expected a share up to 1, found `1.5`."],
    ["queue: 0", "links.lan.queue: expected a number of frames from 1, found `0`."],
    ["mtu: 67", "links.lan.mtu: expected a number of bytes from 68, found `67`."],
    ["mirror: c", "links.lan.mirror: expected an end of the link: <machine>/<card>, as dom0/1, found the text `c`."],
    ["mirror: b/0", "links.lan.mirror: `b/0` is no end of `lan`: its ends are a/0."],
    [
      "gateway: { address: 10.0.0.256/24 }",
      "links.lan.gateway.address: expected an IPv4 address and its prefix, as 10.0.0.254/24, of 8 to 30 bits, found the text `10.0.0.256/24`.",
    ],
    [
      "gateway: { address: 10.0.0.255/24 }",
      "links.lan.gateway.address: 10.0.0.255/24 is the network's own or its broadcast address, and no machine's.",
    ],
    [
      "gateway: { address: 10.0.0.1/24, dhcp: { from: 10.0.0.2, to: 10.0.1.9 } }",
      "links.lan.gateway.dhcp.to: 10.0.1.9 is no machine's address in the network of 10.0.0.1/24.",
    ],
    [
      "gateway: { address: 10.0.0.1/24, dhcp: { from: 10.0.0.9, to: 10.0.0.2 } }",
      "links.lan.gateway.dhcp: `from` is larger than `to`.",
    ],
    [
      "gateway: { address: 10.0.0.5/24, dhcp: { from: 10.0.0.2, to: 10.0.0.9 } }",
      "links.lan.gateway.dhcp: it would lease 10.0.0.5/24, its own address.",
    ],
    [
      "gateway: { address: 10.0.0.1/24, nat: { link: lam, address: 192.0.2.1/24, kind: symmetric } }",
      "links.lan.gateway.nat.link: there is no link `lam`. Did you mean `lan`?",
    ],
    [
      "gateway: { address: 10.0.0.1/24, nat: { link: lan, address: 192.0.2.1/24, kind: symmetric } }",
      "links.lan.gateway.nat.link: a gateway translates to another link than its own.",
    ],
    [
      "gateway: { address: 10.0.0.1/24, nat: { link: far, address: 10.0.0.2/16, kind: symmetric } }",
      "links.lan.gateway.nat.address: 10.0.0.2/16 and 10.0.0.1/24 are one network: a router is between two.",
    ],
    [
      "gateway: { address: 192.0.2.9/24 }",
      "links.far.gateway.address: 192.0.2.9 is the address of another gateway: links.lan.gateway.address.",
    ],
  ])("with %s are refused, saying why", (written, message) => {
    const far = "  far: { kind: switch, gateway: { address: 192.0.2.9/24 } }";
    expect(faults(`  lan: { kind: switch, ${written} }\n${far}`, { a: "nics: [{ link: lan }]" })).toEqual([message]);
  });

  it.each([
    [
      "wire",
      { a: "nics: [{ link: lan }, { link: lan }]", b: "nics: [{ link: lan }]" },
      "links.lan: a wire has two ends, and there are 3: a/0, a/1, b/0.",
    ],
    [
      "wire, gateway: { address: 10.0.0.1/24 }",
      { a: "nics: [{ link: lan }]", b: "nics: [{ link: lan }]" },
      "links.lan: a wire has two ends, and there are 3: a/0, b/0, its gateway.",
    ],
    [
      "hub",
      { a: "nics: [{ link: lan, vlan: 2 }]" },
      "machines.a.nics[0]: only a switch knows VLANs, and `lan` is a hub.",
    ],
    [
      "switch",
      { a: "nics: [{ link: lan, vlan: 2, vlans: [3] }]" },
      "machines.a.nics[0].vlans: an end is an access port (`vlan`) or a trunk (`vlans`), not both.",
    ],
    [
      "switch",
      { a: "nics: [{ vlan: 2 }]" },
      "machines.a.nics[0].vlan: the card is plugged into nothing: it needs a `link`.",
    ],
    ["switch", { a: "nics: [{ link: lam }]" }, "machines.a.nics[0].link: there is no link `lam`. Did you mean `lan`?"],
  ])("of kind %s with cards that do not fit are refused, saying why", (kind, machines, message) => {
    expect(faults(`  lan: { kind: ${kind} }`, machines)).toContain(message);
  });

  it("leave the name of their own place to themselves", () => {
    const head = "hosts: { network: {} }\nmachines:\n  a: { image: linux, host: network }";
    expect(faultsOf(labTexts(TASK, { head })).map(({ path }) => path)).toEqual(["hosts.network"]);
    const alone = labTexts("  up: { machine: network, check: x }", { head: "machines:\n  network: { image: linux }" });
    expect(faultsOf(alone).map(({ path }) => path)).toEqual(["machines.network"]);
  });
});

describe("the place of a link", () => {
  const places = (...given: Parameters<typeof texts>) =>
    Object.fromEntries(linksOf(...given).map(({ name, place }) => [name, place]));
  const on = (...links: string[]) => `nics: [${links.map((link) => `{ link: ${link} }`).join(", ")}]`;

  it("is the host of all its machines, else the network between hosts", () => {
    const links = "  lan: { kind: switch }\n  own: { kind: switch }\n  nobody: { kind: hub }";
    const machines = { a: `host: h, ${on("lan", "own")}`, b: `host: i, ${on("lan")}` };
    expect(places(links, machines)).toEqual({ lan: "network", own: "h", nobody: "h" });
    expect(places(links, { a: `host: h, ${on("lan", "own")}`, b: `host: h, ${on("lan")}` }).lan).toBe("h");
  });

  it("is a machine's own host where none was named", () => {
    expect(places("  lan: { kind: switch }", { a: on("lan"), b: "memory: 32" })).toEqual({ lan: "a" });
    expect(places("  lan: { kind: switch }", { a: on("lan"), b: on("lan") })).toEqual({ lan: "network" });
  });

  it("is one for all that gateways translate between", () => {
    const nat = (link: string, inner: number) =>
      `gateway: { address: 10.0.${inner}.1/24, nat: { link: ${link}, address: 192.0.${inner}.1/24, kind: full-cone } }`;
    const links = `  one: { kind: switch, ${nat("two", 1)} }\n  two: { kind: switch, ${nat("three", 2)} }\n  three: { kind: switch }`;
    const apart = { a: `host: h, ${on("one")}`, b: `host: i, ${on("three")}` };
    expect(places(links, apart)).toEqual({ one: "network", two: "network", three: "network" });
    const together = { a: `host: h, ${on("one")}`, b: `host: h, ${on("three")}` };
    expect(places(links, together)).toEqual({ one: "h", two: "h", three: "h" });
  });

  it("has nothing to do with a card that another machine serves", () => {
    const head =
      "hosts: { h: {}, i: {} }\nmachines:\n  a: { image: linux-dom0, host: h }\n" +
      "  b: { image: linux-xen, host: h, nics: [{ link: lan, backend: a }] }\n" +
      "  c: { image: linux, host: i, nics: [{ link: lan }] }\nlinks: { lan: { kind: wire } }";
    expect(labOf(labTexts(TASK, { head })).links).toMatchObject([{ place: "i" }]);
  });
});

describe("tasks about links", () => {
  const LAN = "  lan: { kind: switch }";
  const withTask = (task: string) => {
    const { yaml, prose } = texts(LAN);
    return { yaml: yaml.replace(TASK, `  up: { ${task} }`), prose };
  };

  it("need no machine to be named, neither to be read nor to be solved", () => {
    const task =
      "probe: network.counters, where: { link: lan, cut: true }, solve: { control: network.cut, with: { link: lan, on: true } }";
    expect(labOf(withTask(task)).tasks.up).toMatchObject({
      machine: undefined,
      solve: [{ machine: undefined, control: "network.cut", with: { link: "lan", on: true } }],
    });
  });

  it.each([
    [
      "probe: network.fdb, with: { link: lam }, where: {}",
      "tasks.up.with.link: there is no link `lam`. Did you mean `lan`?",
    ],
    [
      "probe: network.fdb, with: { from: 1 }, where: {}",
      "tasks.up.with.from: The probe `network.fdb` does not take `from`.",
    ],
    [
      "machine: a, check: x, solve: { control: network.cable, with: { machine: zebra, nic: 0, plugged: false } }",
      "tasks.up.solve.with.machine: there is no machine `zebra`.",
    ],
    [
      "machine: a, check: x, solve: { control: network.cud, with: { link: lan } }",
      "tasks.up.solve.control: there is no setting `network.cud`. Did you mean `network.cut`?",
    ],
  ])("%s are refused, saying why", (task, message) => {
    expect(faultsOf(withTask(task)).map((fault) => `${fault.path}: ${fault.message}`)).toContain(message);
  });
});
