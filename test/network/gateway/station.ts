import {
  arp,
  ETHERTYPE,
  ethernet,
  ipv4,
  ipv4At,
  PROTOCOL,
  TCP_FLAG,
  type TcpSegment,
  tcp,
  udp,
} from "../../../src/network/codec/index.ts";
import { Fabric } from "../../../src/network/fabric/index.ts";
import { makeGateway } from "../../../src/network/gateway/index.ts";
import { type PacketHeaders, packetHeaders, word } from "../../../src/network/headers.ts";
import type { LinkPort } from "../../../src/network/link.ts";
import type { LinkSpec } from "../../../src/network/link-spec.ts";
import { formatMac, stableMac } from "../../../src/network/mac.ts";

/** A fabric on a clock that moves when it is told to. */
export class Lab {
  readonly fabric: Fabric;
  #now = 0;
  #due: { readonly at: number; readonly run: () => void }[] = [];

  private constructor() {
    this.fabric = new Fabric({
      now: () => this.#now,
      epoch: 0,
      later: (milliseconds, run) => this.#later(milliseconds, run),
      seed: 1,
      gateways: async () => makeGateway,
    });
  }

  static async create(links: Readonly<Record<string, LinkSpec>>): Promise<Lab> {
    const lab = new Lab();
    await lab.fabric.declare(links);
    return lab;
  }

  station(link: string, name: string, address: string, router: string): Station {
    const spec = { machine: name, nic: 0, mac: stableMac(7, name, 0) };
    return new Station(this.fabric.port(link, spec), spec.mac, address, router);
  }

  /** Lets so many milliseconds pass, with everything that is due in them. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  #later(milliseconds: number, run: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, milliseconds), run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((one) => one !== entry);
    };
  }
}

export interface Received {
  readonly bytes: Uint8Array;
  readonly headers: PacketHeaders;
  readonly source: string;
  readonly destination: string;
  readonly payload: Uint8Array;
}

const dotted = (bytes: Uint8Array, at: number) => bytes.subarray(at, at + 4).join(".");

/** A machine of the tests: answers ARP, asks for its router, and keeps every IPv4 packet that comes for it. */
export class Station {
  readonly address: string;
  readonly mac: string;
  readonly packets: Received[] = [];
  readonly #port: LinkPort;
  readonly #router: string;
  #routerMac: string | undefined;

  constructor(port: LinkPort, mac: string, address: string, router: string) {
    this.#port = port;
    this.mac = mac;
    this.address = address;
    this.#router = router;
    port.receive = ({ bytes }) => this.#receive(bytes);
  }

  /** Takes the packets that came since the last time. */
  take(): Received[] {
    return this.packets.splice(0);
  }

  frame(destination: string, type: number, payload: Uint8Array): void {
    this.#port.send({ bytes: ethernet({ destination, source: this.mac, type, payload }), checksum: "whole" });
  }

  raw(bytes: Uint8Array): void {
    this.#port.send({ bytes, checksum: "whole" });
  }

  ip(packet: Uint8Array): void {
    if (!this.#routerMac) {
      const { mac: senderMac, address: sender } = this;
      const request = arp({ operation: "request", senderMac, sender, target: this.#router });
      this.frame("ff:ff:ff:ff:ff:ff", ETHERTYPE.arp, request);
    }
    if (!this.#routerMac) throw new Error(`${this.#router} did not answer ${this.address}.`);
    this.frame(this.#routerMac, ETHERTYPE.ipv4, packet);
  }

  udp(sourcePort: number, destination: string, destinationPort: number, text: string): void {
    const source = this.address;
    const payload = udp({ sourcePort, destinationPort, payload: encode(text) }, { source, destination });
    this.ip(ipv4({ source, destination, protocol: PROTOCOL.udp, payload }));
  }

  tcp(destination: string, segment: TcpSegment): void {
    const source = this.address;
    const payload = tcp(segment, { source, destination });
    this.ip(ipv4({ source, destination, protocol: PROTOCOL.tcp, payload }));
  }

  #receive(bytes: Uint8Array): void {
    const type = word(bytes, 12);
    if (type === ETHERTYPE.arp) {
      const sender = dotted(bytes, 28);
      if (sender === this.#router) this.#routerMac = formatMac(bytes.subarray(22, 28));
      if (word(bytes, 20) !== 1 || dotted(bytes, 38) !== this.address) return;
      const targetMac = formatMac(bytes.subarray(22, 28));
      const { mac: senderMac, address } = this;
      const reply = arp({ operation: "reply", senderMac, sender: address, targetMac, target: ipv4At(bytes, 28) });
      this.frame(targetMac, ETHERTYPE.arp, reply);
      return;
    }
    const headers = packetHeaders(bytes);
    const mine = formatMac(bytes.subarray(0, 6));
    if (!headers || (mine !== this.mac && mine !== "ff:ff:ff:ff:ff:ff")) return;
    const { network, transport, end } = headers;
    this.packets.push({
      bytes,
      headers,
      source: dotted(bytes, network + 12),
      destination: dotted(bytes, network + 16),
      payload: bytes.subarray(transport, end),
    });
  }
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Ports and data of a UDP datagram. */
export const datagram = ({ payload }: Received) => ({
  from: word(payload, 0),
  to: word(payload, 2),
  text: decode(payload.subarray(8)),
});

export interface Heard {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly data: Uint8Array;
  readonly from: number;
  readonly to: number;
}

export function segment({ payload }: Received): Heard {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return {
    from: view.getUint16(0),
    to: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgement: view.getUint32(8),
    flags: payload[13]!,
    data: payload.subarray((payload[12]! >> 4) * 4),
  };
}

/** A client's end of one connection: as much of TCP as a test needs, in order and without loss. */
export class Client {
  readonly #station: Station;
  readonly #to: { readonly address: string; readonly port: number };
  readonly #port: number;
  #sequence = 1000;
  #expected = 0;
  text = "";
  finished = false;
  reset = false;

  constructor(station: Station, port: number, to: { readonly address: string; readonly port: number }) {
    this.#station = station;
    this.#port = port;
    this.#to = to;
  }

  open(): void {
    this.#send(TCP_FLAG.syn);
    this.#sequence++;
    this.hear();
    this.#send(TCP_FLAG.ack);
  }

  say(text: string): void {
    const data = encode(text);
    this.#send(TCP_FLAG.ack | TCP_FLAG.psh, data);
    this.#sequence += data.length;
    this.hear();
  }

  close(): void {
    this.#send(TCP_FLAG.ack | TCP_FLAG.fin);
    this.#sequence++;
    this.hear();
  }

  /** Takes what has come and acknowledges it. */
  hear(): void {
    for (const packet of this.#station.take()) {
      const heard = segment(packet);
      if (heard.flags & TCP_FLAG.rst) this.reset = true;
      const bytes = heard.data.length + (heard.flags & (TCP_FLAG.syn | TCP_FLAG.fin) ? 1 : 0);
      if (bytes === 0 || (this.#expected !== 0 && heard.sequence !== this.#expected)) continue;
      this.#expected = (heard.sequence + bytes) >>> 0;
      this.text += decode(heard.data);
      if (heard.flags & TCP_FLAG.fin) this.finished = true;
      if (!(heard.flags & TCP_FLAG.syn)) this.#send(TCP_FLAG.ack);
    }
  }

  #send(flags: number, payload: Uint8Array = new Uint8Array()): void {
    const acknowledgement = flags & TCP_FLAG.ack ? this.#expected : 0;
    const ports = { sourcePort: this.#port, destinationPort: this.#to.port };
    this.#station.tcp(this.#to.address, { ...ports, sequence: this.#sequence, acknowledgement, flags, payload });
  }
}
