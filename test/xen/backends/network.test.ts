import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../src/network/link.ts";
import { makeGood } from "../../../src/network/offload.ts";
import { Lan } from "../../network/fabric/lan.ts";
import { content, pair, RX_RING, small, TX_RING, tcp } from "./network-frames.ts";
import { BACK, FRONT, NetworkFront, settle } from "./network-front.ts";

describe("the handshake", () => {
  it("offers offloads and split channels, and connects when the front says Connected", () => {
    const front = new NetworkFront(new Lan("hub"));
    const offered = ["feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload"];
    for (const key of [...offered, "feature-rx-copy", "feature-split-event-channels"]) {
      expect([key, front.store.read(`${BACK}/${key}`)]).toEqual([key, "1"]);
    }
    expect([front.backState, front.store.read(`${BACK}/feature-no-csum-offload`)]).toEqual(["2", "0"]);
    front.connect();
    expect(front.backState).toBe("4");
    expect(front.domain.bound).toBe(2);
    expect(front.backend.rings()).toEqual(
      [TX_RING, RX_RING].map((ring) => ({
        ring,
        design: "xen",
        device: "network",
        front: "domU",
        back: "host",
        connected: true,
      })),
    );
  });

  it("offers no offload where there is to be none", () => {
    const front = new NetworkFront(new Lan("hub"), {
      features: { offloads: false, splitChannels: false },
      split: false,
    });
    const read = (key: string) => front.store.read(`${BACK}/${key}`);
    expect(
      ["feature-sg", "feature-gso-tcpv4", "feature-no-csum-offload", "feature-split-event-channels"].map(read),
    ).toEqual(["0", "0", "1", "0"]);
    front.connect();
    expect([front.backState, front.domain.bound]).toEqual(["4", 1]);
  });

  it("gives everything back at the end, and begins anew", () => {
    const { a, b } = pair();
    a.state(5);
    a.state(6);
    expect([a.backState, a.domain.mapped, a.domain.bound]).toEqual(["6", 0, 0]);
    b.send(small(60));
    b.push();
    settle(a, b);
    a.state(1);
    expect(a.backState).toBe("2");
    a.connect();
    b.send(small(61));
    b.push();
    settle(a, b);
    expect(a.received.map(({ bytes }) => bytes.length)).toEqual([61]);
  });

  it.each<[string, string, string | undefined, string]>([
    ["no rx-copy", "request-rx-copy", undefined, "rx-copy"],
    ["a transmit ring that is not granted", "tx-ring-ref", "4444", "not granted"],
    ["a receive ring that is not granted", "rx-ring-ref", "4444", "not granted"],
    ["a channel that is not its own", "event-channel-rx", "99", "99"],
    ["no channel for the receive ring", "event-channel-rx", undefined, "event-channel-rx is missing"],
  ])("refuses %s with a reason in xenstore, and keeps nothing", (_, key, value, reason) => {
    const front = new NetworkFront(new Lan("hub"));
    front.connect();
    front.state(6);
    front.state(1);
    if (value === undefined) front.store.remove(`${FRONT}/${key}`);
    else front.store.write(`${FRONT}/${key}`, value);
    front.state(4);
    expect(front.backState).toBe("5");
    expect(front.store.read("/local/domain/0/error/backend/vif/1/0/error")).toContain(reason);
    expect([front.domain.mapped, front.domain.bound]).toEqual([0, 0]);
  });
});

describe("frames between two fronts", () => {
  it.each([
    ["a small one", small(60)],
    ["one of several fragments", small(1514)],
    ["one with a checksum to be completed", tcp(4, 1000)],
    ["a large TCPv4 segment", tcp(4, 65_000, 1448)],
    ["a large TCPv6 segment", tcp(6, 65_000, 1428)],
    ["the largest", tcp(4, 65_535 - 14 - 20 - 32, 1448)],
  ])("%s arrives as it was sent", (_, frame) => {
    const { a, b } = pair();
    expect(a.send(frame, frame.bytes.length > 60_000 ? 4096 : 700, frame.bytes.length > 60_000 ? 0 : 100)).toBe(true);
    a.push();
    settle(a, b);
    expect(content(b.received)).toEqual(content([frame]));
    expect([...a.sent.values()].flat().every((status) => status === 0)).toBe(true);
    expect(a.nulls).toBe(frame.segmentation ? 1 : 0);
    expect(a.backend.costs()).toMatchObject({ packets: { sent: 1, received: 0, dropped: 0 } });
    expect(b.backend.costs()).toMatchObject({
      packets: { sent: 0, received: 1, dropped: 0 },
      copied: frame.bytes.length,
    });
  });

  const keys = (...left: string[]) => {
    const all = { "feature-sg": 1, "feature-gso-tcpv4": 1, "feature-gso-tcpv6": 1, "feature-ipv6-csum-offload": 1 };
    return { "request-rx-copy": 1, ...Object.fromEntries(Object.entries(all).filter(([key]) => !left.includes(key))) };
  };
  it.each<[string, Record<string, number>, Frame, boolean]>([
    ["without segments of the family", keys("feature-gso-tcpv4"), tcp(4, 20_000, 1448), false],
    ["with segments of the other family only", keys("feature-gso-tcpv4"), tcp(6, 20_000, 1428), true],
    ["without scatter-gather", keys("feature-sg"), tcp(6, 20_000, 1428), false],
    ["without partial checksums", { ...keys(), "feature-no-csum-offload": 1 }, tcp(4, 100), false],
    ["without partial checksums of the other version", { ...keys(), "feature-no-csum-offload": 1 }, tcp(6, 100), true],
    ["without partial IPv6 checksums", keys("feature-ipv6-csum-offload"), tcp(6, 100), false],
  ])("reach a front %s in a form it takes", (_, features, frame, whole) => {
    const { a, b } = pair({ keys: features });
    a.send(frame);
    a.push();
    settle(a, b);
    expect(content(b.received)).toEqual(content(whole ? [frame] : makeGood(frame)));
  });

  it("wait for buffers, ask to be told of them, and are dropped where too many wait", () => {
    const { a, b } = pair({ buffers: 0 });
    const frames = Array.from({ length: 5 }, (_, mark) => small(100, mark));
    for (const frame of frames) a.send(frame);
    a.push();
    settle(a, b);
    expect(b.received.length).toBe(0);
    expect(b.backend.state("vif:other/0/rx")!.counters.full).toBe(1);
    b.post(3);
    settle(a, b);
    expect(content(b.received)).toEqual(content(frames));

    for (let round = 0; round < 60; round++) {
      for (let count = 0; count < 10; count++) a.send(small(60));
      a.push();
      a.domain.turnOver();
      a.interrupt();
    }
    expect(b.backend.costs().packets).toMatchObject({ received: 5, dropped: 600 - 512 });
  });

  it("into buffers that cannot be written are answered with errors, and the next one arrives", () => {
    const { a, b } = pair({ buffers: 0 });
    b.post(3);
    for (const [, entry] of [...b.domain.grants].slice(-3)) entry.writable = false;
    const big = tcp(4, 8000, 1448);
    a.send(big);
    a.push();
    settle(a, b);
    expect([b.errors, b.received]).toEqual([[-1, -1, -1], []]);
    expect(b.backend.costs().packets).toMatchObject({ received: 0, dropped: 1 });
    b.post(4);
    a.send(big);
    a.push();
    settle(a, b);
    expect(content(b.received)).toEqual(content([big]));
  });

  type Action =
    | { readonly do: "send"; readonly from: number; readonly frame: Frame; readonly piece: number }
    | { readonly do: "turn" | "interrupt" | "push" | "snapshot"; readonly who: number }
    | { readonly do: "pass"; readonly milliseconds: number }
    | {
        readonly do: "pace";
        readonly who: number;
        readonly latency: number;
        readonly batch: number;
        readonly stepping: boolean;
      }
    | { readonly do: "step"; readonly who: number; readonly ring: "tx" | "rx"; readonly by: "slot" | "notification" };
  const who = fc.nat(1);
  const frames: fc.Arbitrary<Frame> = fc.oneof(
    fc
      .tuple(fc.integer({ min: 14, max: 1514 }), fc.nat(255))
      .map(([length, mark]) => small(Math.max(14, length), mark)),
    fc.tuple(fc.constantFrom(4 as const, 6 as const), fc.nat(1400)).map(([version, payload]) => tcp(version, payload)),
    fc
      .tuple(fc.constantFrom(4 as const, 6 as const), fc.integer({ min: 2000, max: 20_000 }))
      .map(([version, payload]) => tcp(version, payload, 1400)),
  );
  const action: fc.Arbitrary<Action> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("send" as const),
        from: who,
        frame: frames,
        piece: fc.integer({ min: 1500, max: 4096 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("turn", "interrupt", "push"), who }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), milliseconds: fc.nat(20) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("pace" as const),
        who,
        latency: fc.nat(10),
        batch: fc.nat(3),
        stepping: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("step" as const),
        who,
        ring: fc.constantFrom("tx", "rx"),
        by: fc.constantFrom("slot", "notification"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("snapshot" as const), who }) },
  );

  it("all arrive once, in order and whole, whoever sleeps, is slow, or is saved and restored", () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 80, size: "max" }),
        fc.boolean(),
        fc.constantFrom(6, 64),
        (actions, split, buffers) => {
          const lan = new Lan("hub");
          const fronts = ["domU", "other"].map((name) => new NetworkFront(lan, { name, split, buffers }));
          for (const front of fronts) front.connect();
          const sent: Frame[][] = [[], []];
          for (const act of actions) {
            if (act.do === "send") {
              if (fronts[act.from]!.send(act.frame, act.piece)) sent[act.from]!.push(act.frame);
            } else if (act.do === "pass") for (const { domain } of fronts) domain.pass(act.milliseconds);
            else {
              const front = fronts[act.who]!;
              if (act.do === "pace") front.backend.pace(undefined, act);
              else if (act.do === "step") front.backend.step(`vif:${front.domain.name}/0/${act.ring}`, act.by);
              else if (act.do === "turn") front.domain.turnOver();
              else if (act.do === "interrupt") front.interrupt();
              else if (act.do === "push") front.push();
              else front.saveAndRestore();
            }
          }
          for (const front of fronts) {
            front.backend.pace(undefined, { latency: 0, batch: 0, stepping: false });
            front.push();
          }
          settle(...fronts);
          fronts.forEach((front, index) => {
            expect(content(front.received)).toEqual(content(sent[1 - index]!));
            expect([...front.sent.values()].every((statuses) => statuses.length === 1 && statuses[0] === 0)).toBe(true);
            expect(front.tx.free).toBe(256);
            expect(front.backend.costs().packets).toEqual({
              sent: sent[index]!.length,
              received: sent[1 - index]!.length,
              dropped: 0,
            });
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("what a probe reads", () => {
  it("names the slots of a packet: its head, the segment size, and the fragments", () => {
    const { a, b } = pair();
    a.backend.pace(TX_RING, { stepping: true });
    a.send(tcp(4, 9000, 1448));
    a.push();
    settle(a, b);
    const { slots, capacity, entryBytes } = a.backend.state(TX_RING)!;
    expect({ capacity, entryBytes }).toEqual({ capacity: 256, entryBytes: 12 });
    expect(slots.slice(0, 5).map(({ state, request }) => [state, request?.operation])).toEqual([
      ["requested", "send"],
      ["requested", "gso"],
      ["requested", "fragment"],
      ["requested", "fragment"],
      ["free", undefined],
    ]);
    expect(slots[0]!.request!.fields).toContainEqual({
      name: "flags",
      value: "csum_blank data_validated more_data extra_info",
    });
    expect(slots[1]!.request!.fields).toEqual([
      { name: "size", value: 1448 },
      { name: "type", value: "TCPv4" },
    ]);
    expect(slots[2]!.request!.pages[0]).toMatchObject({ bytes: 4096, writable: false, grant: "granted" });

    b.backend.pace("vif:other/0/rx", { stepping: true });
    a.backend.step(TX_RING, "notification");
    b.domain.turnOver();
    b.backend.step("vif:other/0/rx", "notification");
    const received = b.backend.state("vif:other/0/rx")!;
    expect(received.slots.slice(0, 5).map(({ state, response }) => [state, response?.operation])).toEqual([
      ["answered", "receive"],
      ["answered", "gso"],
      ["answered", "fragment"],
      ["answered", "fragment"],
      ["requested", undefined],
    ]);
    expect(received.counters).toMatchObject({ requests: 64, responses: 4, bytes: 9066, copied: 9066, grantsCopied: 3 });
  });
});
