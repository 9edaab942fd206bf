/** What packets are: read, summarised and made. */
export * from "./address.ts";
export * from "./build/index.ts";
export { decode } from "./decode/decode.ts";
export { encapsulated, flowKey, type HeaderChange, type Headers, headerChanges, headersOf } from "./headers.ts";
export * from "./messages/dhcp.ts";
export * from "./messages/dns.ts";
export { ETHERTYPE, PORT, PROTOCOL } from "./numbers.ts";
export type { Check, Field, FieldKey, Layer, LayerName, Malformation, Packet } from "./packet.ts";
export { type Colour, type Summary, summarise } from "./summary.ts";
