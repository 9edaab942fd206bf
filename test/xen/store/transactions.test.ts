import { describe, expect, it } from "vitest";
import { check, clientOf, nodesOf, storeWithGuests } from "./client.ts";

function setting() {
  const store = storeWithGuests(1);
  const one = clientOf(store, 1);
  const zero = clientOf(store, 0);
  one.ask("WRITE", "data/a\0old");
  one.ask("WRITE", "data/b\0old");
  return { store, one, zero, begin: () => Number(one.ask("TRANSACTION_START", "\0")) };
}

describe("a transaction", () => {
  it("sees the store as it was at its start and what it did itself; nobody else sees that", () => {
    const { one, zero, begin } = setting();
    const transaction = begin();
    one.ask("WRITE", "data/a\0mine", transaction);
    zero.ask("WRITE", "/local/domain/1/data/b\0theirs");
    expect(one.ask("READ", "data/a\0", transaction)).toBe("mine");
    expect(one.ask("READ", "data/b\0", transaction)).toBe("old");
    expect([one.ask("READ", "data/a\0"), one.ask("READ", "data/b\0")]).toEqual(["old", "theirs"]);
  });

  it("takes effect at its end, all of it, and watches hear of it only then and once", () => {
    const { one, begin } = setting();
    one.ask("WATCH", "data\0t\0");
    one.fetch();
    one.events.length = 0;
    const transaction = begin();
    for (const value of ["1", "2", "3"]) one.ask("WRITE", `data/a\0${value}`, transaction);
    one.ask("WRITE", "data/new/deep\0v", transaction);
    one.ask("RM", "data/b\0", transaction);
    expect(one.events).toEqual([]);
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("OK");
    expect(one.events.sort()).toEqual(["data/a t", "data/b t", "data/new/deep t"]);
    expect([one.ask("READ", "data/a\0"), one.ask("READ", "data/b\0"), one.ask("DIRECTORY", "data/new\0")]).toEqual([
      "3",
      "ENOENT",
      "deep",
    ]);
  });

  it("leaves nothing behind when it is given up", () => {
    const { store, one, begin } = setting();
    const before = nodesOf(store);
    const transaction = begin();
    one.ask("RM", "data/a\0", transaction);
    one.ask("WRITE", "data/new\0v", transaction);
    expect(one.ask("TRANSACTION_END", "F\0", transaction)).toBe("OK");
    expect(nodesOf(store)).toEqual(before);
    expect(one.ask("READ", "data/a\0", transaction)).toBe("ENOENT");
    expect(store.probe().transactions).toEqual({ open: 0, committed: 0, refused: 0 });
  });

  it.each([
    ["a value it read was written", "READ", "data/a\0", (write: Write) => write("WRITE", "data/a\0x")],
    [
      "a value it read was written and is the same again",
      "READ",
      "data/a\0",
      (write: Write) => write("WRITE", "data/a\0old"),
    ],
    ["a node it wrote was written", "WRITE", "data/a\0mine", (write: Write) => write("WRITE", "data/a\0x")],
    ["a list it read has grown", "DIRECTORY", "data\0", (write: Write) => write("WRITE", "data/c\0x")],
    ["what it did not find is there", "READ", "data/c\0", (write: Write) => write("MKDIR", "data/c\0")],
    ["what it read is gone", "READ", "data/a\0", (write: Write) => write("RM", "data/a\0")],
    ["what it removed has got a child", "RM", "data/a\0", (write: Write) => write("WRITE", "data/a/c\0x")],
    ["permissions it read were set", "GET_PERMS", "data/a\0", (write: Write) => write("SET_PERMS", "data/a\0n1\0r2\0")],
    ["two make children of one node", "WRITE", "data/c\0mine", (write: Write) => write("WRITE", "data/d\0x")],
  ] as const)("is refused with EAGAIN when %s meanwhile, and changes nothing", (_title, type, payload, meanwhile) => {
    const { store, one, begin } = setting();
    const transaction = begin();
    one.ask(type, payload, transaction);
    meanwhile((kind, what) => one.ask(kind, what));
    const before = nodesOf(store);
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("EAGAIN");
    expect(nodesOf(store)).toEqual(before);
    expect(store.probe().transactions).toEqual({ open: 0, committed: 0, refused: 1 });
  });

  it("is committed when others changed only what it did not look at", () => {
    const { store, one, zero, begin } = setting();
    const transaction = begin();
    one.ask("READ", "data/b\0", transaction);
    one.ask("WRITE", "data/b/c\0mine", transaction);
    zero.ask("WRITE", "/local/domain/1/name\0other");
    zero.ask("WRITE", "/local/domain/1/data/a/below\0other");
    zero.ask("WRITE", "/elsewhere/deep\0other");
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("OK");
    expect([one.ask("READ", "data/b/c\0"), one.ask("READ", "data/a/below\0")]).toEqual(["mine", "other"]);
    expect(check(store)).toBe("OK");
  });

  it("that made a node and removed it again leaves no trace", () => {
    const { store, one, begin } = setting();
    const before = nodesOf(store);
    const transaction = begin();
    one.ask("WRITE", "data/new/deep\0v", transaction);
    one.ask("RM", "data/new\0", transaction);
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("OK");
    expect(nodesOf(store)).toEqual(before);
  });

  it("that removed a node and made it again has made a new one", () => {
    const { store, one, begin } = setting();
    one.ask("WRITE", "data/a/below\0v");
    const transaction = begin();
    one.ask("RM", "data/a\0", transaction);
    one.ask("WRITE", "data/a\0new", transaction);
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("OK");
    expect(store.probe("/local/domain/1/data/a").nodes.map(({ path, value }) => [path, value])).toEqual([
      ["/local/domain/1/data/a", "new"],
    ]);
    expect(check(store)).toBe("OK");
  });

  it("cannot be nested, and its id means nothing to another domain", () => {
    const { store, one, begin } = setting();
    const transaction = begin();
    expect(one.ask("TRANSACTION_START", "\0", transaction)).toBe("EBUSY");
    expect(clientOf(store, 2).ask("TRANSACTION_END", "T\0", transaction)).toBe("ENOENT");
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("OK");
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("ENOENT");
    expect(one.ask("TRANSACTION_END", "T\0")).toBe("ENOENT");
  });

  it("goes with RESET_WATCHES, and with the connection", () => {
    const { store, one, begin } = setting();
    begin();
    begin();
    expect(store.probe().transactions.open).toBe(2);
    one.ask("RESET_WATCHES", "\0");
    expect(store.probe().transactions.open).toBe(0);
    begin();
    one.connection.close();
    expect(store.probe().transactions.open).toBe(0);
    expect(check(store)).toBe("OK");
  });
});

type Write = (type: "WRITE" | "MKDIR" | "RM" | "SET_PERMS", payload: string) => void;
