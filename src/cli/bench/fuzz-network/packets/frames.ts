import { arp, ETHERTYPE, ethernet, padded, snap } from "../../../../network/codec/index.ts";
import type { Random } from "../../fuzz/random.ts";
import { ipv4Packet, ipv6Packet } from "./ip.ts";
import { type Expected, ipv4Address, type Made, mac, someBytes } from "./made.ts";

/** A frame of any of the protocols there are builders for. @param depth how many packets it is in */
export function frame(random: Random, depth = 0): Made {
  const [destination, source] = [mac(random), mac(random)];
  const tags = Array.from({ length: random.below(3) }, (_, index) => ({
    vid: random.below(4096),
    priority: random.below(8),
    dropEligible: random.chance(2),
    provider: index === 0 && random.chance(2),
  }));
  const { type, made } = network(random, depth);
  const lengthed = made !== undefined && random.chance(16);
  const payload = made?.bytes ?? someBytes(random);
  const bytes = ethernet({
    destination,
    source,
    tags,
    ...(lengthed ? { payload: snap(type, payload) } : { type, payload }),
  });
  const header = { layer: "ethernet", fields: { Destination: destination, Source: source } } as const;
  const vlans = tags.map(
    ({ vid, priority, dropEligible }): Expected => ({
      layer: "vlan",
      fields: { VID: String(vid), PCP: String(priority), DEI: dropEligible ? "1" : "0" },
    }),
  );
  const tooLong = lengthed && payload.length + 8 > 1500;
  if (tooLong) return frame(random, depth);
  return {
    bytes: random.chance(4) ? padded(bytes) : bytes,
    expected: [header, ...vlans, ...(made?.expected ?? [])],
    whole: made?.whole ?? true,
  };
}

function network(random: Random, depth: number): { readonly type: number; readonly made: Made | undefined } {
  const kind = random.below(20);
  if (kind === 0) return { type: 0x88b5, made: undefined }; // local experimental (IEEE 802, 9.2)
  if (kind < 4) return { type: ETHERTYPE.arp, made: arpPacket(random) };
  if (kind < 13) return { type: ETHERTYPE.ipv4, made: ipv4Packet(random, depth) };
  return { type: ETHERTYPE.ipv6, made: ipv6Packet(random, depth) };
}

function arpPacket(random: Random): Made {
  const operation = random.pick(["request", "reply"] as const);
  const [senderMac, targetMac] = [mac(random), mac(random)];
  const [sender, target] = [ipv4Address(random), ipv4Address(random)];
  const fields = {
    Operation: operation === "request" ? "request (1)" : "reply (2)",
    "Sender MAC": senderMac,
    "Sender IP": sender,
    "Target MAC": targetMac,
    "Target IP": target,
  };
  return {
    bytes: arp({ operation, senderMac, sender, targetMac, target }),
    expected: [{ layer: "arp", fields }],
    whole: true,
  };
}
