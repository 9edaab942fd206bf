/** IPv4 addresses and networks as 32-bit numbers. */
import { parseIpv4 } from "../codec/index.ts";

export interface Network {
  readonly address: number;
  readonly prefix: number;
  readonly mask: number;
  readonly broadcast: number;
}

/** @throws Error naming what is wrong with `10.0.0.254/24` */
export function parseNetwork(text: string): Network {
  const [given = "", digits = ""] = text.split("/");
  const address = parseIpv4(given);
  const prefix = /^\d{1,2}$/.test(digits) ? Number(digits) : 33;
  if (address === undefined || prefix < 1 || prefix > 30) {
    throw new Error(`\`${text}\` is not an address with its prefix, as 10.0.0.254/24.`);
  }
  const mask = (-1 << (32 - prefix)) >>> 0;
  return { address, prefix, mask, broadcast: (address | ~mask) >>> 0 };
}

export const within = ({ address, mask }: Network, other: number): boolean => ((address ^ other) & mask) === 0;

/** A host of the network that may be the source of a packet: neither the network itself nor its broadcast address. */
export const isHost = (network: Network, address: number): boolean =>
  within(network, address) && address !== network.broadcast && address !== (network.address & network.mask) >>> 0;
