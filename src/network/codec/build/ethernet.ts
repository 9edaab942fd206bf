import { ETHERTYPE } from "../numbers.ts";
import { macBytes, Writer } from "./writer.ts";

/** Bytes of the shortest frame on a real wire, without its FCS (IEEE 802.3, 4.4.2). */
const SHORTEST = 60;

/** A tag of IEEE 802.1Q, 9.6. */
export interface VlanTag {
  /** VLAN, 0 to 4095. */
  readonly vid: number;
  /** PCP, 0 to 7. */
  readonly priority?: number;
  /** DEI. */
  readonly dropEligible?: boolean;
  /** A provider's tag (802.1ad): EtherType 0x88a8. */
  readonly provider?: boolean;
}

export interface EthernetFrame {
  readonly destination: string;
  readonly source: string;
  /** Outermost first. */
  readonly tags?: readonly VlanTag[];
  /** EtherType; left out, the frame has an IEEE 802.3 length, and the payload begins with LLC. */
  readonly type?: number;
  readonly payload: Uint8Array;
}

/** A frame without its FCS, as short as it is: links of the fabric pad nothing. */
export function ethernet({ destination, source, tags = [], type, payload }: EthernetFrame): Uint8Array {
  const writer = new Writer().bytes(macBytes(destination)).bytes(macBytes(source));
  for (const { vid, priority = 0, dropEligible = false, provider = false } of tags) {
    writer.word(provider ? ETHERTYPE.provider : ETHERTYPE.vlan);
    writer.word((priority << 13) | (dropEligible ? 0x1000 : 0) | vid);
  }
  return writer
    .word(type ?? payload.length)
    .bytes(payload)
    .done();
}

/** The frame with zeros behind it, as long as a real wire asks for. */
export const padded = (frame: Uint8Array): Uint8Array =>
  frame.length >= SHORTEST
    ? frame
    : new Writer()
        .bytes(frame)
        .zeros(SHORTEST - frame.length)
        .done();

/** What an IEEE 802.3 frame carries: LLC (802.2) with SNAP for a protocol that has an EtherType (RFC 1042). */
export const snap = (type: number, payload: Uint8Array): Uint8Array =>
  new Writer().byte(0xaa, 0xaa, 3, 0, 0, 0).word(type).bytes(payload).done();
