import { describe, expect, it } from "vitest";
import { arp, ETHERTYPE, ethernet } from "../../../src/network/codec/index.ts";
import type { CapturedFrame } from "../../../src/network/reports.ts";
import type { GuestFrame, NetNamespace } from "../../../src/probe/network/types.ts";
import { makePicture } from "../../../src/views/network/picture/make.ts";
import type { Trail } from "../../../src/views/network/picture.ts";
import { TrailBook } from "../../../src/views/network/trails/book.ts";
import { lossWords } from "../../../src/views/network/words/losses.ts";
import { carried, START, seenBy, surroundingsOf } from "./passing.ts";
import { INITIAL, netLink, netNamespace } from "./readings.ts";
import { echo, MAC, PLACE, routed, router, segment } from "./router.ts";

type Batch =
  | { readonly link: readonly CapturedFrame[] }
  | { readonly machine: string; readonly frames: readonly GuestFrame[] };

/** The trails of frames that were read in this order. */
function trailsOf(batches: readonly Batch[], middle?: NetNamespace, watched?: readonly string[]): readonly Trail[] {
  const { picture, guests } = routed(middle);
  const surroundings = surroundingsOf(picture, guests, { ...(watched && { watched }) });
  const book = new TrailBook();
  for (const batch of batches) {
    if ("link" in batch) book.addFabric(batch.link, surroundings);
    else book.addGuest(batch.machine, batch.frames, surroundings);
  }
  return book.read(surroundings).trails;
}

const way = ({ hops }: Trail) => hops.map(({ at, direction, from }) => `${from ?? "-"} ${at} ${direction}`);

/** One echo from the client to the server, seen everywhere. */
const wholeWay = (seq = 1, after = 0): Batch[] => [
  { link: [carried("lan", "client/0", ["router/0"], after + 1, echo("inner", seq))] },
  { link: [carried("wan", "router/1", ["server/0"], after + 3, echo("outer", seq))] },
  { machine: "server", frames: [seenBy(2, "in", after + 4, echo("outer", seq))] },
  {
    machine: "router",
    frames: [seenBy(2, "in", after + 2, echo("inner", seq)), seenBy(3, "out", after + 2.5, echo("outer", seq))],
  },
  { machine: "client", frames: [seenBy(2, "out", after, echo("inner", seq))] },
];

describe("a packet's way", () => {
  const [trail, ...others] = trailsOf(wholeWay());

  it("is one though addresses, TTL and MACs change, place by place in the order of the wire", () => {
    expect(others).toEqual([]);
    expect(trail && way(trail)).toEqual([
      `- ${PLACE.client} out`,
      "0 port:lan:client/0 in",
      "1 port:lan:router/0 out",
      `2 ${PLACE.inner} in`,
      `3 ${PLACE.outer} out`,
      "4 port:wan:router/1 in",
      "5 port:wan:server/0 out",
      `6 ${PLACE.server} in`,
    ]);
  });

  it("is over the cables of the picture", () => {
    const { picture } = routed();
    const over = trail!.hops.flatMap((hop) => (hop.over === undefined ? [] : [hop.over]));
    expect(over).toEqual(
      [
        [PLACE.client, "port:lan:client/0"],
        [PLACE.inner, "port:lan:router/0"],
        [PLACE.outer, "port:wan:router/1"],
        [PLACE.server, "port:wan:server/0"],
      ].map((ends) => picture.edges.find((edge) => edge.ends.join() === ends.join())!.id),
    );
  });

  it("says what a router and its NAT changed, and nothing where nothing was", () => {
    const changed = trail!.hops.map(({ changes }) => changes.map(({ field }) => field));
    expect(changed).toEqual([
      [],
      [],
      [],
      [],
      ["mac-source", "mac-destination", "ttl", "address-source", "checksum-ip"],
      [],
      [],
      [],
    ]);
    expect(trail!.hops[4]!.changes.find(({ field }) => field === "address-source")).toEqual({
      field: "address-source",
      before: "10.0.0.2",
      after: "192.168.0.1",
    });
  });

  it("names the rows that decided, computed from the guest's tables", () => {
    const decided = trail!.hops[4]!.decided.map(({ table, row, text, how }) => [table, row, text, how]);
    expect(decided).toEqual([
      ["conntrack", 0, "icmp src=10.0.0.2 dst=192.168.0.2 id=7 src=192.168.0.2 dst=192.168.0.1 id=7", "computed"],
      ["rule", 1, "-t nat -A POSTROUTING -s 10.0.0.0/24 -o eth1 -j MASQUERADE", "computed"],
      ["route", 1, "192.168.0.0/24 dev eth1", "computed"],
      ["neighbour", 0, "192.168.0.2 dev eth1 lladdr 02:00:00:00:00:0b REACHABLE", "computed"],
    ]);
    expect(trail!.hops[0]!.decided.map(({ table, text }) => `${table} ${text}`)).toEqual([
      "route default via 10.0.0.1 dev eth0",
      "neighbour 10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE",
    ]);
  });

  it("is summed up in one line, has its colour, and is not lost", () => {
    expect(trail).toMatchObject({
      colour: "icmp",
      summary: "ICMP echo request 10.0.0.2 → 192.168.0.2 id 7 seq 1 ttl 64",
    });
    expect(trail!.lost).toBeUndefined();
  });

  it("is the same in whatever order readings come", () => {
    const batches = wholeWay();
    const orders = [
      [...batches].reverse(),
      [batches[4]!, ...batches.slice(0, 4)],
      [batches[2]!, batches[0]!, batches[4]!, batches[3]!, batches[1]!],
    ];
    for (const order of orders) expect(trailsOf(order).map(way)).toEqual([way(trail!)]);
  });

  it("names the row of a switch that the link wrote down", () => {
    const decision = { kind: "fdb", vlan: 1, mac: MAC.inner, port: "router/0", age: 4 } as const;
    const [one] = trailsOf([{ link: [carried("lan", "client/0", ["router/0"], 0, echo("inner", 1), decision)] }]);
    expect(one!.hops[1]!.decided).toEqual([
      { table: "fdb", at: "link:lan", row: -1, text: `${MAC.inner} vlan 1 port router/0`, how: "recorded" },
    ]);
  });
});

describe("a packet that leaves a namespace for another", () => {
  it("leaves before it arrives, in whatever order the two were listened to", () => {
    const inside = 4026532000;
    const links = [...router().links, netLink(4, "veth0", { kind: "veth", peer: 2, peerNamespace: inside })];
    const box = netNamespace(inside, [netLink(2, "eth0", { kind: "veth", peer: 4, peerNamespace: INITIAL })]);
    const network = { at: START, namespaces: [router({ links }), box], truncated: false };
    const machine = { name: "router", host: "a", running: true, nics: [] };
    const guests = new Map([["router", network]]);
    const surroundings = surroundingsOf(makePicture({ machines: [machine], guests, counters: {} }), guests);
    const book = new TrailBook();
    const arrives = seenBy(4, "in", 5, echo("inner", 1));
    const leaves = seenBy(2, "out", 5, echo("inner", 1), inside);
    book.addGuest("router", [arrives, leaves], surroundings);
    expect(book.read(surroundings).trails.map(way)).toEqual([
      [`- if:router/${inside}/2 out`, `0 if:router/${INITIAL}/4 in`],
    ]);
  });
});

describe("a frame of a VLAN", () => {
  it("gets its tag where a switch sends it out by a trunk, and loses it at an access port", () => {
    const { picture, guests } = routed();
    const members: Record<string, object> = { "client/0": { vlan: 101 }, "router/0": { vlans: [101] } };
    const fabric = picture.fabric.map(({ id, report }) => ({
      id,
      report: { ...report, ports: report.ports.map((port) => ({ ...port, ...members[port.name] })) },
    }));
    const surroundings = surroundingsOf({ ...picture, fabric }, guests);
    const book = new TrailBook();
    const flood = { kind: "flood", vlan: 101, why: "unknown" } as const;
    const frame = carried("lan", "client/0", ["router/0", "client/0"], 1, echo("inner", 1), flood);
    book.addFabric([frame], surroundings);
    const [trail] = book.read(surroundings).trails;
    expect(trail!.hops.map(({ changes, length }) => [...changes, length])).toEqual([
      [98],
      [{ field: "vlan", before: "none", after: "101" }, 102],
      [98],
    ]);
  });
});

describe("packets that are alike", () => {
  it("are trails of their own when one is sent again, each with its nearest sightings", () => {
    const again = (at: number): Batch[] => wholeWay(1, at);
    const trails = trailsOf([...again(0).slice(0, 4), ...again(1000).slice(0, 4), again(1000)[4]!, again(0)[4]!]);
    expect(trails.map(({ hops }) => hops.length)).toEqual([8, 8]);
    expect(trails.map(({ hops }) => hops.every(({ time }) => Math.abs(time - hops[0]!.time) < 10))).toEqual([
      true,
      true,
    ]);
  });

  it("are told apart by what they carry", () => {
    const trails = trailsOf([...wholeWay(1), ...wholeWay(2, 50)]);
    expect(trails.map(({ hops }) => hops.length)).toEqual([8, 8]);
    expect(trails.map(({ summary }) => /seq \d+/.exec(summary)![0])).toEqual(["seq 1", "seq 2"]);
  });

  it("keep their way when NAT gives one another identifier", () => {
    const [, wan, ...rest] = wholeWay();
    const other = carried("wan", "router/1", ["server/0"], 3, echo("outer", 1, { id: 1024 }));
    const trails = trailsOf([...rest, { link: [other] }]);
    expect(wan).toBeDefined();
    expect(trails).toHaveLength(1);
    expect(trails[0]!.hops.flatMap(({ changes }) => changes).some(({ field }) => field === "icmp-id")).toBe(true);
  });
});

describe("a large segment", () => {
  const whole = segment("inner", 1000, 4344, 70);
  const pieces = [0, 1, 2].map((at) => segment("outer", 1000 + 1448 * at, 1448, 70 + at));
  const large: Batch = { machine: "client", frames: [seenBy(2, "out", 0, whole)] };
  const taken: Batch = { machine: "router", frames: [seenBy(2, "in", 2, whole)] };
  const cut: Batch = { machine: "router", frames: pieces.map((piece, at) => seenBy(3, "out", 3 + at / 10, piece)) };

  it.each([
    ["before", [large, taken, cut]],
    ["after", [cut, large, taken]],
  ])("and its pieces are one packet when it is read %s them", (_, batches) => {
    const trails = trailsOf(batches);
    expect(trails.map(way)).toEqual([[`- ${PLACE.client} out`, `- ${PLACE.inner} in`, `1 ${PLACE.outer} out`]]);
  });

  it("is one sighting where a capture cut it", () => {
    const [first] = pieces.map((bytes) => carried("wan", "router/1", ["server/0"], 3, bytes));
    const captured = pieces.map((bytes, index) => ({
      ...carried("wan", "router/1", ["server/0"], 3, bytes),
      seq: first!.seq,
      piece: { index, count: 3 },
    }));
    const trails = trailsOf([{ link: captured }, large]);
    expect(trails).toHaveLength(1);
    expect(trails[0]!.hops.find(({ at }) => at === "port:wan:router/1")!.length).toBe(whole.length);
  });

  it("that is sent again is another packet", () => {
    const repeated = segment("inner", 1000 + 1448, 1448, 75);
    const trails = trailsOf([large, taken, { machine: "client", frames: [seenBy(2, "out", 300, repeated)] }]);
    expect(trails.map(({ hops }) => hops.length)).toEqual([2, 1]);
  });
});

describe("a packet that is lost", () => {
  const arrives: Batch[] = [
    { machine: "client", frames: [seenBy(2, "out", 0, echo("inner", 1))] },
    { link: [carried("lan", "client/0", ["router/0"], 1, echo("inner", 1))] },
    { machine: "router", frames: [seenBy(2, "in", 2, echo("inner", 1))] },
  ];
  const lostAt = (middle: NetNamespace) => trailsOf(arrives, middle)[0]!.lost;

  it.each([
    ["ip_forward is 0", { forwarding: { ipv4: false, ipv6: false } }, "forwarding-off", "net.ipv4.ip_forward is 0"],
    ["no route leads there", { routes: [] }, "no-route", "no route to 192.168.0.2"],
    [
      "the policy of FORWARD is DROP",
      { rules: [{ table: "filter", chain: "FORWARD", rule: "policy DROP", packets: 1, bytes: 84 }] },
      "rule",
      "policy DROP",
    ],
    [
      "a rule in a chain of its own drops it",
      {
        rules: [
          { table: "filter", chain: "FORWARD", rule: "policy ACCEPT", packets: 0, bytes: 0 },
          { table: "filter", chain: "FORWARD", rule: "-j ISOLATION", packets: 0, bytes: 0 },
          { table: "filter", chain: "ISOLATION", rule: "-i eth9 -j ACCEPT", packets: 0, bytes: 0 },
          { table: "filter", chain: "ISOLATION", rule: "-s 10.0.0.0/8 ! -o eth0 -j DROP", packets: 1, bytes: 84 },
        ],
      },
      "rule",
      "ISOLATION",
    ],
    [
      "the next hop does not answer",
      { neighbours: [{ address: "192.168.0.2", link: 3, state: "failed" }] },
      "no-neighbour",
      "192.168.0.2 does not answer on eth1",
    ],
  ])("says so when %s", (_, tables, kind, words) => {
    const lost = lostAt(router(tables as Partial<NetNamespace>));
    expect(lost).toMatchObject({ at: PLACE.inner, how: "computed", why: { kind } });
    expect(lossWords("en", lost!.why)).toContain(words);
    expect(lossWords("zh", lost!.why)).not.toBe(lossWords("en", lost!.why));
  });

  it("is not called lost because of a rule that lets its connection pass", () => {
    const rules = [
      { table: "filter", chain: "FORWARD", rule: "policy DROP", packets: 0, bytes: 0 },
      {
        table: "filter",
        chain: "FORWARD",
        rule: "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        packets: 9,
        bytes: 9,
      },
    ];
    expect(lostAt(router({ rules }))!.why).toEqual({ kind: "unseen" });
    expect(lostAt(router({ rules, conntrack: [] }))!.why).toMatchObject({ kind: "rule", rule: "policy DROP" });
  });

  it("is lost where the fabric dropped it, for the reason it wrote down", () => {
    const drop = carried("lan", "client/0", [], 1, echo("inner", 1), { kind: "drop", why: "loss" });
    const [trail] = trailsOf([arrives[0]!, { link: [drop] }]);
    expect(trail!.lost).toEqual({
      at: "port:lan:client/0",
      why: { kind: "dropped", reason: "loss" },
      how: "recorded",
    });
  });

  it("is on its way while the machine it is in was not listened to since", () => {
    expect(trailsOf(arrives, router({ routes: [] }), ["client"])[0]!.lost).toBeUndefined();
  });
});

describe("a flood", () => {
  const asks = ethernet({
    destination: "ff:ff:ff:ff:ff:ff",
    source: MAC.client,
    type: ETHERTYPE.arp,
    payload: arp({ operation: "request", senderMac: MAC.client, sender: "10.0.0.2", target: "10.0.0.1" }),
  });
  const flood = { kind: "flood", vlan: 1, why: "broadcast" } as const;
  const frames = [carried("lan", "client/0", ["router/0", "other/0"], 1, asks, flood)];

  it("has a way to every end", () => {
    const [trail] = trailsOf([
      { link: frames },
      { machine: "router", frames: [seenBy(2, "in", 2, asks)] },
      { machine: "client", frames: [seenBy(2, "out", 0, asks)] },
    ]);
    expect(way(trail!)).toEqual([
      `- ${PLACE.client} out`,
      "0 port:lan:client/0 in",
      "1 port:lan:router/0 out",
      "1 port:lan:other/0 out",
      `2 ${PLACE.inner} in`,
    ]);
    expect(trail!.lost).toBeUndefined();
  });

  it("that asks for an address the router answers for in another's place is not lost", () => {
    const elsewhere = ethernet({
      destination: "ff:ff:ff:ff:ff:ff",
      source: MAC.client,
      type: ETHERTYPE.arp,
      payload: arp({ operation: "request", senderMac: MAC.client, sender: "10.0.0.2", target: "192.168.0.2" }),
    });
    const batches = [
      { link: [carried("lan", "client/0", ["router/0"], 1, elsewhere, flood)] },
      { machine: "router", frames: [seenBy(2, "in", 2, elsewhere)] },
    ];
    const proxy = router({ links: router().links.map((link) => ({ ...link, proxyArp: true })) });
    expect(trailsOf(batches)[0]!.lost?.why.kind).toBe("nobody-has");
    expect(trailsOf(batches, proxy)[0]!.lost).toBeUndefined();
  });

  it("that asks for an address nobody has is lost", () => {
    const renumbered = router({
      links: router().links.map((link) => ({ ...link, addresses: [] })),
      routes: [],
    });
    const [trail] = trailsOf(
      [
        { link: [carried("lan", "client/0", ["router/0"], 1, asks, flood)] },
        { machine: "router", frames: [seenBy(2, "in", 2, asks)] },
      ],
      renumbered,
    );
    expect(trail!.lost?.why).toEqual({ kind: "nobody-has", address: "10.0.0.1" });
  });
});

describe("a book of trails", () => {
  it("is given a frame again and adds where it arrived meanwhile", () => {
    const { picture, guests } = routed();
    const surroundings = surroundingsOf(picture, guests);
    const book = new TrailBook();
    const done = carried("lan", "client/0", ["router/0"], 1, echo("inner", 1));
    book.addFabric([{ ...done, to: done.to.map((one) => ({ ...one, at: null })) }], surroundings);
    expect(book.read(surroundings).trails.map(({ hops }) => hops.length)).toEqual([1]);
    book.addFabric([done], surroundings);
    const { trails } = book.read(surroundings);
    expect(trails.map(({ hops }) => hops.length)).toEqual([2]);
    expect(book.read(surroundings).trails[0]).toBe(trails[0]);
  });

  it("is bounded, shows the newest, and says how much it left out", () => {
    const { picture, guests } = routed();
    const surroundings = surroundingsOf(picture, guests);
    const book = new TrailBook();
    for (let round = 0; round < 10; round++) {
      const frames = Array.from({ length: 100 }, (_, at) =>
        carried("lan", "client/0", ["router/0"], round * 100 + at, echo("inner", round * 100 + at)),
      );
      book.addFabric(frames, surroundings);
    }
    const { trails, leftOut } = book.read(surroundings);
    expect(trails.length).toBeLessThanOrEqual(200);
    expect(trails.at(-1)!.summary).toContain("seq 999");
    expect(leftOut).toBe(10 * 36);
  });

  it("forgets what a machine saw in a life it has no more", () => {
    const { picture, guests } = routed();
    const surroundings = surroundingsOf(picture, guests);
    const book = new TrailBook();
    book.addGuest("client", [seenBy(2, "out", 0, echo("inner", 1), INITIAL)], surroundings);
    book.addFabric([carried("wan", "router/1", ["server/0"], 900, echo("outer", 2))], surroundings);
    book.forget("client");
    expect(book.read(surroundings).trails.map(({ summary }) => /seq \d/.exec(summary)![0])).toEqual(["seq 2"]);
    expect(START).toBeLessThan(surroundings.now);
  });
});
