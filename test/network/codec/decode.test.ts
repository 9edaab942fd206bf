import { describe, expect, it } from "vitest";
import { decode, type Layer, type LayerName, type Packet } from "../../../src/network/codec/index.ts";
import { makeGood } from "../../../src/network/offload.ts";
import { partial } from "../frames.ts";

const bytesOf = (...digits: readonly string[]): Uint8Array =>
  Uint8Array.from(digits.join("").replace(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const ETHERNET = "020000000003 020000000002";
const names = ({ layers }: Packet): LayerName[] => layers.map(({ name }) => name);
const layer = ({ layers }: Packet, name: LayerName): Layer => layers.find((one) => one.name === name)!;
const said = (one: Layer | undefined): Record<string, string> =>
  Object.fromEntries((one?.fields ?? []).map(({ name, value }) => [name, value]));
const malformed = ({ layers }: Packet) =>
  layers.filter((one) => one.malformed).map((one) => `${one.name}: ${one.malformed}`);

/** What `ping -c1` sends. */
const PING = bytesOf(
  ETHERNET,
  "0800 4500 0054 3c1e 4000 4001 ea86 0a000002 0a000003",
  "0800 0b46 0007 0001 15d6 5f67 0000 0000 b3a1 0500 0000 0000",
  "10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637",
);

describe("a frame from a guest", () => {
  it("is read layer by layer, each with its bytes", () => {
    const packet = decode(PING);
    expect(packet.layers.map(({ name, from, to }) => [name, from, to])).toEqual([
      ["ethernet", 0, 14],
      ["ipv4", 14, 34],
      ["icmp", 34, 42],
      ["payload", 42, 98],
    ]);
    expect(said(layer(packet, "icmp"))).toMatchObject({
      Type: "echo request (8)",
      Identifier: "7",
      "Sequence number": "1",
    });
    expect(said(layer(packet, "ipv4"))).toMatchObject({
      TTL: "64",
      Flags: "DF",
      Protocol: "ICMP (1)",
      Source: "10.0.0.2",
    });
  });

  it("has a place for every field, and a key for those that change on the way", () => {
    const ttl = layer(decode(PING), "ipv4").fields.find(({ name }) => name === "TTL");
    expect(ttl).toEqual({ name: "TTL", value: "64", from: 22, to: 23, key: "ttl" });
  });

  it("has its checksums verified, and said what they should be", () => {
    const right = layer(decode(PING), "ipv4").fields.find(({ key }) => key === "checksum-ip")!;
    expect(right).toMatchObject({ value: "0xea86", check: { state: "correct" } });
    const changed = PING.slice();
    changed[22] = 63; // a router that forgot the checksum
    const wrong = layer(decode(changed), "ipv4").fields.find(({ key }) => key === "checksum-ip")!;
    expect(wrong).toMatchObject({
      check: { state: "incorrect", expected: "0xeb86" },
    });
    expect(malformed(decode(changed))).toEqual([]);
  });

  it("may be padded behind its packet", () => {
    const arp = bytesOf(
      ETHERNET,
      "0806 0001 0800 06 04 0001",
      "020000000002 0a000002 000000000000 0a000003",
      "00".repeat(18),
    );
    const packet = decode(arp);
    expect(said(layer(packet, "arp"))).toMatchObject({
      Operation: "request (1)",
      "Sender IP": "10.0.0.2",
      "Target IP": "10.0.0.3",
    });
    expect(packet.layers.at(-1)!.fields).toEqual([{ name: "Padding", value: "18 bytes", from: 42, to: 60 }]);
  });
});

describe("a checksum that is left to the card", () => {
  const large = partial({
    version: 4,
    tags: 0,
    options: 0,
    tcpOptions: 3,
    identification: 1,
    sequence: 1,
    flags: 0x10,
    payload: new Uint8Array(4000),
  });

  it("is told from a wrong one", () => {
    const { check } = layer(decode(large.bytes), "tcp").fields.find(({ key }) => key === "checksum-transport")!;
    expect(check).toEqual({ state: "partial" });
  });

  it("is told where only the frame's first bytes were kept", () => {
    const tcp = layer(decode(large.bytes.subarray(0, 320), large.bytes.length), "tcp");
    expect(tcp.fields.find(({ key }) => key === "checksum-transport")!.check).toEqual({ state: "partial" });
  });

  it("is right in what its card makes of it", () => {
    const frames = makeGood({ ...large, segmentation: { kind: "tcp4", size: 1448 } });
    const checks = frames.flatMap(({ bytes }) =>
      decode(bytes).layers.flatMap(({ fields }) => fields.flatMap(({ check }) => check ?? [])),
    );
    expect(checks).toEqual(Array(6).fill({ state: "correct" }));
  });
});

describe("what was not captured", () => {
  it.each([0, 5, 14, 20, 34, 40, 60])(
    "is said of a frame of which %d bytes were kept, and the rest is read",
    (kept) => {
      const packet = decode(PING.subarray(0, kept), PING.length);
      expect([packet.length, packet.captured]).toEqual([98, kept]);
      expect(malformed(packet).every((text) => text.endsWith(": not captured whole"))).toBe(true);
      expect(names(packet)[0]).toBe("ethernet");
    },
  );

  it("leaves a checksum unverified", () => {
    const icmp = layer(decode(PING.subarray(0, 60), PING.length), "icmp");
    expect(icmp.fields.find(({ check }) => check)).toMatchObject({
      check: { state: "unverified" },
    });
  });

  it("is nothing when the frame itself is that short", () => {
    expect(malformed(decode(PING.subarray(0, 9)))).toEqual(["ethernet: shorter than its header"]);
    expect(malformed(decode(PING.subarray(0, 30)))).toEqual(["ipv4: shorter than its header"]);
  });
});

describe("what is malformed", () => {
  const changed = (...changes: readonly (readonly [at: number, value: number])[]) => {
    const bytes = PING.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return decode(bytes);
  };

  it.each([
    ["another version", [[14, 0x65]], ["ipv4: another version"]],
    ["a header of 16 bytes", [[14, 0x44]], ["ipv4: a header length below the least"]],
    ["a packet longer than the frame", [[16, 0x01]], ["ipv4: a length that does not fit"]],
    ["a packet shorter than its header", [[17, 0x13]], ["ipv4: a length that does not fit"]],
    [
      "a fragment beyond the longest packet",
      [
        [20, 0x1f],
        [21, 0xff],
      ],
      ["ipv4: a fragment beyond the longest packet"],
    ],
    [
      "a header with options that are not there",
      [
        [14, 0x4f],
        [34, 0x83],
        [35, 0x60],
      ],
      ["ipv4: an option that does not fit"],
    ],
  ] as const)("is %s", (_, changes, expected) => {
    const packet = changed(...changes);
    expect(malformed(packet).slice(0, 1)).toEqual(expected);
    expect(said(layer(packet, "ethernet"))).toMatchObject({ Source: "02:00:00:00:00:02" });
    expect(packet.layers.at(-1)!.to).toBe(PING.length);
  });

  it("is a TCP header whose length says less than 20 bytes", () => {
    const packet = decode(
      bytesOf(
        ETHERNET,
        "0800 4500 0028 0000 0000 4006 66cd 0a000002 0a000003",
        "9c40 0050 00000001 00000000 4002 ffff 0000 0000",
      ),
    );
    expect(malformed(packet)).toEqual(["tcp: a header length below the least"]);
    expect(said(layer(packet, "tcp"))).toMatchObject({ Flags: "SYN", "Destination port": "80" });
  });

  it.each([
    ["a pointer to itself", "c00c"],
    ["a pointer forward", "c010"],
    ["a pointer into the header", "c002"],
    ["a label longer than the message", "3f6162"],
    ["a label of a kind that does not exist", "4061"],
  ])("is a DNS name with %s", (_, name) => {
    const question = `${name}00 0001 0001`.replace(/\s/g, "");
    const dns = `1234 0100 0001 0000 0000 0000 ${question}`.replace(/\s/g, "");
    const udp = 8 + dns.length / 2;
    const packet = decode(
      bytesOf(
        ETHERNET,
        "0800 4500",
        (20 + udp).toString(16).padStart(4, "0"),
        "0000 0000 4011 0000 0a000002 0a000003",
        "d431 0035",
        udp.toString(16).padStart(4, "0"),
        "0000",
        dns,
      ),
    );
    expect(malformed(packet)).toEqual(["dns: a name that cannot be"]);
    expect(said(layer(packet, "dns"))["Transaction ID"]).toBe("0x1234");
  });
});

describe("fragments", () => {
  const fragment = (flags: string) =>
    decode(bytesOf(ETHERNET, "0800 4500 001c 0001", flags, "4011 0000 0a000002 0a000003 d431 0035 0064 1111"));

  it("after the first have no transport layer", () => {
    const packet = fragment("00b9");
    expect(names(packet)).toEqual(["ethernet", "ipv4", "payload"]);
    expect(said(layer(packet, "ipv4"))).toMatchObject({ "Fragment offset": "1480", Flags: "none" });
    expect(packet.layers.at(-1)!.fields[0]!.name).toBe("Fragment");
  });

  it("that are the first have their transport's header, whose length reaches further and whose checksum covers more", () => {
    const packet = fragment("2000");
    expect(names(packet)).toEqual(["ethernet", "ipv4", "udp"]);
    expect(malformed(packet)).toEqual([]);
    expect(layer(packet, "udp").fields.find(({ check }) => check)!.check).toEqual({ state: "unverified" });
  });
});

describe("packets in packets", () => {
  it("are quoted by an ICMP error, as far as they are quoted", () => {
    const packet = decode(
      bytesOf(
        ETHERNET,
        "0800 4500 0038 0000 0000 4001 66c1 0a000003 0a000002",
        "0303 9bda 0000 0000",
        "4500 0021 0001 0000 4011 66c4 0a000002 0a000003 d431 0035 000d 1111",
      ),
    );
    expect(packet.layers.map(({ name, depth, quoted }) => [name, depth, quoted])).toEqual([
      ["ethernet", 0, false],
      ["ipv4", 0, false],
      ["icmp", 0, false],
      ["ipv4", 1, true],
      ["udp", 1, true],
    ]);
    expect(malformed(packet)).toEqual([]);
    expect(said(layer(packet, "icmp")).Code).toBe("port unreachable (3)");
  });

  it("are read four deep, in tunnels and in quotations, and are bytes from there on", () => {
    // Each ICMP error quotes the next one.
    const header = (length: number) =>
      `4500${length.toString(16).padStart(4, "0")}0000000040010000 0a000002 0a000003`.replace(/\s/g, "");
    let inner = "";
    for (let count = 0; count < 30; count++) inner = `${header(28 + inner.length / 2)}0303000000000000${inner}`;
    const packet = decode(bytesOf(ETHERNET, "0800", inner));
    expect(Math.max(...packet.layers.map(({ depth }) => depth))).toBe(4);
    expect(packet.layers.at(-1)!.name).toBe("payload");
  });

  it("bear two tags and no third", () => {
    const tagged = decode(bytesOf(ETHERNET, "88a8 6005 8100 0007 8100 0001 0800 45"));
    expect(names(tagged)).toEqual(["ethernet", "vlan", "vlan", "payload"]);
    expect(tagged.layers.slice(1, 3).map((one) => said(one))).toEqual([
      { PCP: "3", DEI: "0", VID: "5", Type: "802.1Q (0x8100)" },
      { PCP: "0", DEI: "0", VID: "7", Type: "802.1Q (0x8100)" },
    ]);
  });
});

describe("other frames", () => {
  it("are of IEEE 802.3 with LLC: a bridge's BPDU", () => {
    const packet = decode(
      bytesOf("0180c2000000 020000000002", "0026 42 42 03", "0000000000", "00".repeat(30), "00".repeat(8)),
    );
    expect(said(layer(packet, "ethernet"))).toMatchObject({
      Length: "38",
      DSAP: "Spanning tree (0x42)",
      Control: "0x03",
    });
    expect(names(packet)).toEqual(["ethernet", "payload", "payload"]);
  });

  it("need no checksum over UDP, but for IPv6", () => {
    const four = decode(
      bytesOf(ETHERNET, "0800 4500 001d 0000 0000 4011 66d0 0a000002 0a000003 d431 d432 0009 0000 41"),
    );
    expect(layer(four, "udp").fields.find(({ check }) => check)).toMatchObject({
      check: { state: "none" },
    });
    expect(malformed(four)).toEqual([]);
    const six = decode(
      bytesOf(
        ETHERNET,
        "86dd 60000000 0009 11 40",
        "fd000000000000000000000000000002",
        "fd000000000000000000000000000003",
        "d431 d432 0009 0000 41",
      ),
    );
    expect(malformed(six)).toEqual(["udp: no UDP checksum, which IPv6 needs"]);
  });
});
