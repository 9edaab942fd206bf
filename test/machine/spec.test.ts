import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type DiskSpec,
  machineSpec,
  type NicSpec,
  SpecError,
  specFromAddress,
  specToAddress,
} from "../../src/machine/spec.ts";
import { formatMac, parseMac, stableMac } from "../../src/network/mac.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
const machineName = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,31}$/);
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => formatMac(bytes.map((b, i) => (i ? b : b & 0xfe))));
const link = fc.option(fc.stringMatching(/^[a-z][a-z0-9-]{0,47}$/), { nil: undefined });
const vlan = fc.integer({ min: 1, max: 4094 });
const vlans = fc.uniqueArray(vlan, { minLength: 1, maxLength: 64 });
const ofVlans = fc.oneof(fc.constant({}), fc.record({ vlan }), fc.record({ vlans }));
const nic = (model: NicSpec["model"]) =>
  fc
    .tuple(fc.record({ mac, model: fc.constant(model), link }), ofVlans)
    .map(([given, more]) => JSON.parse(JSON.stringify({ ...given, ...more })) as NicSpec);
const backend = fc.option(machineName, { nil: undefined });
const xenNic = fc
  .record({ mac, model: fc.constant("xen" as const), link, backend })
  .map((given) => JSON.parse(JSON.stringify(given)) as NicSpec);
const disk = fc
  .oneof(
    fc.record({
      name: fc.constantFrom("vda", "vdb"),
      size: fc.integer({ min: 1, max: 64 }),
      model: fc.constant("virtio"),
    }),
    fc.record({ name: fc.constant("sda"), size: fc.integer({ min: 1, max: 64 }), model: fc.constant("ide") }),
    fc.record({ name: fc.constant("xvda"), size: fc.integer({ min: 1, max: 64 }), model: fc.constant("xen"), backend }),
    fc.record({
      name: fc.constant("xvdb"),
      size: fc.integer({ min: 1, max: 64 }),
      model: fc.constant("xen"),
      backend: machineName,
      source: fc.constantFrom("/dev/vda", "/srv/disks/one"),
    }),
  )
  .map((given) => JSON.parse(JSON.stringify(given)) as DiskSpec);
const spec = fc
  .record({
    name: machineName,
    image: name,
    memory: fc.integer({ min: 32, max: 512 }),
    nics: fc
      .tuple(fc.array(nic("ne2k"), { maxLength: 1 }), fc.array(fc.oneof(nic("virtio"), xenNic), { maxLength: 3 }))
      .map(([one, more]) => [...one, ...more]),
    disks: fc.uniqueArray(disk, { maxLength: 4, selector: ({ name }) => name }),
    layers: fc.uniqueArray(name, { maxLength: 4 }),
    options: fc.array(fc.constantFrom("mode=shadow", "verify=1", "--", "psepages", "weight0=65535"), { maxLength: 5 }),
  })
  .map(machineSpec);

describe("a machine's address", () => {
  it("gives every spec back as it was", () => {
    fc.assert(
      fc.property(spec, (given) => {
        expect(specFromAddress(specToAddress(given))).toEqual(given);
      }),
    );
  });

  it("needs no escaping in a URL", () => {
    fc.assert(
      fc.property(spec, (given) => {
        expect(encodeURIComponent(specToAddress(given))).toBe(specToAddress(given));
      }),
    );
  });

  it("is refused with a SpecError, whatever else it holds", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(machineSpec(specFromAddress(text))).toBeTruthy();
        } catch (error) {
          expect(error).toBeInstanceOf(SpecError);
        }
      }),
    );
  });

  it.each([
    ["alpha~linux~7", "memory is 32 to 512 MiB"],
    ["dom 0~linux", "a name is a letter"],
    ["alpha~linux~64~ffffffffffff", "not a unicast MAC address"],
    ["alpha~linux~64~020000000001*ne2k.020000000002*ne2k", "2 cards of model ne2k were asked for; there may be one"],
    [`alpha~linux~64~${Array(5).fill("020000000001").join(".")}`, "5 network cards were asked for; there may be 4"],
    ["alpha~linux~64~020000000001**lan**4095", "a VLAN id is 1 to 4094, not 4095"],
    ["alpha~linux~64~020000000001**lan**7*8", "on an access port or on a trunk, not on both"],
    ["alpha", "expected name~image~memory~nics~layers"],
  ])("%s is refused, saying why", (text, why) => {
    expect(() => specFromAddress(text)).toThrow(why);
  });
});

describe("stable MAC addresses", () => {
  it("are unicast, locally administered, and the same for the same seed, machine and card", () => {
    fc.assert(
      fc.property(fc.integer(), name, fc.nat(7), (seed, machine, card) => {
        const address = stableMac(seed, machine, card);
        expect(address).toBe(stableMac(seed, machine, card));
        expect(parseMac(address)![0]! & 3).toBe(2);
      }),
    );
  });

  it("differ between machines, cards and seeds", () => {
    const all = [1, 2, 3].flatMap((seed) =>
      ["a", "b", "dom0"].flatMap((machine) => [0, 1].map((card) => stableMac(seed, machine, card))),
    );
    expect(new Set(all).size).toBe(all.length);
  });
});
