import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/cli/bench/fuzz-network/virtual-clock.ts";
import { ETHERTYPE, ethernet, icmpEcho, ipv4, PROTOCOL } from "../../../src/network/codec/index.ts";
import { Fabric } from "../../../src/network/fabric/index.ts";
import { captureOf, openCapture, writeCapture } from "../../../src/network/pcapng/index.ts";
import type { CaptureReport, NetworkCounters } from "../../../src/network/reports.ts";

const EPOCH = 1_700_000_000_000;
const macOf = (machine: number): string => `02:00:00:00:00:0${machine}`;

function ping(source: number, destination: string): Uint8Array {
  const echo = icmpEcho({ id: 1, seq: 1, data: Uint8Array.of(1, 2, 3) });
  const payload = ipv4({ source: `10.0.0.${source}`, destination: "10.0.0.9", protocol: PROTOCOL.icmp, payload: echo });
  return ethernet({ destination, source: macOf(source), type: ETHERTYPE.ipv4, payload });
}

/** Three machines on a switch, two on a wire that loses everything; what they sent, as it was kept. */
function captured() {
  const fabric = new Fabric({ ...new VirtualClock(), epoch: EPOCH, seed: 1 });
  void fabric.declare({ trunk: { kind: "switch" }, lossy: { kind: "wire", loss: 1 } });
  const plug = (link: string, number: number) => {
    const port = fabric.port(link, { machine: `m${number}`, nic: 0, mac: macOf(number) });
    port.receive = () => {};
    return port;
  };
  const [first, second] = [plug("trunk", 1), plug("trunk", 2)];
  plug("trunk", 3);
  const far = plug("lossy", 4);
  plug("lossy", 5);
  const sent = [ping(1, macOf(2)), ping(2, macOf(1)), ping(4, macOf(5))];
  for (const [index, port] of [first, second, far].entries()) port.send({ bytes: sent[index]!, checksum: "whole" });
  const { frames } = fabric.probe("network.capture", {}) as CaptureReport;
  return { sent, frames, counters: fabric.probe("network.counters", {}) as NetworkCounters };
}

describe("what a fabric kept", () => {
  const { sent, frames, counters } = captured();

  it("is a capture with an interface for each link, whose frames say what was decided", () => {
    const made = captureOf(frames);
    expect(made.interfaces).toEqual([{ name: "trunk" }, { name: "lossy" }]);
    expect(made.frames.map(({ interface: number, comment }) => [number, comment])).toEqual([
      [0, "from m1/0; flood in VLAN 1: unknown; to m2/0, m3/0"],
      [0, `from m2/0; fdb: ${macOf(1)} in VLAN 1 at m1/0; to m1/0`],
      [1, "from m4/0; dropped: loss; to nobody"],
    ]);
  });

  it("is read back with its bytes and times", () => {
    const opened = openCapture(writeCapture(captureOf(frames, counters)));
    if ("error" in opened) throw new Error(opened.error);
    expect(opened.frames.map(({ bytes }) => bytes)).toEqual(sent);
    expect(opened.frames.map(({ at }) => at)).toEqual([EPOCH, EPOCH, EPOCH]);
  });

  it("counts what each link carried and dropped, where that is known", () => {
    expect(captureOf(frames, counters).interfaces).toEqual([
      { name: "trunk", description: "switch: m1/0, m2/0, m3/0", received: 2, dropped: 0 },
      { name: "lossy", description: "wire: m4/0, m5/0", received: 1, dropped: 1 },
    ]);
  });
});
