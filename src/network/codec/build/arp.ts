import { type Address, addressBytes, macBytes, Writer } from "./writer.ts";

export interface ArpPacket {
  readonly operation: "request" | "reply";
  readonly senderMac: string;
  readonly sender: Address;
  /** Of a request, what is asked for: zeros unless told. */
  readonly targetMac?: string;
  readonly target: Address;
}

/** ARP for IPv4 over Ethernet (RFC 826). */
export const arp = ({ operation, senderMac, sender, targetMac, target }: ArpPacket): Uint8Array =>
  new Writer()
    .word(1, 0x0800)
    .byte(6, 4)
    .word(operation === "request" ? 1 : 2)
    .bytes(macBytes(senderMac))
    .bytes(addressBytes(sender))
    .bytes(macBytes(targetMac ?? "00:00:00:00:00:00"))
    .bytes(addressBytes(target))
    .done();
