/** Options of DHCP, and how each is printed (RFC 2132; classless routes: RFC 3442; domain search: RFC 3397). */

import { word } from "../../../headers.ts";
import { ipv4At } from "../../address.ts";
import { readName } from "../../messages/dns.ts";
import { named } from "../../numbers.ts";
import { hexText, ipv4Text, macText } from "../texts.ts";

/** @param from first byte of the value  @returns undefined where the bytes cannot be that */
type Show = (bytes: Uint8Array, from: number, to: number) => string | undefined;

const MESSAGES = {
  1: "Discover",
  2: "Offer",
  3: "Request",
  4: "Decline",
  5: "ACK",
  6: "NAK",
  7: "Release",
  8: "Inform",
};

const byte: Show = (bytes, from, to) => (to - from === 1 ? String(bytes[from]) : undefined);
const half: Show = (bytes, from, to) => (to - from === 2 ? String(word(bytes, from)) : undefined);
const number: Show = (bytes, from, to) => (to - from === 4 ? String(ipv4At(bytes, from)) : undefined);
const flag: Show = (bytes, from, to) => (to - from === 1 ? (bytes[from] ? "yes" : "no") : undefined);

const seconds: Show = (bytes, from, to) => {
  const count = number(bytes, from, to);
  return count === "4294967295" ? "for ever" : count && `${count} s`;
};

const addresses: Show = (bytes, from, to) => {
  if (to === from || (to - from) % 4 !== 0) return undefined;
  return Array.from({ length: (to - from) / 4 }, (_, index) => ipv4Text(bytes, from + 4 * index)).join(" ");
};

/** Printable ASCII as it is, a NUL at the end not at all. */
const text: Show = (bytes, from, to) => {
  const end = to > from && bytes[to - 1] === 0 ? to - 1 : to;
  const codes = [...bytes.subarray(from, end)];
  return codes.every((code) => code >= 0x20 && code < 0x7f) ? String.fromCharCode(...codes) : undefined;
};

const message: Show = (bytes, from, to) => (to - from === 1 ? named(MESSAGES, bytes[from]!) : undefined);

const parameters: Show = (bytes, from, to) =>
  Array.from(bytes.subarray(from, to), (code) => dhcpOptionName(code)).join(", ");

/** A hardware type and an address, or a name (RFC 2132, 9.14). */
const client: Show = (bytes, from, to) => (to - from === 7 && bytes[from] === 1 ? macText(bytes, from + 1) : undefined);

/** Prefix length, the bytes of the destination that it covers, router (RFC 3442). */
const routes: Show = (bytes, from, to) => {
  const found: string[] = [];
  for (let at = from; at < to; ) {
    const length = bytes[at]!;
    const significant = Math.ceil(length / 8);
    const next = at + 1 + significant + 4;
    if (length > 32 || next > to) return undefined;
    const destination = Array.from({ length: 4 }, (_, index) => (index < significant ? bytes[at + 1 + index]! : 0));
    found.push(`${destination.join(".")}/${length} via ${ipv4Text(bytes, at + 1 + significant)}`);
    at = next;
  }
  return found.join(", ");
};

/** Names one after the other, whose pointers count from the first byte of the value. */
const search: Show = (bytes, from, to) => {
  const value = bytes.subarray(from, to);
  const names: string[] = [];
  for (let at = 0; at < value.length; ) {
    const name = readName(value, 0, at, value.length, 0);
    if (!name) return undefined;
    names.push(name.text);
    at = name.end;
  }
  return names.join(" ");
};

const OPTIONS: Readonly<Record<number, readonly [name: string, show: Show]>> = {
  1: ["Subnet mask", addresses],
  2: ["Time offset", number],
  3: ["Router", addresses],
  4: ["Time server", addresses],
  6: ["DNS server", addresses],
  7: ["Log server", addresses],
  12: ["Host name", text],
  15: ["Domain name", text],
  17: ["Root path", text],
  19: ["IP forwarding", flag],
  23: ["Default TTL", byte],
  26: ["Interface MTU", half],
  28: ["Broadcast address", addresses],
  33: ["Static route", addresses],
  42: ["NTP server", addresses],
  43: ["Vendor-specific information", () => undefined],
  50: ["Requested IP address", addresses],
  51: ["Lease time", seconds],
  52: ["Option overload", byte],
  53: ["Message type", message],
  54: ["Server identifier", addresses],
  55: ["Parameter request list", parameters],
  56: ["Message", text],
  57: ["Maximum message size", half],
  58: ["Renewal time", seconds],
  59: ["Rebinding time", seconds],
  60: ["Vendor class", text],
  61: ["Client identifier", client],
  66: ["TFTP server", text],
  67: ["Boot file", text],
  81: ["Client FQDN", () => undefined],
  82: ["Relay agent information", () => undefined],
  119: ["Domain search", search],
  121: ["Classless static route", routes],
};

export const dhcpOptionName = (code: number): string => OPTIONS[code]?.[0] ?? String(code);

/** The value in `bytes[from, to)` as its option has it, or as hexadecimal digits. */
export const dhcpOptionText = (code: number, bytes: Uint8Array, from: number, to: number): string =>
  OPTIONS[code]?.[1](bytes, from, to) ?? hexText(to - from)(bytes, from);
