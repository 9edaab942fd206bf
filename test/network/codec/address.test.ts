import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAddress,
  formatIpv4,
  formatIpv6,
  formatPrefix,
  inPrefix,
  ipv4At,
  ipv4Bytes,
  maskOf,
  parseAddress,
  parseIpv4,
  parseIpv6,
  parsePrefix,
  prefixBounds,
} from "../../../src/network/codec/index.ts";

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Mostly zeros, so that there are runs of them. */
const sparse = fc
  .array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 })
  .map((bytes) => Uint8Array.from(bytes));
/** Text that is nearly an address. */
const nearly = fc.string({ unit: fc.constantFrom(..."0123456789abcdefF:.:."), maxLength: 24 });

describe("IPv4 addresses", () => {
  it("are numbers of 32 bits, and four bytes", () => {
    expect(parseIpv4("10.0.0.254")).toBe(0x0a0000fe);
    expect(parseIpv4("255.255.255.255")).toBe(0xffffffff);
    expect(formatIpv4(0xc0a80001)).toBe("192.168.0.1");
    expect(formatIpv4(-1)).toBe("255.255.255.255");
    expect(ipv4At(Uint8Array.of(9, 255, 0, 0, 1), 1)).toBe(0xff000001);
    expect([...ipv4Bytes(0xff000001)]).toEqual([255, 0, 0, 1]);
  });

  it("are read back as they were written, and other text is none: as Node says", () => {
    fc.assert(fc.property(fc.nat(0xffffffff), (address) => parseIpv4(formatIpv4(address)) === address));
    fc.assert(
      fc.property(nearly, (text) => (parseIpv4(text) !== undefined) === isIPv4(text)),
      { numRuns: 2000 },
    );
    expect(["", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.+4", "1.2.3.4 "].map(parseIpv4)).toEqual(
      Array(7).fill(undefined),
    );
  });
});

describe("IPv6 addresses", () => {
  it.each([
    // RFC 5952, 4.2.1 to 4.3 and 5
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8::0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0DB8:AAAA::0001", "2001:db8:aaaa::1"],
    ["::FFFF:192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    // RFC 4291, 2.2
    ["0:0:0:0:0:0:0:0", "::"],
    ["::1", "::1"],
    ["FF01::101", "ff01::101"],
    ["0:0:0:0:0:0:13.1.68.3", "::d01:4403"],
    ["1::", "1::"],
  ])("%s is written %s", (text, canonical) => {
    expect(formatIpv6(parseIpv6(text)!)).toBe(canonical);
  });

  it("are read back as they were written", () => {
    fc.assert(
      fc.property(fc.oneof(sixteen, sparse), (bytes) => {
        expect(parseIpv6(formatIpv6(bytes))).toEqual(bytes);
      }),
    );
  });

  it("are written as a browser writes them in a URL, but for mapped ones", () => {
    fc.assert(
      fc.property(fc.oneof(sixteen, sparse), (bytes) => {
        const text = formatIpv6(bytes);
        fc.pre(!text.includes("."));
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  it("are what Node takes for one, and nothing else", () => {
    fc.assert(
      fc.property(nearly, (text) => (parseIpv6(text) !== undefined) === isIPv6(text)),
      { numRuns: 5000 },
    );
    const none = [
      ":",
      ":::",
      "1:2",
      "1::2::3",
      "12345::",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8",
      "::1.2.3",
      "1.2.3.4::",
      "::1.2.3.4:1",
    ];
    expect(none.filter((text) => (parseIpv6(text) !== undefined) !== isIPv6(text))).toEqual([]);
  });
});

describe("prefixes", () => {
  it("have a mask and bounds", () => {
    const prefix = parsePrefix("10.1.2.3/22")!;
    const { first, last } = prefixBounds(prefix);
    expect([maskOf(prefix), first, last].map(formatAddress)).toEqual(["255.255.252.0", "10.1.0.0", "10.1.3.255"]);
    expect(formatPrefix(parsePrefix("FD00:0::1/64")!)).toBe("fd00::1/64");
  });

  it.each(["10.0.0.1", "10.0.0.1/33", "fd00::/129", "/8", "10.0.0.1/", "10.0.0.1/8/8", "10.0.0.1/-1"])(
    "%s is none",
    (text) => {
      expect(parsePrefix(text)).toBeUndefined();
    },
  );

  it("hold the addresses that begin with the same bits, and no other family's", () => {
    fc.assert(
      fc.property(
        fc.oneof(sixteen, fc.uint8Array({ minLength: 4, maxLength: 4 })),
        fc.nat(128),
        fc.nat(),
        (address, bits, other) => {
          const length = bits % (8 * address.length + 1);
          const digits = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
          const changed = address.slice();
          changed[other % address.length]! ^= 1 << (other % 8);
          const expected = digits(changed).slice(0, length) === digits(address).slice(0, length);
          expect(inPrefix({ address, length }, changed)).toBe(expected);
          expect(inPrefix({ address, length }, parseAddress(address.length === 4 ? "::" : "0.0.0.0")!)).toBe(false);
        },
      ),
    );
  });
});
