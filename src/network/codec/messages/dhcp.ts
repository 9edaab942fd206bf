/** DHCP messages (RFC 2131) and their options (RFC 2132), as a server or a client reads them. */

import { word } from "../../headers.ts";
import { formatMac } from "../../mac.ts";
import { ipv4At } from "../address.ts";

/** Offsets in a message (RFC 2131, 2). */
export const DHCP_AT = {
  op: 0,
  xid: 4,
  secs: 8,
  flags: 10,
  client: 12,
  yours: 16,
  server: 20,
  relay: 24,
  hardware: 28,
  serverName: 44,
  file: 108,
  cookie: 236,
  options: 240,
} as const;

/** What options begin with (RFC 2131, 3). */
export const DHCP_COOKIE = 0x63825363;
export const DHCP_PAD = 0;
export const DHCP_END = 255;
/** Far more than a real message has. */
const MOST_OPTIONS = 256;

/** Option codes of RFC 2132. */
export const DHCP_OPTION = {
  mask: 1,
  router: 3,
  dns: 6,
  hostName: 12,
  domain: 15,
  mtu: 26,
  broadcast: 28,
  requested: 50,
  lease: 51,
  message: 53,
  server: 54,
  parameters: 55,
  renewal: 58,
  rebinding: 59,
  client: 61,
} as const;

/** Values of option 53 (RFC 2132, 9.6). */
export const DHCP_MESSAGE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export interface DhcpMessage {
  readonly op: "request" | "reply";
  readonly xid: number;
  readonly secs: number;
  /** The client cannot take unicasts before it is configured (RFC 2131, 4.1). */
  readonly broadcast: boolean;
  /** ciaddr, yiaddr, siaddr, giaddr: 32 bits each, 0 for none. */
  readonly client: number;
  readonly yours: number;
  readonly server: number;
  readonly relay: number;
  readonly mac: string;
  /** By code; one that is there several times is one, put together (RFC 3396). */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

/**
 * A message over Ethernet in `bytes[from, to)`, the payload of a UDP datagram.
 *
 * @returns undefined when it is not whole, or no DHCP
 */
export function readDhcp(bytes: Uint8Array, from = 0, to = bytes.length): DhcpMessage | undefined {
  const op = bytes[from]!;
  if (to - from < DHCP_AT.options || ipv4At(bytes, from + DHCP_AT.cookie) !== DHCP_COOKIE) return undefined;
  if ((op !== 1 && op !== 2) || bytes[from + 1] !== 1 || bytes[from + 2] !== 6) return undefined;
  const options = readOptions(bytes, from + DHCP_AT.options, to);
  return (
    options && {
      op: op === 1 ? "request" : "reply",
      xid: ipv4At(bytes, from + DHCP_AT.xid),
      secs: word(bytes, from + DHCP_AT.secs),
      broadcast: (bytes[from + DHCP_AT.flags]! & 0x80) !== 0,
      client: ipv4At(bytes, from + DHCP_AT.client),
      yours: ipv4At(bytes, from + DHCP_AT.yours),
      server: ipv4At(bytes, from + DHCP_AT.server),
      relay: ipv4At(bytes, from + DHCP_AT.relay),
      mac: formatMac(bytes.subarray(from + DHCP_AT.hardware, from + DHCP_AT.hardware + 6)),
      options,
    }
  );
}

function readOptions(bytes: Uint8Array, from: number, to: number): Map<number, Uint8Array> | undefined {
  const options = new Map<number, Uint8Array>();
  let count = 0;
  for (let at = from; at < to && bytes[at] !== DHCP_END; count++) {
    const code = bytes[at]!;
    if (code === DHCP_PAD) {
      at++;
      continue;
    }
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (at + 2 > to || end > to || count >= MOST_OPTIONS) return undefined;
    const before = options.get(code);
    const data = bytes.slice(at + 2, end);
    options.set(code, before ? Uint8Array.of(...before, ...data) : data);
    at = end;
  }
  return options;
}
