import { onesSum } from "../../checksum.ts";
import { Writer } from "./writer.ts";

/** The payload of a UDP datagram to port 4789 (RFC 7348, 5). @param vni 24 bits */
export const vxlan = (vni: number, frame: Uint8Array): Uint8Array =>
  new Writer()
    .long(0x08000000, vni << 8)
    .bytes(frame)
    .done();

export interface GrePacket {
  /** EtherType of the payload. */
  readonly type: number;
  readonly checksum?: boolean;
  readonly key?: number;
  readonly sequence?: number;
  readonly payload: Uint8Array;
}

/** RFC 2784, 2.1 with the key and sequence number of RFC 2890, 2. */
export function gre({ type, checksum = false, key, sequence, payload }: GrePacket): Uint8Array {
  const flags = (checksum ? 0x8000 : 0) | (key === undefined ? 0 : 0x2000) | (sequence === undefined ? 0 : 0x1000);
  const writer = new Writer().word(flags, type);
  if (checksum) writer.long(0);
  if (key !== undefined) writer.long(key);
  if (sequence !== undefined) writer.long(sequence);
  writer.bytes(payload);
  if (checksum) writer.setWord(4, ~onesSum(writer.done(), 0, writer.length));
  return writer.done();
}
