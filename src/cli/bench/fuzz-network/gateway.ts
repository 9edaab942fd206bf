import { onesSum, pseudoHeaderSum } from "../../../network/checksum.ts";
import {
  arp,
  ETHERTYPE,
  ethernet,
  formatIpv4,
  icmpEcho,
  ipv4,
  ipv4At,
  PROTOCOL,
  parseIpv4,
  TCP_FLAG,
  tcp,
  udp,
} from "../../../network/codec/index.ts";
import { Fabric } from "../../../network/fabric/index.ts";
import { makeGateway } from "../../../network/gateway/index.ts";
import type { Gateway } from "../../../network/gateway/types.ts";
import { type PacketHeaders, packetHeaders, word } from "../../../network/headers.ts";
import type { LinkPort } from "../../../network/link.ts";
import { formatMac } from "../../../network/mac.ts";
import type { Random } from "../fuzz/random.ts";
import { mutated } from "./mutate.ts";
import type { Target } from "./target.ts";

const INNER = "10.0.0.254";
const OUTER = "203.0.113.254";
const OUTER_ADDRESS = parseIpv4(OUTER)!;
const EVERYBODY = "ff:ff:ff:ff:ff:ff";
/** Cases between two looks at the whole table. */
const LOOK = 500;

/** A gateway between two machines inside and two outside, who send it what is right and what is not. */
export const gatewayTargets = (): readonly Target[] =>
  (["full-cone", "symmetric"] as const).map((kind) => {
    const world = new World(kind);
    return { name: `gateway, ${kind}`, step: (random) => world.step(random) };
  });

interface Due {
  readonly at: number;
  readonly run: () => void;
}

interface Machine {
  readonly port: LinkPort;
  readonly mac: string;
  readonly address: string;
  readonly router: string;
  routerMac: string;
}

/** What an inner machine said and to whom, by a word nobody else says. */
interface Said {
  readonly from: string;
  readonly to: string;
}

class World {
  readonly #fabric: Fabric;
  readonly #gateway: Gateway;
  readonly #inside: readonly Machine[];
  readonly #outside: readonly Machine[];
  readonly #said = new Map<string, Said>();
  #now = 0;
  #due: Due[] = [];
  #count = 0;
  #wrong: string | undefined;
  /** Answers outside machines give once nobody is being handed a frame. */
  readonly #answers: (() => void)[] = [];

  constructor(kind: "full-cone" | "symmetric") {
    this.#fabric = new Fabric({
      now: () => this.#now,
      epoch: 0,
      later: (milliseconds, run) => this.#later(milliseconds, run),
    });
    void this.#fabric.declare({ internet: { kind: "switch" }, lan: { kind: "switch" } });
    this.#gateway = makeGateway(
      "lan",
      {
        address: `${INNER}/24`,
        dhcp: { from: "10.0.0.100", to: "10.0.0.120" },
        nat: { link: "internet", address: `${OUTER}/24`, kind },
      },
      {
        now: () => this.#now,
        later: (milliseconds, run) => this.#later(milliseconds, run),
        port: (link, spec) => this.#fabric.port(link, spec),
        random: () => 0.5,
      },
    );
    const inside = (packet: Uint8Array, headers: PacketHeaders) => this.#heardInside(packet, headers);
    this.#inside = [1, 2].map((last) => this.#machine("lan", `10.0.0.${last}`, INNER, inside));
    this.#outside = [1, 2].map((last) => {
      const made: Machine = this.#machine("internet", `203.0.113.${last}`, OUTER, (packet, headers) =>
        this.#heardOutside(made, packet, headers),
      );
      return made;
    });
  }

  step(random: Random): string | undefined {
    const outside = random.chance(3);
    const machine = random.pick(outside ? this.#outside : this.#inside);
    if (random.chance(3)) this.#damage(machine, outside, random);
    else if (outside) this.#send(machine, this.#packet(machine, OUTER, random, "uninvited"));
    else this.#speak(machine, random);
    for (const answer of this.#answers.splice(0)) answer();
    this.#answers.length = 0;
    if (random.chance(50)) this.#pass(random.below(random.chance(20) ? 400_000 : 2000));
    if (++this.#count % LOOK === 0) this.#look();
    return this.#wrong;
  }

  /** A sound packet to a machine outside, with a word of its own in it. */
  #speak(machine: Machine, random: Random): void {
    const to = random.pick([...this.#outside.map(({ address }) => address), "203.0.113.77", INNER, OUTER]);
    const word = `word ${this.#count}`;
    this.#said.set(word, { from: machine.address, to });
    if (this.#said.size > 4096) this.#said.delete(this.#said.keys().next().value!);
    this.#send(machine, this.#packet(machine, to, random, word));
  }

  #damage(machine: Machine, outside: boolean, random: Random): void {
    const to = outside ? OUTER : random.pick([this.#outside[0]!.address, INNER, OUTER]);
    const packet = this.#packet(machine, to, random, "damaged");
    const [destination, source] = [random.chance(9) ? EVERYBODY : machine.routerMac, machine.mac];
    const bytes = mutated(ethernet({ destination, source, type: ETHERTYPE.ipv4, payload: packet }), random);
    machine.port.send({ bytes, checksum: "whole" });
  }

  #packet({ address: source }: Machine, destination: string, random: Random, text: string): Uint8Array {
    const payload = new TextEncoder().encode(text);
    const ends = { source, destination };
    const [sourcePort, destinationPort] = [random.below(40) + 1, random.pick([7, 9, 53, 67, 80, random.below(65_536)])];
    const ports = { sourcePort: sourcePort * 37, destinationPort };
    const common = { ...ends, ttl: random.pick([1, 2, 64]), identification: random.below(9) };
    switch (random.below(3)) {
      case 0:
        return ipv4({ ...common, protocol: PROTOCOL.udp, payload: udp({ ...ports, payload }, ends) });
      case 1: {
        const flags = random.pick([TCP_FLAG.syn, TCP_FLAG.ack, TCP_FLAG.fin | TCP_FLAG.ack, TCP_FLAG.rst]);
        const segment = { ...ports, flags, sequence: random.below(100), acknowledgement: random.below(100), payload };
        return ipv4({ ...common, protocol: PROTOCOL.tcp, payload: tcp(segment, ends) });
      }
      default: {
        const echo = icmpEcho({ reply: random.chance(4), id: random.below(40), seq: 1, data: payload });
        return ipv4({ ...common, protocol: PROTOCOL.icmp, payload: echo });
      }
    }
  }

  #send(machine: Machine, packet: Uint8Array): void {
    const { port, mac: source, routerMac: destination } = machine;
    port.send({ bytes: ethernet({ destination, source, type: ETHERTYPE.ipv4, payload: packet }), checksum: "whole" });
  }

  /** From the gateway nothing may come out that says who is inside, and what was sound is sound. */
  #heardOutside(machine: Machine, bytes: Uint8Array, headers: PacketHeaders): void {
    const source = ipv4At(bytes, headers.network + 12);
    if (source !== OUTER_ADDRESS) this.#fault(`a packet from ${formatIpv4(source)} came out`);
    const said = this.#sound(bytes, headers, "outside");
    if (!said || said.to !== machine.address || headers.protocol === PROTOCOL.icmp) return;
    const port = word(bytes, headers.transport);
    const text = textOf(bytes, headers);
    const [sourcePort, destinationPort] = [word(bytes, headers.transport + 2), port];
    const ends = { source: machine.address, destination: OUTER };
    const payload = udp({ sourcePort, destinationPort, payload: text }, ends);
    if (headers.protocol !== PROTOCOL.udp) return;
    this.#answers.push(() => this.#send(machine, ipv4({ ...ends, protocol: PROTOCOL.udp, payload })));
  }

  /** A word comes back only to who said it, or in a hairpin to nobody who was not asked for. */
  #heardInside(bytes: Uint8Array, headers: PacketHeaders): void {
    const destination = formatIpv4(ipv4At(bytes, headers.network + 16));
    const source = formatIpv4(ipv4At(bytes, headers.network + 12));
    if (!/^10\.0\.0\.|^255\./.test(destination)) this.#fault(`a packet for ${destination} came in`);
    const said = this.#sound(bytes, headers, "inside");
    if (!said || said.to === OUTER || headers.protocol === PROTOCOL.icmp) return;
    if (said.from !== destination) this.#fault(`${destination} got from ${source} what ${said.from} had said`);
  }

  /** @returns what was said with a word of this packet */
  #sound(bytes: Uint8Array, headers: PacketHeaders, where: string): Said | undefined {
    const { network, transport, protocol, end, fragment } = headers;
    if (onesSum(bytes, network, transport) !== 0xffff) this.#fault(`a header with a wrong checksum ${where}`);
    if (fragment || ![1, 6, 17].includes(protocol)) return undefined;
    const said = this.#said.get(new TextDecoder().decode(textOf(bytes, headers)));
    const pseudo = protocol === PROTOCOL.icmp ? 0 : pseudoHeaderSum(bytes, network + 12, 4, protocol, end - transport);
    const right = onesSum(bytes, transport, end, pseudo) === 0xffff;
    if (said && !right) this.#fault(`a sound packet of protocol ${protocol} has a wrong checksum ${where}`);
    return right ? said : undefined;
  }

  #look(): void {
    const { entries, limit } = this.#gateway.nat()!;
    if (entries.length > limit) this.#fault(`${entries.length} translations`);
    const outer = new Set(entries.map((entry) => `${entry.protocol} ${entry.outer}`));
    if (outer.size !== entries.length) this.#fault("two translations have one outer port");
  }

  #fault(what: string): void {
    this.#wrong ??= what;
  }

  #machine(
    link: string,
    address: string,
    router: string,
    heard: (bytes: Uint8Array, headers: PacketHeaders) => void,
  ): Machine {
    const mac = formatMac(Uint8Array.of(2, 0, ...address.split(".").map(Number)));
    const port = this.#fabric.port(link, { machine: address, nic: 0, mac });
    const machine: Machine = { port, mac, address, router, routerMac: EVERYBODY };
    port.receive = ({ bytes }) => {
      if (word(bytes, 12) === ETHERTYPE.arp) answerArp(machine, bytes);
      else if (formatMac(bytes.subarray(0, 6)) === mac) {
        const headers = packetHeaders(bytes);
        if (headers?.network === 14 && formatMac(bytes.subarray(6, 12)) === machine.routerMac) heard(bytes, headers);
      }
    };
    const request = arp({ operation: "request", senderMac: mac, sender: address, target: router });
    port.send({
      bytes: ethernet({ destination: EVERYBODY, source: mac, type: ETHERTYPE.arp, payload: request }),
      checksum: "whole",
    });
    return machine;
  }

  #later(milliseconds: number, run: () => void): () => void {
    const entry = { at: this.#now + milliseconds, run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((one) => one !== entry);
    };
  }

  #pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#due
        .filter(({ at }) => at <= end)
        .reduce<Due | undefined>((first, one) => (first && first.at <= one.at ? first : one), undefined);
      if (!next) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}

/** The router's address is learned, and whoever asks for this machine's own is told it. */
function answerArp(machine: Machine, bytes: Uint8Array): void {
  const sender = formatIpv4(ipv4At(bytes, 28));
  const senderMac = formatMac(bytes.subarray(22, 28));
  if (sender === machine.router && machine.routerMac === EVERYBODY) machine.routerMac = senderMac;
  if (word(bytes, 20) !== 1 || formatIpv4(ipv4At(bytes, 38)) !== machine.address) return;
  const { mac, address, port } = machine;
  const reply = arp({ operation: "reply", senderMac: mac, sender: address, targetMac: senderMac, target: sender });
  const frame = ethernet({ destination: senderMac, source: mac, type: ETHERTYPE.arp, payload: reply });
  port.send({ bytes: frame, checksum: "whole" });
}

/** What is behind the transport header. */
function textOf(bytes: Uint8Array, { transport, protocol, end }: PacketHeaders): Uint8Array {
  const header = protocol === PROTOCOL.tcp ? (bytes[transport + 12]! >> 4) * 4 : 8;
  return bytes.subarray(Math.min(end, transport + header), end);
}
