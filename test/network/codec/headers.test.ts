import { describe, expect, it } from "vitest";
import {
  arp,
  ETHERTYPE,
  encapsulated,
  ethernet,
  flowKey,
  gre,
  headerChanges,
  headersOf,
  icmpEcho,
  ipv4,
  ipv4Fragments,
  PROTOCOL,
  TCP_FLAG,
  tcp,
  udp,
  vxlan,
} from "../../../src/network/codec/index.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const ROUTER = "02:00:00:00:00:0c";
const inner = { source: "192.168.1.2", destination: "10.0.0.9" };
const outer = { source: "10.0.0.1", destination: "10.0.0.9" };
const data = Uint8Array.of(1, 2, 3);

const packet = (endpoints: typeof inner, protocol: number, payload: Uint8Array, ttl = 64) =>
  ethernet({
    destination: B,
    source: A,
    type: ETHERTYPE.ipv4,
    payload: ipv4({ ...endpoints, protocol, payload, ttl, identification: 9 }),
  });
const syn = (endpoints: typeof inner, sourcePort: number) =>
  tcp(
    { sourcePort, destinationPort: 80, sequence: 7, flags: TCP_FLAG.syn, options: { mss: 1460 }, payload: data },
    endpoints,
  );

describe("headers", () => {
  it("of a TCP segment are addresses, ports, numbers, and where its payload is", () => {
    const bytes = packet(inner, PROTOCOL.tcp, syn(inner, 40000));
    expect(headersOf(bytes)).toMatchObject({
      macSource: A,
      macDestination: B,
      vlans: [],
      source: "192.168.1.2",
      destination: "10.0.0.9",
      protocol: 6,
      ttl: 64,
      identification: 9,
      sourcePort: 40000,
      destinationPort: 80,
      tcp: { sequence: 7, acknowledgement: 0, flags: 2, window: 65535 },
      network: 14,
      transport: 34,
      payload: { from: 58, to: 61 },
    });
  });

  it("of an echo have its identifier, of a tagged frame its VLANs, of ARP its addresses", () => {
    const echo = packet(inner, PROTOCOL.icmp, icmpEcho({ id: 5, seq: 6, data }));
    expect(headersOf(echo)?.icmp).toEqual({ type: 8, code: 0, id: 5, seq: 6 });
    const payload = arp({ operation: "reply", senderMac: A, sender: "10.0.0.1", targetMac: B, target: "10.0.0.2" });
    const tags = [{ vid: 101, provider: true }, { vid: 7 }];
    const tagged = headersOf(ethernet({ destination: B, source: A, tags, type: ETHERTYPE.arp, payload }));
    expect(tagged?.vlans).toEqual([101, 7]);
    expect(tagged?.arp).toEqual({ operation: 2, senderMac: A, sender: "10.0.0.1", targetMac: B, target: "10.0.0.2" });
  });

  it("of a frame that was cut are those that are there", () => {
    const bytes = packet(inner, PROTOCOL.tcp, syn(inner, 40000));
    expect(headersOf(bytes.subarray(0, 13))).toBeUndefined();
    expect(headersOf(bytes.subarray(0, 20))).toMatchObject({ etherType: 0x0800 });
    expect(headersOf(bytes.subarray(0, 20))?.source).toBeUndefined();
    expect(headersOf(bytes.subarray(0, 40))).toMatchObject({ destination: "10.0.0.9", sourcePort: 40000 });
    expect(headersOf(bytes.subarray(0, 60))?.payload).toEqual({ from: 58, to: 60 });
  });

  it("of a fragment after the first have no ports", () => {
    const payload = udp({ sourcePort: 1, destinationPort: 2, payload: new Uint8Array(3000) }, inner);
    const [first, second] = ipv4Fragments({ ...inner, protocol: PROTOCOL.udp, payload, identification: 4 }, 1500).map(
      (part) => headersOf(ethernet({ destination: B, source: A, type: ETHERTYPE.ipv4, payload: part })),
    );
    expect(first).toMatchObject({ fragmentOffset: 0, moreFragments: true, sourcePort: 1 });
    expect(second).toMatchObject({ fragmentOffset: 1480, moreFragments: true, identification: 4 });
    expect(second?.sourcePort).toBeUndefined();
  });
});

describe("changes from hop to hop", () => {
  it("are what a router with source NAT rewrote, in the order of the headers", () => {
    const before = headersOf(packet(inner, PROTOCOL.tcp, syn(inner, 40000)))!;
    const payload = ipv4({ ...outer, protocol: PROTOCOL.tcp, payload: syn(outer, 50000), ttl: 63, identification: 9 });
    const after = headersOf(
      ethernet({ destination: B, source: ROUTER, tags: [{ vid: 9 }], type: ETHERTYPE.ipv4, payload }),
    )!;
    expect(headerChanges(before, after).map(({ field, before: one, after: other }) => [field, one, other])).toEqual([
      ["mac-source", A, ROUTER],
      ["vlan", "none", "9"],
      ["ttl", "64", "63"],
      ["address-source", "192.168.1.2", "10.0.0.1"],
      ["port-source", "40000", "50000"],
      ["checksum-ip", expect.stringMatching(/^0x/), expect.stringMatching(/^0x/)],
      ["checksum-transport", expect.stringMatching(/^0x/), expect.stringMatching(/^0x/)],
    ]);
  });

  it("are none between a frame and itself", () => {
    const headers = headersOf(packet(inner, PROTOCOL.icmp, icmpEcho({ id: 5, seq: 6, data })))!;
    expect(headerChanges(headers, headers)).toEqual([]);
  });
});

describe("a flow", () => {
  const key = (bytes: Uint8Array) => flowKey(headersOf(bytes)!);
  const back = { source: inner.destination, destination: inner.source };

  it("is the same both ways", () => {
    const there = packet(inner, PROTOCOL.udp, udp({ sourcePort: 5, destinationPort: 7, payload: data }, inner));
    const here = packet(back, PROTOCOL.udp, udp({ sourcePort: 7, destinationPort: 5, payload: data }, back));
    expect(key(there)).toBe(key(here));
    const ping = packet(inner, PROTOCOL.icmp, icmpEcho({ id: 5, seq: 1, data }));
    const pong = packet(back, PROTOCOL.icmp, icmpEcho({ reply: true, id: 5, seq: 1, data }));
    expect(key(ping)).toBe(key(pong));
  });

  it("is another with another port, protocol, identifier or VLAN", () => {
    const ports = (sourcePort: number) => udp({ sourcePort, destinationPort: 7, payload: data }, inner);
    const tagged = ethernet({
      destination: B,
      source: A,
      tags: [{ vid: 5 }],
      type: ETHERTYPE.ipv4,
      payload: ipv4({ ...inner, protocol: 17, payload: ports(5) }),
    });
    const frames = [
      packet(inner, PROTOCOL.udp, ports(5)),
      packet(inner, PROTOCOL.udp, ports(6)),
      packet(inner, PROTOCOL.tcp, syn(inner, 5)),
      packet(inner, PROTOCOL.icmp, icmpEcho({ id: 5, seq: 1, data })),
      packet(inner, PROTOCOL.icmp, icmpEcho({ id: 6, seq: 1, data })),
      packet(inner, 89, data),
      ethernet({ destination: B, source: A, type: 0x88cc, payload: data }),
      tagged,
    ];
    expect(new Set(frames.map(key)).size).toBe(frames.length);
  });
});

describe("a frame in another", () => {
  const frame = packet(inner, PROTOCOL.icmp, icmpEcho({ id: 5, seq: 6, data }));

  it.each([
    [
      "VXLAN",
      packet(outer, PROTOCOL.udp, udp({ sourcePort: 5, destinationPort: 4789, payload: vxlan(3, frame) }, outer)),
    ],
    ["GRE", packet(outer, PROTOCOL.gre, gre({ type: ETHERTYPE.bridging, payload: frame }))],
    [
      "GRE with everything",
      packet(
        outer,
        PROTOCOL.gre,
        gre({ type: ETHERTYPE.bridging, checksum: true, key: 1, sequence: 2, payload: frame }),
      ),
    ],
  ])("is found in %s", (_, bytes) => {
    const at = encapsulated(bytes, headersOf(bytes)!)!;
    expect(bytes.subarray(at)).toEqual(frame);
    expect(headersOf(bytes, at)).toMatchObject({ source: "192.168.1.2", icmp: { id: 5 } });
  });

  it("is in no other packet, nor in GRE that carries IP", () => {
    const ip = packet(outer, PROTOCOL.gre, gre({ type: ETHERTYPE.ipv4, payload: frame.subarray(14) }));
    expect([frame, ip].map((bytes) => encapsulated(bytes, headersOf(bytes)!))).toEqual([undefined, undefined]);
  });
});
