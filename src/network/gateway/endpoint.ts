/** An address, 32 bits, and a port; of ICMP queries the identifier stands for the port (RFC 5508, 3.1). */
export interface Endpoint {
  readonly address: number;
  readonly port: number;
}
