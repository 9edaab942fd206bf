/**
 * Packets in the slots of a transmit ring: which slots make one, and the checks of Linux's xen-netback, which ends the
 * service of a frontend that breaks the format and answers one packet with an error for lesser faults.
 */
import type { Frame } from "../../network/link.ts";
import { checksumPlace } from "../../network/offload.ts";
import {
  decodeExtra,
  decodeTxRequest,
  EXTRA,
  EXTRA_MORE,
  GSO,
  NET_STATUS,
  netif,
  TX_FLAG,
  type TxRequest,
} from "../abi/netif.ts";
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

/**
 * Reads the packet that begins at the next request.
 *
 * @param waiting requests in the ring; a frontend pushes whole packets only
 * @param slotAt a copy of the request that many slots ahead
 * @throws TxFault
 */
export function readTxPacket(waiting: number, slotAt: (ahead: number) => Uint8Array): TxPacket {
  const slot = (ahead: number): DataView => {
    if (ahead >= waiting) throw new TxFault(`a packet of more slots than the ${waiting} that were pushed`);
    const bytes = slotAt(ahead);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const first = decodeTxRequest(slot(0), 0);
  const { extras, gso } = first.flags & TX_FLAG.extra_info ? readExtras(slot) : { extras: 0, gso: undefined };
  const rest: TxRequest[] = [];
  for (let flags = first.flags; flags & TX_FLAG.more_data; flags = rest.at(-1)!.flags) {
    if (rest.length === FATAL_SLOTS) throw new TxFault(`a packet of more than ${FATAL_SLOTS} slots`);
    rest.push(decodeTxRequest(slot(1 + extras + rest.length), 0));
  }
  const remaining = first.size - rest.reduce((sum, { size }) => sum + size, 0);
  const requests = [{ ...first, size: Math.max(0, remaining) }, ...rest];
  if (requests.some(({ offset, size }) => offset + size > PAGE)) throw new TxFault("a fragment crosses its page's end");
  const bad = remaining < 0 || first.size < ETHERNET_BYTES || rest.length > netif.MOST_SLOTS;
  return { requests, extras, bad, ...(gso && { gso }) };
}

function readExtras(slot: (ahead: number) => DataView): Pick<TxPacket, "extras" | "gso"> {
  let gso: TxPacket["gso"];
  for (let extras = 1; extras <= netif.MOST_EXTRAS; extras++) {
    const extra = decodeExtra(slot(extras), 0);
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

/**
 * A packet's responses in the order of its slots: one for each request by its id, and one that means nothing for each
 * slot of extra info (netback: make_tx_response).
 */
export function* txResponses(packet: TxPacket, status: number): Generator<readonly [id: number, status: number]> {
  const [first, ...rest] = packet.requests;
  yield [first!.id, status];
  for (let extra = 0; extra < packet.extras; extra++) yield [0, NET_STATUS.null];
  for (const { id } of rest) yield [id, status];
}
