import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/cli/bench/fuzz/random.ts";
import { mutated } from "../../../src/cli/bench/fuzz-network/mutate.ts";
import { frame } from "../../../src/cli/bench/fuzz-network/packets/frames.ts";
import {
  decode,
  ethernet,
  formatIpv6,
  icmpEcho,
  ipv4Fragments,
  type Layer,
  type LayerName,
  parseIpv6,
} from "../../../src/network/codec/index.ts";
import { type CaptureFrame, openCapture, writeCapture } from "../../../src/network/pcapng/index.ts";
import { hasTool, Workshop } from "./wireshark.ts";

/** Frames of every protocol there are builders for. */
const FRAMES = 600;
const BEGAN = 1_700_000_000_000;

const random = new Random(5);
/**
 * Frames that tshark reads as far as we do: it calls a header that a fragment cuts malformed, and reads no IEEE 802.3
 * length behind a provider's tag.
 */
function wholeFrame(): Uint8Array {
  const { bytes, whole } = frame(random);
  const { layers } = decode(bytes);
  const provider = layers.some(({ fields }) => fields.some(({ value }) => value.startsWith("802.1ad")));
  const length = layers.some(({ name, fields }) => name === "vlan" && fields.some((field) => field.name === "Length"));
  return whole && !(provider && length) ? bytes : wholeFrame();
}

const frames = Array.from({ length: FRAMES }, (_, index): CaptureFrame => {
  const bytes = wholeFrame();
  return {
    interface: index % 2,
    at: BEGAN + index * 0.25,
    length: bytes.length,
    bytes,
    direction: index % 3 ? "in" : "out",
    comment: `frame ${index} → ringside`,
  };
});
const interfaces = [
  { name: "trunk", description: "switch: dom0/0, domU/0", received: FRAMES, dropped: 3 },
  { name: "物理", mac: "02:00:00:00:00:07" },
];
const packets = frames.map(({ bytes }) => decode(bytes));

/** tshark's field, and the field of ours that says the same; `to` makes ours look like theirs. */
interface Same {
  readonly theirs: string;
  readonly layers: readonly LayerName[];
  readonly ours: string;
  readonly to?: (value: string) => string;
  /** Only of layers that have a field of such a value. */
  readonly where?: string;
}

/** `echo request (8)` is 8; a number alone is itself. */
const numeral = (text: string): string => /\((\w+)\)$/.exec(text)?.[1] ?? text;
const hexadecimal = (digits: number) => (text: string) => `0x${Number(text).toString(16).padStart(digits, "0")}`;
const wordsBefore = (text: string): string => text.split(" ")[0]!;

const SAME: readonly Same[] = [
  { theirs: "eth.src", layers: ["ethernet"], ours: "Source" },
  { theirs: "eth.dst", layers: ["ethernet"], ours: "Destination" },
  { theirs: "arp.opcode", layers: ["arp"], ours: "Operation", to: numeral },
  { theirs: "arp.src.hw_mac", layers: ["arp"], ours: "Sender MAC" },
  { theirs: "arp.src.proto_ipv4", layers: ["arp"], ours: "Sender IP" },
  { theirs: "arp.dst.hw_mac", layers: ["arp"], ours: "Target MAC" },
  { theirs: "arp.dst.proto_ipv4", layers: ["arp"], ours: "Target IP" },
  { theirs: "ip.src", layers: ["ipv4"], ours: "Source" },
  { theirs: "ip.dst", layers: ["ipv4"], ours: "Destination" },
  { theirs: "ip.hdr_len", layers: ["ipv4"], ours: "Header length", to: wordsBefore },
  { theirs: "ip.len", layers: ["ipv4"], ours: "Total length" },
  { theirs: "ip.id", layers: ["ipv4"], ours: "Identification" },
  { theirs: "ip.ttl", layers: ["ipv4"], ours: "TTL" },
  { theirs: "ip.proto", layers: ["ipv4"], ours: "Protocol", to: numeral },
  { theirs: "ip.dsfield.dscp", layers: ["ipv4"], ours: "DSCP" },
  { theirs: "ip.checksum", layers: ["ipv4"], ours: "Header checksum" },
  { theirs: "ipv6.src", layers: ["ipv6"], ours: "Source" },
  { theirs: "ipv6.dst", layers: ["ipv6"], ours: "Destination" },
  { theirs: "ipv6.hlim", layers: ["ipv6"], ours: "Hop limit" },
  { theirs: "ipv6.plen", layers: ["ipv6"], ours: "Payload length" },
  { theirs: "ipv6.nxt", layers: ["ipv6"], ours: "Next header", to: numeral },
  { theirs: "ipv6.fraghdr.ident", layers: ["ipv6"], ours: "Identification" },
  { theirs: "icmp.type", layers: ["icmp"], ours: "Type", to: numeral },
  { theirs: "icmp.code", layers: ["icmp"], ours: "Code", to: numeral },
  { theirs: "icmp.seq", layers: ["icmp"], ours: "Sequence number" },
  { theirs: "icmp.checksum", layers: ["icmp"], ours: "Checksum" },
  { theirs: "icmpv6.type", layers: ["icmpv6"], ours: "Type", to: numeral },
  { theirs: "icmpv6.checksum", layers: ["icmpv6"], ours: "Checksum" },
  { theirs: "icmpv6.echo.identifier", layers: ["icmpv6"], ours: "Identifier", to: hexadecimal(4) },
  { theirs: "icmpv6.nd.ns.target_address", layers: ["icmpv6"], ours: "Target", where: "neighbour solicitation (135)" },
  { theirs: "icmpv6.nd.na.target_address", layers: ["icmpv6"], ours: "Target", where: "neighbour advertisement (136)" },
  { theirs: "icmpv6.nd.ra.router_lifetime", layers: ["icmpv6"], ours: "Router lifetime", to: wordsBefore },
  { theirs: "icmpv6.opt.mtu", layers: ["icmpv6"], ours: "Option: MTU (5)" },
  { theirs: "udp.srcport", layers: ["udp"], ours: "Source port" },
  { theirs: "udp.dstport", layers: ["udp"], ours: "Destination port" },
  { theirs: "udp.length", layers: ["udp"], ours: "Length" },
  { theirs: "udp.checksum", layers: ["udp"], ours: "Checksum" },
  { theirs: "tcp.srcport", layers: ["tcp"], ours: "Source port" },
  { theirs: "tcp.dstport", layers: ["tcp"], ours: "Destination port" },
  { theirs: "tcp.seq_raw", layers: ["tcp"], ours: "Sequence number" },
  { theirs: "tcp.ack_raw", layers: ["tcp"], ours: "Acknowledgement number" },
  { theirs: "tcp.window_size_value", layers: ["tcp"], ours: "Window" },
  { theirs: "tcp.checksum", layers: ["tcp"], ours: "Checksum" },
  { theirs: "tcp.options.mss_val", layers: ["tcp"], ours: "Option: MSS" },
  { theirs: "tcp.options.wscale.shift", layers: ["tcp"], ours: "Option: window scale" },
  { theirs: "tcp.options.timestamp.tsval", layers: ["tcp"], ours: "Option: timestamps", to: wordsBefore },
  {
    theirs: "tcp.options.sack_le",
    layers: ["tcp"],
    ours: "Option: SACK",
    to: (text) => text.replace(/-\d+/g, "").replaceAll(" ", ";"),
  },
  { theirs: "dhcp.id", layers: ["dhcp"], ours: "Transaction ID" },
  { theirs: "dhcp.hw.mac_addr", layers: ["dhcp"], ours: "Client MAC" },
  { theirs: "dhcp.ip.your", layers: ["dhcp"], ours: "Your IP" },
  { theirs: "dhcp.option.dhcp", layers: ["dhcp"], ours: "Option: Message type (53)", to: numeral },
  { theirs: "dhcp.option.hostname", layers: ["dhcp"], ours: "Option: Host name (12)" },
  { theirs: "dhcp.option.router", layers: ["dhcp"], ours: "Option: Router (3)" },
  { theirs: "dns.id", layers: ["dns"], ours: "Transaction ID" },
  { theirs: "dns.qry.name", layers: ["dns"], ours: "Question", to: wordsBefore },
  { theirs: "dns.count.answers", layers: ["dns"], ours: "Answers" },
  { theirs: "vxlan.vni", layers: ["vxlan"], ours: "VNI" },
  { theirs: "gre.proto", layers: ["gre"], ours: "Protocol type", to: numeral },
  { theirs: "gre.sequence_number", layers: ["gre"], ours: "Sequence number" },
];

const valuesOf = (layers: readonly Layer[], { layers: names, ours, where, to = (text) => text }: Same): string[] =>
  layers
    .filter(({ name, fields }) => names.includes(name) && (!where || fields.some(({ value }) => value === where)))
    .flatMap(({ fields }) => fields.filter(({ name }) => name === ours).map(({ value }) => to(value)));

/** tshark writes `::1:2` as `::0.1.0.2`, which RFC 5952, 5 keeps for prefixes that are known to hold IPv4 addresses. */
const canonical = (text: string): string => {
  const address = text.startsWith("::") ? parseIpv6(text) : undefined;
  return address ? formatIpv6(address) : text;
};

/** Of a quoted segment tshark says the ports, and nothing more. */
const comparable = (layers: readonly Layer[], { theirs }: Same): boolean =>
  !theirs.startsWith("tcp.") || theirs.endsWith("port") || !layers.some(({ name, quoted }) => name === "tcp" && quoted);

describe.skipIf(!hasTool("tshark"))("a capture of every protocol, read by tshark", () => {
  let shop: Workshop;
  let file: string;

  beforeAll(() => {
    shop = new Workshop();
    file = shop.write("every.pcapng", writeCapture({ application: "Ringside", interfaces, frames }));
  });
  afterAll(() => shop?.remove());

  it("has no malformed frame", () => {
    expect(shop.tshark(file, "-Y", "_ws.malformed")).toBe("");
  });

  it("has every checksum right, and as right as we say", () => {
    const names = [
      "ip.checksum.status",
      "tcp.checksum.status",
      "udp.checksum.status",
      "icmp.checksum.status",
      "icmpv6.checksum.status",
    ];
    const bad = shop
      .fields(file, names)
      .flatMap((values, index) => (Object.values(values).flat().includes("0") ? [index] : []));
    expect(bad).toEqual([]);
    const wrong = packets.flatMap(({ layers }) =>
      layers.flatMap(({ fields }) => fields.filter(({ check }) => check?.state === "incorrect")),
    );
    expect(wrong).toEqual([]);
  });

  it("has every protocol in it", () => {
    const read = new Set(packets.flatMap(({ layers }) => layers.map(({ name }) => name)));
    expect([...read].sort()).toEqual([
      "arp",
      "dhcp",
      "dns",
      "ethernet",
      "gre",
      "icmp",
      "icmpv6",
      "ipv4",
      "ipv6",
      "payload",
      "tcp",
      "udp",
      "vlan",
      "vxlan",
    ]);
  });

  it("says the same as our decoder, field by field, frame by frame", () => {
    const read = shop.fields(
      file,
      SAME.map(({ theirs }) => theirs),
    );
    expect(read).toHaveLength(FRAMES);
    const disagreements = read.flatMap((theirs, index) =>
      SAME.flatMap((same) => {
        const { layers } = packets[index]!;
        if (!comparable(layers, same)) return [];
        const [one, other] = [valuesOf(layers, same).join(";"), theirs[same.theirs]!.map(canonical).join(";")];
        return one === other ? [] : [`frame ${index + 1}: ${same.theirs} ${other}; ours ${one}`];
      }),
    );
    expect(disagreements).toEqual([]);
  });

  it("has wrong checksums where a byte was changed, and what they should be, as we say", () => {
    const flipped = frames.map(({ bytes }, index) => {
      const changed = bytes.slice();
      changed[bytes.length - 1]! ^= 0x55;
      return { interface: 0, at: index, length: bytes.length, bytes: changed };
    });
    const path = shop.write("flipped.pcapng", writeCapture({ interfaces, frames: flipped }));
    const names = [
      "tcp.checksum_calculated",
      "udp.checksum_calculated",
      "icmp.checksum.status",
      "icmpv6.checksum.status",
    ] as const;
    const theirs = shop.fields(path, names);
    let wrong = 0;
    for (const [index, { bytes }] of flipped.entries()) {
      const { layers } = decode(bytes);
      // Of one packet in another both checksums are wrong, and tshark's list does not say which is whose.
      if (layers.some(({ depth }) => depth > 0)) continue;
      const check = layers
        .flatMap(({ name, fields }) => (name === "tcp" || name === "udp" ? fields : []))
        .find((field) => field.check)?.check;
      const calculated = [...theirs[index]!["tcp.checksum_calculated"], ...theirs[index]!["udp.checksum_calculated"]];
      if (check?.state === "incorrect") expect([check.expected]).toEqual(calculated);
      const icmp = layers
        .flatMap(({ name, fields }) => (name.startsWith("icmp") ? fields : []))
        .find((field) => field.check)?.check;
      const statuses = [...theirs[index]!["icmp.checksum.status"], ...theirs[index]!["icmpv6.checksum.status"]];
      expect(statuses).toEqual(icmp ? [icmp.state === "correct" ? "1" : "0"] : []);
      wrong += Number(check?.state === "incorrect" || icmp?.state === "incorrect");
    }
    expect(wrong).toBeGreaterThan(FRAMES / 4);
  });

  it("has fragments that tshark puts together again", () => {
    const addresses = { source: "10.0.0.2", destination: "10.0.0.3" };
    const data = Uint8Array.from({ length: 4000 }, (_, index) => index);
    const payload = icmpEcho({ id: 7, seq: 1, data });
    const pieces = ipv4Fragments({ ...addresses, protocol: 1, identification: 99, payload }, 1500).map(
      (packet, index) => {
        const bytes = ethernet({
          destination: "02:00:00:00:00:03",
          source: "02:00:00:00:00:02",
          type: 0x0800,
          payload: packet,
        });
        return { interface: 0, at: BEGAN + index, length: bytes.length, bytes };
      },
    );
    const path = shop.write("fragments.pcapng", writeCapture({ interfaces, frames: pieces }));
    const read = shop.tshark(
      path,
      "-o",
      "ip.defragment:TRUE",
      "-T",
      "fields",
      "-e",
      "icmp.checksum.status",
      "-e",
      "data.len",
    );
    expect(read).toBe("\t1480\n\t1480\n1\t4000\n");
  });

  it("has the times, interfaces, directions and comments that were written", () => {
    const read = shop.fields(file, [
      "frame.time_epoch",
      "frame.interface_name",
      "frame.packet_flags_direction",
      "frame.comment",
    ]);
    const written = frames.map(({ at, interface: number, direction, comment }) => [
      `${BEGAN / 1000}.${((at! - BEGAN) * 1000).toString().padStart(6, "0")}000`,
      interfaces[number]!.name,
      direction === "in" ? "0x00000001" : "0x00000002",
      comment,
    ]);
    expect(read.map((values) => Object.values(values).map((value) => value.join(";")))).toEqual(written);
  });
});

describe.skipIf(!hasTool("tshark"))("frames with something wrong in them", () => {
  it("are read by us without fail, whatever tshark says of them, and a whole file of them too", () => {
    const shop = new Workshop();
    try {
      const wrong = frames.map((one) => {
        const bytes = mutated(one.bytes, random);
        return { ...one, bytes, length: bytes.length };
      });
      const file = shop.write("wrong.pcapng", writeCapture({ interfaces, frames: wrong }));
      expect(shop.fields(file, ["frame.number"])).toHaveLength(FRAMES);
      expect(wrong.map(({ bytes }) => decode(bytes).captured)).toEqual(wrong.map(({ bytes }) => bytes.length));
    } finally {
      shop.remove();
    }
  });
});

describe.skipIf(!["tshark", "editcap", "text2pcap"].every(hasTool))("captures written by Wireshark's tools", () => {
  let shop: Workshop;
  let file: string;
  const read = (path: string) => {
    const opened = openCapture(readFileSync(path));
    if ("error" in opened) throw new Error(opened.error);
    return opened;
  };
  const contents = ({ frames: found }: { readonly frames: readonly CaptureFrame[] }) =>
    found.map(({ bytes }) => Buffer.from(bytes).toString("hex"));
  const ours = contents({ frames });

  beforeAll(() => {
    shop = new Workshop();
    file = shop.write("ours.pcapng", writeCapture({ interfaces, frames }));
  });
  afterAll(() => shop?.remove());

  it("are read: tshark's pcapng, with times to the nanosecond, directions and comments", () => {
    shop.tshark(file, "-F", "pcapng", "-w", shop.path("theirs.pcapng"));
    const opened = read(shop.path("theirs.pcapng"));
    expect(opened.frames.map(({ bytes: _, ...rest }) => rest)).toEqual(frames.map(({ bytes: _, ...rest }) => rest));
    expect(contents(opened)).toEqual(ours);
    expect(opened.interfaces.map(({ name }) => name)).toEqual(interfaces.map(({ name }) => name));
  });

  it.each(["pcap", "nsecpcap"])("are read: %s", (format) => {
    shop.run("editcap", "-F", format, file, shop.path(format));
    const opened = read(shop.path(format));
    expect(contents(opened)).toEqual(ours);
    expect(opened.frames.map(({ at }) => at)).toEqual(frames.map(({ at }) => at));
  });

  it("are read: what text2pcap makes of hexadecimal digits", () => {
    const dump = ours.map((digits) => `000000 ${digits.match(/../g)!.join(" ")}\n`).join("\n");
    shop.run("text2pcap", shop.write("dump.txt", dump), shop.path("text.pcapng"));
    expect(contents(read(shop.path("text.pcapng")))).toEqual(ours);
  });

  it("are read: cut to a snaplen, with the lengths the frames had", () => {
    shop.run("editcap", "-s", "60", file, shop.path("cut.pcapng"));
    const opened = read(shop.path("cut.pcapng"));
    expect(opened.frames.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
    expect(Math.max(...opened.frames.map(({ bytes }) => bytes.length))).toBe(60);
    const bad = opened.frames.flatMap(({ bytes, length }) =>
      decode(bytes, length).layers.filter(({ malformed }) => malformed && malformed !== "not captured whole"),
    );
    expect(bad).toEqual([]);
  });
});
