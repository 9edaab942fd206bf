import { describe, expect, it } from "vitest";
import { EventTrace } from "../../../src/machine/observe/event-trace.ts";
import { PortCounts } from "../../../src/machine/observe/port-counts.ts";
import { ataRegister, ne2000Register, virtioRegister } from "../../../src/machine/observe/registers.ts";

describe("the trace of a machine's devices", () => {
  const details = (trace: EventTrace, from = 0, count = 5000) =>
    trace.read(from, count).events.map(({ detail }) => detail);

  it("gives events in order from any number on, and says how many are gone", () => {
    const trace = new EventTrace("vm", () => 7);
    for (let event = 0; event < 20_000; event++) trace.add("notify", "r", `${event}`);
    const first = trace.read(0, 10);
    expect(first.dropped).toBe(first.events[0]!.number);
    expect(first.events[0]).toEqual({
      ...{ number: first.dropped, at: 7, machine: "vm", kind: "notify", ring: "r", detail: `${first.dropped}` },
    });
    expect(first.next).toBe(first.dropped + 10);
    expect(trace.read(first.next, 1).events[0]!.number).toBe(first.next);
    expect(trace.read(20_000, 10)).toEqual({ events: [], next: 20_000, dropped: 0 });
    expect(trace.read(99_999, 10)).toEqual({ events: [], next: 20_000, dropped: 0 });
  });

  it("counts accesses to one port in one event, but never changes one that was given", () => {
    const trace = new EventTrace("vm", () => 0);
    const access = (port: string) => trace.access("port-read", port, 0x57);
    access("unheard");
    trace.read(0, 1);
    for (let count = 0; count < 3; count++) access("data");
    access("ISR");
    expect(details(trace)).toEqual(["data, 3 times", "ISR: 0x57"]);
    access("ISR");
    expect(details(trace)).toEqual(["data, 3 times", "ISR: 0x57", "ISR: 0x57"]);
  });

  it("does not trace accesses any more when nobody has read it for long", () => {
    let now = 0;
    const trace = new EventTrace("vm", () => now);
    trace.read(0, 1);
    now = 20_000;
    for (let count = 0; count < 3; count++) trace.access("port-write", "CR", count);
    expect(details(trace).length).toBeLessThanOrEqual(1);
  });
});

describe("port counts", () => {
  it("tell registers of one port apart by page and direction", () => {
    let page = 0;
    const counts = new PortCounts(
      ne2000Register,
      (offset) => `0x${offset.toString(16)}`,
      () => page,
    );
    counts.count(7, 1, false, 0);
    counts.count(7, 1, true, 0);
    counts.count(1, 1, true, 0);
    counts.count(1, 1, false, 0);
    page = 1;
    counts.count(7, 1, true, 0);
    counts.count(0x10, 2, false, 0);
    expect(counts.list()).toEqual([
      { port: "0x1", name: "CLDA0", reads: 1, writes: 0 },
      { port: "0x1", name: "PSTART", reads: 0, writes: 1 },
      { port: "0x7", name: "ISR", reads: 1, writes: 1 },
      { port: "0x7", name: "CURR", reads: 0, writes: 1 },
      { port: "0x10", name: "data (remote DMA)", reads: 1, writes: 0 },
    ]);
    expect([counts.reads, counts.writes]).toEqual([3, 3]);
    counts.reset();
    expect([counts.list(), counts.reads]).toEqual([[], 0]);
  });

  it("have the manuals' names", () => {
    expect([ataRegister(1, 0, false), ataRegister(1, 0, true), ataRegister(7, 0, true)]).toEqual([
      ...["error", "features", "command"],
    ]);
    const common = virtioRegister(0);
    expect([common(0, 0, true), common(22, 0, true), common(36, 0, true)]).toEqual([
      ...["device_feature_select", "queue_select", "queue_desc"],
    ]);
  });
});
