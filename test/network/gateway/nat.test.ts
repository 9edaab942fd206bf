import { describe, expect, it } from "vitest";
import { onesSum, pseudoHeaderSum } from "../../../src/network/checksum.ts";
import { icmpEcho, icmpError, ipv4, ipv4Fragments, PROTOCOL, TCP_FLAG, udp } from "../../../src/network/codec/index.ts";
import { word } from "../../../src/network/headers.ts";
import type { NatReport } from "../../../src/network/reports.ts";
import { Client, datagram, encode, Lab, type Received, segment } from "./station.ts";

const OUTSIDE = "203.0.113.254";
const INSIDE = "10.0.0.254";

async function network(kind: "full-cone" | "symmetric", hairpin = true) {
  const lab = await Lab.create({
    internet: { kind: "switch" },
    lan: {
      kind: "switch",
      gateway: { address: `${INSIDE}/24`, nat: { link: "internet", address: `${OUTSIDE}/24`, kind, hairpin } },
    },
  });
  return {
    lab,
    a: lab.station("lan", "a", "10.0.0.1", INSIDE),
    b: lab.station("lan", "b", "10.0.0.2", INSIDE),
    x: lab.station("internet", "x", "203.0.113.1", OUTSIDE),
    y: lab.station("internet", "y", "203.0.113.2", OUTSIDE),
    entries: () => (lab.fabric.probe("network.nat", {}) as NatReport).entries,
  };
}

/** Every checksum of a packet as it arrived is right. */
function sound({ bytes, headers: { network, transport, protocol, end } }: Received): boolean {
  if (onesSum(bytes, network, transport) !== 0xffff) return false;
  if (protocol === PROTOCOL.icmp) return onesSum(bytes, transport, end) === 0xffff;
  return onesSum(bytes, transport, end, pseudoHeaderSum(bytes, network + 12, 4, protocol, end - transport)) === 0xffff;
}

const ttl = ({ bytes, headers }: Received) => bytes[headers.network + 8];

describe("A gateway's translation (RFC 4787)", () => {
  it("rewrites the source and nothing else but the time to live, and brings the answer back", async () => {
    const { a, x, entries } = await network("full-cone");
    a.udp(5001, "203.0.113.1", 9, "out");
    const [seen] = x.take();
    expect(seen!.source).toBe(OUTSIDE);
    expect(datagram(seen!)).toEqual({ from: 5001, to: 9, text: "out" });
    expect(ttl(seen!)).toBe(63);
    expect(sound(seen!)).toBe(true);
    x.udp(9, OUTSIDE, 5001, "back");
    const [answer] = a.take();
    expect([answer!.source, answer!.destination]).toEqual(["203.0.113.1", "10.0.0.1"]);
    expect(sound(answer!)).toBe(true);
    expect(entries()).toMatchObject([
      { protocol: "udp", inner: "10.0.0.1:5001", outer: `${OUTSIDE}:5001`, remote: null, packets: { out: 1, in: 1 } },
    ]);
  });

  it("REQ-1: full cone keeps the mapping whoever it is towards, and lets anybody in", async () => {
    const { a, x, y } = await network("full-cone");
    a.udp(5001, "203.0.113.1", 9, "one");
    a.udp(5001, "203.0.113.2", 10, "two");
    expect([...x.take(), ...y.take()].map((packet) => datagram(packet).from)).toEqual([5001, 5001]);
    y.udp(12_345, OUTSIDE, 5001, "uninvited");
    expect(a.take().map((packet) => datagram(packet).text)).toEqual(["uninvited"]);
  });

  it("symmetric has a mapping for each remote endpoint, and lets nobody else in", async () => {
    const { a, x, y } = await network("symmetric");
    a.udp(5001, "203.0.113.1", 9, "one");
    a.udp(5001, "203.0.113.2", 9, "two");
    const [one, two] = [...x.take(), ...y.take()].map((packet) => datagram(packet).from);
    expect(one).toBe(5001);
    expect(two).not.toBe(5001);
    y.udp(9, OUTSIDE, 5001, "uninvited");
    x.udp(10, OUTSIDE, 5001, "uninvited");
    expect(a.take()).toEqual([]);
    x.udp(9, OUTSIDE, 5001, "invited");
    expect(a.take().map((packet) => datagram(packet).text)).toEqual(["invited"]);
  });

  it("REQ-3, REQ-4: two machines with one source port get two, of the same parity and range", async () => {
    const { a, b, x } = await network("full-cone");
    for (const port of [5001, 6000, 600]) {
      a.udp(port, "203.0.113.1", 9, "a");
      b.udp(port, "203.0.113.1", 9, "b");
      const [first, second] = x.take().map((packet) => datagram(packet).from);
      expect(first).toBe(port);
      expect(second).not.toBe(port);
      expect(second! & 1).toBe(port & 1);
      expect(second! < 1024).toBe(port < 1024);
    }
  });

  it("REQ-5, REQ-6: a UDP mapping lives five minutes from the last packet out; packets in do not prolong it", async () => {
    const { lab, a, x, entries } = await network("full-cone");
    a.udp(5001, "203.0.113.1", 9, "out");
    lab.pass(200_000);
    x.udp(9, OUTSIDE, 5001, "in");
    expect(a.take().length).toBe(1);
    lab.pass(99_000);
    expect(entries().length).toBe(1);
    lab.pass(2000);
    expect(entries()).toEqual([]);
    x.udp(9, OUTSIDE, 5001, "late");
    expect(a.take()).toEqual([]);
  });

  it("REQ-9: two inner machines reach each other through outer addresses, unless that is off", async () => {
    const { a, b, x } = await network("full-cone");
    b.udp(7000, "203.0.113.1", 9, "hello");
    x.take();
    a.udp(5001, OUTSIDE, 7000, "neighbour");
    const [seen] = b.take();
    expect(seen).toMatchObject({ source: OUTSIDE, destination: "10.0.0.2" });
    expect(datagram(seen!)).toEqual({ from: 5001, to: 7000, text: "neighbour" });
    expect(sound(seen!)).toBe(true);
    b.udp(7000, OUTSIDE, 5001, "and back");
    expect(a.take().map(datagram)).toEqual([{ from: 7000, to: 5001, text: "and back" }]);

    const without = await network("full-cone", false);
    without.b.udp(7000, "203.0.113.1", 9, "hello");
    without.a.udp(5001, OUTSIDE, 7000, "neighbour");
    expect(without.b.take()).toEqual([]);
  });

  it("REQ-14: fragments are translated in any order, and the answer's too", async () => {
    const { a, x } = await network("full-cone");
    const text = "x".repeat(3000);
    const ends = { source: a.address, destination: "203.0.113.1" };
    const payload = udp({ sourcePort: 5001, destinationPort: 9, payload: encode(text) }, ends);
    const pieces = [...ipv4Fragments({ ...ends, protocol: PROTOCOL.udp, identification: 5, payload }, 1500)];
    for (const piece of [pieces[2]!, pieces[0]!, pieces[1]!]) a.ip(piece);
    const seen = x.take();
    expect(seen.length).toBe(3);
    expect(seen.every(({ source, bytes }) => source === OUTSIDE && onesSum(bytes, 14, 34) === 0xffff)).toBe(true);
    const whole = new Uint8Array(payload.length);
    for (const piece of seen) whole.set(piece.payload, (word(piece.bytes, 20) & 0x1fff) * 8);
    const expected = udp({ sourcePort: 5001, destinationPort: 9, payload: encode(text) }, { ...ends, source: OUTSIDE });
    expect([...whole]).toEqual([...expected]);
  });

  it("leaves a packet whose checksum was wrong wrong by as much", async () => {
    const { a, x } = await network("full-cone");
    const ends = { source: a.address, destination: "203.0.113.1" };
    const payload = udp({ sourcePort: 5001, destinationPort: 9, payload: encode("damaged") }, ends);
    payload[12]! ^= 0x40;
    a.ip(ipv4({ ...ends, protocol: PROTOCOL.udp, payload }));
    expect(x.take().map(sound)).toEqual([false]);
  });

  it("one machine that uses up the table pushes out its own mappings only", async () => {
    const { a, b, x, entries } = await network("full-cone");
    b.udp(7000, "203.0.113.1", 9, "mine");
    x.take();
    for (let port = 10_000; port < 13_000; port++) a.udp(port, "203.0.113.1", 9, "flood");
    expect(entries().length).toBe(1024);
    x.take();
    x.udp(9, OUTSIDE, 7000, "still there?");
    expect(b.take().map((packet) => datagram(packet).text)).toEqual(["still there?"]);
  });

  it("ends a packet that has lived too long, and says so to its sender as it sent it", async () => {
    const { a, x } = await network("full-cone");
    const ends = { source: a.address, destination: "203.0.113.1" };
    const payload = icmpEcho({ id: 3, seq: 1, data: encode("trace") });
    a.ip(ipv4({ ...ends, protocol: PROTOCOL.icmp, ttl: 1, payload }));
    const [error] = a.take();
    expect(error!.source).toBe(INSIDE);
    expect([...error!.payload.subarray(0, 2)]).toEqual([11, 0]);
    expect(error!.payload.subarray(8 + 12, 8 + 16).join(".")).toBe("10.0.0.1");
    expect(x.take()).toEqual([]);
  });

  it("says for an outer address nobody has that there is no such host", async () => {
    const { lab, a } = await network("full-cone");
    a.udp(5001, "203.0.113.77", 9, "anyone?");
    expect(a.take()).toEqual([]);
    lab.pass(5000);
    const [error] = a.take();
    expect([...error!.payload.subarray(0, 2)]).toEqual([3, 1]);
    expect(error!.payload.subarray(8 + 12, 8 + 16).join(".")).toBe("10.0.0.1");
    expect(word(error!.payload, 8 + 20)).toBe(5001);
    expect(sound(error!)).toBe(true);
  });
});

describe("A gateway's translation of TCP (RFC 5382)", () => {
  it("carries a connection to an outer server and knows its state", async () => {
    const { lab, a, entries } = await network("full-cone");
    lab.station("internet", "unused", "203.0.113.3", OUTSIDE);
    const client = new Client(a, 40_000, { address: OUTSIDE, port: 80 });
    client.open();
    client.say("GET / HTTP/1.0\r\n\r\n");
    expect(client.text).toContain(`server gateway ${OUTSIDE}:80`);
    expect(entries()).toEqual([]);
  });

  it("REQ-5: two hours and four minutes established, four minutes while it opens or closes", async () => {
    const { lab, a, x, entries } = await network("symmetric");
    const ports = { sourcePort: 4000, destinationPort: 80 };
    const back = { sourcePort: 80, destinationPort: 4000 };
    a.tcp("203.0.113.1", { ...ports, sequence: 1, flags: TCP_FLAG.syn });
    expect(entries()).toMatchObject([{ state: "new", expires: 240_000 }]);
    x.take();
    x.tcp(OUTSIDE, { ...back, sequence: 5, acknowledgement: 2, flags: TCP_FLAG.syn | TCP_FLAG.ack });
    expect(entries()).toMatchObject([{ state: "established", expires: 7_440_000 }]);
    expect(a.take().map(segment)).toMatchObject([{ from: 80, to: 4000, sequence: 5 }]);
    lab.pass(7_000_000);
    a.tcp("203.0.113.1", { ...ports, sequence: 2, acknowledgement: 6, flags: TCP_FLAG.fin | TCP_FLAG.ack });
    expect(entries()).toMatchObject([{ state: "established" }]);
    x.tcp(OUTSIDE, { ...back, sequence: 6, acknowledgement: 3, flags: TCP_FLAG.fin | TCP_FLAG.ack });
    expect(entries()).toMatchObject([{ state: "closing", expires: 240_000 }]);
    lab.pass(241_000);
    expect(entries()).toEqual([]);
  });

  it("REQ-2: a simultaneous open passes", async () => {
    const { a, x, entries } = await network("full-cone");
    a.tcp("203.0.113.1", { sourcePort: 4000, destinationPort: 4001, sequence: 1, flags: TCP_FLAG.syn });
    x.take();
    x.tcp(OUTSIDE, { sourcePort: 4001, destinationPort: 4000, sequence: 9, flags: TCP_FLAG.syn });
    expect(a.take().map(segment)).toMatchObject([{ flags: TCP_FLAG.syn, sequence: 9 }]);
    expect(entries()).toMatchObject([{ state: "established" }]);
  });
});

describe("A gateway's translation of ICMP (RFC 5508)", () => {
  it("gives two machines that use one identifier two, and brings each its own reply", async () => {
    const { a, b, x } = await network("full-cone");
    for (const station of [a, b]) {
      const payload = icmpEcho({ id: 77, seq: 1, data: encode(station.address) });
      station.ip(ipv4({ source: station.address, destination: "203.0.113.1", protocol: PROTOCOL.icmp, payload }));
    }
    const requests = x.take();
    const ids = requests.map(({ payload }) => word(payload, 4));
    expect(new Set(ids).size).toBe(2);
    expect(requests.every(sound)).toBe(true);
    for (const { payload } of requests) {
      const reply = icmpEcho({ reply: true, id: word(payload, 4), seq: 1, data: payload.slice(8) });
      x.ip(ipv4({ source: x.address, destination: OUTSIDE, protocol: PROTOCOL.icmp, payload: reply }));
    }
    for (const station of [a, b]) {
      const replies = station.take();
      expect(replies.map(({ payload }) => word(payload, 4))).toEqual([77]);
      expect(replies.every(sound)).toBe(true);
    }
  });

  it("brings an error about a translated packet to its sender, the quoted one as it was sent", async () => {
    const { a, x, entries } = await network("full-cone");
    a.udp(5001, "203.0.113.1", 9, "nobody listens");
    const [seen] = x.take();
    const quoted = seen!.bytes.slice(seen!.headers.network, seen!.headers.end);
    const before = entries()[0]!.expires;
    const payload = icmpError(3, 3, quoted);
    x.ip(ipv4({ source: x.address, destination: OUTSIDE, protocol: PROTOCOL.icmp, payload }));
    const [error] = a.take();
    expect(error).toMatchObject({ source: "203.0.113.1", destination: "10.0.0.1" });
    expect(error!.payload.subarray(8 + 12, 8 + 16).join(".")).toBe("10.0.0.1");
    expect(word(error!.payload, 8 + 20)).toBe(5001);
    expect(sound(error!)).toBe(true);
    // the quoted header's own checksum too
    expect(onesSum(error!.payload, 8, 28)).toBe(0xffff);
    expect(entries()[0]!.expires).toBe(before);
  });

  it("brings an inner machine's error out as the gateway's", async () => {
    const { a, x } = await network("full-cone");
    a.udp(5001, "203.0.113.1", 9, "out");
    x.take();
    x.udp(9, OUTSIDE, 5001, "back");
    const [seen] = a.take();
    const quoted = seen!.bytes.slice(seen!.headers.network, seen!.headers.end);
    const payload = icmpError(3, 3, quoted);
    a.ip(ipv4({ source: a.address, destination: "203.0.113.1", protocol: PROTOCOL.icmp, payload }));
    const [error] = x.take();
    expect(error!.source).toBe(OUTSIDE);
    expect(error!.payload.subarray(8 + 16, 8 + 20).join(".")).toBe(OUTSIDE);
    expect(word(error!.payload, 8 + 20 + 2)).toBe(5001);
    expect(sound(error!)).toBe(true);
  });

  it("says to a sender whose packet must not be cut how long one may be", async () => {
    const lab = await Lab.create({
      internet: { kind: "switch", mtu: 600 },
      lan: {
        kind: "switch",
        gateway: { address: `${INSIDE}/24`, nat: { link: "internet", address: `${OUTSIDE}/24`, kind: "full-cone" } },
      },
    });
    const a = lab.station("lan", "a", "10.0.0.1", INSIDE);
    const x = lab.station("internet", "x", "203.0.113.1", OUTSIDE);
    const ends = { source: a.address, destination: x.address };
    const payload = udp({ sourcePort: 5001, destinationPort: 9, payload: new Uint8Array(1000) }, ends);
    a.ip(ipv4({ ...ends, protocol: PROTOCOL.udp, dontFragment: true, payload }));
    const [error] = a.take();
    expect([...error!.payload.subarray(0, 2)]).toEqual([3, 4]);
    expect(word(error!.payload, 6)).toBe(600);
    a.ip(ipv4({ ...ends, protocol: PROTOCOL.udp, identification: 3, payload }));
    expect(x.take().length).toBe(2);
  });
});
