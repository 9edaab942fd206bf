import type { Packet } from "../packet.ts";
import { ethernet } from "./ethernet.ts";
import { Reading } from "./reading.ts";

/**
 * Reads an Ethernet frame without its FCS, layer by layer. Any bytes give a packet: what is malformed or was not
 * captured whole is said at the layer where it ends, and everything before it stays.
 *
 * @param originalLength bytes the frame had, where only its first ones were kept
 */
export function decode(bytes: Uint8Array, originalLength = bytes.length): Packet {
  const reading = new Reading(bytes, originalLength);
  ethernet(reading, reading.place);
  return reading.done();
}
