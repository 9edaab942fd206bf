import { describe, expect, it } from "vitest";
import { message, XS } from "../../../src/xen/abi/xs-wire.ts";
import { Store } from "../../../src/xen/store/index.ts";
import { Client, check, clientOf, nodesOf, storeWithGuests } from "./client.ts";

const FRONT = "/local/domain/1/device/vbd/51712";
const BACK = "/local/domain/0/backend/vbd/1/51712";

describe("the probe", () => {
  it("tells how a device comes up, with times, from both sides", () => {
    let now = 5;
    const store = new Store(() => now);
    const set = (path: string, state: string) => {
      now += 1;
      store.write(`${path}/state`, state);
    };
    set(FRONT, "1");
    set(BACK, "1");
    set(BACK, "2");
    set(BACK, "2");
    set(FRONT, "3");
    store.write(`${FRONT}/ring-ref/state`, "1");
    store.write("/local/domain/1/device/state", "1");
    for (const nonsense of ["-1", "9", "1e9", "", "x"]) store.write(`${FRONT}/state`, nonsense);
    expect(store.probe().handshake).toEqual([
      { at: 6, device: "vbd:1/51712", side: "front", state: 1 },
      { at: 7, device: "vbd:1/51712", side: "back", state: 1 },
      { at: 8, device: "vbd:1/51712", side: "back", state: 2 },
      { at: 10, device: "vbd:1/51712", side: "front", state: 3 },
    ]);
  });

  it("tells states when they are committed, and again when a device is made anew", () => {
    const store = storeWithGuests(1);
    const zero = clientOf(store, 0);
    const transaction = Number(zero.ask("TRANSACTION_START", "\0"));
    for (const state of ["1", "3", "4"]) zero.ask("WRITE", `${FRONT}/state\0${state}`, transaction);
    expect(store.probe().handshake).toEqual([]);
    zero.ask("TRANSACTION_END", "T\0", transaction);
    store.remove("/local/domain/1/device");
    store.write(`${FRONT}/state`, "4");
    expect(store.probe().handshake.map(({ state }) => state)).toEqual([4, 4]);
  });

  it("keeps the newest 256 changes of states", () => {
    const store = new Store(() => 0);
    for (let i = 0; i < 300; i++) store.write(`${FRONT}/state`, String(i % 7));
    const states = store.probe().handshake.map(({ state }) => state);
    expect([states.length, states[0], states.at(-1)]).toEqual([256, 44 % 7, 299 % 7]);
  });

  it("marks what changed last with the highest generation, and shows a part when asked for one", () => {
    const store = storeWithGuests(2);
    store.write("/local/domain/2/data/new", "v");
    store.write("/local/domain/1/data", "v");
    const nodes = store.probe().nodes;
    const newest = nodes.reduce((a, b) => (b.generation > a.generation ? b : a));
    expect(newest).toMatchObject({ path: "/local/domain/1/data", value: "v", permissions: "n1" });
    expect(store.probe("/local/domain/2").nodes.map(({ path }) => path)).toEqual([
      "/local/domain/2",
      "/local/domain/2/name",
      "/local/domain/2/data",
      "/local/domain/2/data/new",
    ]);
    expect(store.probe("/none").nodes).toEqual([]);
  });

  it("counts what watches were told, the toolstack's under its own domain", () => {
    const store = new Store(() => 0, 32751);
    store.watch("/a", "ours", () => {});
    clientOf(store, 0).ask("WATCH", "/a\0theirs\0");
    store.write("/a/b", "");
    expect(store.probe().watches).toEqual([
      { domain: 32751, path: "/a", token: "ours", fired: 2 },
      { domain: 0, path: "/a", token: "theirs", fired: 2 },
    ]);
    store.moveHost(5);
    expect(store.probe().watches.map(({ domain }) => domain)).toEqual([5, 0]);
  });
});

describe("a saved store", () => {
  it("holds half a request, answers half fetched, events unread, and stalls that go on", () => {
    const store = storeWithGuests(1);
    const one = clientOf(store, 1);
    one.ask("WATCH", "data\0t\0");
    one.fetch();
    const writes = Array.from({ length: 25 }, (_, i) => message(XS.WRITE, i, 0, `data/${i}\0v`));
    for (const write of writes) one.connection.receive(write);
    const last = message(XS.READ, 99, 0, "name\0");
    one.connection.receive(last.subarray(0, 18));
    const first = one.connection.take(30);
    const again = new Store(() => 0);
    again.restore(JSON.parse(JSON.stringify(store.save())));
    const rest = new Client(again.connect(1));
    const expected = one.connection;
    expect([rest.connection.ready, rest.connection.room, first.length]).toEqual([expected.ready, 0, 30]);
    expect(again.list("/local/domain/1/data")).toHaveLength(20);
    const bytes = () => [expected, rest.connection].map((connection) => [...connection.take(7)]);
    for (let [a, b] = bytes(); a!.length > 0; [a, b] = bytes()) expect(b).toEqual(a);
    for (const connection of [expected, rest.connection]) connection.receive(last.subarray(18));
    expect(rest.fetch().at(-1)!.payload).toBe("guest1");
    expect(nodesOf(again)).toEqual(nodesOf(store));
    expect(check(again)).toBe("OK");
  });

  it("replaces a running one: connections close, the toolstack's watches stay", () => {
    const store = storeWithGuests(1);
    const state = store.save();
    const one = clientOf(store, 1);
    store.write("/later", "");
    const heard: string[] = [];
    store.watch("/", "t", (path) => heard.push(path));
    store.restore(state);
    expect([one.connection.closed, heard, store.read("/later")]).toEqual([true, ["/"], undefined]);
    store.write("/again", "");
    expect(heard).toEqual(["/", "/again"]);
    expect(clientOf(store, 1).ask("READ", "name\0")).toBe("guest1");
  });

  it("forgets what a domain had under way that ends before it is connected again", () => {
    const store = storeWithGuests(1);
    const one = clientOf(store, 1);
    one.ask("WATCH", "data\0t\0");
    one.ask("TRANSACTION_START", "\0");
    const again = new Store(() => 0);
    again.restore(store.save());
    again.release(1);
    expect([again.probe().watches, again.probe().transactions.open]).toEqual([[], 0]);
    expect(check(again)).toBe("OK");
  });

  it.each([
    ["nothing", undefined],
    ["another thing", { nodes: 3 }],
    ["a node without a parent", (state: State) => ({ ...state, nodes: [...state.nodes, node("/a/b/c")] })],
    [
      "a permission of no domain",
      (state: State) => ({ ...state, nodes: [{ ...node("/a"), permissions: ["r99999"] }] }),
    ],
    ["a request of nobody", (state: State) => ({ ...state, causes: [77] })],
    ["characters that are no bytes", (state: State) => ({ ...state, nodes: [{ ...node("/a"), value: "机" }] })],
  ])("that is %s is refused, and changes nothing", (_title, given) => {
    const store = storeWithGuests(1);
    const one = clientOf(store, 1);
    const before = store.save();
    const state = typeof given === "function" ? given(store.save()) : given;
    expect(() => store.restore(state)).toThrow(/^The saved xenstore cannot be read: .*\.$/);
    expect(store.save()).toEqual(before);
    expect(one.ask("READ", "name\0")).toBe("guest1");
  });
});

type State = ReturnType<Store["save"]>;
const node = (path: string) => ({ path, value: "", permissions: ["n0"], generation: 1 });
