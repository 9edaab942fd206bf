import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/cli/bench/fuzz/random.ts";
import { captureTargets } from "../../../src/cli/bench/fuzz-network/captures.ts";
import { codecTargets } from "../../../src/cli/bench/fuzz-network/codec.ts";
import { soundHeaders, soundPacket } from "../../../src/cli/bench/fuzz-network/sound.ts";
import { decode, ETHERTYPE, gre, ipv4, ipv6, PROTOCOL } from "../../../src/network/codec/index.ts";

/** Cases of each target here; `bench fuzz-network` runs as many as one likes. */
const CASES = 2000;

describe.each([...codecTargets(), ...captureTargets()])("the target $name of bench fuzz-network", (target) => {
  it("finds nothing wrong", () => {
    const random = new Random(20);
    let wrong: string | undefined;
    for (let count = 0; count < CASES && wrong === undefined; count++) wrong = target.step(random);
    expect(wrong).toBeUndefined();
  });
});

describe("any bytes behind headers that ask for more", () => {
  const any = fc.uint8Array({ maxLength: 200, size: "max" });
  const addresses = { source: "10.0.0.2", destination: "10.0.0.3" };
  const sixes = { source: "fd00::2", destination: "fd00::3" };

  it.each(Object.entries(PROTOCOL))("are read without fail: %s", (_, protocol) => {
    fc.assert(
      fc.property(any, (payload) => {
        for (const [type, packet] of [
          [ETHERTYPE.ipv4, ipv4({ ...addresses, protocol, payload })],
          [ETHERTYPE.ipv6, ipv6({ ...sixes, protocol, payload })],
        ] as const) {
          const bytes = Uint8Array.from([...new Uint8Array(12), type >> 8, type & 255, ...packet]);
          const read = decode(bytes);
          expect(soundPacket(bytes, read) ?? soundHeaders(bytes, read)).toBeUndefined();
        }
      }),
    );
  });

  it("are read four tunnels deep, and no deeper", () => {
    fc.assert(
      fc.property(any, fc.integer({ min: 0, max: 8 }), (payload, depth) => {
        let inner: Uint8Array = payload;
        for (let level = 0; level < depth; level++) {
          const tunnel = gre({ type: ETHERTYPE.ipv4, payload: inner });
          inner = ipv4({ ...addresses, protocol: PROTOCOL.gre, payload: tunnel });
        }
        const bytes = Uint8Array.from([...new Uint8Array(12), 8, 0, ...inner]);
        const read = decode(bytes);
        expect(soundPacket(bytes, read)).toBeUndefined();
        expect(read.layers.filter(({ name }) => name === "gre").length).toBeGreaterThanOrEqual(Math.min(depth, 5));
      }),
    );
  });
});
