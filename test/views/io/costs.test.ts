import { describe, expect, it } from "vitest";
import type { DeviceCost } from "../../../src/probe/io/types.ts";
import { costsTable, modelName, sections, workOf } from "../../../src/views/io/costs/pictures.ts";
import {
  amountOf,
  type CostMachine,
  factorOf,
  linesOf,
  machinesOf,
  reasonsOf,
  scaleOf,
} from "../../../src/views/io/costs/rows.ts";
import { ioWords } from "../../../src/views/io/words/words.ts";
import { emulated, virtio, xen } from "./costs-data.ts";
import { flat } from "./flat.ts";

const machines: readonly CostMachine[] = [
  { name: "old", costs: emulated },
  { name: "vm", costs: virtio },
  { name: "domU", costs: xen },
  { name: "starting", costs: undefined },
];
const words = ioWords("en");
const [ne2k] = emulated.devices;
const idle = xen.devices.find(({ model }) => model === "xen-vbd")!;

describe("what I/O costs", () => {
  it("is counted for every device of every machine that was read", () => {
    expect(linesOf(machines).map(({ machine, model, name }) => `${machine} ${model} ${name}`)).toEqual([
      "old ne2k eth0",
      "old ide hda",
      "vm virtio-net eth0",
      "domU xen-vif eth0",
      "domU xen-vbd xvda",
    ]);
  });

  it("is divided by requests or by KB, or not at all", () => {
    expect(amountOf(ne2k, "exits", "request")).toBeCloseTo(123_810 / 200);
    expect(amountOf(ne2k, "exits", "kilobyte")).toBeCloseTo(123_810 / 200);
    expect(amountOf(ne2k, "interrupts", "total")).toBe(210);
  });

  it("is nothing yet, not zero, of a device that has done nothing", () => {
    expect(amountOf(idle, "exits", "request")).toBeUndefined();
    expect(amountOf(idle, "exits", "total")).toBe(0);
    expect(amountOf(undefined, "exits", "total")).toBeUndefined();
    expect(reasonsOf(idle, "request")).toEqual([]);
  });

  it("tells the exits by reason, the most frequent first, and they add up", () => {
    const reasons = reasonsOf(ne2k!, "total");
    expect(reasons.map(({ reason }) => reason)).toEqual(["port write", "port read", "interrupt"]);
    expect(reasons.reduce((sum, { amount }) => sum + amount, 0)).toBe(ne2k!.exitsTotal);
  });

  it("is drawn on one scale a quantity, both runs", () => {
    const lines = linesOf(machines.slice(1, 2), machines.slice(0, 1));
    expect(scaleOf(lines, "interrupts", "request")).toBe(10);
    expect(scaleOf([], "exits", "total")).toBe(0);
  });
});

describe("two runs", () => {
  const kept = [
    {
      name: "depth 1",
      at: 0,
      machines: [{ name: "vm", costs: { devices: [{ ...virtio.devices[0]!, notifications: 122 }] } }],
    },
  ];

  it("are set beside each other device by device, those of only one, too", () => {
    const lines = linesOf(machines, kept[0]!.machines);
    expect(lines.map(({ machine, device, beside }) => [machine, device !== undefined, beside !== undefined])).toEqual([
      ["old", true, false],
      ["old", true, false],
      ["vm", true, true],
      ["domU", true, false],
      ["domU", true, false],
    ]);
    expect(factorOf(lines[2]!, "notifications", "request")).toBe(0.5);
    expect(factorOf(lines[0]!, "notifications", "request")).toBeUndefined();
  });

  it("are chosen by name, and a run that was forgotten is none", () => {
    expect(machinesOf("now", machines, kept)).toBe(machines);
    expect(machinesOf("run depth 1", machines, kept)).toBe(kept[0]!.machines);
    expect(machinesOf("run depth 2", machines, kept)).toBeUndefined();
    expect(machinesOf("none", machines, [{ ...kept[0]!, name: "none" }])).toBeUndefined();
  });
});

describe("what a device has done", () => {
  it("is told in its own measure, with the packets that were lost", () => {
    const told = (device: DeviceCost) => workOf(device, words).replace(/\u202f/g, " ");
    expect(told(ne2k!)).toBe("100 packets sent, 100 received");
    expect(told({ ...ne2k!, packets: { sent: 4, received: 2000, dropped: 3 } })).toBe(
      "4 packets sent, 2 000 received · 3 dropped on their way in",
    );
    expect(told(emulated.devices[1]!)).toBe("512 sectors read, 128 written");
  });
});

describe("the picture of costs", () => {
  const picture = {
    lines: linesOf(machines),
    per: "request" as const,
    runs: ["now", undefined] as const,
    words,
    party: (name: string) => name as never,
    colourOf: () => "",
  };

  it("says of each bar what it stands for, and of an idle device that it is", () => {
    const text = flat(sections(picture));
    expect(text).toContain('<span class="amount">619</span>');
    expect(text).toContain("port write <b>312</b>");
    expect(text.match(/not used yet/g)).toHaveLength(4);
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it("has the registers of emulated devices in its table", () => {
    const text = flat(costsTable(picture));
    expect(text).toContain("remote DMA data");
    expect(text).toContain("51\u202f200");
  });

  it("names every model the probes know, and others as they are", () => {
    expect(["ne2k", "virtio-blk", "e1000"].map((model) => modelName(model, words))).toEqual([
      "NE2000, emulated",
      "virtio-blk",
      "e1000",
    ]);
  });
});
