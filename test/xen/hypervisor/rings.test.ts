import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HEADER_BYTES, message, STORE_ERROR, STORE_PAGE, XS } from "../../../src/xen/abi/xs-wire.ts";
import { StoreRing } from "../../../src/xen/hypervisor/store-ring.ts";
import { Store } from "../../../src/xen/store/index.ts";
import { hypervisor, PAGE, type TestGuest } from "./processor.ts";

const GFN = 9;

/** A guest's xenbus driver: puts bytes into the ring when there is room and takes answers when there are. */
function xenbus() {
  const [guest] = hypervisor(1).guests as [TestGuest];
  const store = new Store(() => 0);
  const connection = store.connect(1);
  let notified = 0;
  const ring = new StoreRing(guest.guest.frames, GFN, connection, () => notified++);
  ring.clear();
  const word = (field: number, value?: number) => {
    if (value !== undefined) guest.view().setUint32(GFN * PAGE + field, value, true);
    return guest.view().getUint32(GFN * PAGE + field, true);
  };
  const write = (bytes: Uint8Array) => {
    const produced = word(STORE_PAGE.requestsProduced);
    const room = STORE_PAGE.ringBytes - ((produced - word(STORE_PAGE.requestsConsumed)) >>> 0);
    const piece = bytes.subarray(0, room);
    for (const [index, byte] of piece.entries()) {
      guest.view().setUint8(GFN * PAGE + STORE_PAGE.requests + ((produced + index) % STORE_PAGE.ringBytes), byte);
    }
    word(STORE_PAGE.requestsProduced, (produced + piece.length) >>> 0);
    return piece.length;
  };
  const read = () => {
    const consumed = word(STORE_PAGE.responsesConsumed);
    const count = (word(STORE_PAGE.responsesProduced) - consumed) >>> 0;
    const bytes = Array.from({ length: count }, (_, index) =>
      guest.view().getUint8(GFN * PAGE + STORE_PAGE.responses + ((consumed + index) % STORE_PAGE.ringBytes)),
    );
    word(STORE_PAGE.responsesConsumed, (consumed + count) >>> 0);
    return bytes;
  };
  return { guest, store, connection, ring, word, write, read, notifications: () => notified };
}

describe("the xenstore ring", () => {
  it("carries requests and answers of any length through 1024 bytes each way", () => {
    const { store, ring, write, read } = xenbus();
    const long = "x".repeat(2000);
    store.mkdir("/local/domain/1/data");
    store.setPermissions("/local/domain/1/data", "n1");
    let out: number[] = [];
    const talk = (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; ) {
        at += write(bytes.subarray(at));
        ring.move();
        out.push(...read());
        ring.move();
      }
    };
    talk(message(XS.WRITE, 1, 0, `data/key\0${long}`));
    expect(store.read("/local/domain/1/data/key")).toBe(long);
    out = [];
    talk(message(XS.READ, 2, 0, "data/key\0"));
    for (let round = 0; round < 8; round++) {
      out.push(...read());
      ring.move();
    }
    expect(out.length).toBe(HEADER_BYTES + long.length);
  });

  it("tells the guest of an event that comes by itself", () => {
    const { store, ring, write, read, notifications } = xenbus();
    write(message(XS.WATCH, 1, 0, "/local/domain/1\0token\0"));
    ring.move();
    read();
    const before = notifications();
    store.mkdir("/local/domain/1");
    store.setPermissions("/local/domain/1", "n0,r1");
    store.write("/local/domain/1/name", "domU");
    expect(notifications()).toBeGreaterThan(before);
    expect(new TextDecoder().decode(Uint8Array.from(read()))).toContain("/local/domain/1/name\0token\0");
  });

  it("cuts off a guest whose indices cannot be, and says so in the page", () => {
    const { ring, word, connection } = xenbus();
    word(STORE_PAGE.requestsProduced, 5000);
    ring.move();
    expect(connection.error).toBe(STORE_ERROR.RING_INDEX);
    expect(word(STORE_PAGE.error)).toBe(STORE_ERROR.RING_INDEX);
    expect(word(STORE_PAGE.requestsConsumed)).toBe(0);
  });

  it("takes any page for what it is: nothing is thrown, and a bounded number of bytes moves", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: PAGE, maxLength: PAGE }),
        fc.nat(2048),
        fc.nat(2048),
        (noise, req, rsp) => {
          const { guest, ring, word, notifications } = xenbus();
          guest.cpu.memory().set(noise, GFN * PAGE);
          word(STORE_PAGE.requestsProduced, word(STORE_PAGE.requestsConsumed) + req);
          word(STORE_PAGE.responsesProduced, word(STORE_PAGE.responsesConsumed) + rsp);
          ring.move();
          expect(notifications()).toBeLessThanOrEqual(8);
          expect(guest.crashes).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
