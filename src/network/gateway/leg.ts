/** One end of a gateway: its address on a link, and who else is there (ARP, RFC 826). */
import { arp, ETHERTYPE, ethernet, ipv4At } from "../codec/index.ts";
import { ETHERNET_BYTES, type PacketHeaders, packetHeaders, word } from "../headers.ts";
import type { LinkPort } from "../link.ts";
import { formatMac } from "../mac.ts";
import { isHost, type Network } from "./address.ts";

export const BROADCAST_MAC = "ff:ff:ff:ff:ff:ff";

/** Neighbours remembered, and for how many milliseconds without being heard of. */
const MOST_NEIGHBOURS = 256;
const NEIGHBOUR_LIFE = 60_000;
/** Asked once a second, three times; meanwhile a few packets wait for each of a few neighbours (RFC 1122, 2.3.2.2). */
const ASKING = { every: 1000, times: 3, packets: 4, neighbours: 64 } as const;

/** Of an ARP packet for IPv4 over Ethernet, from its first byte. */
const ARP = { bytes: 28, operation: 6, senderMac: 8, sender: 14, target: 24 } as const;
/** Hardware type 1, protocol IPv4, lengths 6 and 4. */
const ARP_KIND = [0, 1, 8, 0, 6, 4] as const;

export interface LegOptions {
  readonly network: Network;
  readonly mac: string;
  readonly port: LinkPort;
  now(): number;
  later(milliseconds: number, run: () => void): () => void;
  /** A packet for this end's MAC address or for everybody; the bytes are the receiver's own. */
  packet(bytes: Uint8Array, headers: PacketHeaders): void;
  /** Nobody answered for the address a packet was to go to. */
  unreachable(packet: Uint8Array): void;
}

interface Asking {
  readonly packets: Uint8Array[];
  left: number;
  cancel: () => void;
}

export class Leg {
  readonly #options: LegOptions;
  /** Longest unheard of first. */
  readonly #neighbours = new Map<number, { readonly mac: string; readonly at: number }>();
  readonly #asking = new Map<number, Asking>();

  constructor(options: LegOptions) {
    this.#options = options;
    options.port.receive = ({ bytes }) => this.#receive(bytes);
  }

  get network(): Network {
    return this.#options.network;
  }

  get mac(): string {
    return this.#options.mac;
  }

  /** Bytes of the largest packet the link carries. */
  get mtu(): number {
    return this.#options.port.mtu;
  }

  /** Sends a packet to a neighbour of the network, as soon as its MAC address is known. */
  send(packet: Uint8Array, neighbour: number): void {
    const known = this.#neighbours.get(neighbour);
    if (known && this.#options.now() - known.at < NEIGHBOUR_LIFE) {
      this.sendTo(known.mac, packet);
      return;
    }
    this.#ask(neighbour, packet);
  }

  sendTo(mac: string, packet: Uint8Array): void {
    this.#frame(mac, ETHERTYPE.ipv4, packet);
  }

  close(): void {
    for (const { cancel } of this.#asking.values()) cancel();
    this.#asking.clear();
    this.#options.port.close();
  }

  #frame(destination: string, type: number, payload: Uint8Array): void {
    this.#options.port.send({
      bytes: ethernet({ destination, source: this.mac, type, payload }),
      checksum: "whole",
    });
  }

  #receive(bytes: Uint8Array): void {
    if (bytes.length < ETHERNET_BYTES || (bytes[6]! & 1) !== 0) return;
    const destination = formatMac(bytes.subarray(0, 6));
    if (destination !== this.mac && destination !== BROADCAST_MAC) return;
    const type = word(bytes, ETHERNET_BYTES - 2);
    if (type === ETHERTYPE.arp) {
      this.#arp(bytes.subarray(ETHERNET_BYTES));
      return;
    }
    if (type !== ETHERTYPE.ipv4) return;
    const headers = packetHeaders(bytes);
    if (headers) this.#options.packet(bytes.slice(), headers);
  }

  #arp(packet: Uint8Array): void {
    if (packet.length < ARP.bytes || ARP_KIND.some((byte, index) => packet[index] !== byte)) return;
    const sender = ipv4At(packet, ARP.sender);
    const target = ipv4At(packet, ARP.target);
    const mac = formatMac(packet.subarray(ARP.senderMac, ARP.senderMac + 6));
    const { address } = this.network;
    const known = this.#neighbours.has(sender) || this.#asking.has(sender) || target === address;
    // whoever claims the gateway's own address, or a group's MAC, is not believed
    if (known && sender !== address && isHost(this.network, sender) && (packet[ARP.senderMac]! & 1) === 0) {
      this.#learn(sender, mac);
    }
    if (word(packet, ARP.operation) !== 1 || target !== address) return;
    const reply = { operation: "reply", senderMac: this.mac, sender: address, targetMac: mac, target: sender } as const;
    this.#frame(mac, ETHERTYPE.arp, arp(reply));
  }

  #learn(address: number, mac: string): void {
    this.#neighbours.delete(address);
    this.#neighbours.set(address, { mac, at: this.#options.now() });
    if (this.#neighbours.size > MOST_NEIGHBOURS) this.#neighbours.delete(this.#neighbours.keys().next().value!);
    const asking = this.#asking.get(address);
    if (!asking) return;
    asking.cancel();
    this.#asking.delete(address);
    for (const packet of asking.packets) this.sendTo(mac, packet);
  }

  #ask(neighbour: number, packet: Uint8Array): void {
    const asking = this.#asking.get(neighbour);
    if (asking) {
      if (asking.packets.length < ASKING.packets) asking.packets.push(packet);
      return;
    }
    if (this.#asking.size >= ASKING.neighbours) return;
    const fresh: Asking = { packets: [packet], left: ASKING.times, cancel: () => {} };
    this.#asking.set(neighbour, fresh);
    this.#askOnce(neighbour, fresh);
  }

  #askOnce(neighbour: number, asking: Asking): void {
    if (asking.left-- === 0) {
      this.#asking.delete(neighbour);
      for (const packet of asking.packets) this.#options.unreachable(packet);
      return;
    }
    const { mac, network } = this;
    const request = { operation: "request", senderMac: mac, sender: network.address, target: neighbour } as const;
    asking.cancel = this.#options.later(ASKING.every, () => this.#askOnce(neighbour, asking));
    this.#frame(BROADCAST_MAC, ETHERTYPE.arp, arp(request));
  }
}
