import { describe, expect, it } from "vitest";
import type { Kernel } from "../../../src/cli/bench/fuzz/kernel.ts";
import type { Attacker } from "../../../src/cli/bench/fuzz/neighbours.ts";
import { message, STORE_ERROR, STORE_PAGE, XS } from "../../../src/xen/abi/xs-wire.ts";
import { check, nodesOf } from "../store/client.ts";
import { world } from "./world.ts";

/** A request of an attacker's by its ring, in a turn of its own. */
function ask({ kernel }: Attacker, type: keyof typeof XS, payload: string): string | undefined {
  return kernel.turn(() => kernel.store(type, payload));
}

/** Fills the ring with requests again and again, and reads nothing. */
function flood(kernel: Kernel, turns: number, request: (i: number) => Uint8Array): void {
  let i = 0;
  for (let turn = 0; turn < turns; turn++) {
    kernel.turn(() => {
      for (let full = false; !full; ) {
        const bytes = request(i++);
        full = kernel.tellStore(bytes) < bytes.length;
      }
    });
  }
}

const DEEP = "/x".repeat(55);

describe("xenstored", () => {
  it("tells nobody of nodes they may not read, whatever they watch (XSA-115)", () => {
    const { neighbours, one, unharmed } = world();
    for (const path of ["/", "/local/domain/1", "/local/domain/1/data", "@releaseDomain", "@introduceDomain"]) {
      expect(ask(one, "WATCH", `${path}\0t\0`)).toBe("OK");
    }
    one.kernel.turn(() => one.kernel.hearStore());
    expect(unharmed()).toBeUndefined();
    neighbours.restart(1);
    const heard = one.kernel.turn(() => one.kernel.hearStore());
    expect([...heard].length).toBe(0);
  });

  it("does not let a new domain into what an old one could see (XSA-322, XSA-417)", () => {
    const { neighbours, one, other } = world();
    expect(ask(one, "SET_PERMS", `data\0n${one.id}\0b${other.id}\0b${other.id + 1}\0`)).toBe("OK");
    expect(ask(other, "WRITE", `${one.home}/data/left\0v`)).toBe("OK");
    const next = neighbours.restart(1);
    expect(next.id).toBe(other.id + 1);
    expect(ask(next, "READ", `${one.home}/data\0`)).toBe("EACCES");
    expect(ask(one, "DIRECTORY", "data\0")).toBe("");
  });

  it("measures paths before it uses them, with what they are relative to (XSA-323)", () => {
    const { one, unharmed } = world();
    const fits = "y".repeat(2048 - "data/".length);
    expect(ask(one, "READ", `data/${fits}\0`)).toBe("ENOENT");
    expect(ask(one, "READ", `data/${fits}y\0`)).toBe("EINVAL");
    expect(ask(one, "READ", `/${"y".repeat(2047)}\0`)).toBe("EACCES");
    expect(ask(one, "READ", `/${"y".repeat(2048)}\0`)).toBe("EINVAL");
    expect(ask(one, "READ", `${"/y".repeat(1000)}\0`)).toBe("EINVAL");
    expect(unharmed()).toBeUndefined();
  });

  it("drops an event that would be longer than any message may be (XSA-324)", () => {
    const { one, unharmed } = world();
    const path = `data/${"x".repeat(1900)}`;
    expect(ask(one, "WATCH", `${path}\0${"t".repeat(2100)}\0`)).toBe("OK");
    expect(ask(one, "WATCH", `data\0${"t".repeat(3000)}\0`)).toBe("OK");
    expect(ask(one, "MKDIR", `${path}\0`)).toBe("OK");
    expect(ask(one, "READ", `${path}\0`)).toBe("");
    expect(unharmed()).toBeUndefined();
  });

  it("announces the end of a domain it has cut off before (XSA-325)", () => {
    const { neighbours, one, unharmed } = world();
    const { kernel } = one;
    const heard: string[] = [];
    neighbours.platform.store.watch("@releaseDomain", "t", (path) => heard.push(path));
    kernel.turn(() => kernel.tellStore(message(XS.READ, 1, 0, "").fill(0xff)));
    expect(kernel.view.getUint32(kernel.storePage + STORE_PAGE.error, true)).toBe(STORE_ERROR.PROTOCOL);
    expect(ask(one, "READ", "name\0")).toBeUndefined();
    neighbours.restart(0);
    expect(heard).toEqual(["@releaseDomain", "@releaseDomain"]);
    expect(unharmed()).toBeUndefined();
  });

  it.each([
    ["indices that cannot be", STORE_PAGE.requestsProduced, 5000],
    ["responses it says it has read and has not", STORE_PAGE.responsesConsumed, 1],
  ])("cuts off a ring with %s, and says so in the page", (_what, at, by) => {
    const { one, unharmed } = world();
    const { kernel } = one;
    kernel.turn(() => {
      const { view, storePage } = kernel;
      view.setUint32(storePage + at, view.getUint32(storePage + at, true) + by, true);
      kernel.send(kernel.storePort);
    });
    expect(kernel.view.getUint32(kernel.storePage + STORE_PAGE.error, true)).toBe(STORE_ERROR.RING_INDEX);
    expect(unharmed()).toBeUndefined();
  });

  it.each([
    ["writes", (i: number) => message(XS.WRITE, i, 0, `data/${i}\0${"v".repeat(900)}`)],
    ["watches", (i: number) => message(XS.WATCH, i, 0, `data/${i}\0${"t".repeat(900)}\0`)],
    ["transactions", (i: number) => message(XS.TRANSACTION_START, i, 0, "\0")],
    ["reads of long lists", (i: number) => message(XS.DIRECTORY, i, 0, "\0")],
    ["requests of no kind", (i: number) => message(99, i, 0, "x")],
    ["writes in transactions", (i: number) => message(XS.WRITE, i, 1 + (i % 11), `data/${i}\0${"v".repeat(900)}`)],
    [
      "events to itself",
      (i: number) => message(i % 2 ? XS.MKDIR : XS.RM, i, 0, `data/w/${"x".repeat(900)}${i >> 1}\0`),
    ],
  ])("keeps a bounded lot for who floods it with %s (XSA-326)", (_what, request) => {
    const { neighbours, one, unharmed } = world();
    for (let i = 0; i < 11; i++) ask(one, "TRANSACTION_START", "\0");
    ask(one, "WATCH", `data\0${"t".repeat(900)}\0`);
    flood(one.kernel, 60, request);
    const saved = JSON.stringify(neighbours.platform.store.save());
    expect(saved.length).toBeLessThan(8_000_000);
    for (let i = 0; i < 200; i++) {
      const heard = one.kernel.turn(() => one.kernel.hearStore());
      if (heard.length === 0) break;
    }
    expect(check(neighbours.platform.store)).toBe("OK");
    expect(unharmed()).toBeUndefined();
  });

  it("leaves no node without a parent, whoever removes what others made below (XSA-415)", () => {
    const { neighbours, one, other, unharmed } = world();
    ask(one, "SET_PERMS", `data\0n${one.id}\0b${other.id}\0`);
    expect(ask(other, "WRITE", `${one.home}/data/a/b/c\0v`)).toBe("OK");
    const transaction = ask(other, "TRANSACTION_START", "\0");
    other.kernel.turn(() => {
      other.kernel.tellStore(message(XS.WRITE, 5, Number(transaction), `${one.home}/data/a/b/d\0v`));
    });
    expect(ask(one, "RM", "data\0")).toBe("OK");
    other.kernel.turn(() => other.kernel.tellStore(message(XS.TRANSACTION_END, 6, Number(transaction), "T\0")));
    const nodes = new Set(neighbours.platform.store.probe().nodes.map(({ path }) => path));
    for (const path of nodes) {
      if (path !== "/") expect(nodes).toContain(path.slice(0, path.lastIndexOf("/")) || "/");
    }
    expect([...nodes].filter((path) => path.startsWith(`${one.home}/data`))).toEqual([]);
    expect(check(neighbours.platform.store)).toBe("OK");
    expect(unharmed()).toBeUndefined();
  });

  it("removes deep trees without a deep stack, and refuses deeper ones (XSA-418)", () => {
    const { neighbours, one, unharmed } = world();
    for (let i = 0; i < 17; i++) expect(ask(one, "MKDIR", `data/${i}${DEEP}\0`)).toBe("OK");
    expect(ask(one, "MKDIR", `data${DEEP}${DEEP}\0`)).toBe("EINVAL");
    expect(ask(one, "RM", "data\0")).toBe("OK");
    expect(nodesOf(neighbours.platform.store).filter((node) => node.includes("/x/x"))).toEqual([]);
    expect(unharmed()).toBeUndefined();
  });

  it("counts nodes for who makes them, also in another's directory, and gives them back at its end (XSA-419)", () => {
    const { neighbours, one, other, unharmed } = world();
    ask(one, "SET_PERMS", `data\0n${one.id}\0b${other.id}\0`);
    const make = (who: Attacker, from: number) => {
      let made = 0;
      while (ask(who, "MKDIR", `${one.home}/data/${(from + made) % 30}/${from + made}\0`) === "OK") made++;
      return made;
    };
    const mine = make(one, 0);
    const theirs = make(other, 10_000);
    expect(mine).toBeLessThanOrEqual(1000);
    expect(theirs).toBeLessThanOrEqual(1000);
    const nodes = () => neighbours.platform.store.probe().nodes.length;
    const full = nodes();
    neighbours.restart(1);
    expect(nodes()).toBeLessThan(full - theirs / 2);
    expect(ask(one, "MKDIR", "data/one-more\0")).toBe("ENOSPC");
    expect(check(neighbours.platform.store)).toBe("OK");
    expect(unharmed()).toBeUndefined();
  });

  it("lets no transaction make more nodes than a domain may have (XSA-421)", () => {
    const { neighbours, one, unharmed } = world();
    for (let id = 1; id <= 11; id++) ask(one, "MKDIR", `data/${id}\0`);
    const ids = Array.from({ length: 11 }, () => Number(ask(one, "TRANSACTION_START", "\0")));
    const tell = (bytes: Uint8Array) => {
      one.kernel.turn(() => one.kernel.tellStore(bytes));
      one.kernel.turn(() => one.kernel.hearStore());
    };
    for (const id of ids) for (let i = 0; i < 120; i++) tell(message(XS.MKDIR, i, id, `data/${id}/${i}\0`));
    for (const id of ids) tell(message(XS.TRANSACTION_END, 0, id, "T\0"));
    const own = nodesOf(neighbours.platform.store).filter((node) => node.endsWith(`(n${one.id})`));
    expect(own.length).toBeLessThanOrEqual(1000);
    expect(own.length).toBeGreaterThan(500);
    expect(check(neighbours.platform.store)).toBe("OK");
    expect(unharmed()).toBeUndefined();
  });

  it("lets nobody hold up another's transaction without a right to what it is about", () => {
    const { one, other, unharmed } = world();
    const id = Number(ask(one, "TRANSACTION_START", "\0"));
    one.kernel.turn(() => one.kernel.tellStore(message(XS.WRITE, 1, id, "data/a\0v")));
    flood(other.kernel, 5, (i) => message(XS.WRITE, i, 0, `data/${i % 9}\0${i}`));
    flood(other.kernel, 5, (i) => message(XS.WRITE, i, 0, `${one.home}/data/${i % 9}\0${i}`));
    one.kernel.turn(() => one.kernel.hearStore());
    one.kernel.turn(() => one.kernel.tellStore(message(XS.TRANSACTION_END, 2, id, "T\0")));
    expect(ask(one, "READ", "data/a\0")).toBe("v");
    expect(unharmed()).toBeUndefined();
  });

  it.each([
    ["a page of zeros", (kernel: Kernel) => kernel.processor.bytes.fill(0, kernel.storePage, kernel.storePage + 4096)],
    [
      "a page of ones",
      (kernel: Kernel) => kernel.processor.bytes.fill(0xff, kernel.storePage, kernel.storePage + 4096),
    ],
    [
      "another's answers",
      (kernel: Kernel) =>
        kernel.processor.bytes.copyWithin(kernel.storePage, kernel.storePage + 1024, kernel.storePage + 2048),
    ],
  ])("takes %s for what it is", (_what, spoil) => {
    const { neighbours, one, unharmed } = world();
    one.kernel.turn(() => spoil(one.kernel));
    one.kernel.turn(() => one.kernel.send(one.kernel.storePort));
    expect(check(neighbours.platform.store)).toBe("OK");
    expect(unharmed()).toBeUndefined();
  });
});
