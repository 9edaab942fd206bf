/**
 * What a gateway passes on: from the inner link to the outer with the source translated, answers back, and from one
 * inner machine to another through outer addresses (hairpinning; RFC 4787, REQ-9).
 */
import { ipv4Fragments, PROTOCOL } from "../../codec/index.ts";
import { type PacketHeaders, word } from "../../headers.ts";
import { isHost, within } from "../address.ts";
import type { Endpoint } from "../endpoint.ts";
import { type GatewayHost, UNREACHABLE } from "../host.ts";
import type { Leg } from "../leg.ts";
import {
  addressOf,
  decrementTtl,
  icmpIdOf,
  portOf,
  resumIcmp,
  type Side,
  setAddress,
  setIcmpId,
  setPort,
  ttlOf,
} from "./rewrite.ts";
import type { Protocol, Translations } from "./translation.ts";

const ICMP = { echoReply: 0, unreachable: 3, quench: 4, echo: 8, exceeded: 11, parameter: 12 } as const;
const ERRORS: ReadonlySet<number> = new Set([ICMP.unreachable, ICMP.quench, ICMP.exceeded, ICMP.parameter]);
const EXCEEDED = 11;
const UNREACHED = 3;
/** Among the flags of an IPv4 packet. */
const DONT_FRAGMENT = 0x4000;
const TCP_FLAGS_AT = 13;

const NAMES: Readonly<Record<number, Protocol>> = { 1: "icmp", 6: "tcp", 17: "udp" };

/** A whole packet on its way, in a frame of its own that may be changed. */
export interface Passing {
  readonly bytes: Uint8Array;
  readonly headers: PacketHeaders;
}

export interface RouterOptions {
  readonly inner: Leg;
  readonly outer: Leg;
  readonly translations: Translations;
  readonly hairpin: boolean;
  readonly host: GatewayHost;
}

export class Router {
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** @returns false when the packet is the gateway's own business */
  receive(leg: Leg, passing: Passing): boolean {
    const { inner, outer } = this.#options;
    const destination = addressOf(passing.bytes, passing.headers, "destination");
    if (leg === outer)
      return destination === outer.network.address ? this.#inward(passing, leg) : !this.#forEverybody(leg, destination);
    if (destination === inner.network.address || this.#forEverybody(leg, destination)) return false;
    if (destination === outer.network.address) return this.#options.hairpin && this.#turn(passing);
    this.#outward(passing, destination);
    return true;
  }

  #forEverybody({ network }: Leg, destination: number): boolean {
    return destination >>> 28 >= 0xe || (within(network, destination) && !isHost(network, destination));
  }

  #outward(passing: Passing, destination: number): void {
    const { inner, outer, host } = this.#options;
    const { bytes, headers } = passing;
    // between two machines of the inner network the link itself is the way
    if (within(inner.network, destination)) return;
    if (!isHost(outer.network, destination)) {
      host.complain(inner, bytes, headers, UNREACHED, UNREACHABLE.network);
      return;
    }
    if (!this.#passes(inner, outer, passing) || !this.#translateSource(passing)) return;
    this.#forward(outer, passing, destination);
  }

  /** @returns false when no translation is meant: then the packet is for the gateway itself */
  #inward(passing: Passing, from: Leg): boolean {
    const { inner } = this.#options;
    const to = this.#innerOf(passing);
    if (!to) return false;
    if (!this.#passes(from, inner, passing)) return true;
    setDestination(passing, to);
    this.#forward(inner, passing, to.address);
    return true;
  }

  /** The source becomes an outer one too, so that the answer comes this way (REQ-9 a). */
  #turn(passing: Passing): boolean {
    const { inner } = this.#options;
    const { bytes, headers } = passing;
    const protocol = NAMES[headers.protocol];
    if (protocol === undefined || protocol === "icmp" || !portsIn(passing)) return false;
    const port = portOf(bytes, headers, "destination");
    if (!this.#options.translations.has(protocol, port)) return false;
    if (!this.#passes(inner, inner, passing) || !this.#translateSource(passing)) return true;
    const to = this.#innerOf(passing);
    if (!to) return true;
    setDestination(passing, to);
    this.#forward(inner, passing, to.address);
    return true;
  }

  /**
   * Takes one off its time to live (RFC 1812, 5.3.1). To be called while it is as its sender sent it: that is what an
   * error quotes.
   *
   * @returns false when it lived for too long, or is too long for the next link and must not be cut (RFC 1191)
   */
  #passes(from: Leg, to: Leg, { bytes, headers }: Passing): boolean {
    const { host } = this.#options;
    const { network, end } = headers;
    if (ttlOf(bytes, headers) <= 1) {
      host.complain(from, bytes, headers, EXCEEDED, 0);
      return false;
    }
    if (end - network > to.mtu && word(bytes, network + 6) & DONT_FRAGMENT) {
      host.complain(from, bytes, headers, UNREACHED, UNREACHABLE.fragmentation, to.mtu);
      return false;
    }
    decrementTtl(bytes, headers);
    return true;
  }

  /** @returns false when there is nothing to translate it to */
  #translateSource(passing: Passing): boolean {
    const { translations, outer } = this.#options;
    const { bytes, headers } = passing;
    const protocol = NAMES[headers.protocol];
    if (protocol === undefined) return false;
    if (protocol === "icmp" && ERRORS.has(bytes[headers.transport]!))
      return this.#translateError(passing, "destination");
    if (!portsIn(passing) || (protocol === "icmp" && bytes[headers.transport] !== ICMP.echo)) return false;
    const source = endpointOf(passing, "source");
    const remote = endpointOf(passing, "destination");
    const port = translations.outbound(protocol, source, remote, flagsOf(passing));
    if (port === undefined) return false;
    setAddress(bytes, headers, "source", outer.network.address);
    if (protocol === "icmp") setIcmpId(bytes, headers, port);
    else setPort(bytes, headers, "source", port);
    return true;
  }

  /** Whose packet from outside this is; an error's quoted packet is rewritten here, its receiver later. */
  #innerOf(passing: Passing): Endpoint | undefined {
    const { translations } = this.#options;
    const { bytes, headers } = passing;
    const protocol = NAMES[headers.protocol];
    if (protocol === undefined) return undefined;
    if (protocol === "icmp" && ERRORS.has(bytes[headers.transport]!)) return this.#errorFor(passing);
    if (!portsIn(passing) || (protocol === "icmp" && bytes[headers.transport] !== ICMP.echoReply)) return undefined;
    const remote = endpointOf(passing, "source");
    const port = protocol === "icmp" ? icmpIdOf(bytes, headers) : portOf(bytes, headers, "destination");
    return translations.inbound(protocol, port, remote, flagsOf(passing));
  }

  /** An error about a packet that left translated: the quoted source becomes the inner one again (RFC 5508, 4). */
  #errorFor(passing: Passing): Endpoint | undefined {
    const quoted = quotedIn(passing);
    const protocol = quoted && NAMES[quoted.headers.protocol];
    if (!quoted || !protocol) return undefined;
    const { outer, translations } = this.#options;
    if (addressOf(quoted.bytes, quoted.headers, "source") !== outer.network.address) return undefined;
    const port =
      protocol === "icmp" ? icmpIdOf(quoted.bytes, quoted.headers) : portOf(quoted.bytes, quoted.headers, "source");
    const owner = translations.owner(protocol, port, endpointOf(quoted, "destination"));
    if (!owner) return undefined;
    setEndpoint(quoted, "source", owner, protocol);
    resumIcmp(passing.bytes, passing.headers);
    return { address: owner.address, port: 0 };
  }

  /** An error an inner machine sends about a packet that came in translated: its own address becomes the outer one. */
  #translateError(passing: Passing, side: Side): boolean {
    const quoted = quotedIn(passing);
    const protocol = quoted && NAMES[quoted.headers.protocol];
    if (!quoted || !protocol) return false;
    const { outer, translations } = this.#options;
    const port = translations.outerPort(protocol, endpointOf(quoted, side), endpointOf(quoted, "source"));
    if (port === undefined) return false;
    setEndpoint(quoted, side, { address: outer.network.address, port }, protocol);
    resumIcmp(passing.bytes, passing.headers);
    setAddress(passing.bytes, passing.headers, "source", outer.network.address);
    return true;
  }

  /** In pieces where it is too long for the link (RFC 1812, 5.2.6). */
  #forward(to: Leg, { bytes, headers }: Passing, neighbour: number): void {
    const packet = bytes.subarray(headers.network, headers.end);
    if (packet.length <= to.mtu) {
      to.send(packet.slice(), neighbour);
      return;
    }
    const pieces = ipv4Fragments(
      {
        source: addressOf(bytes, headers, "source"),
        destination: addressOf(bytes, headers, "destination"),
        protocol: headers.protocol,
        ttl: ttlOf(bytes, headers),
        tos: packet[1]!,
        identification: word(packet, 4),
        options: packet.slice(20, headers.transport - headers.network),
        payload: bytes.slice(headers.transport, headers.end),
      },
      to.mtu,
    );
    for (const piece of pieces) to.send(piece, neighbour);
  }
}

/** Bytes of a transport header that translation reads and writes. */
function portsIn({ headers: { protocol, transport, end } }: Passing): boolean {
  return transport + (protocol === PROTOCOL.tcp ? 20 : 8) <= end;
}

function endpointOf({ bytes, headers }: Passing, side: Side): Endpoint {
  const icmp = headers.protocol === PROTOCOL.icmp;
  return {
    address: addressOf(bytes, headers, side),
    port: icmp ? icmpIdOf(bytes, headers) : portOf(bytes, headers, side),
  };
}

const flagsOf = ({ bytes, headers }: Passing) =>
  headers.protocol === PROTOCOL.tcp ? bytes[headers.transport + TCP_FLAGS_AT]! : 0;

function setEndpoint({ bytes, headers }: Passing, side: Side, { address, port }: Endpoint, protocol: Protocol): void {
  setAddress(bytes, headers, side, address);
  if (protocol === "icmp") setIcmpId(bytes, headers, port);
  else setPort(bytes, headers, side, port);
}

function setDestination(passing: Passing, to: Endpoint): void {
  const protocol = NAMES[passing.headers.protocol]!;
  const error = protocol === "icmp" && ERRORS.has(passing.bytes[passing.headers.transport]!);
  if (error) setAddress(passing.bytes, passing.headers, "destination", to.address);
  else setEndpoint(passing, "destination", to, protocol);
}

/** The packet an ICMP error quotes, in place: its header and at least eight bytes more (RFC 792). */
function quotedIn({ bytes, headers: { transport, end } }: Passing): Passing | undefined {
  const network = transport + 8;
  if (network + 20 > end || bytes[network]! >> 4 !== 4) return undefined;
  const headerBytes = (bytes[network]! & 15) * 4;
  const behind = network + headerBytes;
  if (headerBytes < 20 || behind + 8 > end) return undefined;
  const fragment = (word(bytes, network + 6) & 0x1fff) !== 0;
  if (fragment) return undefined;
  const protocol = bytes[network + 9]!;
  return { bytes, headers: { version: 4, network, transport: behind, protocol, end, fragment } };
}
