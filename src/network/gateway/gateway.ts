/** A gateway: a machine in the fabric, on one link or between two. */
import { ETHERTYPE, ethernet, icmpError, ipv4, PROTOCOL } from "../codec/index.ts";
import { type PacketHeaders, packetHeaders } from "../headers.ts";
import type { GatewaySpec } from "../link-spec.ts";
import { stableMac } from "../mac.ts";
import type { NatReport } from "../reports.ts";
import { type Network, parseNetwork, within } from "./address.ts";
import { GatewayHost, UNREACHABLE } from "./host.ts";
import { Leg } from "./leg.ts";
import { Reassembly } from "./nat/reassembly.ts";
import { addressOf, headerSound } from "./nat/rewrite.ts";
import { Router } from "./nat/router.ts";
import { Translations } from "./nat/translation.ts";
import { DhcpServer } from "./services/dhcp.ts";
import type { Gateway, GatewaySurroundings } from "./types.ts";

/** What it answers to, beside its leases' names. */
const NAME = "gateway";
const UNREACHED = 3;

/**
 * Plugs a gateway in.
 *
 * @param link the link it is on, the inner one where it has two
 * @throws Error with a sentence when an address of it cannot be
 */
export function makeGateway(link: string, spec: GatewaySpec, around: GatewaySurroundings): Gateway {
  return new PluggedGateway(link, spec, around);
}

class PluggedGateway implements Gateway {
  readonly #legs: Leg[] = [];
  readonly #host: GatewayHost;
  readonly #reassembly: Reassembly;
  readonly #translations: Translations | undefined;
  readonly #router: Router | undefined;

  constructor(link: string, spec: GatewaySpec, around: GatewaySurroundings) {
    const { nat, names = {} } = spec;
    const inner = parseNetwork(spec.address);
    const outer = nat && parseNetwork(nat.address);
    const dhcp = spec.dhcp && new DhcpServer(inner, spec.dhcp, around.now);
    this.#reassembly = new Reassembly(around.now);
    this.#plug(link, link, 0, inner, around);
    if (nat && outer) this.#plug(nat.link, link, 1, outer, around);
    this.#host = new GatewayHost({ name: NAME, around, legs: this.#legs, dhcp, names });
    if (!nat || !outer) return;
    const { now, random } = around;
    this.#translations = new Translations({ link, kind: nat.kind, outer: outer.address, now, random });
    this.#router = new Router({
      inner: this.#legs[0]!,
      outer: this.#legs[1]!,
      translations: this.#translations,
      hairpin: nat.hairpin ?? true,
      host: this.#host,
    });
  }

  get mac(): string {
    return this.#legs[0]!.mac;
  }

  nat(): NatReport | undefined {
    return this.#translations?.report();
  }

  close(): void {
    this.#host.close();
    for (const leg of this.#legs) leg.close();
  }

  /** @param home the link whose gateway it is, which it is named after on both */
  #plug(link: string, home: string, nic: number, network: Network, around: GatewaySurroundings): void {
    const machine = `gateway:${home}`;
    const mac = stableMac(0, machine, nic);
    const { now, later } = around;
    const leg: Leg = new Leg({
      network,
      mac,
      port: around.port(link, { machine, nic, mac }),
      now: () => now(),
      later: (milliseconds, run) => later(milliseconds, run),
      packet: (bytes, headers) => this.#receive(leg, bytes, headers),
      unreachable: (packet) => this.#unreachable(leg, packet),
    });
    this.#legs.push(leg);
  }

  #receive(leg: Leg, bytes: Uint8Array, headers: PacketHeaders): void {
    if (!headerSound(bytes, headers)) return;
    const source = addressOf(bytes, headers, "source");
    // from nobody (DHCP), or from a machine: neither this one nor many (RFC 1812, 5.3.7)
    const own = this.#legs.some(({ network }) => network.address === source);
    if (own || source >>> 28 >= 0xe || source >>> 24 === 127) return;
    if (!headers.fragment) {
      this.#whole(leg, bytes, headers);
      return;
    }
    const together = this.#reassembly.add(bytes, headers);
    const whole = together && packetHeaders(together);
    if (whole) this.#whole(leg, together, whole);
  }

  #whole(leg: Leg, bytes: Uint8Array, headers: PacketHeaders): void {
    if (this.#router?.receive(leg, { bytes, headers })) return;
    const destination = addressOf(bytes, headers, "destination");
    const here = within(leg.network, destination) || destination >>> 28 >= 0xe;
    if (this.#router || here) this.#host.receive(leg, bytes, headers);
    else this.#host.complain(leg, bytes, headers, UNREACHED, UNREACHABLE.network);
  }

  /**
   * Nobody has the outer address a packet was for: its inner sender hears of it, as if the outer link had said so. Of
   * packets for inner machines, and of the gateway's own, nobody hears.
   */
  #unreachable(leg: Leg, packet: Uint8Array): void {
    const source = leg.network.address;
    if (!this.#router || leg !== this.#legs[1]) return;
    const payload = icmpError(UNREACHED, UNREACHABLE.host, packet);
    const error = ipv4({ source, destination: source, protocol: PROTOCOL.icmp, payload });
    const frame = ethernet({ destination: leg.mac, source: leg.mac, type: ETHERTYPE.ipv4, payload: error });
    const headers = packetHeaders(frame);
    if (headers) this.#router.receive(leg, { bytes: frame, headers });
  }
}
