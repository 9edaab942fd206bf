import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrivatePlaces, readRing, type SharedRing } from "../../../src/probe/rings/index.ts";
import { SRING } from "../../../src/probe/rings/layout/index.ts";

const MEMORY = 1 << 20;
const PAGE = 0x4000;
/** Where the back has mapped it: any address of its kernel's. */
const MAPPED = 0xd0805000;
const BACK_PAGE = 0x7000;

/** A front and a back as two Linux kernels, of which nothing but the ring's structures is there. */
function kernels() {
  const front = new Uint8Array(MEMORY);
  const back = new Uint8Array(MEMORY);
  const ends = { front: new DataView(front.buffer), back: new DataView(back.buffer) };
  let translations = 0;
  const ring: SharedRing = {
    kind: "block",
    pages: [{ address: PAGE, bytes: front.subarray(PAGE, PAGE + 4096) }],
    front,
    back: {
      memory: back,
      page: BACK_PAGE,
      translate: (gva) => {
        translations++;
        return gva >>> 0 === MAPPED ? BACK_PAGE : -1;
      },
    },
    grants: {
      page: () => ({ reference: 0, address: "", bytes: 0, writable: false, head: "" }),
      content: () => undefined,
    },
  };
  const structure = (view: DataView, at: number, words: readonly number[]) =>
    words.forEach((word, index) => {
      view.setUint32(at + 4 * index, word, true);
    });
  const shared = (req_prod: number, req_event: number, rsp_prod: number, rsp_event: number) => {
    ends.front.setUint32(PAGE + SRING.req_prod, req_prod, true);
    ends.front.setUint32(PAGE + SRING.req_event, req_event, true);
    ends.front.setUint32(PAGE + SRING.rsp_prod, rsp_prod, true);
    ends.front.setUint32(PAGE + SRING.rsp_event, rsp_event, true);
  };
  return { ring, ends, structure, shared, translations: () => translations };
}

const LINEAR = 0xc0000000 + PAGE;

describe("the private halves of a ring between two guests", () => {
  it("are found in both kernels and read with the shared indices", () => {
    const { ring, ends, structure, shared } = kernels();
    shared(17, 16, 12, 13);
    structure(ends.front, 0x9010, [19, 11, 32, LINEAR]);
    structure(ends.back, 0xa020, [12, 15, 32, MAPPED]);
    const { indices, capacity, slots, notify } = readRing(ring, new PrivatePlaces())!;
    expect(capacity).toBe(32);
    expect(indices.map(({ name, side, shared: common, value }) => [name, side, common, value])).toEqual([
      ["req_prod", "front", true, 17],
      ["req_event", "back", true, 16],
      ["rsp_prod", "back", true, 12],
      ["rsp_event", "front", true, 13],
      ["req_prod_pvt", "front", false, 19],
      ["rsp_cons", "front", false, 11],
      ["req_cons", "back", false, 15],
      ["rsp_prod_pvt", "back", false, 12],
    ]);
    expect(indices.at(-1)!.from).toBe("struct blkif_back_ring at pa:0xa020");
    const states = (state: string) => slots.filter((slot) => slot.state === state).map(({ slot }) => slot);
    expect([states("answered"), states("serving"), states("requested")]).toEqual([[11], [12, 13, 14], [15, 16]]);
    expect(notify[0]).toMatchObject({ rule: "xen", new: 17, old: 15, event: 16, holds: true });
  });

  it("are left out where nothing, or more than one place, fits; a place that cannot be is passed over", () => {
    const { ring, ends, structure, shared } = kernels();
    shared(5, 6, 5, 6);
    const places = new PrivatePlaces();
    const names = (found = places) => readRing(ring, found)!.indices.map(({ name }) => name);
    expect(names(new PrivatePlaces())).not.toContain("rsp_cons");
    structure(ends.front, 0x9010, [5, 5, 32, LINEAR]);
    structure(ends.front, 0x9100, [5, 900, 32, LINEAR]); // answers taken that were never given
    expect(names()).toContain("rsp_cons");
    structure(ends.front, 0x9200, [5, 5, 32, LINEAR]);
    expect(names(new PrivatePlaces())).not.toContain("rsp_cons");
    expect(names()).toContain("rsp_cons"); // known from before, and still there
    structure(ends.front, 0x9010, [5, 5, 32, 0]);
    expect(names()).toContain("rsp_cons"); // looked for anew: the other
  });

  it("cost a bounded search in a memory made to be searched for long", () => {
    const { ring, ends, shared, translations } = kernels();
    shared(1, 2, 1, 2);
    for (let at = 0; at + 8 <= MEMORY; at += 8) {
      ends.back.setUint32(at, 32, true);
      ends.back.setUint32(at + 4, 0xe0000000, true);
    }
    const places = new PrivatePlaces();
    for (let reading = 0; reading < 15; reading++) readRing(ring, places);
    expect(translations()).toBeLessThanOrEqual(20_000);
  });

  it("are read from any content without fault", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 256, maxLength: 256 }),
        fc.constantFrom("block", "tx", "rx"),
        (noise, kind) => {
          const { ring } = kernels();
          for (let at = 0; at < MEMORY; at += 256) {
            ring.front.set(noise, at);
            ring.back!.memory.set(noise, at);
          }
          const reading = readRing({ ...ring, kind: kind as "block" | "tx" | "rx" }, new PrivatePlaces())!;
          expect(reading.slots).toHaveLength(reading.capacity);
        },
      ),
      { numRuns: 50 },
    );
  });
});
