import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HEADER_BYTES, message, PAYLOAD_MAX, toBytes, XS } from "../../../src/xen/abi/xs-wire.ts";
import { check, clientOf, nodesOf, storeWithGuests } from "./client.ts";

const concat = (pieces: readonly Uint8Array[]) => Uint8Array.from(pieces.flatMap((piece) => [...piece]));

const PATHS = [
  "data",
  "data/a",
  "data/a/b",
  "data/c",
  "name",
  "/",
  "/local/domain/2/data/a",
  "@releaseDomain",
  "data//x",
  "",
];
const TYPES = [...Object.values(XS), 20, 23, 0xffff];
/** What a guest might send, sense and nonsense. */
const request = fc
  .record({
    type: fc.constantFrom(...TYPES),
    id: fc.nat(9),
    transaction: fc.constantFrom(0, 0, 0, 1, 2),
    payload: fc.oneof(
      fc.constantFrom(...PATHS).map((path) => `${path}\0`),
      fc
        .tuple(fc.constantFrom(...PATHS), fc.constantFrom("v", "t\0", "n1\0", "r2\0", "b1\0r2\0", "0\0"))
        .map(([path, rest]) => `${path}\0${rest}`),
      fc.constantFrom("T\0", "F\0", "1\0", "", "\0"),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes)),
    ),
  })
  .map(({ type, id, transaction, payload }) => message(type, id, transaction, payload));

describe("the wire", () => {
  it("carries requests in pieces of any size, with the same answers", () => {
    const session = fc.tuple(
      fc.array(request, { maxLength: 20 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      fc.integer({ min: 1, max: 100 }),
    );
    fc.assert(
      fc.property(session, ([requests, sizes, most]) => {
        const bytes = concat(requests);
        const whole = clientOf(storeWithGuests(2), 1);
        whole.connection.receive(bytes);
        const answers = whole.fetch();
        const pieces = clientOf(storeWithGuests(2), 1);
        const told = [];
        for (let at = 0; at < bytes.length; ) {
          const { value: size } = sizes.next();
          pieces.connection.receive(bytes.subarray(at, at + size));
          at += size;
          if (size % 3 === 0) told.push(...pieces.fetch(most));
        }
        told.push(...pieces.fetch(most));
        expect(told.filter(({ type }) => type !== XS.WATCH_EVENT)).toEqual(
          answers.filter(({ type }) => type !== XS.WATCH_EVENT),
        );
      }),
    );
  });

  it("ends for who announces more than 4096 bytes, before it sends them", () => {
    const store = storeWithGuests(1);
    const one = clientOf(store, 1);
    one.ask("WATCH", "data\0t\0");
    one.ask("TRANSACTION_START", "\0");
    expect(one.ask("WRITE", `data/a\0${"v".repeat(PAYLOAD_MAX - 7)}`)).toBe("ENOSPC");
    const header = message(XS.READ, 1, 0, "").slice();
    new DataView(header.buffer).setUint32(12, PAYLOAD_MAX + 1, true);
    one.connection.receive(header.subarray(0, HEADER_BYTES));
    expect([one.connection.error, one.connection.room, one.connection.ready]).toEqual([3, 0, 0]);
    expect([store.probe().watches, store.probe().transactions.open]).toEqual([[], 0]);
    one.connection.receive(message(XS.WRITE, 1, 0, "data/a\0v"));
    expect(store.read("/local/domain/1/data/a")).toBeUndefined();
    expect(clientOf(store, 1).ask("READ", "name\0")).toBe("guest1");
  });

  it("takes any bytes at all: nothing is thrown, and nothing changes but what is the sender's own", () => {
    const mess = fc.array(fc.oneof(request, request, request, fc.uint8Array({ maxLength: 40 })), { maxLength: 40 });
    const own = /^\/local\/domain\/1\/data/;
    fc.assert(
      fc.property(mess, (pieces) => {
        const store = storeWithGuests(2);
        const [one, two] = [clientOf(store, 1), clientOf(store, 2)];
        two.ask("WRITE", "data/a\0two's");
        two.ask("WATCH", "/local/domain/1\0t\0");
        two.fetch();
        two.events.length = 0;
        const others = nodesOf(store).filter((node) => !own.test(node));
        for (const piece of pieces) {
          one.connection.receive(piece);
          one.connection.take(200);
        }
        expect(nodesOf(store).filter((node) => !own.test(node))).toEqual(others);
        expect(two.ask("READ", "data/a\0")).toBe("two's");
        for (const event of two.events) expect(event).toMatch(own);
        expect(check(store)).toBe("OK");
      }),
      { numRuns: 500 },
    );
  });

  it("changes nothing at all for a request that is answered with an error", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 25 }), (requests) => {
        const store = storeWithGuests(2);
        const one = clientOf(store, 1);
        for (const each of requests) {
          const before = nodesOf(store);
          one.connection.receive(each);
          const answers = one.fetch().filter(({ type }) => type !== XS.WATCH_EVENT);
          expect(answers).toHaveLength(1);
          if (answers[0]!.type === XS.ERROR) expect(nodesOf(store)).toEqual(before);
        }
      }),
    );
  });

  it("knows no characters that are no bytes", () => {
    const store = storeWithGuests(1);
    expect(() => toBytes("机")).toThrow(RangeError);
    expect(() => store.write("/a", "机")).toThrow(RangeError);
    expect(() => store.write("a", "")).toThrow(RangeError);
    expect(store.read("/a")).toBeUndefined();
  });
});
