import type { Frame } from "../../../../network/link.ts";
import type { PortSpec } from "../../../../network/link-spec.ts";
import type { Random } from "../../fuzz/random.ts";

/** VLANs of ports and tags: few, so that they meet, and the ends of the range. */
const VLANS = [1, 5, 6, 7, 4094] as const;
const VIDS = [0, ...VLANS, 4095] as const;

/** A card on a port of any kind. */
export function anyPort(random: Random, machine: string): PortSpec {
  const spec = { machine, nic: 0, mac: "02:00:00:00:00:01" };
  const vlan = random.pick(VLANS);
  const vlans = VLANS.filter(() => random.chance(2));
  switch (random.below(4)) {
    case 0:
      return { ...spec, vlan };
    case 1:
      return { ...spec, vlans };
    case 2:
      return { ...spec, vlan, vlans };
    default:
      return spec;
  }
}

/** Six bytes: mostly of few addresses, sometimes of very many. */
function address(random: Random, many: boolean): Uint8Array {
  if (many) return Uint8Array.of(2, 0, 0, random.below(256), random.below(256), random.below(256));
  return Uint8Array.of(2, 0, 0, 0, 0, random.below(12));
}

function destination(random: Random): Uint8Array {
  switch (random.below(12)) {
    case 0:
      return Uint8Array.of(255, 255, 255, 255, 255, 255);
    case 1:
      return Uint8Array.of(1, 0x80, 0xc2, 0, 0, random.below(20));
    case 2:
      return Uint8Array.of(0x33, 0x33, 0, 0, 0, random.below(3));
    default:
      return address(random, false);
  }
}

/** An Ethernet frame that a guest might send, or any bytes at all. @param flood sources are very many */
export function anyBytes(random: Random, mtu: number, flood: boolean): Uint8Array {
  if (random.chance(60)) return random.bytes(random.below(40));
  const source = random.chance(100) ? Uint8Array.of(3, 0, 0, 0, 0, 1) : address(random, flood);
  const tags = random.below(6);
  const bytes = [...destination(random), ...source];
  if (tags === 1 || tags === 2) bytes.push(...tag(random, 0x8100));
  if (tags === 2) bytes.push(...tag(random, random.chance(2) ? 0x8100 : 0x88a8));
  if (tags === 3) bytes.push(...tag(random, 0x88a8));
  if (tags === 4) for (let count = 0; count < 3; count++) bytes.push(...tag(random, 0x8100));
  bytes.push(0x88, 0xb5);
  const length = random.chance(30) ? mtu - 4 + random.below(8) : random.below(60);
  const frame = new Uint8Array(bytes.length + length);
  frame.set(bytes);
  frame.fill(random.below(256), bytes.length);
  return frame;
}

function tag(random: Random, type: number): number[] {
  const vid = random.pick(VIDS);
  return [type >> 8, type & 255, (random.below(16) << 4) | (vid >> 8), vid & 255];
}

/** A frame and what its sender says of it, which may be anything. */
export function anyFrame(random: Random, bytes: Uint8Array): Frame {
  const place = () => random.pick([undefined, random.below(bytes.length + 10), -1, 1e9, 0]);
  const segmentation = {
    kind: random.pick(["tcp4", "tcp6"] as const),
    size: random.pick([0, 47, 48, 1000, 1448, 9000]),
  };
  const [checksumFrom, checksumAt] = [place(), place()];
  return {
    bytes,
    checksum: random.pick(["whole", "partial"] as const),
    ...(checksumFrom !== undefined && { checksumFrom }),
    ...(checksumAt !== undefined && { checksumAt }),
    ...(random.chance(3) && { segmentation }),
  };
}
