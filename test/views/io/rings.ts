import type {
  Batch,
  IoEvent,
  IoTrace,
  NotifyCondition,
  Pace,
  RingEntry,
  RingIndex,
  RingSlot,
  RingState,
} from "../../../src/probe/io/types.ts";

/** Rings as the probes would read them, worked out from where the four counters of each stand. */

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
const pa = (address: number) => `pa:0x${hex(address, 8)}`;

/** Little-endian bytes of fields, as hexadecimal digits. */
function packed(...fields: readonly (readonly [value: number, bytes: number])[]): string {
  return fields
    .flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, at) => hex(Math.floor(value / 256 ** at) & 0xff, 2)))
    .join("");
}

const textBytes = (text: string) => [...text].map((letter) => hex(letter.charCodeAt(0), 2)).join("");
const PAGE_HEAD = textBytes("the first 64 bytes of a page that the guest wrote to its disk...\n").slice(0, 128);

const PACE: Pace = { latency: 0, batch: 0, stepping: false, available: true };

/** Where the four counters of a ring stand. */
export interface Counters {
  readonly produced: number;
  readonly taken: number;
  readonly answered: number;
  readonly reclaimed: number;
}

function stateOf(at: number, { produced, taken, answered, reclaimed }: Counters): RingSlot["state"] {
  if (at < reclaimed || at >= produced) return "free";
  if (at < answered) return "answered";
  return at < taken ? "serving" : "requested";
}

const batches = (count: number): readonly Batch[] =>
  Array.from({ length: count }, (_, at) => ({
    direction: at % 2 === 0 ? ("front-to-back" as const) : ("back-to-front" as const),
    at: 1200 + at * 3.7,
    entries: 1 + ((at * at * 7) % 13),
    notified: (at * 5) % 7 < 3,
  }));

const COUNTED = {
  requests: 18_214,
  responses: 18_209,
  notifications: 1912,
  interrupts: 2044,
  bytes: 74_604_544,
  copied: 74_604_544,
  grantsMapped: 352,
  grantsCopied: 18_209,
  full: 41,
};

/** The Xen rule with numbers that agree with themselves. */
export function xenCondition(
  direction: NotifyCondition["direction"],
  next: number,
  old: number,
  event: number,
): NotifyCondition {
  return { direction, rule: "xen", new: next, old, event, holds: (next - event) >>> 0 < (next - old) >>> 0 };
}

function blockEntry(at: number): RingEntry {
  return {
    operation: at % 5 === 4 ? "flush" : at % 3 === 1 ? "read" : "write",
    fields: [
      { name: "nr_segments", value: 2 },
      { name: "handle", value: 51712 },
      { name: "id", value: at % 32 },
      { name: "sector_number", value: 2048 + 16 * at },
    ],
    pages: [0, 1].map((segment) => ({
      reference: 40 + ((2 * at + segment) % 64),
      address: pa(0x2c41000 + 0x1000 * ((2 * at + segment) % 64)),
      bytes: 4096,
      writable: at % 3 === 1,
      grant: segment === 0 ? "mapped" : "granted",
      head: PAGE_HEAD,
    })),
  };
}

const blockBytes = (at: number) =>
  packed(
    [at % 3 === 1 ? 0 : 1, 1],
    [2, 1],
    [51712, 2],
    [at % 32, 4],
    [0, 4],
    [2048 + 16 * at, 4],
    [0, 4],
    [40 + ((2 * at) % 64), 4],
    [0x0700, 4],
    [41 + ((2 * at) % 64), 4],
    [0x0700, 4],
  ).padEnd(216, "0");

const answer = (at: number): RingEntry => ({
  operation: blockEntry(at).operation,
  fields: [
    { name: "id", value: at % 32 },
    { name: "status", value: 0 },
    { name: "result", value: "BLKIF_RSP_OKAY" },
  ],
  pages: [],
});

interface XenOptions extends Partial<Counters> {
  readonly capacity?: number;
  readonly ring?: string;
  readonly device?: RingState["device"];
  readonly back?: string;
  readonly fault?: string;
  readonly pace?: Partial<Pace>;
}

/** A Xen ring; by default one of a disk whose backend has some work before it. */
export function xenRing(options: XenOptions = {}): RingState {
  const { produced = 1207, taken = 1204, answered = 1202, reclaimed = 1199, capacity = 32, fault } = options;
  const { ring = "vbd:domU/xvda", device = "block", back = "dom0" } = options;
  const counters = { produced, taken, answered, reclaimed };
  const index = (name: string, side: "front" | "back", shared: boolean, value: number, from: string): RingIndex => ({
    name,
    side,
    shared,
    value: value >>> 0,
    slot: (value >>> 0) % capacity,
    from,
  });
  const slot = (number: number): RingSlot => {
    // the newest request that has been in this slot
    const at = produced - 1 - ((((produced - 1 - number) % capacity) + capacity) % capacity);
    const state = stateOf(at, counters);
    return {
      slot: number,
      state,
      address: pa(0x2a3f040 + 108 * number),
      bytes: at >= 0 ? blockBytes(at) : "",
      ...(state === "requested" || state === "serving" ? { request: blockEntry(at) } : {}),
      ...(state === "answered" ? { response: answer(at) } : {}),
    };
  };
  return {
    ring,
    design: "xen",
    device,
    front: "domU",
    back,
    connected: true,
    capacity,
    entryBytes: 108,
    pages: [pa(0x2a3f000)],
    indices: [
      index("req_prod", "front", true, produced, "ring page + 0x0"),
      index(
        "req_prod_pvt",
        "front",
        false,
        Math.min(produced + 1, reclaimed + capacity),
        "struct blkif_front_ring at pa:0x0241c2a8",
      ),
      index("rsp_cons", "front", false, reclaimed, "struct blkif_front_ring at pa:0x0241c2ac"),
      index("rsp_event", "front", true, answered + 1, "ring page + 0xc"),
      index("rsp_prod", "back", true, answered, "ring page + 0x8"),
      index("req_event", "back", true, taken + 1, "ring page + 0x4"),
      index("req_cons", "back", false, taken, "the backend"),
      index("rsp_prod_pvt", "back", false, Math.min(answered + 1, taken), "the backend"),
    ],
    notify: [
      xenCondition("front-to-back", produced, produced - 1, taken + 1),
      xenCondition("back-to-front", answered, answered - 2, answered - 1),
    ],
    slots: Array.from({ length: capacity }, (_, number) => slot(number)),
    counters: COUNTED,
    batches: batches(70),
    pace: { ...PACE, ...options.pace },
    ...(fault === undefined ? {} : { fault }),
  };
}

interface VirtioOptions extends Partial<Counters> {
  readonly capacity?: number;
  readonly ring?: string;
}

const DESCRIPTORS = 3;

/** A virtqueue of a disk: each request a chain of three descriptors. */
export function virtqueue(options: VirtioOptions = {}): RingState {
  const { produced = 65_541, taken = 65_539, answered = 65_536, reclaimed = 65_534, capacity = 128 } = options;
  const headOf = (at: number) => (at * DESCRIPTORS) % (capacity - (capacity % DESCRIPTORS));
  const counters = { produced, taken, answered, reclaimed };
  const numbers = Array.from({ length: produced - reclaimed }, (_, at) => reclaimed + at);
  const entries = Array.from({ length: capacity }, (_, entry) => {
    const last = produced - 1;
    return last - ((((last - entry) % capacity) + capacity) % capacity);
  });
  const done = Array.from({ length: capacity }, (_, entry) => {
    const last = answered - 1;
    return last - ((((last - entry) % capacity) + capacity) % capacity);
  });
  const index = (name: string, side: "front" | "back", shared: boolean, value: number, from: string): RingIndex => ({
    name,
    side,
    shared,
    value: value & 0xffff,
    slot: (value & 0xffff) % capacity,
    from,
  });
  return {
    ring: options.ring ?? "virtio:vm/vda/0",
    design: "virtio",
    device: "block",
    front: "vm",
    back: "host",
    connected: true,
    capacity,
    entryBytes: 16,
    pages: [pa(0x2b10000), pa(0x2b10800), pa(0x2b11000)],
    indices: [
      index("avail.idx", "front", true, produced, "avail + 0x2"),
      index("last_used_idx", "front", false, reclaimed, "struct vring_virtqueue at pa:0x0218a0d4"),
      index("used_event", "front", true, answered - 1, "avail + 0x104"),
      index("used.idx", "back", true, answered, "used + 0x2"),
      index("last_avail_idx", "back", false, taken, "the device"),
      index("avail_event", "back", true, taken, "used + 0x404"),
    ],
    notify: [
      { direction: "front-to-back", rule: "event-idx", new: 5, old: 4, event: 3, holds: false },
      { direction: "back-to-front", rule: "event-idx", new: 0, old: 65_534, event: 65_535, holds: true },
    ],
    slots: numbers.map((at): RingSlot => {
      const state = stateOf(at, counters);
      const sector = 4096 + 8 * (at % 1000);
      const request: RingEntry = {
        operation: at % 2 ? "write" : "read",
        fields: [
          { name: "type", value: at % 2 ? 1 : 0 },
          { name: "sector", value: sector },
        ],
        pages: [
          [16, false, packed([at % 2, 4], [0, 4], [sector, 4], [0, 4])] as const,
          [4096, at % 2 === 0, PAGE_HEAD] as const,
          [1, true, "ff"] as const,
        ].map(([bytes, writable, head], part) => ({
          reference: headOf(at) + part,
          address: pa(0x2d00000 + 0x1000 * headOf(at) + 16 * part),
          bytes,
          writable,
          head,
        })),
      };
      const status: RingEntry = { operation: "ok", fields: [{ name: "status", value: 0 }], pages: [] };
      return {
        slot: headOf(at),
        state,
        address: pa(0x2b10000 + 16 * headOf(at)),
        bytes: packed([0x2d00000 + 0x1000 * headOf(at), 8], [16, 4], [1, 2], [headOf(at) + 1, 2]),
        request,
        ...(state === "answered" ? { response: status } : {}),
      };
    }),
    counters: { ...COUNTED, grantsMapped: 0, grantsCopied: 0 },
    batches: batches(40),
    pace: { ...PACE, stepping: true, latency: 20 },
    virtqueue: {
      queue: 0,
      eventIdx: true,
      descriptors: numbers.flatMap((at) =>
        [0, 1, 2].map((part) => ({
          index: headOf(at) + part,
          address: pa(0x2d00000 + 0x1000 * headOf(at) + 16 * part),
          bytes: [16, 4096, 1][part]!,
          writable: part === 2 || (part === 1 && at % 2 === 0),
          indirect: false,
          ...(part < 2 ? { next: headOf(at) + part + 1 } : {}),
        })),
      ),
      avail: entries.map((at) => (at >= 0 ? headOf(at) : 0)),
      used: done.map((at) => ({ id: at >= 0 ? headOf(at) : 0, bytes: 1 })),
    },
  };
}

const HAPPENED: readonly (readonly [IoEvent["kind"], string, string])[] = [
  ["request", "domU", "write, 2 segments, sector 21328"],
  ["hypercall", "domU", "event_channel_op.send port 12"],
  ["notify", "domU", "port 12 to domain 0 port 31"],
  ["grant-map", "dom0", "ref 40 of domain 1, read only"],
  ["grant-copy", "dom0", "4096 bytes from ref 41 of domain 1"],
  ["page-moved", "dom0", "gfn 0x2c41 of domain 1 is here now"],
  ["response", "dom0", "id 9, okay"],
  ["notify", "dom0", "port 31 to domain 1 port 12"],
  ["interrupt", "domU", "upcall, vector 0xf3"],
  ["state", "domU", "device/vbd/51712 is 4 Connected"],
];

/** Some events of every kind that a Xen ring has. */
export function trace(ring = "vbd:domU/xvda", count = 24): IoTrace {
  const events = Array.from({ length: count }, (_, at): IoEvent => {
    const [kind, machine, detail] = HAPPENED[at % HAPPENED.length]!;
    return { number: 4_100 + at, at: 8123.4 + at * 0.3, machine, kind, ring, detail };
  });
  return { events, next: 4_100 + count, dropped: 3_076 };
}
