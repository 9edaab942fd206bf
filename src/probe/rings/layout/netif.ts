/** The two network rings' entries (public/io/netif.h). No field is wider than 32 bits: one layout for every guest. */

export const netif = {
  TX_REQUEST_BYTES: 12,
  TX_RESPONSE_BYTES: 4,
  RX_REQUEST_BYTES: 8,
  RX_RESPONSE_BYTES: 8,
  EXTRA_BYTES: 8,
  /** XEN_NETIF_NR_SLOTS_MIN: slots of data a backend must take for one packet. */
  MOST_SLOTS: 18,
  /** Kinds of extra info there are, each at most once with a packet (XEN_NETIF_EXTRA_TYPE_MAX − 1). */
  MOST_EXTRAS: 5,
} as const;

/** `XEN_NETTXF_*`. */
export const TX_FLAG = { csum_blank: 1, data_validated: 2, more_data: 4, extra_info: 8 } as const;
/** `XEN_NETRXF_*`: the first two are the other way round. */
export const RX_FLAG = { data_validated: 1, csum_blank: 2, more_data: 4, extra_info: 8 } as const;
/** `XEN_NETIF_RSP_*`; of a received fragment a status above zero is its size. */
export const NET_STATUS = { okay: 0, null: 1, error: -1, dropped: -2 } as const;
/** `XEN_NETIF_EXTRA_TYPE_*`. */
export const EXTRA = { gso: 1, mcast_add: 2, mcast_del: 3, hash: 4, xdp: 5 } as const;
/** `XEN_NETIF_EXTRA_FLAG_MORE`. */
export const EXTRA_MORE = 1;
/** `XEN_NETIF_GSO_TYPE_*`. */
export const GSO = { tcpv4: 1, tcpv6: 2 } as const;

/** `struct xen_netif_tx_request`. Of a packet's first request `size` is the whole packet's. */
export interface TxRequest {
  readonly reference: number;
  readonly offset: number;
  readonly flags: number;
  readonly id: number;
  readonly size: number;
}

/** `struct xen_netif_extra_info`; `size` and `gso` mean something with type GSO only. */
export interface ExtraInfo {
  readonly type: number;
  readonly flags: number;
  readonly size: number;
  readonly gso: number;
}

export interface RxRequest {
  readonly id: number;
  readonly reference: number;
}

export interface RxResponse {
  readonly id: number;
  readonly offset: number;
  readonly flags: number;
  readonly status: number;
}

export function decodeTxRequest(view: DataView, at: number): TxRequest {
  return {
    reference: view.getUint32(at, true),
    offset: view.getUint16(at + 4, true),
    flags: view.getUint16(at + 6, true),
    id: view.getUint16(at + 8, true),
    size: view.getUint16(at + 10, true),
  };
}

export function decodeExtra(view: DataView, at: number): ExtraInfo {
  return {
    type: view.getUint8(at),
    flags: view.getUint8(at + 1),
    size: view.getUint16(at + 2, true),
    gso: view.getUint8(at + 4),
  };
}

export function encodeGso(view: DataView, at: number, size: number, gso: number): void {
  view.setUint8(at, EXTRA.gso);
  view.setUint8(at + 1, 0);
  view.setUint16(at + 2, size, true);
  view.setUint16(at + 4, gso, true);
  view.setUint16(at + 6, 0, true);
}

export function encodeTxResponse(view: DataView, at: number, id: number, status: number): void {
  view.setUint16(at, id, true);
  view.setInt16(at + 2, status, true);
}

export function decodeTxResponse(view: DataView, at: number): { readonly id: number; readonly status: number } {
  return { id: view.getUint16(at, true), status: view.getInt16(at + 2, true) };
}

export function decodeRxRequest(view: DataView, at: number): RxRequest {
  return { id: view.getUint16(at, true), reference: view.getUint32(at + 4, true) };
}

export function encodeRxResponse(view: DataView, at: number, response: RxResponse): void {
  view.setUint16(at, response.id, true);
  view.setUint16(at + 2, response.offset, true);
  view.setUint16(at + 4, response.flags, true);
  view.setInt16(at + 6, response.status, true);
}

export function decodeRxResponse(view: DataView, at: number): RxResponse {
  return {
    id: view.getUint16(at, true),
    offset: view.getUint16(at + 2, true),
    flags: view.getUint16(at + 4, true),
    status: view.getInt16(at + 6, true),
  };
}
