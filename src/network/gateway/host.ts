/** What a gateway answers by itself: ICMP echo, UDP and TCP echo, DNS, DHCP, a page; and a refusal for everything else. */
import {
  DHCP_OPTION,
  icmp,
  icmpError,
  ipv4Fragments,
  PORT,
  PROTOCOL,
  parseIpv4,
  readDhcp,
  tcp,
  udp,
} from "../codec/index.ts";
import { type PacketHeaders, word } from "../headers.ts";
import { isHost, within } from "./address.ts";
import type { Endpoint } from "./endpoint.ts";
import { BROADCAST_MAC, type Leg } from "./leg.ts";
import { addressOf, portOf, transportSound } from "./nat/rewrite.ts";
import type { DhcpAnswer, DhcpServer } from "./services/dhcp.ts";
import { page } from "./services/http.ts";
import { answerDns } from "./services/names.ts";
import type { Segment } from "./tcp/connection.ts";
import { echo, TcpServices } from "./tcp/services.ts";
import type { GatewaySurroundings } from "./types.ts";

/** Ports of RFC 862 and RFC 9110. */
const ECHO_PORT = 7;
const HTTP_PORT = 80;
const EVERYBODY = 0xffffffff;
/** ICMP errors a second, so that nobody has the gateway speak for them (RFC 1812, 4.3.2.8). */
const MOST_ERRORS = 50;
const ICMP = { echoReply: 0, unreachable: 3, echo: 8, exceeded: 11 } as const;
/** Codes of "unreachable" (RFC 792; RFC 1191). */
export const UNREACHABLE = { network: 0, host: 1, protocol: 2, port: 3, fragmentation: 4 } as const;
/** Offset of options in a TCP header, and the one read of a SYN. */
const TCP_OPTIONS = 20;
const MSS_OPTION = 2;

export interface HostOptions {
  readonly name: string;
  readonly around: Pick<GatewaySurroundings, "now" | "later" | "random">;
  readonly legs: readonly Leg[];
  readonly dhcp: DhcpServer | undefined;
  /** Names of the lab, with their addresses. */
  readonly names: Readonly<Record<string, string>>;
}

export class GatewayHost {
  readonly #options: HostOptions;
  readonly #tcp: TcpServices;
  #identification = 0;
  #errors = { second: 0, count: 0 };

  constructor(options: HostOptions) {
    this.#options = options;
    this.#tcp = new TcpServices({
      services: new Map([
        [ECHO_PORT, echo],
        [HTTP_PORT, page(options.name)],
      ]),
      random: options.around.random,
      later: options.around.later,
      send: (local, peer, segment) => this.#sendSegment(local, peer, segment),
    });
  }

  close(): void {
    this.#tcp.close();
  }

  /** A whole packet for one of the gateway's addresses, or for everybody. */
  receive(leg: Leg, bytes: Uint8Array, headers: PacketHeaders): void {
    if (!transportSound(bytes, headers)) return;
    if (headers.protocol === PROTOCOL.udp) {
      this.#udp(leg, bytes, headers);
      return;
    }
    if (!this.#mine(addressOf(bytes, headers, "destination"))) return;
    if (headers.protocol === PROTOCOL.icmp) {
      this.#icmp(bytes, headers);
      return;
    }
    if (headers.protocol === PROTOCOL.tcp) {
      this.#receiveSegment(bytes, headers);
      return;
    }
    this.complain(leg, bytes, headers, ICMP.unreachable, UNREACHABLE.protocol);
  }

  /**
   * Tells a packet's sender what became of it, unless it is one nobody is told about (RFC 1812, 4.3.2.7).
   *
   * @param rest of "fragmentation needed", the MTU of the next hop
   */
  complain(leg: Leg, bytes: Uint8Array, headers: PacketHeaders, type: 3 | 11, code: number, rest = 0): void {
    const { network, transport, protocol } = headers;
    const source = addressOf(bytes, headers, "source");
    const aboutError =
      protocol === PROTOCOL.icmp && ![ICMP.echo, ICMP.echoReply].some((one) => one === bytes[transport]);
    const destination = addressOf(bytes, headers, "destination");
    const toMany = destination >>> 28 >= 0xe || destination === leg.network.broadcast;
    if (aboutError || toMany || !isHost(leg.network, source) || !this.#mayComplain()) return;
    const quoted = bytes.subarray(network, headers.end);
    this.#send(leg.network.address, source, PROTOCOL.icmp, icmpError(type, code, quoted, rest));
  }

  #mine(address: number): boolean {
    return this.#options.legs.some(({ network }) => network.address === address);
  }

  #mayComplain(): boolean {
    const second = Math.floor(this.#options.around.now() / 1000);
    if (second !== this.#errors.second) this.#errors = { second, count: 0 };
    return ++this.#errors.count <= MOST_ERRORS;
  }

  #icmp(bytes: Uint8Array, headers: PacketHeaders): void {
    const { transport, end } = headers;
    if (bytes[transport] !== ICMP.echo || transport + 8 > end) return;
    const rest = word(bytes, transport + 4) * 0x10000 + word(bytes, transport + 6);
    const answer = icmp({ type: ICMP.echoReply, rest, body: bytes.subarray(transport + 8, end) });
    this.#send(addressOf(bytes, headers, "destination"), addressOf(bytes, headers, "source"), PROTOCOL.icmp, answer);
  }

  #udp(leg: Leg, bytes: Uint8Array, headers: PacketHeaders): void {
    const { transport, end } = headers;
    if (transport + 8 > end) return;
    const port = portOf(bytes, headers, "destination");
    const length = word(bytes, transport + 4);
    if (length < 8 || transport + length > end) return;
    const payload = bytes.subarray(transport + 8, transport + length);
    if (port === PORT.dhcpServer) {
      this.#leases(leg, payload);
      return;
    }
    if (!this.#mine(addressOf(bytes, headers, "destination"))) return;
    const answer = port === ECHO_PORT ? payload : port === PORT.dns ? answerDns(payload, this.#names()) : undefined;
    if (answer) this.#answerDatagram(bytes, headers, answer);
    else if (port !== ECHO_PORT && port !== PORT.dns) {
      this.complain(leg, bytes, headers, ICMP.unreachable, UNREACHABLE.port);
    }
  }

  #answerDatagram(bytes: Uint8Array, headers: PacketHeaders, payload: Uint8Array): void {
    const source = addressOf(bytes, headers, "destination");
    const destination = addressOf(bytes, headers, "source");
    const [sourcePort, destinationPort] = [portOf(bytes, headers, "destination"), portOf(bytes, headers, "source")];
    // two echo services would talk for ever (RFC 862 is older than that trick)
    if (sourcePort === destinationPort) return;
    const datagram = udp({ sourcePort, destinationPort, payload }, { source, destination });
    this.#send(source, destination, PROTOCOL.udp, datagram);
  }

  #names(): ReadonlyMap<string, number> {
    const { name, names, legs, dhcp } = this.#options;
    const written = Object.entries(names).map(([one, address]) => [one.toLowerCase(), parseIpv4(address)!] as const);
    return new Map([...(dhcp?.names() ?? []), [name, legs[0]!.network.address], ...written]);
  }

  /** Leases are for the inner network, the first leg's. */
  #leases(leg: Leg, payload: Uint8Array): void {
    const { dhcp, legs } = this.#options;
    const message = leg === legs[0] && dhcp ? readDhcp(payload) : undefined;
    const answer = message?.options.has(DHCP_OPTION.message) ? dhcp!.receive(message) : undefined;
    if (answer) this.#sendLease(leg, answer);
  }

  #sendLease(leg: Leg, { message, to }: DhcpAnswer): void {
    const source = leg.network.address;
    const [destination, mac] = to === "everybody" ? [EVERYBODY, BROADCAST_MAC] : [to.address, to.mac];
    const ports = { sourcePort: PORT.dhcpServer, destinationPort: PORT.dhcpClient };
    const payload = udp({ ...ports, payload: message }, { source, destination });
    const packet = { source, destination, protocol: PROTOCOL.udp, identification: this.#nextId(), payload };
    for (const piece of ipv4Fragments(packet, leg.mtu)) leg.sendTo(mac, piece);
  }

  #receiveSegment(bytes: Uint8Array, headers: PacketHeaders): void {
    const { transport, end } = headers;
    const header = transport + 12 < end ? (bytes[transport + 12]! >> 4) * 4 : 0;
    if (header < TCP_OPTIONS || transport + header > end) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const mss = mssOf(bytes.subarray(transport + TCP_OPTIONS, transport + header));
    const segment: Segment = {
      flags: bytes[transport + 13]!,
      sequence: view.getUint32(transport + 4),
      acknowledgement: view.getUint32(transport + 8),
      window: view.getUint16(transport + 14),
      ...(mss !== undefined && { mss }),
      payload: bytes.subarray(transport + header, end),
    };
    const local = { address: addressOf(bytes, headers, "destination"), port: portOf(bytes, headers, "destination") };
    const peer = { address: addressOf(bytes, headers, "source"), port: portOf(bytes, headers, "source") };
    this.#tcp.receive(local, peer, segment);
  }

  #sendSegment(local: Endpoint, peer: Endpoint, { mss, ...segment }: Segment): void {
    const ports = { sourcePort: local.port, destinationPort: peer.port };
    const options = mss === undefined ? {} : { mss };
    const endpoints = { source: local.address, destination: peer.address };
    const payload = tcp({ ...segment, ...ports, options }, endpoints);
    this.#send(local.address, peer.address, PROTOCOL.tcp, payload);
  }

  /** By the leg whose network the receiver is in; the gateway has no other routes. */
  #send(source: number, destination: number, protocol: number, payload: Uint8Array): void {
    const leg = this.#options.legs.find(({ network }) => within(network, destination));
    if (!leg) return;
    const packet = { source, destination, protocol, identification: this.#nextId(), payload };
    for (const piece of ipv4Fragments(packet, leg.mtu)) leg.send(piece, destination);
  }

  #nextId(): number {
    this.#identification = (this.#identification + 1) & 0xffff;
    return this.#identification;
  }
}

/** RFC 9293, 3.2: kind 1 and 0 have no length. */
function mssOf(options: Uint8Array): number | undefined {
  for (let at = 0; at < options.length && options[at] !== 0; ) {
    if (options[at] === 1) {
      at++;
      continue;
    }
    const length = options[at + 1] ?? 0;
    if (length < 2 || at + length > options.length) return undefined;
    if (options[at] === MSS_OPTION && length === 4) return word(options, at + 2);
    at += length;
  }
  return undefined;
}
