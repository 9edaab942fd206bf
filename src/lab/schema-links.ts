import * as v from "valibot";
import { id, LIMITS, map, wholeFrom } from "./schema-parts.ts";

/** Links as an author writes them; what their words mean is in the header of schema.ts. */

const time = v.pipe(
  v.string("a time, as 2ms"),
  v.regex(/^\d{1,4}(?:\.\d{1,3})?(?:us|ms|s)$/, "a time such as 500us, 2ms or 1s"),
  v.check((written) => milliseconds(written) <= 10_000, "a time of at most 10s"),
);

const rate = v.pipe(
  v.string("a rate, as 10mbit"),
  v.regex(/^\d{1,4}(?:\.\d{1,3})?[kmg]?bit$/, "bits a second, such as 256kbit, 10mbit or 1gbit"),
  v.check((written) => bitsPerSecond(written) >= 1000, "at least 1kbit"),
);

/** A number of a dotted address, and four of them. */
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const DOTTED = `${OCTET}(?:\\.${OCTET}){3}`;

const address = v.pipe(v.string("an IPv4 address"), v.regex(new RegExp(`^${DOTTED}$`), "an IPv4 address, as 10.0.0.1"));

const PREFIX = "an IPv4 address and its prefix, as 10.0.0.254/24";
const prefixed = v.pipe(
  v.string(PREFIX),
  v.regex(new RegExp(`^${DOTTED}/(?:[89]|[12]\\d|30)$`), `${PREFIX}, of 8 to 30 bits`),
);

const nat = map(
  {
    link: id,
    address: prefixed,
    kind: v.picklist(["full-cone", "symmetric"], "full-cone or symmetric"),
    hairpin: v.optional(v.boolean("true or false")),
  },
  "a translation: { link, address, kind, hairpin }",
);

const gateway = map(
  {
    address: prefixed,
    dhcp: v.optional(map({ from: address, to: address }, "a range of addresses: { from, to }")),
    names: v.optional(
      v.pipe(
        v.record(
          v.pipe(
            v.string(),
            v.regex(/^(?=.{1,253}$)[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62})*$/, "a host name as a key"),
          ),
          address,
          "a map from host names to addresses",
        ),
        v.maxEntries(64, "at most 64 names"),
      ),
    ),
    nat: v.optional(nat),
  },
  "a gateway: { address, dhcp, names, nat }",
);

const link = map(
  {
    kind: v.picklist(["switch", "hub", "wire"], "switch, hub or wire"),
    latency: v.optional(time),
    jitter: v.optional(time),
    loss: v.optional(v.pipe(v.number("a share"), v.minValue(0, "a share from 0"), v.maxValue(1, "a share up to 1"))),
    rate: v.optional(rate),
    queue: v.optional(wholeFrom("a number of frames", 1, 4096)),
    mtu: v.optional(wholeFrom("a number of bytes", 68, 9000)),
    cut: v.optional(v.boolean("true or false")),
    mirror: v.optional(
      v.pipe(
        v.string("an end: <machine>/<card>"),
        v.regex(/^[a-zA-Z][a-zA-Z0-9-]{0,31}\/[0-3]$/, "an end of the link: <machine>/<card>, as dom0/1"),
      ),
    ),
    gateway: v.optional(gateway),
  },
  "a link: { kind, latency, jitter, loss, rate, queue, mtu, cut, mirror, gateway }",
);

export const links = v.pipe(v.record(id, link, "a map of links"), v.maxEntries(LIMITS.machines, "at most 16 links"));

const vlanId = wholeFrom("a VLAN id", 1, 4094);
/** Of a card on a switch: an access port's VLAN; a trunk's. */
export const vlan = v.optional(vlanId);
export const vlans = v.optional(
  v.pipe(
    v.array(vlanId, "a list of VLAN ids"),
    v.minLength(1, "at least one VLAN id"),
    v.maxLength(64, "at most 64 VLAN ids"),
  ),
);

/** @param written as the format has addresses. @returns 32 bits, unsigned */
export const addressNumber = (written: string): number =>
  written.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);

/** @param written as the format has times */
export function milliseconds(written: string): number {
  const unit = { us: 0.001, ms: 1, s: 1000 }[written.replace(/^[\d.]+/, "") as "us" | "ms" | "s"];
  return Number.parseFloat(written) * unit;
}

/** @param written as the format has rates */
export function bitsPerSecond(written: string): number {
  const unit = { "": 1, k: 1e3, m: 1e6, g: 1e9 }[written.replace(/^[\d.]+|bit$/g, "") as "" | "k" | "m" | "g"];
  return Number.parseFloat(written) * unit;
}
