import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Address, readAddress, writeAddress } from "../../src/app/address.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const addresses: fc.Arbitrary<Address> = fc.record({
  route: fc.oneof(
    fc.constant({ page: "catalogue" } as const),
    fc.record({
      page: fc.constant("lab" as const),
      lab: fc.oneof(word, fc.webUrl({ withQueryParameters: true })),
      step: optional(word),
      seed: optional(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    }),
    fc.record({ page: fc.constant("machine" as const), machine: fc.constant("box~linux~64~020000000001~nft.disk") }),
  ),
  language: fc.constantFrom("en" as const, "zh" as const, undefined),
  theme: fc.constantFrom("auto" as const, "light" as const, "dark" as const, undefined),
  embed: fc.boolean(),
});

describe("an address", () => {
  it("opens again what it was written for", () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(readAddress(writeAddress(address))).toEqual(address);
      }),
    );
  });

  it("of any text is read without complaint", () => {
    fc.assert(
      fc.property(fc.string(), (text) => ["catalogue", "lab", "machine"].includes(readAddress(text).route.page)),
    );
  });

  it("keeps the address of a lab elsewhere readable", () => {
    const route = { page: "lab", lab: "https://example.org/labs/x/lab.yaml", step: "watch", seed: 7 } as const;
    const written = writeAddress({ route, language: undefined, theme: undefined, embed: true });
    expect(written).toBe("?lab=https://example.org/labs/x/lab.yaml&step=watch&seed=7&embed");
  });

  it("ignores a seed that is no 32-bit number, a language and a theme that do not exist", () => {
    const read = readAddress("?lab=x&seed=4294967296&lang=fr&theme=pink");
    expect(read).toEqual({
      route: { page: "lab", lab: "x", step: undefined, seed: undefined },
      language: undefined,
      theme: undefined,
      embed: false,
    });
  });
});
