import { describe, expect, it } from "vitest";
import { message, XS } from "../../../src/xen/abi/xs-wire.ts";
import { check, clientOf, storeWithGuests } from "./client.ts";

const made = (count: number, ask: (i: number) => string) => {
  const answers = Array.from({ length: count }, (_, i) => ask(i));
  return [answers.filter((answer) => answer === "OK" || /^\d+$/.test(answer)).length, answers.at(-1)];
};

describe("a guest's limits", () => {
  it("let it own 1000 nodes, wherever they are, and again when some are gone", () => {
    const store = storeWithGuests(1);
    const one = clientOf(store, 1);
    expect(made(1100, (i) => one.ask("MKDIR", `data/${i % 40}/${i}\0`))).toEqual([959, "ENOSPC"]);
    expect(one.ask("WRITE", "data/0\0v")).toBe("OK");
    expect(one.ask("RM", "data/1\0")).toBe("OK");
    expect(one.ask("MKDIR", "data/1\0")).toBe("OK");
    expect(check(store)).toBe("OK");
  });

  it("make nothing of a path that would need more nodes than are left", () => {
    const store = storeWithGuests(1);
    const one = clientOf(store, 1);
    for (let i = 0; i < 33; i++) one.ask("MKDIR", `data/${i}${"/x".repeat(29)}\0`);
    expect(one.ask("MKDIR", `data/new${"/x".repeat(29)}\0`)).toBe("ENOSPC");
    expect(one.ask("READ", "data/new\0")).toBe("ENOENT");
  });

  it("hold for transactions too: at the commit", () => {
    const one = clientOf(storeWithGuests(1), 1);
    const [first, second] = [1, 2].map(() => Number(one.ask("TRANSACTION_START", "\0"))) as [number, number];
    expect(made(500, (i) => one.ask("MKDIR", `data/a/${i % 20}/${i}\0`, first))).toEqual([500, "OK"]);
    expect(made(480, (i) => one.ask("MKDIR", `data/b/${i % 20}/${i}\0`, second))).toEqual([480, "OK"]);
    expect(one.ask("TRANSACTION_END", "T\0", first)).toBe("OK");
    expect(one.ask("TRANSACTION_END", "T\0", second)).toBe("ENOSPC");
  });

  it("bound the size of a node: its value, its permissions, the names of its children", () => {
    const one = clientOf(storeWithGuests(1), 1);
    expect(one.ask("WRITE", `data/a\0${"v".repeat(2015)}`)).toBe("OK");
    expect(one.ask("WRITE", `data/a\0${"v".repeat(2016)}`)).toBe("ENOSPC");
    expect(one.ask("WRITE", `data/b\0${"v".repeat(2016)}`)).toBe("ENOSPC");
    expect(one.ask("SET_PERMS", "data/a\0n1\0r0\0")).toBe("ENOSPC");
    expect(one.ask("MKDIR", "data/a/b\0")).toBe("ENOSPC");
    expect(one.ask("READ", "data/a\0").length).toBe(2015);
  });

  it("let it set 129 watches, as the C xenstored does, and hold 11 transactions", () => {
    const one = clientOf(storeWithGuests(1), 1);
    expect(made(140, (i) => one.ask("WATCH", `data/${i}\0t\0`))).toEqual([129, "E2BIG"]);
    expect(made(20, () => one.ask("TRANSACTION_START", "\0"))).toEqual([11, "ENOSPC"]);
    expect(one.ask("TRANSACTION_END", "F\0", 3)).toBe("OK");
    expect(one.ask("TRANSACTION_START", "\0")).toBe("12");
  });

  it("let a transaction look at 1024 nodes; one that wanted more fails at its end", () => {
    const one = clientOf(storeWithGuests(1), 1);
    const transaction = Number(one.ask("TRANSACTION_START", "\0"));
    expect(made(1030, (i) => (one.ask("READ", `data/${i}\0`, transaction) === "ENOENT" ? "OK" : "ENOSPC"))).toEqual([
      1023,
      "ENOSPC",
    ]);
    expect(one.ask("TRANSACTION_END", "T\0", transaction)).toBe("ENOMEM");
  });

  it("let five permissions stand on a node", () => {
    const one = clientOf(storeWithGuests(1), 1);
    expect(one.ask("SET_PERMS", `data\0n1\0${"r0\0".repeat(4)}`)).toBe("OK");
    expect(one.ask("SET_PERMS", `data\0n1\0${"r0\0".repeat(5)}`)).toBe("ENOSPC");
  });

  it("do not bind the toolstack, and domain 0 only where the page's memory is at stake", () => {
    const store = storeWithGuests(0);
    const zero = clientOf(store, 0);
    for (let i = 0; i < 16_100; i++) store.mkdir(`/many/${i % 100}/${i}`);
    expect(zero.ask("MKDIR", "/one/more\0")).toBe("ENOSPC");
    store.mkdir("/one/more");
    expect(zero.ask("WRITE", `/one/more\0${"v".repeat(4000)}`)).toBe("OK");
    expect(check(store)).toBe("OK");
  });
});

describe("a domain that does not read", () => {
  it("gets twenty requests served, and the others when it reads again", () => {
    const store = storeWithGuests(1);
    const { connection } = clientOf(store, 1);
    for (let i = 0; i < 100; i++) connection.receive(message(XS.WRITE, i, 0, `data/${i}\0v`));
    expect(store.list("/local/domain/1/data")).toHaveLength(20);
    expect(connection.room).toBe(0);
    while (connection.take(64).length > 0);
    expect(store.list("/local/domain/1/data")).toHaveLength(100);
    expect(connection.room).toBeGreaterThan(0);
  });

  it("is cut off when it is made to send on regardless", () => {
    const store = storeWithGuests(1);
    const { connection } = clientOf(store, 1);
    for (let i = 0; i < 600; i++) connection.receive(message(XS.READ, i, 0, "data\0"));
    expect([connection.error, connection.room, connection.ready]).toEqual([1, 0, 0]);
  });

  it("loses events when its memory is full of them; nobody else notices", () => {
    const store = storeWithGuests(2);
    const [deaf, busy] = [clientOf(store, 1), clientOf(store, 2)];
    store.setPermissions("/local/domain/2/data", "n2,r1");
    deaf.ask("WATCH", `/local/domain/2/data\0${"t".repeat(1500)}\0`);
    for (let i = 0; i < 5000; i++) {
      const path = `data/${"x".repeat(900)}${i}\0`;
      expect(busy.ask("MKDIR", path)).toBe("OK");
      expect(busy.ask("RM", path)).toBe("OK");
    }
    expect(deaf.connection.ready).toBeLessThan(2.5 * 1024 * 1024);
    expect(deaf.connection.ready).toBeGreaterThan(2 * 1024 * 1024);
    deaf.fetch();
    expect(deaf.ask("READ", "name\0")).toBe("guest1");
  });

  it("and is domain 0 holds up whoever sends it events, and only those", () => {
    const store = storeWithGuests(2);
    const [zero, sender, other] = [clientOf(store, 0), clientOf(store, 1), clientOf(store, 2)];
    zero.ask("WATCH", "/local/domain/1\0t\0");
    zero.fetch();
    const { connection } = sender;
    for (let i = 0; i < 30; i++) connection.receive(message(XS.WRITE, i, 0, `data/${i}\0v`));
    while (connection.take(1024).length > 0);
    expect(store.list("/local/domain/1/data")).toHaveLength(20);
    expect(other.ask("WRITE", "data/a\0v")).toBe("OK");
    expect(zero.fetch()).toHaveLength(20 + 10);
    expect(store.list("/local/domain/1/data")).toHaveLength(30);
  });
});
