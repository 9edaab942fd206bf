import {
  decode,
  ETHERTYPE,
  encapsulated,
  flowKey,
  headerChanges,
  headersOf,
  PROTOCOL,
} from "../../../network/codec/index.ts";
import type { Random } from "../fuzz/random.ts";
import { mutated } from "./mutate.ts";
import { frame } from "./packets/frames.ts";
import { readsAs, readsCut, soundHeaders, soundPacket } from "./sound.ts";
import type { Target } from "./target.ts";

/** Bytes of the largest packet behind random headers, now and then. */
const LARGEST = 9000;

/** Reading and making packets. */
export const codecTargets = (): readonly Target[] => [
  { name: "built", step: (random) => shown(frame(random), readsAs) },
  { name: "cut", step: cutShort },
  { name: "mutated", step: (random) => anyBytes(mutated(frame(random).bytes, random), random) },
  { name: "random", step: (random) => anyBytes(random.bytes(random.below(300)), random) },
  { name: "headed", step: (random) => anyBytes(headed(random), random) },
];

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function shown<Case extends { readonly bytes: Uint8Array }>(
  made: Case,
  judge: (made: Case) => string | undefined,
): string | undefined {
  const wrong = judge(made);
  return wrong && `${wrong}; ${hexOf(made.bytes)}`;
}

function cutShort(random: Random): string | undefined {
  const { bytes } = frame(random);
  return shown({ bytes }, () => readsCut(bytes, random.below(bytes.length + 1)));
}

/** Whatever the bytes are, and however long the frame is said to have been. */
function anyBytes(bytes: Uint8Array, random: Random): string | undefined {
  const packet = decode(bytes, random.chance(2) ? undefined : random.pick([0, 1e9, bytes.length + random.below(100)]));
  const headers = headersOf(bytes, random.chance(4) ? random.below(bytes.length + 20) : 0);
  if (headers) {
    const key = flowKey(headers);
    const inner = encapsulated(bytes, headers);
    const changes = headerChanges(headers, headers);
    if (changes.length > 0) return `a frame differs from itself in ${changes[0]!.field}; ${hexOf(bytes)}`;
    if (key.length > 200) return `a flow is called ${key}; ${hexOf(bytes)}`;
    if (inner !== undefined && inner + 14 > bytes.length) return `a frame at ${inner}; ${hexOf(bytes)}`;
    const { from, to } = headers.payload;
    if (from < 0 || from > to || to > bytes.length) return `a payload from ${from} to ${to}; ${hexOf(bytes)}`;
  }
  return shown({ bytes }, () => soundPacket(bytes, packet) ?? soundHeaders(bytes, packet));
}

/** Random bytes behind headers that lead a reader on. */
function headed(random: Random): Uint8Array {
  const bytes = random.bytes(14 + random.below(random.chance(100) ? LARGEST : 400));
  const type = random.pick([ETHERTYPE.ipv4, ETHERTYPE.ipv6, ETHERTYPE.arp, ETHERTYPE.vlan, 100]);
  bytes.set([type >> 8, type & 255], 12);
  const at = 14;
  const next = random.pick([...Object.values(PROTOCOL), 0, 43, 44, 60]);
  const length = bytes.length - at;
  if (type === ETHERTYPE.ipv4 && length >= 20) {
    bytes.set([0x45 + random.below(2), 0, length >> 8, length & 255], at);
    bytes.set([0, 0, 64, next], at + 6);
  } else if (type === ETHERTYPE.ipv6 && length >= 40) {
    bytes.set([0x60, 0, 0, 0, (length - 40) >> 8, (length - 40) & 255, next, 64], at);
  }
  const transport = at + (type === ETHERTYPE.ipv6 ? 40 : 20);
  if (bytes.length >= transport + 8 && random.chance(2)) {
    const port = random.pick([53, 67, 68, 4789, 8472]);
    bytes.set([port >> 8, port & 255], transport + 2);
    bytes.set([(bytes.length - transport) >> 8, (bytes.length - transport) & 255], transport + 4);
  }
  return bytes;
}
