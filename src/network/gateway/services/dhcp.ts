/** A DHCP server for one network (RFC 2131). Leases are the fabric's: they outlive the machines they were given to. */
import {
  addressOption,
  DHCP_MESSAGE,
  DHCP_OPTION,
  type DhcpMessage,
  dhcp,
  ipv4At,
  messageType,
  parseIpv4,
  secondsOption,
  textOption,
} from "../../codec/index.ts";
import { isHost, type Network } from "../address.ts";

/** Seconds of a lease, and milliseconds an address stays offered or, found in use by its client, unused. */
const LEASE_SECONDS = 3600;
const OFFER_LIFE = 60_000;
const DECLINED_LIFE = 600_000;
/** Addresses a range may have. */
const MOST_LEASES = 4096;
const HOST_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What names of the gateway's network end with, where they are asked for whole. */
export const DOMAIN = "lab";

interface Lease {
  /** The client's identifier or MAC address; undefined while nobody may have it. */
  readonly client: string | undefined;
  readonly bound: boolean;
  readonly name: string | undefined;
  readonly expires: number;
}

/** Where an answer goes (RFC 2131, 4.1). */
export interface DhcpAnswer {
  readonly message: Uint8Array;
  /** To everybody, or to an address at the client's MAC. */
  readonly to: "everybody" | { readonly address: number; readonly mac: string };
}

export class DhcpServer {
  readonly #network: Network;
  readonly #first: number;
  readonly #last: number;
  readonly #now: () => number;
  readonly #leases = new Map<number, Lease>();

  /** @throws Error naming what is wrong with the range */
  constructor(network: Network, range: { readonly from: string; readonly to: string }, now: () => number) {
    const [first, last] = [range.from, range.to].map((text) => parseIpv4(text));
    if (first === undefined || last === undefined || !isHost(network, first) || !isHost(network, last)) {
      throw new Error(`Addresses to lease, \`${range.from}\` to \`${range.to}\`, have to be hosts of the network.`);
    }
    if (last < first || last - first >= MOST_LEASES) {
      throw new Error(`There may be 1 to ${MOST_LEASES} addresses to lease, not \`${range.from}\` to \`${range.to}\`.`);
    }
    this.#network = network;
    this.#first = first;
    this.#last = last;
    this.#now = now;
  }

  /** Names of those who have a lease, with their addresses. */
  names(): ReadonlyMap<string, number> {
    this.#expire();
    const named = [...this.#leases].filter(([, { bound, name }]) => bound && name !== undefined);
    return new Map(named.map(([address, { name }]) => [name!, address]));
  }

  /** @returns undefined where the standard asks for silence */
  receive(message: DhcpMessage): DhcpAnswer | undefined {
    if (message.op !== "request" || message.relay !== 0) return undefined;
    this.#expire();
    const client = clientOf(message);
    switch (message.options.get(DHCP_OPTION.message)?.[0]) {
      case DHCP_MESSAGE.discover:
        return this.#discover(message, client);
      case DHCP_MESSAGE.request:
        return this.#request(message, client);
      case DHCP_MESSAGE.release:
        if (this.#leases.get(message.client)?.client === client) this.#leases.delete(message.client);
        return undefined;
      case DHCP_MESSAGE.decline:
        this.#decline(message, client);
        return undefined;
      case DHCP_MESSAGE.inform:
        return this.#answer(message, DHCP_MESSAGE.ack, 0);
    }
    return undefined;
  }

  #discover(message: DhcpMessage, client: string): DhcpAnswer | undefined {
    const address = this.#choose(client, optionAddress(message, DHCP_OPTION.requested));
    if (address === undefined) return undefined;
    const held = this.#leases.get(address);
    if (!held?.bound) this.#set(address, { client, bound: false, name: undefined, expires: this.#now() + OFFER_LIFE });
    return this.#answer(message, DHCP_MESSAGE.offer, address);
  }

  /** RFC 2131, 4.3.2: to this server or another, after a restart, or to go on with a lease. */
  #request(message: DhcpMessage, client: string): DhcpAnswer | undefined {
    const server = optionAddress(message, DHCP_OPTION.server);
    const wanted = optionAddress(message, DHCP_OPTION.requested) ?? message.client;
    if (server !== undefined && server !== this.#network.address) {
      this.#withdraw(client);
      return undefined;
    }
    const free = this.#inRange(wanted) && !this.#heldByOther(wanted, client);
    // of a client it knows nothing about a server has to be silent, unless the address cannot be right here
    if (!free) return this.#answer(message, DHCP_MESSAGE.nak, 0);
    if (server === undefined && !this.#leases.has(wanted) && message.client === 0) return undefined;
    this.#withdraw(client, wanted);
    const name = hostName(message);
    this.#set(wanted, { client, bound: true, name, expires: this.#now() + LEASE_SECONDS * 1000 });
    return this.#answer(message, DHCP_MESSAGE.ack, wanted);
  }

  /** The client found somebody else at the address. */
  #decline(message: DhcpMessage, client: string): void {
    const address = optionAddress(message, DHCP_OPTION.requested);
    if (address === undefined || this.#leases.get(address)?.client !== client) return;
    this.#set(address, { client: undefined, bound: false, name: undefined, expires: this.#now() + DECLINED_LIFE });
  }

  /** What it has, what it asks for, or the first free one. */
  #choose(client: string, wanted: number | undefined): number | undefined {
    for (const [address, lease] of this.#leases) if (lease.client === client) return address;
    if (wanted !== undefined && this.#inRange(wanted) && !this.#leases.has(wanted)) return wanted;
    for (let address = this.#first; address <= this.#last; address++) {
      if (address !== this.#network.address && !this.#leases.has(address)) return address;
    }
    return undefined;
  }

  #inRange(address: number): boolean {
    return address >= this.#first && address <= this.#last && address !== this.#network.address;
  }

  #heldByOther(address: number, client: string): boolean {
    const lease = this.#leases.get(address);
    return lease !== undefined && lease.client !== client;
  }

  /** A client has one lease: another is given up. */
  #withdraw(client: string, but?: number): void {
    for (const [address, lease] of this.#leases) {
      if (lease.client === client && address !== but) this.#leases.delete(address);
    }
  }

  #set(address: number, lease: Lease): void {
    this.#leases.set(address, lease);
  }

  #expire(): void {
    const now = this.#now();
    for (const [address, { expires }] of this.#leases) if (expires <= now) this.#leases.delete(address);
  }

  #answer(message: DhcpMessage, type: number, yours: number): DhcpAnswer {
    const { xid, broadcast, mac, client } = message;
    const { address: server } = this.#network;
    const refused = type === DHCP_MESSAGE.nak;
    const options = [
      messageType(type),
      addressOption(DHCP_OPTION.server, server),
      ...(refused ? [] : this.#configuration(yours !== 0)),
    ];
    const given = type === DHCP_MESSAGE.ack && client;
    const answer = dhcp({ op: "reply", xid, broadcast, mac, yours, server, ...(given && { client }), options });
    if (refused) return { message: answer, to: "everybody" };
    if (client !== 0) return { message: answer, to: { address: client, mac } };
    return { message: answer, to: broadcast ? "everybody" : { address: yours, mac } };
  }

  /** @param leased false for a client that has its address from elsewhere */
  #configuration(leased: boolean): (readonly [number, Uint8Array])[] {
    const { address, mask, broadcast } = this.#network;
    const times = [
      secondsOption(DHCP_OPTION.lease, LEASE_SECONDS),
      secondsOption(DHCP_OPTION.renewal, LEASE_SECONDS / 2),
      secondsOption(DHCP_OPTION.rebinding, (LEASE_SECONDS * 7) / 8),
    ];
    return [
      ...(leased ? times : []),
      addressOption(DHCP_OPTION.mask, mask),
      addressOption(DHCP_OPTION.broadcast, broadcast),
      addressOption(DHCP_OPTION.router, address),
      addressOption(DHCP_OPTION.dns, address),
      textOption(DHCP_OPTION.domain, DOMAIN),
    ];
  }
}

/** RFC 2131, 4.2: its identifier where it gives one. */
function clientOf({ options, mac }: DhcpMessage): string {
  const identifier = options.get(DHCP_OPTION.client);
  return identifier && identifier.length > 0 ? `id ${identifier.join(".")}` : mac;
}

function optionAddress({ options }: DhcpMessage, code: number): number | undefined {
  const value = options.get(code);
  return value?.length === 4 ? ipv4At(value, 0) : undefined;
}

function hostName({ options }: DhcpMessage): string | undefined {
  const bytes = options.get(DHCP_OPTION.hostName);
  const name = bytes && String.fromCharCode(...bytes.subarray(0, 64)).toLowerCase();
  return name !== undefined && HOST_NAME.test(name) ? name : undefined;
}
