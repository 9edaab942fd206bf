import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  blkif,
  type GrantReader,
  needsNotify,
  netif,
  type RingKind,
  readSharedIndices,
  readSlots,
  ringSlots,
  sharedIndexList,
} from "../../../src/probe/rings/layout/index.ts";

const PAGE = 4096;
const word = fc.integer({ min: 0, max: 0xffff_ffff });

/** Grants of a test: pages by reference, and a record of what was asked. */
function grantsOf(pages: Readonly<Record<number, Uint8Array>> = {}) {
  const asked: { reference: number; offset: number; bytes: number }[] = [];
  const reader: GrantReader = {
    content: (reference) => pages[reference],
    page(reference, offset, bytes, writable) {
      asked.push({ reference, offset, bytes });
      return { reference, address: "", bytes, writable, head: "" };
    },
  };
  return { reader, asked };
}

describe("layouts of a 32-bit guest", () => {
  it("have the sizes of the public headers' structures, and rings the slots of __RING_SIZE", () => {
    expect([blkif.blkif.REQUEST_BYTES, blkif.blkif.RESPONSE_BYTES]).toEqual([108, 12]);
    expect([1, 2, 4, 8, 16].map((pages) => ringSlots("block", pages))).toEqual([32, 64, 128, 256, 512]);
    expect([ringSlots("tx"), ringSlots("rx")]).toEqual([256, 256]);
  });

  it("put a block request's fields where the compiler for i386 puts them", () => {
    // gcc -m32, struct blkif_request: operation 1, nr_segments 2, handle 0x0304, id …, sector …, one segment
    const bytes = new Uint8Array(108);
    bytes.set([1, 2, 4, 3, 0x11, 0, 0, 0, 0x22, 0, 0, 0, 0x33, 0, 0, 0, 1, 0, 0, 0, 0x44, 0, 0, 0, 5, 6]);
    expect(blkif.decodeRequest(bytes)).toEqual({
      operation: 1,
      effective: 1,
      handle: 0x0304,
      id: [0x11, 0x22],
      sector: 2 ** 32 + 0x33,
      segmentCount: 2,
      segments: [
        { reference: 0x44, first: 5, last: 6 },
        { reference: 0, first: 0, last: 0 },
      ],
      indirectPages: [],
      sectorCount: 0,
    });
    bytes.set([6, 1, 0x00, 0x03]); // indirect write of 768 segments: two pages of them
    bytes.set([0x07, 0, 0, 0, 0x55, 0, 0, 0, 0x66, 0, 0, 0, 0x77, 0, 0, 0], 20);
    expect(blkif.decodeRequest(bytes)).toMatchObject({
      operation: 6,
      effective: 1,
      handle: 7,
      segmentCount: 768,
      segments: [],
      indirectPages: [0x55, 0x66],
    });
  });

  it("give back what was encoded", () => {
    const id = fc.tuple(word, word);
    fc.assert(
      fc.property(id, fc.nat(255), fc.integer({ min: -2, max: 0 }), (number, operation, status) => {
        const request = { ...blkif.decodeRequest(new Uint8Array(108)), id: number, effective: operation };
        expect(blkif.decodeResponse(blkif.encodeResponse(request, status))).toEqual({ id: number, operation, status });
      }),
    );
    const half = fc.nat(0xffff);
    fc.assert(
      fc.property(half, half, half, fc.integer({ min: -0x8000, max: 0x7fff }), (one, offset, flags, status) => {
        const view = new DataView(new ArrayBuffer(16));
        netif.encodeRxResponse(view, 8, { id: one, offset, flags, status });
        expect(netif.decodeRxResponse(view, 8)).toEqual({ id: one, offset, flags, status });
        netif.encodeTxResponse(view, 4, one, status);
        expect(netif.decodeTxResponse(view, 4)).toEqual({ id: one, status });
        netif.encodeGso(view, 0, one, 2);
        expect(netif.decodeExtra(view, 0)).toEqual({ type: 1, flags: 0, size: one, gso: 2 });
      }),
    );
  });
});

describe("the condition to notify", () => {
  it("holds exactly when the threshold is among what was pushed, also where indices wrap", () => {
    fc.assert(
      fc.property(word, fc.nat(256), fc.integer({ min: -300, max: 300 }), (old, pushed, ahead) => {
        const event = (old + ahead) >>> 0;
        const among = ahead > 0 && ahead <= pushed;
        expect(needsNotify((old + pushed) >>> 0, event, old)).toBe(among);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a ring's slots", () => {
  const kinds = fc.constantFrom<RingKind>("block", "tx", "rx");

  /** A ring page whose counters stand a given distance apart. */
  function ringPage(start: number, consumed: number, produced: number, requested: number): Uint8Array {
    const page = new Uint8Array(PAGE);
    const view = new DataView(page.buffer);
    view.setUint32(0, start + consumed + produced + requested, true);
    view.setUint32(8, start + consumed + produced, true);
    view.setUint32(12, start + consumed + 1, true);
    return page;
  }

  it("are answered, being served, requested or free as the indices say", () => {
    const share = fc.nat(8);
    fc.assert(
      fc.property(kinds, word, share, share, share, share, (kind, start, consumed, answered, serving, requested) => {
        const page = ringPage(start, consumed, answered, serving + requested);
        const rsp_prod_pvt = (start + consumed + answered) >>> 0;
        const back = { rsp_prod_pvt, req_cons: (rsp_prod_pvt + serving) >>> 0 };
        const slots = readSlots({ kind, pages: [page], addresses: [0x5000], back }, grantsOf().reader);
        const capacity = ringSlots(kind);
        const states = Array.from({ length: answered + serving + requested }, (_, index) =>
          index < answered ? "answered" : index < answered + serving ? "serving" : "requested",
        );
        const expected = Array.from({ length: capacity }, () => "free");
        states.forEach((state, index) => {
          expected[(((start + consumed) % capacity) + index) % capacity] = state;
        });
        expect(slots.map(({ state }) => state)).toEqual(expected);
        expect(
          slots.every(
            ({ state, request, response }) =>
              (state === "answered") === (response !== undefined) &&
              (state === "free" || state === "answered") === (request === undefined),
          ),
        ).toBe(true);
        expect(sharedIndexList(readSharedIndices(page), capacity)).toHaveLength(4);
      }),
      { numRuns: 300 },
    );
  });

  it("are read from any bytes whatever, over any number of pages, without a throw or a look outside a page", () => {
    const index = fc.oneof(fc.nat(300), word);
    const shape = fc.record({
      kind: kinds,
      order: fc.nat(2),
      bytes: fc.uint8Array({ minLength: 3 * PAGE, maxLength: 4 * PAGE, size: "max" }),
      counters: fc.tuple(index, index, index, index),
      private: fc.tuple(index, index, index, index),
      known: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, ({ kind, order, bytes, counters, private: own, known }) => {
        const pages = Array.from({ length: 2 ** order }, (_, page) => {
          const content = new Uint8Array(PAGE);
          content.set(bytes.subarray(page * PAGE, (page + 1) * PAGE));
          return content;
        });
        counters.forEach((value, at) => {
          new DataView(pages[0]!.buffer).setUint32(4 * at, value, true);
        });
        const [req_cons, rsp_prod_pvt, req_prod_pvt, rsp_cons] = own;
        const indices = known && { back: { req_cons, rsp_prod_pvt }, front: { req_prod_pvt, rsp_cons } };
        const { reader, asked } = grantsOf({ 0: bytes.subarray(0, PAGE) });
        const addresses = pages.map((_, page) => 0x1000 * (page + 1));
        const slots = readSlots({ kind, pages, addresses, ...indices }, reader);
        expect(slots.length).toBe(ringSlots(kind, pages.length));
        expect(asked.every(({ offset, bytes: length }) => offset >= 0 && length >= 0 && offset + length <= PAGE)).toBe(
          true,
        );
      }),
      { numRuns: 300 },
    );
  });
});
