import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Arrival, ModelLink } from "../../../src/cli/bench/fuzz-network/fabric/model.ts";
import type { LinkSpec } from "../../../src/network/link-spec.ts";
import { Lan } from "./lan.ts";

const VLANS = [1, 5, 4094];
const vlan = fc.constantFrom(...VLANS);
const port = fc.record({ vlan, vlans: fc.uniqueArray(vlan) }, { requiredKeys: [] });

const address = fc.oneof(
  { weight: 6, arbitrary: fc.nat(4).map((host) => [2, 0, 0, 0, 0, host]) },
  { weight: 1, arbitrary: fc.constant([255, 255, 255, 255, 255, 255]) },
  { weight: 1, arbitrary: fc.nat(17).map((last) => [1, 0x80, 0xc2, 0, 0, last]) },
);
const tag = fc
  .record({ type: fc.constantFrom(0x8100, 0x88a8), priority: fc.nat(15), vid: fc.constantFrom(0, ...VLANS, 4095) })
  .map(({ type, priority, vid }) => [type >> 8, type & 255, (priority << 4) | (vid >> 8), vid & 255]);
const content = fc.tuple(fc.constant([0x88, 0xb5]), fc.array(fc.nat(255), { maxLength: 40 }));
const made = fc
  .tuple(address, address, fc.array(tag, { maxLength: 3 }), content)
  .map(([to, from, tags, [type, rest]]) => Uint8Array.from([...to, ...from, ...tags.flat(), ...type, ...rest]));
const bytes = fc.oneof({ weight: 8, arbitrary: made }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) });
const send = fc.record({ from: fc.nat(3), bytes, pass: fc.constantFrom(0, 0, 0, 1000, 299_999) });

describe("a link and its model", () => {
  it.each<LinkSpec["kind"]>(["switch", "hub"])(
    "of a %s send every frame to the same ends, in the same form",
    (kind) => {
      fc.assert(
        fc.property(
          fc.array(port, { minLength: 2, maxLength: 4 }),
          fc.array(send, { maxLength: 40 }),
          (ports, sends) => {
            const lan = new Lan(kind);
            const model = new ModelLink(kind, 1500);
            let got: Arrival[] = [];
            const ends = ports.map((spec, index) => {
              const end = lan.port(`m${index}`, spec);
              model.plug({ name: `m${index}/0`, ...spec });
              end.receive = (frame) => got.push({ to: `m${index}/0`, bytes: frame.bytes });
              return end;
            });
            for (const { from, bytes: sent, pass } of sends) {
              got = [];
              const which = from % ends.length;
              ends[which]!.send({ bytes: sent, checksum: "whole" });
              const byName = (one: Arrival, other: Arrival) => (one.to < other.to ? -1 : 1);
              expect(got.sort(byName)).toEqual(model.send(`m${which}/0`, sent, lan.clock.now()).sort(byName));
              lan.clock.pass(pass);
            }
          },
        ),
        { numRuns: 400 },
      );
    },
  );
});
