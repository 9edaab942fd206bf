import { describe, expect, it } from "vitest";
import { type Client, clientOf, storeWithGuests } from "./client.ts";

/** Requests of domain 1 one after another on one store, each with the answer the C xenstored of Xen 4.17 gives. */
const CASES: readonly (readonly [
  title: string,
  steps: readonly (readonly [Parameters<Client["ask"]>[0], string, string])[],
])[] = [
  [
    "reads what it wrote, by either path",
    [
      ["WRITE", "data/a\0one", "OK"],
      ["READ", "data/a\0", "one"],
      ["READ", "/local/domain/1/data/a\0", "one"],
    ],
  ],
  [
    "keeps values as bytes, NULs and all",
    [
      ["WRITE", "data/a\0x\0\xff\0", "OK"],
      ["READ", "data/a\0", "x\0\xff\0"],
      ["WRITE", "data/a\0", "OK"],
      ["READ", "data/a\0", ""],
    ],
  ],
  [
    "makes missing parents with empty values",
    [
      ["WRITE", "data/a/b/c\0v", "OK"],
      ["READ", "data/a/b\0", ""],
      ["DIRECTORY", "data/a\0", "b"],
    ],
  ],
  [
    "lists children in the order they were made",
    [
      ["MKDIR", "data/z\0", "OK"],
      ["MKDIR", "data/a\0", "OK"],
      ["WRITE", "data/z\0again", "OK"],
      ["DIRECTORY", "data\0", "z\0a"],
    ],
  ],
  [
    "leaves what exists alone on MKDIR",
    [
      ["WRITE", "data/a\0v", "OK"],
      ["MKDIR", "data/a\0", "OK"],
      ["READ", "data/a\0", "v"],
    ],
  ],
  [
    "removes with all below; what is not there is as good as removed",
    [
      ["WRITE", "data/a/b/c\0v", "OK"],
      ["RM", "data/a\0", "OK"],
      ["READ", "data/a/b/c\0", "ENOENT"],
      ["RM", "data/a\0", "OK"],
      ["RM", "data/a/b\0", "ENOENT"],
    ],
  ],
  [
    "says nothing of what it may not see",
    [
      ["READ", "/local/domain/2/name\0", "EACCES"],
      ["READ", "/local/domain/2/nothing\0", "EACCES"],
      ["READ", "/local/domain/3\0", "EACCES"],
      ["DIRECTORY", "/\0", "EACCES"],
      ["RM", "/\0", "EACCES"],
      ["READ", "/local/domain/1/nothing\0", "ENOENT"],
    ],
  ],
  [
    "lets it write only what is its own",
    [
      ["WRITE", "name\0x", "EACCES"],
      ["WRITE", "new\0x", "EACCES"],
      ["MKDIR", "/local/domain/2/data/x\0", "EACCES"],
      ["RM", "name\0", "EACCES"],
      ["SET_PERMS", "name\0n1\0", "EACCES"],
    ],
  ],
  [
    "tells and changes permissions",
    [
      ["WRITE", "data/a\0v", "OK"],
      ["GET_PERMS", "data/a\0", "n1"],
      ["SET_PERMS", "data/a\0b1\0r2\0w0\0", "OK"],
      ["GET_PERMS", "data/a\0", "b1\0r2\0w0"],
      ["SET_PERMS", "data/a\0n2\0", "EPERM"],
      ["SET_PERMS", "data/a\0n777\0", "ENOENT"],
      ["SET_PERMS", "data/a\0x1\0", "EINVAL"],
      ["SET_PERMS", "data/a\0r\0", "EINVAL"],
      ["SET_PERMS", "data/a\0r70000\0", "EINVAL"],
      ["SET_PERMS", "data/a\0", "EINVAL"],
      ["SET_PERMS", "data/none\0n1\0", "ENOENT"],
      ["SET_PERMS", "@releaseDomain\0n1\0", "EACCES"],
      ["SET_PERMS", "@other\0n1\0", "EINVAL"],
    ],
  ],
  [
    "refuses paths that are none",
    [
      ["READ", "\0", "EINVAL"],
      ["READ", "data//a\0", "EINVAL"],
      ["READ", "data/\0", "EINVAL"],
      ["READ", "data/a b\0", "EINVAL"],
      ["READ", "data/\xe9\0", "EINVAL"],
      ["READ", "@releaseDomain\0", "EINVAL"],
      ["WRITE", "//\0v", "EINVAL"],
      ["MKDIR", `data/${"x".repeat(2040)}\0`, "ENOSPC"],
      ["MKDIR", `data/${"x".repeat(2044)}\0`, "EINVAL"],
      ["MKDIR", `/${"x".repeat(2048)}\0`, "EINVAL"],
      ["MKDIR", `data${"/x".repeat(61)}\0`, "EINVAL"],
      ["MKDIR", `data${"/x".repeat(60)}\0`, "OK"],
    ],
  ],
  [
    "refuses arguments that are not as many as there should be",
    [
      ["READ", "", "EINVAL"],
      ["READ", "data", "EINVAL"],
      ["READ", "data\0data\0", "EINVAL"],
      ["WRITE", "data/a", "EINVAL"],
      ["DIRECTORY_PART", "data\0", "EINVAL"],
      ["WATCH", "data\0", "EINVAL"],
      ["WATCH", "data\0t\0u\0", "EINVAL"],
      ["UNWATCH", "data\0", "EINVAL"],
      ["GET_DOMAIN_PATH", "", "EINVAL"],
      ["TRANSACTION_END", "X\0", "EINVAL"],
      ["TRANSACTION_END", "T", "EINVAL"],
    ],
  ],
  [
    "knows the path of any domain",
    [
      ["GET_DOMAIN_PATH", "1\0", "/local/domain/1"],
      ["GET_DOMAIN_PATH", "32751\0", "/local/domain/32751"],
      ["GET_DOMAIN_PATH", "2x\0", "/local/domain/2"],
    ],
  ],
  [
    "keeps what is domain 0's to domain 0",
    [
      ["CONTROL", "help\0", "EACCES"],
      ["INTRODUCE", "2\x001\x001\0", "EACCES"],
      ["RELEASE", "2\0", "EACCES"],
      ["IS_DOMAIN_INTRODUCED", "2\0", "EACCES"],
      ["RESUME", "2\0", "EACCES"],
      ["SET_TARGET", "1\x002\0", "EACCES"],
    ],
  ],
  [
    "knows no requests that are answers",
    [
      ["WATCH_EVENT", "data\0t\0", "ENOSYS"],
      ["ERROR", "EINVAL\0", "ENOSYS"],
    ],
  ],
  [
    "sets each watch once, and ends those that are set",
    [
      ["WATCH", "data\0t\0", "OK"],
      ["WATCH", "/local/domain/1/data\0t\0", "EEXIST"],
      ["WATCH", "data\0u\0", "OK"],
      ["WATCH", "da//ta\0u\0", "EINVAL"],
      ["UNWATCH", "/local/domain/1/data\0u\0", "OK"],
      ["UNWATCH", "data\0u\0", "ENOENT"],
      ["RESET_WATCHES", "\0", "OK"],
      ["UNWATCH", "data\0t\0", "ENOENT"],
    ],
  ],
];

/** The same of domain 0. */
const PRIVILEGED: typeof CASES = [
  [
    "sees and writes everything",
    [
      ["READ", "/local/domain/1/name\0", "guest1"],
      ["READ", "name\0", "Domain-0"],
      ["WRITE", "/local/domain/1/data/x\0v", "OK"],
      ["GET_PERMS", "/local/domain/1/data/x\0", "n1"],
      ["SET_PERMS", "/local/domain/1/data/x\0n2\0r1\0", "OK"],
      ["RM", "/\0", "EINVAL"],
    ],
  ],
  [
    "manages domains",
    [
      ["IS_DOMAIN_INTRODUCED", "1\0", "T"],
      ["IS_DOMAIN_INTRODUCED", "3\0", "F"],
      ["IS_DOMAIN_INTRODUCED", "32752\0", "T"],
      ["SET_TARGET", "1\x009\0", "ENOENT"],
      ["SET_TARGET", "1\x002\0", "OK"],
      ["RESUME", "1\0", "OK"],
      ["RESUME", "9\0", "ENOENT"],
      ["RELEASE", "0\0", "EINVAL"],
      ["RELEASE", "1\0", "OK"],
      ["RELEASE", "1\0", "ENOENT"],
      ["IS_DOMAIN_INTRODUCED", "1\0", "F"],
      ["READ", "/local/domain/1/data\0", "ENOENT"],
      ["READ", "/local/domain/1/name\0", "guest1"],
      ["INTRODUCE", "7\x001\x001\0", "EINVAL"],
      ["INTRODUCE", "2\x001\x000\0", "EINVAL"],
    ],
  ],
  [
    "controls",
    [
      ["CONTROL", "check\0", "OK"],
      ["CONTROL", "quota\x009\0", "ENOENT"],
      ["CONTROL", "quota\0set\0nodes\x000\0", "EINVAL"],
      ["CONTROL", "quota\0set\0others\x001\0", "EINVAL"],
      ["CONTROL", "reboot\0", "EINVAL"],
      ["CONTROL", "constructor\0", "EINVAL"],
      ["CONTROL", "", "EINVAL"],
    ],
  ],
];

describe("a request", () => {
  it.each(CASES)("of a guest: %s", (_title, steps) => {
    const store = storeWithGuests(2);
    store.connect(2);
    const client = clientOf(store, 1);
    expect(steps.map(([type, payload]) => client.ask(type, payload))).toEqual(steps.map(([, , answer]) => answer));
  });

  it.each(PRIVILEGED)("of domain 0: %s", (_title, steps) => {
    const store = storeWithGuests(2);
    store.connect(1);
    store.connect(2);
    const client = clientOf(store, 0);
    expect(steps.map(([type, payload]) => client.ask(type, payload))).toEqual(steps.map(([, , answer]) => answer));
  });

  it("names an unknown transaction: ENOENT, but for watches, which know none", () => {
    const client = clientOf(storeWithGuests(1), 1);
    expect(client.ask("READ", "data\0", 5)).toBe("ENOENT");
    expect(client.ask("TRANSACTION_END", "T\0", 5)).toBe("ENOENT");
    expect(client.ask("WATCH", "data\0t\0", 5)).toBe("OK");
  });

  it("for too long a list is E2BIG, and the list can be had in parts", () => {
    const store = storeWithGuests(1);
    const names = Array.from({ length: 300 }, (_, i) => `a-child-with-a-long-name-${i}`);
    for (const name of names) store.write(`/local/domain/1/data/${name}`, "");
    const client = clientOf(store, 1);
    expect(client.ask("DIRECTORY", "data\0")).toBe("E2BIG");
    const found: string[] = [];
    let parts = 0;
    for (let offset = 0; ; parts++) {
      const { payload } = client.exchange("DIRECTORY_PART", `data\0${offset}\0`);
      expect(payload.length).toBeLessThanOrEqual(4096);
      const [count, ...list] = payload.split("\0");
      const generation = store.probe("/local/domain/1/data").nodes[0]!.generation;
      expect(count).toBe(String(generation));
      const end = list.indexOf("");
      const whole = list.slice(0, end);
      found.push(...whole);
      if (list.length > end + 1) break;
      offset += whole.join("\0").length + 1;
    }
    expect(found).toEqual(names);
    expect(parts).toBeGreaterThan(0);
    expect(client.exchange("DIRECTORY_PART", "data\x00999999\0").payload).toMatch(/^\d+\0\0$/);
    expect(client.exchange("DIRECTORY_PART", "data\0-1\0").payload).toMatch(/^\d+\0\0$/);
  });

  it("of xenstore-control quota tells the limits, and what a domain uses of them", () => {
    const store = storeWithGuests(1);
    const guest = clientOf(store, 1);
    guest.ask("WATCH", "data\0t\0");
    const client = clientOf(store, 0);
    expect(client.ask("CONTROL", "quota\0")).toMatch(/^Quota settings:\nnodes {12}: {5}1000 Nodes per domain\nwatches/);
    expect(client.ask("CONTROL", "quota\x001\0")).toMatch(/^Domain 1:\nnodes {11}: {8}1\nwatches {9}: {8}1\n/);
    expect(client.ask("CONTROL", "quota\0set\0nodes\x003\0")).toBe("OK");
    expect(["a", "b", "c"].map((name) => guest.ask("MKDIR", `data/${name}\0`))).toEqual(["OK", "OK", "ENOSPC"]);
  });
});
