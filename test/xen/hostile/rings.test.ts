import { describe, expect, it } from "vitest";
import type { BlockFront, FrontRing, NetworkFront } from "../../../src/cli/bench/fuzz/fronts.ts";
import type { Kernel } from "../../../src/cli/bench/fuzz/kernel.ts";
import type { Neighbours } from "../../../src/cli/bench/fuzz/neighbours.ts";
import { DISK_SECTORS } from "../../../src/cli/bench/fuzz/victim.ts";
import type { IoCosts } from "../../../src/probe/io/types.ts";
import { blkif, decodeResponse, OPERATION, STATUS } from "../../../src/xen/abi/blkif.ts";
import { DOMID, PAGE_SIZE } from "../../../src/xen/abi/domains.ts";
import { HYPERCALL } from "../../../src/xen/abi/hypercalls.ts";
import { REMOVE_FROM_PHYSMAP, XENMEM } from "../../../src/xen/abi/memory.ts";
import { decodeTxResponse, EXTRA, GSO, NET_STATUS, netif, TX_FLAG } from "../../../src/xen/abi/netif.ts";
import { SRING, slotOffset } from "../../../src/xen/abi/ring.ts";
import { XENBUS } from "../../../src/xen/abi/xenbus.ts";
import { connected, pageOf, ringOf, spare, world } from "./world.ts";

const VBD = "vbd:attacker0/xvda";
const TX = "vif:attacker0/0/tx";
const RX = "vif:attacker0/0/rx";

interface Segment {
  readonly ref: number;
  readonly first?: number;
  readonly last?: number;
}

/** A block request as its bytes; what is not given is sound. */
function block(fields: {
  readonly operation?: number;
  readonly inner?: number;
  readonly count?: number;
  readonly sector?: number;
  readonly id?: number;
  readonly segments?: readonly Segment[];
  readonly pages?: readonly number[];
}): Uint8Array {
  const { operation = OPERATION.read, inner = OPERATION.read, sector = 0, id = 1, segments = [], pages = [] } = fields;
  const { count = segments.length } = fields;
  const bytes = new Uint8Array(blkif.REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, operation);
  view.setUint32(4, id, true);
  view.setUint32(12, sector % 2 ** 32, true);
  view.setUint32(16, Math.floor(sector / 2 ** 32), true);
  if (operation === OPERATION.indirect) {
    view.setUint8(1, inner);
    view.setUint16(2, count, true);
    for (const [i, ref] of pages.entries()) view.setUint32(24 + 4 * i, ref, true);
    return bytes;
  }
  view.setUint8(1, count);
  for (const [i, { ref, first = 0, last = 7 }] of segments.entries()) {
    view.setUint32(20 + 8 * i, ref, true);
    view.setUint8(24 + 8 * i, first);
    view.setUint8(25 + 8 * i, last);
  }
  return bytes;
}

/** Puts requests into the ring and lets the backend serve them. @returns the statuses of the answers */
function ask(kernel: Kernel, front: BlockFront, ...requests: readonly Uint8Array[]): number[] {
  kernel.turn(() => {
    for (const request of requests) front.ring.put(request);
    front.ring.push();
    kernel.send(front.port);
  });
  return kernel.turn(() => front.ring.take(blkif.RESPONSE_BYTES).map((bytes) => decodeResponse(bytes).status));
}

/** One transmit request of 12 bytes. */
function tx(fields: {
  readonly ref: number;
  readonly offset?: number;
  readonly flags?: number;
  readonly size: number;
}) {
  const bytes = new Uint8Array(netif.TX_REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, fields.ref, true);
  view.setUint16(4, fields.offset ?? 0, true);
  view.setUint16(6, fields.flags ?? 0, true);
  view.setUint16(10, fields.size, true);
  return bytes;
}

function transmit(kernel: Kernel, { tx: ring, port }: NetworkFront, ...requests: readonly Uint8Array[]): number[] {
  kernel.turn(() => {
    for (const request of requests) ring.put(request);
    ring.push();
    kernel.send(port);
  });
  return kernel.turn(() =>
    ring.take(netif.TX_RESPONSE_BYTES).map((bytes) => decodeTxResponse(new DataView(bytes.buffer), 0).status),
  );
}

const fault = (neighbours: Neighbours, ring: string) => ringOf(neighbours, "attacker0", ring).fault;

function jump(kernel: Kernel, ring: FrontRing, port: number, index: number, value: number): void {
  kernel.turn(() => {
    ring.header.setUint32(index, value >>> 0, true);
    kernel.send(port);
  });
}

describe("a block ring", () => {
  it.each([
    ["beyond its end", 33],
    ["far beyond its end", 0x7fffffff],
    ["behind what was answered", -1],
    ["to the last number", 0xffffffff],
  ])("whose producer's index jumps %s serves no more, and says why (XSA-39)", (_where, to) => {
    const { neighbours, one, devices, unharmed } = world();
    const before = neighbours.steps.count;
    jump(one.kernel, devices.block.ring, devices.block.port, SRING.req_prod, to);
    expect(neighbours.steps.count - before).toBeLessThan(500);
    expect(fault(neighbours, VBD)).toMatch(/^req_prod jumped to \d+: \d+ requests without a response/);
    devices.block.ring.produced = 0;
    const ref = one.kernel.grant(spare(0), 0);
    expect(ask(one.kernel, devices.block, block({ segments: [{ ref }] }))).toEqual([]);
    expect(unharmed()).toBeUndefined();
  });

  it("that broke serves again after a new handshake", () => {
    const { neighbours, one, devices, unharmed } = world();
    jump(one.kernel, devices.block.ring, devices.block.port, SRING.req_prod, 1000);
    const state = (to: number) =>
      one.kernel.turn(() => one.kernel.store("WRITE", `${devices.block.path}/state\0${to}`));
    state(XENBUS.closing);
    state(XENBUS.closed);
    state(XENBUS.initialising);
    const again = connected(one);
    const ref = one.kernel.grant(spare(0), 0);
    expect(ask(one.kernel, again.block, block({ segments: [{ ref }] }))).toEqual([STATUS.okay]);
    expect(fault(neighbours, VBD)).toBeUndefined();
    expect(unharmed()).toBeUndefined();
  });

  it("answers what the backend's own indices say, whatever stands in the page", () => {
    const { one, devices, unharmed } = world();
    const ref = one.kernel.grant(spare(0), 0);
    for (const index of [SRING.rsp_prod, SRING.req_event, SRING.rsp_event]) {
      jump(one.kernel, devices.block.ring, devices.block.port, index, 0x12345678);
      const { header, consumed } = devices.block.ring;
      one.kernel.turn(() => {
        devices.block.ring.put(block({ segments: [{ ref }] }));
        devices.block.ring.push();
        one.kernel.send(devices.block.port);
      });
      expect(header.getUint32(SRING.rsp_prod, true)).toBe(consumed + 1);
      one.kernel.turn(() => devices.block.ring.take(blkif.RESPONSE_BYTES));
    }
    expect(unharmed()).toBeUndefined();
  });

  it("refuses segments that are no segments, and moves nothing for them (oversize segments)", () => {
    const { neighbours, one, devices, unharmed } = world();
    const { kernel } = one;
    const ref = kernel.grant(spare(0), 0);
    pageOf(kernel, spare(0)).fill(0x5a);
    const bad = [
      block({ segments: [{ ref, last: 8 }] }),
      block({ segments: [{ ref, first: 0, last: 255 }] }),
      block({ segments: [{ ref, first: 7, last: 0 }] }),
      block({ segments: [{ ref }], count: 12 }),
      block({ segments: [{ ref }], count: 255 }),
      block({ segments: [] }),
      block({ segments: [{ ref }], sector: DISK_SECTORS - 7 }),
      block({ segments: [{ ref }], sector: 2 ** 32 - 1 }),
      block({ segments: [{ ref }], sector: 2 ** 53 }),
      block({ segments: [{ ref }], sector: 2 ** 64 - 2 ** 12 }),
      block({ operation: OPERATION.write, segments: [{ ref }], sector: DISK_SECTORS }),
      block({
        operation: OPERATION.discard,
        sector: 0,
        count: 0,
        segments: [{ ref: 0xffffffff, first: 255, last: 255 }],
      }),
    ];
    expect(ask(kernel, devices.block, ...bad)).toEqual(bad.map(() => STATUS.error));
    expect(ask(kernel, devices.block, block({ operation: 4 }), block({ operation: 255 }))).toEqual([
      STATUS.unsupported,
      STATUS.unsupported,
    ]);
    expect(pageOf(kernel, spare(0)).every((byte) => byte === 0x5a)).toBe(true);
    expect(neighbours.platform.xen.guest(one.id)!.grants.active.size).toBe(3);
    expect(unharmed()).toBeUndefined();
  });

  it("refuses references that are bad, recycled or for reading, as a whole (bad and recycled grant references)", () => {
    const { neighbours, one, other, devices, unharmed } = world();
    const { kernel } = one;
    const good = kernel.grant(spare(0), 0);
    const readOnly = kernel.grant(spare(1), 0, true);
    const others = kernel.grant(spare(2), other.id);
    pageOf(kernel, spare(0)).fill(0x5a);
    const bad = [0, 7, 1999, 0x7fffffff, 0xffffffff, readOnly, others].map((ref) =>
      block({ segments: [{ ref: good }, { ref }] }),
    );
    expect(ask(kernel, devices.block, ...bad)).toEqual(bad.map(() => STATUS.error));
    expect(pageOf(kernel, spare(0)).every((byte) => byte === 0x5a)).toBe(true);
    kernel.setGrant(good, 1, 0, 0xfffff);
    expect(ask(kernel, devices.block, block({ segments: [{ ref: good }] }))).toEqual([STATUS.error]);
    kernel.setGrant(good, 1, 0, spare(3));
    expect(ask(kernel, devices.block, block({ segments: [{ ref: good }] }))).toEqual([STATUS.okay]);
    expect(neighbours.platform.xen.guest(one.id)!.grants.active.size).toBe(3);
    expect(unharmed()).toBeUndefined();
  });

  it("takes indirect requests for what they are: counts, pages and inner operations of every kind", () => {
    const { one, devices, unharmed } = world();
    const { kernel } = one;
    const list = kernel.grant(spare(0), 0);
    const data = kernel.grant(spare(1), 0);
    const view = new DataView(kernel.processor.bytes.buffer, spare(0) * PAGE_SIZE, PAGE_SIZE);
    for (let at = 0; at < PAGE_SIZE; at += 8) {
      view.setUint32(at, data, true);
      view.setUint16(at + 4, 0x0700, true);
    }
    const { indirect, read, write } = OPERATION;
    const requests = [
      block({ operation: indirect, count: 8, pages: [list] }),
      block({ operation: indirect, count: 257, pages: [list, list] }),
      block({ operation: indirect, count: 0xffff, pages: Array.from({ length: 8 }, () => list) }),
      block({ operation: indirect, count: 0, pages: [list] }),
      block({ operation: indirect, inner: indirect, count: 8, pages: [list] }),
      block({ operation: indirect, inner: OPERATION.discard, count: 8, pages: [list] }),
      block({ operation: indirect, inner: 77, count: 8, pages: [list] }),
      block({ operation: indirect, inner: write, count: 8, pages: [0x7fffffff] }),
      block({ operation: indirect, inner: read, count: 65, pages: [list] }),
    ];
    const [first, ...rest] = ask(kernel, devices.block, ...requests);
    expect(first).toBe(STATUS.okay);
    expect(rest.length).toBe(requests.length - 1);
    expect(rest.filter((status) => status === STATUS.okay)).toEqual([]);
    expect(unharmed()).toBeUndefined();
  });

  it("is read once: a request that changes while it is looked at is one request (XSA-155)", () => {
    const { neighbours, one, devices, unharmed } = world();
    const { kernel } = one;
    const ref = kernel.grant(spare(0), 0);
    const statuses = new Set<number>();
    for (let round = 0; round < 400; round++) {
      const { ring } = devices.block;
      const at = ring.frame * PAGE_SIZE + slotOffset("block", ring.capacity, ring.produced);
      // Sound for one look, beyond the page and not granted for the next. The response leaves these bytes alone.
      const faces = [block({ segments: [{ ref }] }), block({ segments: [{ ref: 0xffff, first: 9, last: 255 }] })];
      let looks = round;
      kernel.processor.onLook = () => {
        looks += 1;
        kernel.processor.bytes.set(faces[(looks >> (round % 7)) & 1]!.subarray(20), at + 20);
      };
      const answers = ask(kernel, devices.block, faces[0]!);
      kernel.processor.onLook = undefined;
      expect(answers.length).toBe(1);
      statuses.add(answers[0]!);
    }
    expect([...statuses].sort()).toEqual([STATUS.error, STATUS.okay].sort());
    expect(one.stopped).toBeUndefined();
    expect(neighbours.platform.xen.guest(one.id)!.grants.active.size).toBe(3);
    expect(unharmed()).toBeUndefined();
  });

  it("in a page that is given up, granted anew or put under Xen's own serves nobody else's bytes (use after revoke)", () => {
    const { neighbours, one, devices, unharmed } = world();
    const { kernel } = one;
    const ref = kernel.grant(spare(0), 0);
    kernel.turn(() => {
      devices.block.ring.put(block({ operation: OPERATION.write, segments: [{ ref }], sector: 8 }));
      devices.block.ring.push();
      kernel.setGrant(ref, 0, 0, 0);
      kernel.send(devices.block.port);
    });
    kernel.turn(() =>
      expect(decodeResponse(devices.block.ring.take(blkif.RESPONSE_BYTES)[0]!).status).toBe(STATUS.error),
    );
    const { frame } = devices.block.ring;
    const values = { domid: DOMID.self, gpfn: frame };
    kernel.turn(() => kernel.ask(HYPERCALL.memory_op, XENMEM.remove_from_physmap, REMOVE_FROM_PHYSMAP, values));
    kernel.turn(() => kernel.send(devices.block.port));
    expect(ringOf(neighbours, "attacker0", VBD).slots.every(({ bytes }) => /^0*$/.test(bytes))).toBe(true);
    expect(pageOf(kernel, frame).every((byte) => byte === 0)).toBe(true);
    expect(unharmed()).toBeUndefined();
  });
});

describe("a block device", () => {
  it("whose frontend goes and comes in the middle of requests loses only these (XSA-350)", () => {
    const { neighbours, one, unharmed, devices } = world();
    const { kernel } = one;
    kernel.turn(() => kernel.store("WRITE", `${devices.block.path}/feature-persistent\x001`));
    neighbours.platform.control("attacker0", "io.pace", { ring: VBD, latency: 5 });
    const states = [XENBUS.closing, XENBUS.closed, XENBUS.initialising, XENBUS.connected, XENBUS.initialised, 0, 8];
    let { block: front } = devices;
    for (let round = 0; round < 60; round++) {
      const ref = kernel.grant(spare(round % 8), 0);
      kernel.turn(() => {
        for (let i = 0; i < 8; i++) front.ring.put(block({ segments: [{ ref }], sector: 8 * i }));
        front.ring.push();
        kernel.send(front.port);
        kernel.store("WRITE", `${front.path}/state\0${states[round % states.length]}`);
        if (round % 3 === 0) kernel.setGrant(ref, 0, 0, 0);
      });
      neighbours.pass(3);
      kernel.turn(() => {});
      if (round % 10 === 9) {
        for (const state of [XENBUS.closed, XENBUS.initialising]) {
          kernel.turn(() => kernel.store("WRITE", `${front.path}/state\0${state}`));
        }
        front = connected(one).block;
      }
    }
    expect(one.stopped).toBeUndefined();
    expect(unharmed()).toBeUndefined();
  });

  it("is not offered twice by keys that change all the time: one look a turn (XSA-349)", () => {
    const { neighbours, one, devices, unharmed } = world();
    const { kernel } = one;
    const cost = (writes: number) => {
      kernel.place.beforeTurn();
      for (let i = 0; i < writes; i++) kernel.store("WRITE", `${devices.block.path}/state\0${i % 2 === 0 ? 3 : 4}`);
      const { count } = neighbours.steps;
      kernel.place.afterTurn();
      return neighbours.steps.count - count;
    };
    cost(2);
    expect(cost(400)).toBeLessThanOrEqual(cost(2));
    expect(unharmed()).toBeUndefined();
  });

  it.each([
    ["a ring that is not granted", { "ring-ref": 1999 }],
    ["a ring granted to another", { "ring-ref": "others" }],
    ["a channel that is not offered", { "event-channel": 900 }],
    ["a channel of xenstored's", { "event-channel": 1 }],
    ["numbers that are none", { "ring-ref": "-1" }],
    ["an order of pages too large", { "ring-page-order": 40 }],
    ["pages that are missing", { "ring-page-order": 2 }],
    ["another word size", { protocol: "x86_64-abi" }],
    ["nothing", { "ring-ref": "" }],
  ])("that names %s is not connected, and told so", (_what, keys) => {
    const { neighbours, one, other, unharmed, devices } = world();
    const { kernel } = one;
    const set = (key: string, value: unknown) => kernel.store("WRITE", `${devices.block.path}/${key}\0${value}`);
    for (const state of [XENBUS.closed, XENBUS.initialising]) kernel.turn(() => set("state", state));
    kernel.turn(() => {
      devices.block.offer();
      const others = kernel.grant(spare(0), other.id);
      for (const [key, value] of Object.entries(keys)) set(key, value === "others" ? others : value);
    });
    const { store } = neighbours.platform;
    const backend = store.read(`${devices.block.path}/backend`)!;
    expect(store.read(`${backend}/state`)).toBe(String(XENBUS.closing));
    expect(store.read(backend.replace("/backend/", "/error/backend/").concat("/error"))).toBeTruthy();
    expect(unharmed()).toBeUndefined();
  });
});

describe("a transmit ring", () => {
  function setting() {
    const all = world();
    const { kernel } = all.one;
    const ref = kernel.grant(spare(0), 0, true);
    return { ...all, kernel, ref, network: all.devices.network };
  }

  it.each([
    ["of more slots than were pushed", (ref: number) => [tx({ ref, size: 100, flags: TX_FLAG.more_data })]],
    [
      "of too many slots",
      (ref: number) => Array.from({ length: 30 }, () => tx({ ref, size: 100, flags: TX_FLAG.more_data })),
    ],
    ["whose fragment crosses its page", (ref: number) => [tx({ ref, offset: 4090, size: 100 })]],
    [
      "with extra info of no kind",
      (ref: number) => [tx({ ref, size: 100, flags: TX_FLAG.extra_info }), new Uint8Array(12)],
    ],
    [
      "with extra info without end",
      (ref: number) => [
        tx({ ref, size: 100, flags: TX_FLAG.extra_info }),
        ...Array.from({ length: 8 }, () => extra(1000, 1)),
      ],
    ],
    ["to be cut into nothing", (ref: number) => [tx({ ref, size: 100, flags: TX_FLAG.extra_info }), extra(0, 0)]],
  ] as const)("with a packet %s serves no more, and says why (XSA-39, XSA-432)", (_what, packet) => {
    const { neighbours, kernel, network, ref, unharmed } = setting();
    transmit(kernel, network, ...packet(ref));
    expect(fault(neighbours, TX)).toBeTruthy();
    expect(fault(neighbours, VBD)).toBeUndefined();
    expect(transmit(kernel, network, tx({ ref, size: 60 }))).toEqual([]);
    expect(unharmed()).toBeUndefined();
  });

  it("answers packets that are only wrong with an error, and sends none of them", () => {
    const { neighbours, kernel, network, ref, unharmed } = setting();
    const small = tx({ ref, size: 13 });
    const pieces = [tx({ ref, size: 10, flags: TX_FLAG.more_data }), tx({ ref, size: 100 })];
    const ungranted = tx({ ref: 1999, size: 60 });
    expect(transmit(kernel, network, small, ...pieces, ungranted)).toEqual(
      Array.from({ length: 4 }, () => NET_STATUS.error),
    );
    expect(transmit(kernel, network, tx({ ref, size: 60 }))).toEqual([NET_STATUS.okay]);
    const { devices } = neighbours.platform.probe("attacker0", "io.costs", {}) as IoCosts;
    expect(devices.find(({ model }) => model === "xen-vif")?.packets?.sent).toBe(1);
    expect(fault(neighbours, TX)).toBeUndefined();
    expect(unharmed()).toBeUndefined();
  });

  it("turns no one packet into more work than its bytes are", () => {
    const { neighbours, kernel, network, ref, unharmed } = setting();
    const size = 4096;
    const before = neighbours.steps.count;
    for (const cut of [1, 2, 47, 48, 1460, 0xffff]) {
      transmit(kernel, network, tx({ ref, size, flags: TX_FLAG.extra_info | TX_FLAG.csum_blank }), extra(cut, 0));
    }
    expect(neighbours.steps.count - before).toBeLessThan(3000);
    expect(unharmed()).toBeUndefined();
  });
});

/** A slot of extra info that asks for segmentation. */
function extra(size: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(netif.TX_REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, EXTRA.gso);
  view.setUint8(1, flags);
  view.setUint16(2, size, true);
  view.setUint8(4, GSO.tcpv4);
  return bytes;
}

describe("a receive ring", () => {
  it("without buffers, or with bad ones, makes frames for it wait or get lost, not pile up (XSA-392)", () => {
    const { neighbours, one, other, unharmed } = world();
    const sender = connected(other);
    const ref = other.kernel.grant(spare(0), 0, true);
    for (let i = 0; i < 40; i++) {
      transmit(other.kernel, sender.network, ...Array.from({ length: 64 }, () => tx({ ref, size: 1500 })));
    }
    const saved = JSON.stringify(neighbours.platform.save()).length;
    expect(saved).toBeLessThan(4_000_000);
    const { kernel } = one;
    const { network } = connected(one);
    kernel.turn(() => {
      for (let i = 0; i < 200; i++) {
        const bytes = new Uint8Array(netif.RX_REQUEST_BYTES);
        new DataView(bytes.buffer).setUint32(
          4,
          [0, 7, 1999, 0xffffffff, kernel.grant(spare(1), 0, true)][i % 5]!,
          true,
        );
        network.rx.put(bytes);
      }
      network.rx.push();
      kernel.send(network.port);
    });
    kernel.turn(() => {});
    expect(fault(neighbours, RX)).toBeUndefined();
    expect(unharmed()).toBeUndefined();
  });
});
