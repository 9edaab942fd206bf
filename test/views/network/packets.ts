import {
  arp,
  ETHERTYPE,
  ethernet,
  icmpEcho,
  ipv4,
  PROTOCOL,
  TCP_FLAG,
  tcp,
  udp,
} from "../../../src/network/codec/index.ts";
import type { CapturedFrame, Decision } from "../../../src/network/reports.ts";
import type { GuestFrame } from "../../../src/probe/network/types.ts";
import type { Trail } from "../../../src/views/network/picture.ts";
import { TrailBook } from "../../../src/views/network/trails/book.ts";
import { carried, seenBy, surroundingsOf } from "./passing.ts";
import { MAC, type Scene } from "./pictures.ts";

/** Packets as they passed the networks of pictures.ts, made into trails as the page makes them. */

const EVERYBODY = "ff:ff:ff:ff:ff:ff";
const data = Uint8Array.from({ length: 56 }, (_, at) => at);

type Seen = { readonly link: CapturedFrame } | { readonly machine: string; readonly frame: GuestFrame };

function trailsOf({ picture, guests }: Scene, seen: readonly Seen[]): readonly Trail[] {
  const surroundings = surroundingsOf(picture, guests);
  const book = new TrailBook();
  for (const one of seen) {
    if ("link" in one) book.addFabric([one.link], surroundings);
    else book.addGuest(one.machine, [one.frame], surroundings);
  }
  return book.read(surroundings).trails;
}

const at = (machine: string, frame: GuestFrame): Seen => ({ machine, frame });

interface Address {
  readonly mac: string;
  readonly ip: string;
}

const U1: Address = { mac: MAC.domU1, ip: "10.0.0.11" };
const OUT: Address = { mac: MAC.outside, ip: "10.0.0.99" };

const echo = (from: Address, to: Address, reply: boolean, identification: number) =>
  ethernet({
    destination: to.mac,
    source: from.mac,
    type: ETHERTYPE.ipv4,
    payload: ipv4({
      source: from.ip,
      destination: to.ip,
      protocol: PROTOCOL.icmp,
      identification,
      payload: icmpEcho({ reply, id: 71, seq: 1, data }),
    }),
  });

const learned = (mac: string, port: string): Decision => ({ kind: "fdb", vlan: 1, mac, port, age: 1200 });

/** Interfaces of dom0: peth0, xenbr0, vif1.0, vif2.0. */
const [PETH0, XENBR0, VIF1, VIF2] = [2, 3, 4, 5];

/** ARP flooded to everybody and answered, an echo there and back, and a datagram that was lost on the wire. */
export function bridgePackets(scene: Scene): readonly Trail[] {
  const request = ethernet({
    destination: EVERYBODY,
    source: U1.mac,
    type: ETHERTYPE.arp,
    payload: arp({ operation: "request", senderMac: U1.mac, sender: U1.ip, target: OUT.ip }),
  });
  const answer = ethernet({
    destination: U1.mac,
    source: OUT.mac,
    type: ETHERTYPE.arp,
    payload: arp({ operation: "reply", senderMac: OUT.mac, sender: OUT.ip, targetMac: U1.mac, target: U1.ip }),
  });
  const lost = ethernet({
    destination: OUT.mac,
    source: U1.mac,
    type: ETHERTYPE.ipv4,
    payload: ipv4({
      source: U1.ip,
      destination: OUT.ip,
      protocol: PROTOCOL.udp,
      identification: 9,
      payload: udp({ sourcePort: 5000, destinationPort: 7, payload: data }, { source: U1.ip, destination: OUT.ip }),
    }),
  });
  return trailsOf(scene, [
    ...outwards(request, 0, { kind: "flood", vlan: 1, why: "broadcast" }),
    at("dom0", seenBy(XENBR0, "in", 0.55, request)),
    at("dom0", seenBy(VIF2, "out", 0.6, request)),
    at("domU2", seenBy(2, "in", 0.9, request)),
    ...inwards(answer, 5),
    ...outwards(echo(U1, OUT, false, 4711), 9, learned(OUT.mac, "outside/0")),
    ...inwards(echo(OUT, U1, true, 815), 14),
    ...outwards(lost, 20, { kind: "drop", why: "loss" }).slice(0, 4),
  ]);
}

/** From domU1 over its ring, the bridge and the wire to the machine outside. */
const outwards = (bytes: Uint8Array, after: number, decision: Decision): readonly Seen[] => [
  at("domU1", seenBy(2, "out", after, bytes)),
  at("dom0", seenBy(VIF1, "in", after + 0.5, bytes)),
  at("dom0", seenBy(PETH0, "out", after + 0.6, bytes)),
  { link: carried("physical", "dom0/0", decision.kind === "drop" ? [] : ["outside/0"], after + 1, bytes, decision) },
  at("outside", seenBy(2, "in", after + 3, bytes)),
];

const inwards = (bytes: Uint8Array, after: number): readonly Seen[] => [
  at("outside", seenBy(2, "out", after, bytes)),
  { link: carried("physical", "outside/0", ["dom0/0"], after + 0.4, bytes, learned(U1.mac, "dom0/0")) },
  at("dom0", seenBy(PETH0, "in", after + 2.5, bytes)),
  at("dom0", seenBy(VIF1, "out", after + 2.6, bytes)),
  at("domU1", seenBy(2, "in", after + 3, bytes)),
];

const WEB = 4026532201;
const WEB_MAC = "02:42:ac:11:00:02";
const DOCKER0_MAC = "02:52:00:00:00:03";

/** The first segments of a connection to a published port: rewritten on the way in, and back on the way out. */
export function dockerPackets(scene: Scene): readonly Trail[] {
  const segment = (from: Address & { port: number }, to: Address & { port: number }, flags: number, ttl: number) =>
    ethernet({
      destination: to.mac,
      source: from.mac,
      type: ETHERTYPE.ipv4,
      payload: ipv4({
        source: from.ip,
        destination: to.ip,
        protocol: PROTOCOL.tcp,
        ttl,
        identification: flags,
        dontFragment: true,
        payload: tcp(
          {
            sourcePort: from.port,
            destinationPort: to.port,
            sequence: 1_000_000,
            acknowledgement: flags & TCP_FLAG.ack ? 2_000_000 : 0,
            flags,
            window: 64_240,
            options: { mss: 1460 },
            payload: new Uint8Array(0),
          },
          { source: from.ip, destination: to.ip },
        ),
      }),
    });
  const client = { mac: MAC.node2, ip: "192.168.7.2", port: 40_001 };
  const published = { mac: MAC.node1, ip: "192.168.7.1", port: 8080 };
  const web = { mac: WEB_MAC, ip: "172.17.0.2", port: 80 };
  const { syn, ack } = TCP_FLAG;
  const outside = segment(client, published, syn, 64);
  const inside = segment({ ...client, mac: DOCKER0_MAC }, web, syn, 63);
  const answer = segment(web, { ...client, mac: DOCKER0_MAC }, syn | ack, 64);
  const back = segment(published, client, syn | ack, 63);
  return trailsOf(scene, [
    at("node2", seenBy(2, "out", 0, outside)),
    { link: carried("lan", "node2/0", ["node1/0"], 0.3, outside, learned(MAC.node1, "node1/0")) },
    at("node1", seenBy(2, "in", 0.8, outside)),
    at("node1", seenBy(3, "out", 1, inside)),
    at("node1", seenBy(4, "out", 1.02, inside)),
    at("node1", seenBy(2, "in", 1.05, inside, WEB)),
    at("node1", seenBy(2, "out", 1.4, answer, WEB)),
    at("node1", seenBy(4, "in", 1.42, answer)),
    at("node1", seenBy(3, "in", 1.45, answer)),
    at("node1", seenBy(2, "out", 1.6, back)),
    { link: carried("lan", "node1/0", ["node2/0"], 1.9, back, learned(MAC.node2, "node2/0")) },
    at("node2", seenBy(2, "in", 2.3, back)),
  ]);
}

/** An IP packet whose header says that it is longer than its frame, from domU1. */
export function malformedPackets(scene: Scene): readonly Trail[] {
  const bytes = echo(U1, OUT, false, 1).slice();
  bytes.set([0x05, 0xdc], 16);
  return trailsOf(scene, [at("domU1", seenBy(2, "out", 0, bytes))]);
}
