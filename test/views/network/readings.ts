import type { LinkReport, PortReport, Traffic } from "../../../src/network/reports.ts";
import type { NetLink, NetNamespace } from "../../../src/probe/network/types.ts";

/** Readings as guests and the fabric give them, with what a test does not care for filled in. */

const counted = { packets: 0, bytes: 0, dropped: 0 };

/** An interface; up and with a carrier unless told otherwise. */
export function netLink(index: number, name: string, more: Partial<NetLink> = {}): NetLink {
  const kind = more.kind ?? (name === "lo" ? "loopback" : "");
  return {
    index,
    name,
    kind,
    mac: name === "lo" ? "00:00:00:00:00:00" : `02:52:00:00:00:${index.toString(16).padStart(2, "0")}`,
    mtu: name === "lo" ? 65_536 : 1500,
    up: true,
    carrier: true,
    promiscuous: false,
    addresses: name === "lo" ? ["127.0.0.1/8"] : [],
    sent: counted,
    received: counted,
    ...more,
  };
}

/** A namespace with a loopback interface and others. */
export function netNamespace(id: number, links: readonly NetLink[], more: Partial<NetNamespace> = {}): NetNamespace {
  return {
    id,
    names: [],
    processes: [],
    initial: id === INITIAL,
    forwarding: { ipv4: false, ipv6: false },
    links: [netLink(1, "lo"), ...links],
    routes: [],
    neighbours: [],
    fdb: [],
    conntrack: [],
    rules: [],
    ...more,
  };
}

/** The inode of a guest's initial network namespace. */
export const INITIAL = 4026531840;

export const traffic = (frames = 0, broadcast = 0): Traffic => ({
  frames,
  bytes: frames * 98,
  broadcast,
  multicast: 0,
  unicast: frames - broadcast,
});

export function portReport(name: string, mac: string, more: Partial<PortReport> = {}): PortReport {
  const [machine, nic] = name.split("/") as [string, string];
  return {
    name,
    machine,
    nic: Number(nic),
    mac,
    carrier: true,
    sent: traffic(12, 1),
    received: traffic(11),
    dropped: {},
    waiting: 0,
    ...more,
  };
}

export function linkReport(link: string, ports: readonly PortReport[], more: Partial<LinkReport> = {}): LinkReport {
  return {
    ...traffic(23, 1),
    link,
    kind: "switch",
    place: "network",
    latency: 0,
    jitter: 0,
    loss: 0,
    rate: null,
    queue: 512,
    mtu: 1500,
    cut: false,
    mirror: null,
    held: false,
    waiting: 0,
    flooded: 0,
    filtered: 0,
    dropped: {},
    ports,
    gateway: null,
    ...more,
  };
}
