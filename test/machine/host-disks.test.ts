import { describe, expect, it } from "vitest";
import { HostDisks } from "../../src/machine/hosting/disks.ts";
import { machineSpec } from "../../src/machine/spec.ts";

const spec = machineSpec({ name: "vm", image: "linux", disks: [{ name: "vda", size: 1, model: "virtio" }] });

function sector(disks: HostDisks): Uint8Array {
  const bytes = new Uint8Array(512);
  disks.of(spec).get("vda")!.read(7, bytes);
  return bytes;
}

describe("the disks of a host's machines", () => {
  it("last over a restart of their machine, until they are given up", () => {
    const disks = new HostDisks();
    const written = new Uint8Array(512).fill(0x52);
    disks.of(spec).get("vda")!.write(7, written);
    expect(sector(disks)).toEqual(written);
    expect(disks.untouched("vm")).toBe(false);
    disks.empty("vm");
    expect(sector(disks)).toEqual(new Uint8Array(512));
    expect(disks.untouched("vm")).toBe(true);
  });
});
