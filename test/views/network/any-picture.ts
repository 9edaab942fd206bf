import fc from "fast-check";
import type { NetLink, NetNamespace } from "../../../src/probe/network/types.ts";
import { makePicture } from "../../../src/views/network/picture/make.ts";
import type { NetworkPicture } from "../../../src/views/network/picture.ts";
import { INITIAL, linkReport, netLink, netNamespace, portReport } from "./readings.ts";

/** Networks as hostile guests may report them: any interface on any other, peers that are not, circles of bridges. */

const index = fc.integer({ min: 1, max: 9 });
const address = fc.constantFrom("10.0.0.1/24", "fe80::1/64", "2001:db8::1/64", "not an address", "");

const anyLink: fc.Arbitrary<NetLink> = fc
  .record({
    at: index,
    name: fc.oneof(fc.constantFrom("eth0", "lo", "vif1.0", "br-0"), fc.string({ maxLength: 20 })),
    kind: fc.constantFrom("", "loopback", "bridge", "veth", "vif", "vlan", "macvlan", "vxlan", "weird"),
    up: fc.boolean(),
    carrier: fc.boolean(),
    master: fc.option(index, { nil: undefined }),
    peer: fc.option(index, { nil: undefined }),
    peerNamespace: fc.option(fc.constantFrom(INITIAL, 2, 3), { nil: undefined }),
    vlan: fc.option(fc.integer({ min: 0, max: 4095 }), { nil: undefined }),
    addresses: fc.array(address, { maxLength: 3 }),
    portState: fc.option(fc.constantFrom("forwarding", "blocking"), { nil: undefined }),
  })
  .map(({ at, name, ...more }) =>
    netLink(at, name, Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined))),
  );

const anyNamespace = (id: number): fc.Arbitrary<NetNamespace> =>
  fc
    .record({
      links: fc.array(anyLink, { maxLength: 9 }),
      names: fc.array(fc.string({ maxLength: 12 }), { maxLength: 2 }),
      ipv4: fc.boolean(),
    })
    .map(({ links, names, ipv4 }) => netNamespace(id, links, { names, forwarding: { ipv4, ipv6: false } }));

const anyGuest = fc
  .tuple(anyNamespace(INITIAL), fc.option(anyNamespace(2)), fc.option(anyNamespace(3)))
  .map((all) => ({ at: 0, namespaces: all.filter((one) => one !== null), truncated: false }));

const NAMES = ["a", "b", "c", "d", "e", "f"];

/** Any network of one to six machines on one to three hosts and one to three links. */
export const anyPicture: fc.Arbitrary<NetworkPicture> = fc
  .record({
    guests: fc.array(fc.option(anyGuest), { minLength: 1, maxLength: 6 }),
    hosts: fc.array(fc.constantFrom("h1", "h2", "h3"), { minLength: 6, maxLength: 6 }),
    links: fc.array(fc.constantFrom("one", "two", "three"), { minLength: 6, maxLength: 6 }),
    backends: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    place: fc.constantFrom("network", "h1"),
    cut: fc.boolean(),
  })
  .map(({ guests, hosts, links, backends, place, cut }) => {
    const mac = (at: number) => `02:00:00:00:00:${at.toString(16).padStart(2, "0")}`;
    const ports = (link: string) =>
      guests.flatMap((_, at) => (links[at] === link ? [portReport(`${NAMES[at]}/0`, mac(at), { vlan: at + 1 })] : []));
    return makePicture({
      machines: guests.map((_, at) => ({
        name: NAMES[at]!,
        host: hosts[at]!,
        running: true,
        nics: [
          { mac: mac(at), model: "virtio", link: links[at]!, ...(backends[at] && at > 0 ? { backend: "a" } : {}) },
        ],
      })),
      guests: new Map(guests.flatMap((guest, at) => (guest ? [[NAMES[at]!, guest] as const] : []))),
      counters: Object.fromEntries(
        ["one", "two", "three"].map((link) => [link, linkReport(link, ports(link), { place, cut })]),
      ),
    });
  });
