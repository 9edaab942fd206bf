import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Client, clientOf, nodesOf, storeWithGuests } from "./client.ts";

const DATA = "/local/domain/1/data";

/** Two guests, with what has happened so far out of the way. */
function two() {
  const store = storeWithGuests(2);
  const [one, other, zero] = [clientOf(store, 1), clientOf(store, 2), clientOf(store, 0)] as const;
  return { store, one, other, zero };
}

/** @returns the events since the last call */
function events(client: Client): string[] {
  client.fetch();
  return client.events.splice(0);
}

describe("a watch", () => {
  it("fires at once, behind its answer, though there is no such node", () => {
    const { one } = two();
    one.connection.receive(new Uint8Array(0));
    expect(one.ask("WATCH", "data/none\0t\0")).toBe("OK");
    expect(events(one)).toEqual(["data/none t"]);
  });

  it("hears of the node and of all below, as it was set: absolute or relative", () => {
    const { one, zero } = two();
    one.ask("WATCH", "data\0relative\0");
    one.ask("WATCH", `${DATA}\0absolute\0`);
    events(one);
    zero.ask("WRITE", `${DATA}/a/b\0v`);
    zero.ask("WRITE", `${DATA}\0v`);
    zero.ask("WRITE", "/local/domain/1/database\0v");
    expect(events(one)).toEqual(["data/a/b relative", `${DATA}/a/b absolute`, "data relative", `${DATA} absolute`]);
  });

  it("hears of a removal above it, as one of its own node", () => {
    const { one, zero } = two();
    zero.ask("WRITE", `${DATA}/a/b/c\0v`);
    for (const path of ["data/a/b", "data", "data/a/b/c/d"]) one.ask("WATCH", `${path}\0t\0`);
    events(one);
    zero.ask("RM", `${DATA}/a\0`);
    expect(events(one)).toEqual(["data/a/b t", "data/a t"]);
  });

  it("is silent on MKDIR of what exists, and when a removal finds nothing", () => {
    const { one, zero } = two();
    one.ask("WATCH", "data\0t\0");
    events(one);
    zero.ask("MKDIR", `${DATA}\0`);
    zero.ask("RM", `${DATA}/none\0`);
    expect(events(one)).toEqual([]);
  });

  it("does not tell of what its owner may not read, but tells the loss of a right", () => {
    const { one, other } = two();
    other.ask("WATCH", "/local/domain/1\0t\0");
    events(other);
    one.ask("WRITE", "data/a\0v");
    expect(events(other)).toEqual([]);
    one.ask("SET_PERMS", "data/a\0n1\0r2\0");
    one.ask("WRITE", "data/a\0w");
    one.ask("SET_PERMS", "data/a\0n1\0");
    expect(events(other)).toEqual([`${DATA}/a t`]);
    one.ask("SET_PERMS", "data/a\0n1\0r2\0");
    events(other);
    one.ask("SET_PERMS", "data/a\0n1\0");
    expect(events(other)).toEqual([`${DATA}/a t`]);
    one.ask("WRITE", "data/a\0x");
    expect(events(other)).toEqual([]);
  });

  it("tells the same news once while it is unread", () => {
    const { one, zero } = two();
    one.ask("WATCH", "data\0t\0");
    events(one);
    for (let i = 0; i < 100; i++) zero.ask("WRITE", `${DATA}/a\0${i}`);
    expect(events(one)).toEqual(["data/a t"]);
    zero.ask("WRITE", `${DATA}/a\0again`);
    expect(events(one)).toEqual(["data/a t"]);
  });

  it("is told before the answer to the request that fired it", () => {
    const { one } = two();
    one.ask("WATCH", "data\0t\0");
    const told = () => one.fetch().map(({ type }) => type);
    told();
    one.ask("WRITE", "data/a\0v");
    expect(one.events.splice(0)).toEqual(["data t", "data/a t"]);
  });

  it("on @introduceDomain and @releaseDomain is for privileged domains, and those they let", () => {
    const { store, one, zero } = two();
    for (const client of [one, zero]) {
      client.ask("WATCH", "@introduceDomain\0i\0");
      client.ask("WATCH", "@releaseDomain\0r\0");
      events(client);
    }
    const third = clientOf(store, 3);
    expect([events(one), events(zero)]).toEqual([[], ["@introduceDomain i"]]);
    zero.ask("SET_PERMS", "@releaseDomain\0n0\0r1\0");
    store.shutDown(3);
    store.shutDown(3);
    expect([events(one), events(zero)]).toEqual([["@releaseDomain r"], ["@releaseDomain r"]]);
    zero.ask("RESUME", "3\0");
    store.shutDown(3);
    store.release(3);
    expect(third.connection.closed).toBe(true);
    expect(events(zero)).toEqual(["@releaseDomain r", "@releaseDomain r"]);
  });

  it("of the toolstack fires before it is returned, then on changes, in their order, until it is ended", () => {
    const { store, one } = two();
    const heard: string[] = [];
    const stop = store.watch("/local/domain/1", "t", (path, token) => heard.push(`${path} ${token}`));
    expect(heard.splice(0)).toEqual(["/local/domain/1 t"]);
    one.ask("WRITE", "data/a\0v");
    store.remove(DATA);
    stop();
    store.write(DATA, "");
    expect(heard).toEqual([`${DATA}/a t`, `${DATA} t`]);
  });

  it("of the toolstack may change the store, and hears of that after what it is hearing of", () => {
    const { store } = two();
    const heard: string[] = [];
    store.watch("/a", "t", (path) => {
      heard.push(`start ${path}`);
      if (path === "/a/first") {
        store.write("/a/second", "");
        expect(store.read("/a/second")).toBe("");
      }
      heard.push(`end ${path}`);
    });
    store.write("/a/first", "");
    expect(heard.slice(2)).toEqual(["start /a/first", "end /a/first", "start /a/second", "end /a/second"]);
  });
});

describe("events", () => {
  /** Somebody keeps a copy of the tree by reading again what each event names, whenever it gets round to it. */
  it("are enough to keep a copy of the tree that is right whenever all have been read", () => {
    const path = fc
      .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 })
      .map((names) => `/${names.join("/")}`);
    const step = fc.oneof(
      fc.record({ kind: fc.constant("WRITE" as const), path, value: fc.constantFrom("1", "2") }),
      fc.record({ kind: fc.constant("RM" as const), path, value: fc.constant("") }),
      fc.record({ kind: fc.constantFrom("start", "commit", "abort", "read"), path, value: fc.constant("") }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { store, zero } = two();
        const watcher = clientOf(store, 3);
        store.setPermissions("/", "r0");
        watcher.ask("WATCH", "/\0t\0");
        const copy = new Map<string, string>();
        const read = () => {
          for (const at of events(watcher).map((event) => event.split(" ")[0]!)) {
            for (const known of [...copy.keys()]) if (known === at || known.startsWith(`${at}/`)) copy.delete(known);
            for (const { path: now, value } of store.probe(at).nodes) copy.set(now, value);
            for (let above = at; above.length > 1; above = above.slice(0, above.lastIndexOf("/"))) {
              const value = store.read(above);
              if (value !== undefined) copy.set(above, value);
            }
          }
        };
        let transaction = 0;
        for (const { kind, path: at, value } of steps) {
          if (kind === "WRITE") zero.ask("WRITE", `${at}\0${value}`, transaction);
          else if (kind === "RM") zero.ask("RM", `${at}\0`, transaction);
          else if (kind === "read") read();
          else if (kind === "start" && !transaction) transaction = Number(zero.ask("TRANSACTION_START", "\0"));
          else if (transaction && kind !== "start") {
            zero.ask("TRANSACTION_END", kind === "commit" ? "T\0" : "F\0", transaction);
            transaction = 0;
          }
        }
        read();
        const tree = new Map(store.probe().nodes.map(({ path: at, value }) => [at, value]));
        for (const at of tree.keys()) if (!/^\/[abc]/.test(at)) tree.delete(at);
        for (const at of copy.keys()) if (!/^\/[abc]/.test(at)) copy.delete(at);
        expect(Object.fromEntries(copy)).toEqual(Object.fromEntries(tree));
      }),
      { numRuns: 150 },
    );
  });

  it("come from a domain's end for every node it owned, and nothing of it is left", () => {
    const { store, one, other } = two();
    one.ask("WRITE", "data/a\0v");
    other.ask("WRITE", "data/shared\0v");
    other.ask("SET_PERMS", "data/shared\0n2\0b1\0");
    const heard: string[] = [];
    store.watch("/local/domain/1/data/a", "t", (path) => heard.push(path));
    store.release(1);
    expect(heard).toEqual([`${DATA}/a`, `${DATA}/a`]);
    expect(nodesOf(store).filter((node) => /n1|"v" \(n2\)/.test(node))).toEqual([]);
    const again = clientOf(store, 1);
    expect(again.ask("READ", "/local/domain/2/data/shared\0")).toBe("EACCES");
    expect(other.ask("GET_PERMS", "data/shared\0")).toBe("n2\0b1");
  });
});
