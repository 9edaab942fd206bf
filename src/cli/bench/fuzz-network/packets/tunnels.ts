import { ETHERTYPE, gre, vxlan } from "../../../../network/codec/index.ts";
import type { Random } from "../../fuzz/random.ts";
import { frame } from "./frames.ts";
import { ipv4Packet } from "./ip.ts";
import type { Made } from "./made.ts";

export function vxlanPacket(random: Random, depth: number): Made {
  const vni = random.below(1 << 24);
  const inner = frame(random, depth + 1);
  const header = { layer: "vxlan", fields: { VNI: String(vni) } } as const;
  return { bytes: vxlan(vni, inner.bytes), expected: [header, ...inner.expected], whole: inner.whole };
}

/** An IPv4 packet or an Ethernet frame in GRE. */
export function grePacket(random: Random, depth: number): Made {
  const bridging = random.chance(2);
  const inner = bridging ? frame(random, depth + 1) : ipv4Packet(random, depth + 1);
  const [key, sequence] = [random.chance(2) ? random.word() : undefined, random.chance(2) ? random.word() : undefined];
  const type = bridging ? ETHERTYPE.bridging : ETHERTYPE.ipv4;
  const fields = {
    ...(key !== undefined && { Key: String(key) }),
    ...(sequence !== undefined && { "Sequence number": String(sequence) }),
  };
  const bytes = gre({ type, key, sequence, checksum: random.chance(2), payload: inner.bytes });
  return { bytes, expected: [{ layer: "gre", fields }, ...inner.expected], whole: inner.whole };
}
