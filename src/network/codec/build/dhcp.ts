import { DHCP_COOKIE, DHCP_END, DHCP_OPTION } from "../messages/dhcp.ts";
import { type Address, addressBytes, asciiBytes, macBytes, Writer } from "./writer.ts";

/** Bytes of the shortest message relays and clients must take (BOOTP's, RFC 1542, 2.1). */
const SHORTEST = 300;
const LONGEST_OPTION = 255;

export interface DhcpFields {
  readonly op: "request" | "reply";
  readonly xid: number;
  readonly secs?: number;
  readonly broadcast?: boolean;
  /** ciaddr, yiaddr, siaddr, giaddr; 0.0.0.0 unless told. */
  readonly client?: Address;
  readonly yours?: Address;
  readonly server?: Address;
  readonly relay?: Address;
  readonly mac: string;
  /** Code and value, in this order; one of more than 255 bytes is written in parts (RFC 3396). */
  readonly options: Iterable<readonly [code: number, value: Uint8Array]>;
}

/** A message for UDP (RFC 2131, 2), filled up to the shortest every client takes. */
export function dhcp(message: DhcpFields): Uint8Array {
  const writer = new Writer()
    .byte(message.op === "request" ? 1 : 2, 1, 6, 0)
    .long(message.xid)
    .word(message.secs ?? 0, message.broadcast ? 0x8000 : 0);
  for (const address of [message.client, message.yours, message.server, message.relay]) {
    writer.bytes(addressBytes(address ?? 0));
  }
  writer
    .bytes(macBytes(message.mac))
    .zeros(10 + 64 + 128)
    .long(DHCP_COOKIE);
  for (const [code, value] of message.options) {
    for (let at = 0; at === 0 || at < value.length; at += LONGEST_OPTION) {
      const part = value.subarray(at, at + LONGEST_OPTION);
      writer.byte(code, part.length).bytes(part);
    }
  }
  writer.byte(DHCP_END);
  return writer.zeros(Math.max(0, SHORTEST - writer.length)).done();
}

type Option = readonly [code: number, value: Uint8Array];

/** Option 53, one of DHCP_MESSAGE. */
export const messageType = (type: number): Option => [DHCP_OPTION.message, Uint8Array.of(type)];

export const addressOption = (code: number, ...addresses: readonly Address[]): Option => {
  const writer = new Writer();
  for (const address of addresses) writer.bytes(addressBytes(address));
  return [code, writer.done()];
};

export const secondsOption = (code: number, seconds: number): Option => [code, new Writer().long(seconds).done()];

export const textOption = (code: number, text: string): Option => [code, asciiBytes(text)];
