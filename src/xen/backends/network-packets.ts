/**
 * Packets in the slots of a transmit ring: which slots make one, and the checks of Linux's xen-netback, which ends the
 * service of a frontend that breaks the format and answers one packet with an error for lesser faults.
 */
import type { Frame } from "../../network/link.ts";
import { checksumPlace } from "../../network/offload.ts";
import { decodeExtra, decodeTxRequest, EXTRA, EXTRA_MORE, GSO, netif, TX_FLAG, type TxRequest } from "../abi/netif.ts";
import { PAGE } from "../abi/ring.ts";

/** Slots behind the first beyond which a frontend is malicious and not only careless (netback: fatal_skb_slots). */
const FATAL_SLOTS = 20;
const ETHERNET_BYTES = 14;

/** One packet's slots, taken out of the ring: plain data, to be saved as it is. */
export interface TxPacket {
  /** One for each fragment; of the first the size is its own here, not the packet's. */
  readonly requests: readonly TxRequest[];
  /** Slots of extra info, which follow the first request. */
  readonly extras: number;
  readonly gso?: { readonly size: number; readonly type: number };
  /** The packet has a fault of its own: it is answered with an error and sent nowhere. */
  readonly bad: boolean;
}

/** Breaks of the format; the message ends the ring's service. */
export class TxFault extends Error {
  override name = "TxFault";
}

/** The slots that wait in a ring, in order. */
export interface WaitingSlots {
  readonly view: DataView;
  /** Slots there are; a frontend pushes whole packets only. */
  readonly count: number;
  /** Offset in the view of the slot so many ahead. */
  at(ahead: number): number;
}

/**
 * Reads the packet that begins at the next request, each slot once.
 *
 * @throws TxFault
 */
export function readTxPacket(slots: WaitingSlots): TxPacket {
  const first = decodeTxRequest(slots.view, offsetOf(slots, 0));
  const { extras, gso } = first.flags & TX_FLAG.extra_info ? readExtras(slots) : { extras: 0, gso: undefined };
  const requests = [first];
  let remaining = first.size;
  for (let { flags } = first; flags & TX_FLAG.more_data; flags = requests.at(-1)!.flags) {
    if (requests.length > FATAL_SLOTS) throw new TxFault(`a packet of more than ${FATAL_SLOTS} slots behind the first`);
    const fragment = decodeTxRequest(slots.view, offsetOf(slots, extras + requests.length));
    requests.push(fragment);
    remaining -= fragment.size;
  }
  requests[0] = { ...first, size: Math.max(0, remaining) };
  if (requests.some(({ offset, size }) => offset + size > PAGE)) throw new TxFault("a fragment crosses its page's end");
  const bad = remaining < 0 || first.size < ETHERNET_BYTES || requests.length - 1 > netif.MOST_SLOTS;
  return { requests, extras, bad, ...(gso && { gso }) };
}

function readExtras(slots: WaitingSlots): Pick<TxPacket, "extras" | "gso"> {
  let gso: TxPacket["gso"];
  for (let extras = 1; extras <= netif.MOST_EXTRAS; extras++) {
    const extra = decodeExtra(slots.view, offsetOf(slots, extras));
    if (extra.type < EXTRA.gso || extra.type > EXTRA.xdp) throw new TxFault(`extra info of type ${extra.type}`);
    if (extra.type === EXTRA.gso) {
      if (extra.size === 0) throw new TxFault("segments of no size");
      if (extra.gso !== GSO.tcpv4 && extra.gso !== GSO.tcpv6) throw new TxFault(`segmentation of type ${extra.gso}`);
      gso = { size: extra.size, type: extra.gso };
    }
    if (!(extra.flags & EXTRA_MORE)) return { extras, ...(gso && { gso }) };
  }
  throw new TxFault(`more than ${netif.MOST_EXTRAS} slots of extra info`);
}

function offsetOf(slots: WaitingSlots, ahead: number): number {
  if (ahead >= slots.count) throw new TxFault(`a packet of more slots than the ${slots.count} that were pushed`);
  return slots.at(ahead);
}

/** The frame a packet's bytes are, or undefined where they are not what the packet says of them. */
export function frameOf(packet: TxPacket, bytes: Uint8Array): Frame | undefined {
  const partial = (packet.requests[0]!.flags & TX_FLAG.csum_blank) !== 0;
  const { gso } = packet;
  if (!partial && !gso) return { bytes, checksum: "whole" };
  const place = checksumPlace(bytes);
  if (!place) return undefined;
  return {
    bytes,
    checksum: partial ? "partial" : "whole",
    ...(partial && { checksumFrom: place.from, checksumAt: place.at }),
    ...(gso && { segmentation: { kind: gso.type === GSO.tcpv4 ? "tcp4" : "tcp6", size: gso.size } }),
  };
}
