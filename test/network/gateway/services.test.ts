import { beforeEach, describe, expect, it } from "vitest";
import {
  addressOption,
  DHCP_MESSAGE,
  DHCP_OPTION,
  DNS_FLAG,
  DNS_RCODE,
  DNS_TYPE,
  dhcp,
  dns,
  ETHERTYPE,
  icmpEcho,
  ipv4,
  ipv4At,
  ipv4Fragments,
  messageType,
  PROTOCOL,
  readDhcp,
  TCP_FLAG,
  textOption,
  udp,
} from "../../../src/network/codec/index.ts";
import { word } from "../../../src/network/headers.ts";
import { Client, datagram, decode, encode, Lab, type Received, type Station, segment } from "./station.ts";

const GATEWAY = "10.0.0.254";

let lab: Lab;
let a: Station;
let b: Station;

beforeEach(async () => {
  const gateway = {
    address: `${GATEWAY}/24`,
    dhcp: { from: "10.0.0.100", to: "10.0.0.103" },
    names: { www: "10.0.0.80" },
  };
  lab = await Lab.create({ lan: { kind: "switch", gateway } });
  a = lab.station("lan", "a", "10.0.0.1", GATEWAY);
  b = lab.station("lan", "b", "10.0.0.2", GATEWAY);
});

const ping = (station: Station, destination: string, data = encode("0123456789"), ttl = 64) => {
  const payload = icmpEcho({ id: 7, seq: 1, data });
  station.ip(ipv4({ source: station.address, destination, protocol: PROTOCOL.icmp, ttl, payload }));
};

describe("A gateway's own services", () => {
  it("answers an echo with the same identifier, sequence number and data", () => {
    ping(a, GATEWAY);
    const [reply] = a.take();
    expect(reply!.source).toBe(GATEWAY);
    expect([...reply!.payload]).toEqual([...icmpEcho({ reply: true, id: 7, seq: 1, data: encode("0123456789") })]);
    expect(b.take()).toEqual([]);
  });

  it("answers an echo that came in fragments, out of order, with fragments that fit", () => {
    const data = new Uint8Array(4000).map((_, index) => index);
    const payload = icmpEcho({ id: 1, seq: 2, data });
    const packet = { source: a.address, destination: GATEWAY, protocol: PROTOCOL.icmp, identification: 77, payload };
    for (const piece of [...ipv4Fragments(packet, 1500)].reverse()) a.ip(piece);
    const pieces = a.take();
    expect(pieces.length).toBe(3);
    const joined = new Uint8Array(payload.length);
    for (const piece of pieces) {
      joined.set(piece.payload, (word(piece.bytes, piece.headers.network + 6) & 0x1fff) * 8);
    }
    expect([...joined.subarray(8)]).toEqual([...data]);
  });

  it("drops a datagram whose checksum is wrong", () => {
    const payload = udp({ sourcePort: 5000, destinationPort: 7, payload: encode("hello") }, pair(a.address, GATEWAY));
    payload[9]! ^= 1;
    a.ip(ipv4({ ...pair(a.address, GATEWAY), protocol: PROTOCOL.udp, payload }));
    expect(a.take()).toEqual([]);
    a.udp(5000, GATEWAY, 7, "hello");
    expect(a.take().map(datagram)).toEqual([{ from: 7, to: 5000, text: "hello" }]);
  });

  it("says that nobody listens at another port, and quotes what was sent there", () => {
    a.udp(5000, GATEWAY, 9999, "anyone?");
    const [error] = a.take();
    expect([...error!.payload.subarray(0, 2)]).toEqual([3, 3]);
    expect(word(error!.payload, 8 + 20 + 2)).toBe(9999);
  });

  it("says that it knows no way to a network it is not on", () => {
    ping(a, "192.0.2.1");
    const [error] = a.take();
    expect([...error!.payload.subarray(0, 2)]).toEqual([3, 0]);
  });

  it("says no more than fifty such things a second, whoever asks", () => {
    for (let count = 0; count < 200; count++) a.udp(5000, GATEWAY, 9999, "x");
    expect(a.take().length).toBe(50);
    lab.pass(1000);
    a.udp(5000, GATEWAY, 9999, "x");
    expect(a.take().length).toBe(1);
  });

  it("never answers an error with an error, nor a packet for everybody", () => {
    const payload = Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0, ...new Uint8Array(28));
    a.ip(ipv4({ ...pair(a.address, GATEWAY), protocol: PROTOCOL.icmp, payload }));
    const all = { source: a.address, destination: "10.0.0.255" };
    const nobody = udp({ sourcePort: 5, destinationPort: 4444, payload: encode("x") }, all);
    a.frame("ff:ff:ff:ff:ff:ff", ETHERTYPE.ipv4, ipv4({ ...all, protocol: PROTOCOL.udp, payload: nobody }));
    expect(a.take()).toEqual([]);
  });
});

describe("A gateway's DHCP server (RFC 2131)", () => {
  const ask = (station: Station, type: number, options: [number, Uint8Array][] = [], client = 0): Received[] => {
    const message = dhcp({
      op: "request",
      xid: 0x1234,
      broadcast: true,
      mac: station.mac,
      client,
      options: [messageType(type), ...options],
    });
    const endpoints = { source: client || 0, destination: 0xffffffff };
    const payload = udp({ sourcePort: 68, destinationPort: 67, payload: message }, endpoints);
    station.frame("ff:ff:ff:ff:ff:ff", ETHERTYPE.ipv4, ipv4({ ...endpoints, protocol: PROTOCOL.udp, payload }));
    // what was broadcast to others came by too
    return station.take().filter(({ payload }) => word(payload, 0) === 67 && readDhcp(payload, 8)?.mac === station.mac);
  };
  const answer = (packets: Received[]) => {
    const message = packets[0] && readDhcp(packets[0].payload, 8);
    const address = (code: number) => ipv4At(message!.options.get(code)!, 0);
    return message && { type: message.options.get(DHCP_OPTION.message)![0], yours: message.yours, address };
  };
  const lease = (station: Station, name: string) => {
    const offer = answer(ask(station, DHCP_MESSAGE.discover))!;
    const wanted = [
      addressOption(DHCP_OPTION.requested, offer.yours),
      addressOption(DHCP_OPTION.server, GATEWAY),
      textOption(DHCP_OPTION.hostName, name),
    ] as [number, Uint8Array][];
    return answer(ask(station, DHCP_MESSAGE.request, wanted))!;
  };

  it("offers an address, leases the one that is taken, and says who routes", () => {
    const given = lease(a, "a");
    expect(given.type).toBe(DHCP_MESSAGE.ack);
    expect(given.yours).toBe(0x0a000064);
    expect(given.address(DHCP_OPTION.router)).toBe(0x0a0000fe);
    expect(given.address(DHCP_OPTION.mask)).toBe(0xffffff00);
    expect(lease(a, "a").yours).toBe(0x0a000064);
    expect(lease(b, "b").yours).toBe(0x0a000065);
  });

  it("refuses an address that another has", () => {
    const taken = lease(a, "a").yours;
    const wanted: [number, Uint8Array] = [...addressOption(DHCP_OPTION.requested, taken)] as [number, Uint8Array];
    expect(answer(ask(b, DHCP_MESSAGE.request, [wanted]))!.type).toBe(DHCP_MESSAGE.nak);
  });

  it("has as many addresses as its range, and offers one again when it is given back", () => {
    const given = [1, 2, 3, 4, 5].map((number) => {
      const station = lab.station("lan", `m${number}`, `10.0.0.${number + 10}`, GATEWAY);
      return { station, offer: answer(ask(station, DHCP_MESSAGE.discover)) };
    });
    expect(given.map(({ offer }) => offer?.yours)).toEqual([
      ...[100, 101, 102, 103].map((last) => 0x0a000000 + last),
      undefined,
    ]);
    const first = given[0]!.station;
    expect(lease(first, "first").yours).toBe(0x0a000064);
    ask(first, DHCP_MESSAGE.release, [], 0x0a000064);
    expect(answer(ask(given[4]!.station, DHCP_MESSAGE.discover))!.yours).toBe(0x0a000064);
  });

  it("answers DNS for a lease's name, a written one and its own, and nothing else", () => {
    lease(a, "alpha");
    b.take();
    const resolve = (name: string, type: number = DNS_TYPE.A) => {
      const query = dns({ id: 9, flags: DNS_FLAG.recursionDesired, questions: [{ name, type, class: 1 }] });
      const payload = udp({ sourcePort: 4000, destinationPort: 53, payload: query }, pair(b.address, GATEWAY));
      b.ip(ipv4({ ...pair(b.address, GATEWAY), protocol: PROTOCOL.udp, payload }));
      const answered = b.take()[0]!.payload.subarray(8);
      return { code: answered[3]! & 15, count: word(answered, 6), last: answered.subarray(-4).join(".") };
    };
    expect(resolve("alpha")).toEqual({ code: 0, count: 1, last: "10.0.0.100" });
    expect(resolve("ALPHA.lab")).toMatchObject({ last: "10.0.0.100" });
    expect(resolve("www")).toMatchObject({ last: "10.0.0.80" });
    expect(resolve("gateway")).toMatchObject({ last: GATEWAY });
    expect(resolve("gateway", DNS_TYPE.AAAA)).toMatchObject({ code: 0, count: 0 });
    expect(resolve("80.0.0.10.in-addr.arpa", DNS_TYPE.PTR)).toMatchObject({ code: 0, count: 1 });
    expect(resolve("example.org")).toMatchObject({ code: DNS_RCODE.name, count: 0 });
  });
});

describe("A gateway's TCP", () => {
  it("sends back what it is sent, and ends when its peer does", () => {
    const client = new Client(a, 40_000, { address: GATEWAY, port: 7 });
    client.open();
    client.say("hello ");
    client.say("world");
    expect(client.text).toBe("hello world");
    client.close();
    expect(client.finished).toBe(true);
  });

  it("serves a page that says who asked", () => {
    const client = new Client(a, 40_001, { address: GATEWAY, port: 80 });
    client.open();
    client.say("GET / HTTP/1.1\r\nHost: gate");
    client.say("way\r\n\r\n");
    expect(client.text).toContain("200 OK");
    expect(client.text).toContain("client 10.0.0.1:40001\n");
    expect(client.finished).toBe(true);
  });

  it("resets a connection to a port where nobody listens", () => {
    const client = new Client(a, 40_002, { address: GATEWAY, port: 81 });
    client.open();
    expect(client.reset).toBe(true);
  });

  it("sends again what is not acknowledged, and gives up in the end", () => {
    a.tcp(GATEWAY, { sourcePort: 5, destinationPort: 7, sequence: 1, flags: TCP_FLAG.syn });
    const [first] = a.take().map(segment);
    lab.pass(3500);
    const again = a.take().map(segment);
    expect(again.length).toBe(2);
    expect(again.every(({ sequence, flags }) => sequence === first!.sequence && flags === first!.flags)).toBe(true);
    lab.pass(200_000);
    expect(a.take().map(segment).at(-1)!.flags & TCP_FLAG.rst).toBe(TCP_FLAG.rst);
    lab.pass(200_000);
    expect(a.take()).toEqual([]);
  });

  it("keeps at most so many connections of one peer, and others' go on", () => {
    const client = new Client(b, 40_000, { address: GATEWAY, port: 7 });
    client.open();
    for (let port = 1; port < 500; port++) {
      a.tcp(GATEWAY, { sourcePort: port, destinationPort: 7, sequence: 1, flags: TCP_FLAG.syn });
    }
    client.say("still here");
    expect(client.text).toBe("still here");
  });

  it("takes no more than its window while the peer reads nothing", () => {
    a.tcp(GATEWAY, { sourcePort: 6, destinationPort: 7, sequence: 1, flags: TCP_FLAG.syn });
    const { sequence } = segment(a.take()[0]!);
    const ports = { sourcePort: 6, destinationPort: 7, acknowledgement: sequence + 1, window: 0 };
    const data = new Uint8Array(1000).fill(65);
    for (let count = 0; count < 100; count++) {
      a.tcp(GATEWAY, { ...ports, sequence: 2 + 1000 * count, flags: TCP_FLAG.ack, payload: data });
    }
    const last = segment(a.take().at(-1)!);
    expect(last.acknowledgement).toBe(2 + 32_768);
    expect(decode(last.data)).toBe("");
  });
});

const pair = (source: string, destination: string) => ({ source, destination });
