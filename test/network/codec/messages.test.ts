import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressOption,
  DHCP_MESSAGE,
  DHCP_OPTION,
  DNS_TYPE,
  dhcp,
  dns,
  messageType,
  readDhcp,
  readDnsQuery,
  readName,
  textOption,
} from "../../../src/network/codec/index.ts";

describe("a DHCP message", () => {
  const mac = "02:00:00:00:00:02";
  const options = [
    messageType(DHCP_MESSAGE.request),
    addressOption(DHCP_OPTION.requested, "10.0.0.9"),
    textOption(DHCP_OPTION.hostName, "domU"),
  ] as const;
  const bytes = dhcp({
    op: "request",
    xid: 0xfffffffe,
    secs: 3,
    broadcast: true,
    client: "10.0.0.9",
    relay: 0x0a0000fe,
    mac,
    options,
  });

  it("is read as it was written", () => {
    const { options: read, ...rest } = readDhcp(bytes)!;
    expect(rest).toEqual({
      op: "request",
      xid: 0xfffffffe,
      secs: 3,
      broadcast: true,
      client: 0x0a000009,
      yours: 0,
      server: 0,
      relay: 0x0a0000fe,
      mac,
    });
    expect([...read]).toEqual(options.map((option) => [...option]));
  });

  it("is as long as every client takes it, and longer when it must be", () => {
    expect(bytes).toHaveLength(300);
    const long: readonly [number, Uint8Array] = [43, Uint8Array.from({ length: 600 }, (_, index) => index)];
    expect(readDhcp(dhcp({ op: "reply", xid: 1, mac, options: [long] }))!.options.get(43)).toEqual(long[1]);
  });

  it("is none when it is cut, of other hardware, or has an option that does not fit", () => {
    // Between options it could be one whose sender wrote no end.
    const read = Array.from({ length: 256 }, (_, length) => length).filter((length) =>
      readDhcp(bytes.subarray(0, length)),
    );
    expect(read).toEqual([240, 243, 249, 255]);
    const wrong = (at: number, value: number) => {
      const changed = bytes.slice();
      changed[at] = value;
      return readDhcp(changed);
    };
    expect([wrong(0, 3), wrong(1, 6), wrong(2, 8), wrong(236, 0), wrong(241, 255)]).toEqual(Array(5).fill(undefined));
  });
});

describe("a DNS query", () => {
  const questions = [
    { name: "web.lab", type: DNS_TYPE.A, class: 1 },
    { name: "db.web.lab", type: DNS_TYPE.AAAA, class: 1 },
  ];

  it("is read as it was written, compressed names too", () => {
    const bytes = dns({ id: 7, flags: 0x0100, questions });
    expect(readDnsQuery(bytes)).toEqual({ id: 7, flags: 0x0100, questions });
    expect(bytes).toHaveLength(12 + 9 + 4 + 5 + 4);
  });

  it("is none when it is cut, or asks too much", () => {
    const bytes = dns({ id: 7, flags: 0, questions });
    fc.assert(fc.property(fc.nat(bytes.length - 1), (length) => readDnsQuery(bytes.subarray(0, length)) === undefined));
    expect(readDnsQuery(dns({ id: 7, flags: 0, questions: Array(17).fill(questions[0]) }))).toBeUndefined();
  });

  it("has names with bytes that are no letters", () => {
    const name = Uint8Array.of(3, 0x2e, 0x5c, 0x07, 1, 0x41, 0);
    expect(readName(name, 0, 0, name.length)).toEqual({ text: "\\.\\\\\\007.A", end: 7 });
    expect(readName(Uint8Array.of(0), 0, 0, 1)).toEqual({ text: ".", end: 1 });
  });

  it("cannot be asked for a name that cannot be sent", () => {
    for (const name of ["a..b", "x".repeat(64), Array(64).fill("abc").join(".")]) {
      expect(() => dns({ id: 1, flags: 0, questions: [{ name, type: 1, class: 1 }] })).toThrow("is no name");
    }
  });

  it("with names of the longest kind, each pointing to the one before, is read in no time that grows without bound", () => {
    // A chain of pointers, each to the one two bytes before it.
    const bytes = new Uint8Array(12 + 2000);
    for (let at = 14; at < bytes.length; at += 2) bytes.set([0xc0 | ((at - 2) >> 8), (at - 2) & 255], at);
    expect(readName(bytes, 0, 12 + 2 * 128, bytes.length)).toEqual({ text: ".", end: 14 + 2 * 127 + 2 });
    expect(readName(bytes, 0, 12 + 2 * 130, bytes.length)).toBeUndefined();
  });
});
