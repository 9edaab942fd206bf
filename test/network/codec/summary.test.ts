import { describe, expect, it } from "vitest";
import {
  addressOption,
  arp,
  DHCP_MESSAGE,
  DHCP_OPTION,
  DNS_FLAG,
  DNS_RCODE,
  DNS_TYPE,
  decode,
  dhcp,
  dns,
  ETHERTYPE,
  ethernet,
  gre,
  icmpEcho,
  icmpError,
  icmpv6Echo,
  ipv4,
  ipv6,
  messageType,
  neighbourSolicitation,
  PROTOCOL,
  summarise,
  TCP_FLAG,
  tcp,
  udp,
  vxlan,
} from "../../../src/network/codec/index.ts";

const MACS = { destination: "02:00:00:00:00:03", source: "02:00:00:00:00:02" };
const FOUR = { source: "10.0.0.2", destination: "10.0.0.3" };
const SIX = { source: "fd00::2", destination: "fd00::3" };

const four = (protocol: number, payload: Uint8Array) =>
  ethernet({ ...MACS, type: ETHERTYPE.ipv4, payload: ipv4({ ...FOUR, protocol, payload }) });
const six = (protocol: number, payload: Uint8Array) =>
  ethernet({ ...MACS, type: ETHERTYPE.ipv6, payload: ipv6({ ...SIX, protocol, payload }) });
const datagram = (sourcePort: number, destinationPort: number, payload: Uint8Array) =>
  udp({ sourcePort, destinationPort, payload }, FOUR);
const five = Uint8Array.of(1, 2, 3, 4, 5);
const echo = icmpEcho({ id: 7, seq: 1, data: five });
const ask = (operation: "request" | "reply", sender: string, target: string) =>
  ethernet({ ...MACS, type: ETHERTYPE.arp, payload: arp({ operation, senderMac: MACS.source, sender, target }) });
const question = { name: "domU.lab", type: DNS_TYPE.A, class: 1 };

describe("a summary", () => {
  it.each([
    ["icmp", "ICMP echo request 10.0.0.2 → 10.0.0.3 id 7 seq 1 ttl 64", four(PROTOCOL.icmp, echo)],
    [
      "icmp",
      "ICMPv6 echo reply fd00::2 → fd00::3 id 7 seq 1 ttl 64",
      six(PROTOCOL.icmpv6, icmpv6Echo({ reply: true, id: 7, seq: 1, data: five }, SIX)),
    ],
    [
      "icmp",
      "ICMPv6 neighbour solicitation fd00::2 → fd00::3 for fd00::9",
      six(PROTOCOL.icmpv6, neighbourSolicitation("fd00::9", {}, SIX)),
    ],
    [
      "icmp",
      "ICMP destination unreachable 10.0.0.2 → 10.0.0.3, port unreachable, about UDP 10.0.0.2:5000 → 10.0.0.3:9",
      four(PROTOCOL.icmp, icmpError(3, 3, ipv4({ ...FOUR, protocol: PROTOCOL.udp, payload: datagram(5000, 9, five) }))),
    ],
    [
      "icmp",
      "ICMP destination unreachable 10.0.0.2 → 10.0.0.3 mtu 1400, fragmentation needed, about IPv4 10.0.0.2 → 10.0.0.3 ESP",
      four(PROTOCOL.icmp, icmpError(3, 4, ipv4({ ...FOUR, protocol: 50, payload: five }), 1400)),
    ],
    ["arp", "ARP who-has 10.0.0.3 tell 10.0.0.2", ask("request", "10.0.0.2", "10.0.0.3")],
    ["arp", "ARP reply 10.0.0.2 is-at 02:00:00:00:00:02", ask("reply", "10.0.0.2", "10.0.0.3")],
    ["arp", "ARP announcement 10.0.0.2", ask("request", "10.0.0.2", "10.0.0.2")],
    ["udp", "UDP 10.0.0.2:5000 → 10.0.0.3:9 length 5", four(PROTOCOL.udp, datagram(5000, 9, five))],
    [
      "udp",
      "DNS query 10.0.0.2 → 10.0.0.3 domU.lab A",
      four(PROTOCOL.udp, datagram(5000, 53, dns({ id: 1, flags: 0, questions: [question] }))),
    ],
    [
      "udp",
      "DNS response 10.0.0.2 → 10.0.0.3 domU.lab A: A 10.0.0.9",
      four(
        PROTOCOL.udp,
        datagram(
          53,
          5000,
          dns({
            id: 1,
            flags: DNS_FLAG.response,
            questions: [question],
            answers: [{ name: "domU.lab", ttl: 9, type: "A", address: "10.0.0.9" }],
          }),
        ),
      ),
    ],
    [
      "udp",
      "DNS response 10.0.0.2 → 10.0.0.3 domU.lab A: NXDOMAIN",
      four(
        PROTOCOL.udp,
        datagram(53, 5000, dns({ id: 1, flags: DNS_FLAG.response | DNS_RCODE.name, questions: [question] })),
      ),
    ],
    [
      "udp",
      "DHCP Offer 10.0.0.2 → 10.0.0.3 your 10.0.0.77 xid 0x0000002a",
      four(
        PROTOCOL.udp,
        datagram(
          67,
          68,
          dhcp({
            op: "reply",
            xid: 42,
            yours: "10.0.0.77",
            mac: MACS.source,
            options: [messageType(DHCP_MESSAGE.offer), addressOption(DHCP_OPTION.router, "10.0.0.1")],
          }),
        ),
      ),
    ],
    [
      "tcp",
      "TCP 10.0.0.2:40000 → 10.0.0.3:80 [SYN] seq 1 win 65535 length 0",
      four(PROTOCOL.tcp, tcp({ sourcePort: 40000, destinationPort: 80, sequence: 1, flags: TCP_FLAG.syn }, FOUR)),
    ],
    [
      "tcp",
      "TCP [fd00::2]:40000 → [fd00::3]:80 [PSH, ACK] seq 1 ack 9 win 65535 length 5",
      six(
        PROTOCOL.tcp,
        tcp(
          {
            sourcePort: 40000,
            destinationPort: 80,
            sequence: 1,
            acknowledgement: 9,
            flags: TCP_FLAG.psh | TCP_FLAG.ack,
            payload: five,
          },
          SIX,
        ),
      ),
    ],
    ["other", "IPv4 10.0.0.2 → 10.0.0.3 OSPF", four(89, five)],
    [
      "other",
      "Ethernet 02:00:00:00:00:02 → 02:00:00:00:00:03 LLDP (0x88cc)",
      ethernet({ ...MACS, type: 0x88cc, payload: five }),
    ],
    [
      "other",
      "Ethernet 02:00:00:00:00:02 → 02:00:00:00:00:03 LLC Spanning tree",
      ethernet({ ...MACS, payload: Uint8Array.of(0x42, 0x42, 3, 0) }),
    ],
  ])("of %s is %s", (colour, text, bytes) => {
    expect(summarise(decode(bytes))).toEqual({ colour, text });
  });

  it("of a tunnel says the tunnel, then what is in it, whose colour it has", () => {
    const inner = four(PROTOCOL.icmp, echo);
    expect(summarise(decode(four(PROTOCOL.udp, datagram(5000, 4789, vxlan(42, inner)))))).toEqual({
      colour: "icmp",
      text: "VXLAN 10.0.0.2 → 10.0.0.3 vni 42: ICMP echo request 10.0.0.2 → 10.0.0.3 id 7 seq 1 ttl 64",
    });
    expect(
      summarise(
        decode(
          four(
            PROTOCOL.gre,
            gre({ type: ETHERTYPE.bridging, key: 9, payload: ask("request", "10.0.0.2", "10.0.0.3") }),
          ),
        ),
      ),
    ).toEqual({
      colour: "arp",
      text: "GRE 10.0.0.2 → 10.0.0.3 key 9: ARP who-has 10.0.0.3 tell 10.0.0.2",
    });
  });

  it("of a fragment says which it is, in its protocol's colour", () => {
    const later = ipv4({
      ...FOUR,
      protocol: PROTOCOL.udp,
      identification: 0x1234,
      fragmentOffset: 1480,
      payload: five,
    });
    expect(summarise(decode(ethernet({ ...MACS, type: ETHERTYPE.ipv4, payload: later })))).toEqual({
      colour: "udp",
      text: "IPv4 10.0.0.2 → 10.0.0.3 UDP fragment id 0x1234 offset 1480",
    });
    const fragment = { offset: 1480, more: false, identification: 5 };
    const later6 = ipv6({ ...SIX, protocol: PROTOCOL.tcp, fragment, payload: five });
    expect(summarise(decode(ethernet({ ...MACS, type: ETHERTYPE.ipv6, payload: later6 })))).toEqual({
      colour: "tcp",
      text: "IPv6 fd00::2 → fd00::3 TCP fragment id 0x00000005 offset 1480",
    });
  });

  it("of what was not captured whole says the length it had", () => {
    const payload = new Uint8Array(1000);
    const sent = four(PROTOCOL.udp, datagram(5000, 9, payload));
    expect(summarise(decode(sent.subarray(0, 320), sent.length)).text).toBe(
      "UDP 10.0.0.2:5000 → 10.0.0.3:9 length 1000",
    );
    const segment = {
      sourcePort: 1,
      destinationPort: 2,
      sequence: 3,
      flags: TCP_FLAG.ack,
      options: { mss: 9 },
      payload,
    };
    const six6 = six(PROTOCOL.tcp, tcp(segment, SIX));
    expect(summarise(decode(six6.subarray(0, 320), six6.length)).text).toMatch(/ length 1000$/);
  });

  it("of a tunnel with something else in it says how much", () => {
    const text = "GRE 10.0.0.2 → 10.0.0.3: 5 bytes";
    expect(summarise(decode(four(PROTOCOL.gre, gre({ type: 0x1234, payload: five }))))).toEqual({
      colour: "other",
      text,
    });
  });

  it("says what is malformed, and nothing of what was not captured", () => {
    const bytes = four(PROTOCOL.icmp, echo);
    expect(summarise(decode(bytes.subarray(0, 30), bytes.length)).text).toBe("IPv4 10.0.0.2 ICMP");
    bytes[14] = 0x55;
    expect(summarise(decode(bytes)).text).toBe("IPv4 (malformed IPv4: another version)");
  });
});
