import { pseudoHeaderSum } from "../../../network/checksum.ts";
import { type Headers, PROTOCOL } from "../../../network/codec/index.ts";
import { word } from "../../../network/headers.ts";

/**
 * Whether a TCP or UDP checksum holds the pseudo-header's sum alone, for a card to complete (CHECKSUM_PARTIAL of Linux):
 * what a guest's own capture shows of frames it sends.
 */
export function isPartial(bytes: Uint8Array, { network, transport, protocol, checksumTransport }: Headers): boolean {
  if (network === undefined || transport === undefined || checksumTransport === undefined) return false;
  if (protocol !== PROTOCOL.tcp && protocol !== PROTOCOL.udp) return false;
  const isIpv4 = bytes[network]! >> 4 === 4;
  const end = isIpv4 ? network + word(bytes, network + 2) : network + 40 + word(bytes, network + 4);
  const [addresses, size] = isIpv4 ? [network + 12, 4] : [network + 8, 16];
  return checksumTransport === pseudoHeaderSum(bytes, addresses!, size!, protocol, end - transport);
}
