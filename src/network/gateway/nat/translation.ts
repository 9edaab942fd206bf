/**
 * A table of address translations: which outer port stands for which inner endpoint, for whom, and for how long.
 *
 * Mapping and filtering are named as in RFC 4787, 4.1 and 5; timers are the RFCs' own (RFC 4787, 4.3; RFC 5382, 5; RFC
 * 5508, 3.2). Addresses are 32-bit numbers.
 */
import { formatIpv4 } from "../../codec/index.ts";
import type { NatEntry, NatReport } from "../../reports.ts";
import type { Endpoint } from "../endpoint.ts";
import { TcpSessions } from "./sessions.ts";

export type Protocol = "tcp" | "udp" | "icmp";

/** Milliseconds a mapping lives without a packet; of TCP see sessions.ts. */
const LIFE = { udp: 300_000, icmp: 60_000 } as const;

/** Mappings at most; the inner host with the most of them then gives up its longest idle one. */
const MOST_MAPPINGS = 1024;

/** Milliseconds between looks for mappings whose time is over; each is also looked at when a packet asks for it. */
const SWEEP = 1000;

/** Outer ports the gateway answers on by itself. */
const OWN_PORTS: ReadonlySet<number> = new Set([7, 53, 67, 68, 80]);

/** First port that needs no privilege (RFC 6335, 6): a mapping stays on its side of it (RFC 4787, REQ-3 a). */
const USER_PORTS = 1024;

interface Mapping {
  readonly protocol: Protocol;
  readonly inner: Endpoint;
  readonly outer: number;
  /** Of an address-and-port-dependent mapping. */
  readonly remote: Endpoint | undefined;
  readonly sessions: TcpSessions | undefined;
  readonly packets: { out: number; in: number };
  expires: number;
}

export interface TranslationOptions {
  /** The inner link, for reports. */
  readonly link: string;
  readonly kind: "full-cone" | "symmetric";
  /** The gateway's outer address. */
  readonly outer: number;
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const key = (protocol: Protocol, { address, port }: Endpoint, remote?: Endpoint) =>
  remote ? `${protocol} ${address}:${port} ${remote.address}:${remote.port}` : `${protocol} ${address}:${port}`;

const text = ({ address, port }: Endpoint) => `${formatIpv4(address)}:${port}`;

/** A table of translations of one gateway. */
export class Translations {
  readonly #options: TranslationOptions;
  /** By inner endpoint, longest idle first. */
  readonly #byInner = new Map<string, Mapping>();
  readonly #byOuter = new Map<string, Mapping>();
  readonly #ofHost = new Map<number, Set<Mapping>>();
  #evicted = 0;
  #swept = Number.NEGATIVE_INFINITY;

  constructor(options: TranslationOptions) {
    this.#options = options;
  }

  /**
   * A packet from an inner endpoint to a remote one.
   *
   * @param flags of a TCP segment
   * @returns the outer port it leaves from; undefined when there is no port left
   */
  outbound(protocol: Protocol, inner: Endpoint, remote: Endpoint, flags = 0): number | undefined {
    this.#expire();
    const dependent = this.#options.kind === "symmetric" ? remote : undefined;
    const known = this.#living(this.#byInner.get(key(protocol, inner, dependent)));
    const mapping = known ?? this.#map(protocol, inner, dependent);
    if (!mapping) return undefined;
    mapping.packets.out++;
    this.#refresh(mapping, () => mapping.sessions?.passed("out", remote, flags));
    return mapping.outer;
  }

  /**
   * A packet from a remote endpoint to an outer port. It does not make a UDP mapping live longer (RFC 4787, REQ-6).
   *
   * @returns the inner endpoint it is for; undefined when it is for none or filtered
   */
  inbound(protocol: Protocol, outer: number, remote: Endpoint, flags = 0): Endpoint | undefined {
    const mapping = this.#living(this.#byOuter.get(`${protocol} ${outer}`));
    if (!mapping || (mapping.remote && !same(mapping.remote, remote))) return undefined;
    mapping.packets.in++;
    if (mapping.sessions) this.#refresh(mapping, () => mapping.sessions!.passed("in", remote, flags));
    return mapping.inner;
  }

  /** Whose outer port it is, for an ICMP error about a packet that left from it; changes no timer (RFC 5382, REQ-10). */
  owner(protocol: Protocol, outer: number, remote: Endpoint): Endpoint | undefined {
    const mapping = this.#living(this.#byOuter.get(`${protocol} ${outer}`));
    return mapping && (!mapping.remote || same(mapping.remote, remote)) ? mapping.inner : undefined;
  }

  /** Whether an outer port stands for anybody. */
  has(protocol: Protocol, outer: number): boolean {
    return this.#living(this.#byOuter.get(`${protocol} ${outer}`)) !== undefined;
  }

  /** The outer port an inner endpoint has towards a remote one, if it has; changes no timer. */
  outerPort(protocol: Protocol, inner: Endpoint, remote: Endpoint): number | undefined {
    const dependent = this.#options.kind === "symmetric" ? remote : undefined;
    return this.#living(this.#byInner.get(key(protocol, inner, dependent)))?.outer;
  }

  report(): NatReport {
    this.#swept = Number.NEGATIVE_INFINITY;
    this.#expire();
    return {
      entries: [...this.#byInner.values()].map((one) => this.#entry(one)),
      limit: MOST_MAPPINGS,
      evicted: this.#evicted,
    };
  }

  #entry({ protocol, inner, outer, remote, sessions, packets, expires }: Mapping): NatEntry {
    return {
      link: this.#options.link,
      protocol,
      inner: text(inner),
      outer: text({ address: this.#options.outer, port: outer }),
      remote: remote ? text(remote) : null,
      state: sessions?.state ?? null,
      expires: Math.max(0, expires - this.#options.now()),
      packets: { ...packets },
    };
  }

  #map(protocol: Protocol, inner: Endpoint, remote: Endpoint | undefined): Mapping | undefined {
    if (this.#byInner.size >= MOST_MAPPINGS) this.#evict();
    const outer = this.#freePort(protocol, inner.port);
    if (outer === undefined) return undefined;
    const sessions = protocol === "tcp" ? new TcpSessions(this.#options.now) : undefined;
    const packets = { out: 0, in: 0 };
    const mapping: Mapping = { protocol, inner, outer, remote, sessions, packets, expires: 0 };
    this.#byInner.set(key(protocol, inner, remote), mapping);
    this.#byOuter.set(`${protocol} ${outer}`, mapping);
    const siblings = this.#ofHost.get(inner.address) ?? new Set();
    this.#ofHost.set(inner.address, siblings.add(mapping));
    return mapping;
  }

  /**
   * The inner port itself where it is free, else another on the same side of 1024 and of the same parity (RFC 4787,
   * REQ-3 and REQ-4). Never one that is in use: no port overloading.
   */
  #freePort(protocol: Protocol, wanted: number): number | undefined {
    const free = (port: number) =>
      !this.#byOuter.has(`${protocol} ${port}`) && (protocol === "icmp" || (port > 0 && !OWN_PORTS.has(port)));
    if (free(wanted)) return wanted;
    const [least, count] =
      wanted < USER_PORTS && protocol !== "icmp" ? [0, USER_PORTS] : [USER_PORTS, 65_536 - USER_PORTS];
    const start = Math.floor(this.#options.random() * count) & ~1;
    for (const parity of [wanted & 1, ~wanted & 1]) {
      for (let step = 0; step < count; step += 2) {
        const port = least + ((start + step) % count) + parity;
        if (free(port)) return port;
      }
    }
    return undefined;
  }

  /** The longest idle mapping goes to the end of the line when it is used. */
  #refresh(mapping: Mapping, passed: () => number | undefined): void {
    const life = passed() ?? LIFE[mapping.protocol as "udp" | "icmp"];
    mapping.expires = this.#options.now() + life;
    const name = key(mapping.protocol, mapping.inner, mapping.remote);
    this.#byInner.delete(name);
    this.#byInner.set(name, mapping);
  }

  #expire(): void {
    const now = this.#options.now();
    if (now - this.#swept < SWEEP) return;
    this.#swept = now;
    for (const mapping of this.#byInner.values()) if (mapping.expires <= now) this.#forget(mapping);
  }

  #living(mapping: Mapping | undefined): Mapping | undefined {
    if (!mapping || mapping.expires > this.#options.now()) return mapping;
    this.#forget(mapping);
    return undefined;
  }

  /** So that a host that opens a thousand ports costs only itself. */
  #evict(): void {
    const most = [...this.#ofHost.values()].reduce((one, other) => (other.size > one.size ? other : one));
    for (const mapping of this.#byInner.values()) {
      if (!most.has(mapping)) continue;
      this.#forget(mapping);
      this.#evicted++;
      return;
    }
  }

  #forget(mapping: Mapping): void {
    this.#byInner.delete(key(mapping.protocol, mapping.inner, mapping.remote));
    this.#byOuter.delete(`${mapping.protocol} ${mapping.outer}`);
    const siblings = this.#ofHost.get(mapping.inner.address)!;
    siblings.delete(mapping);
    if (siblings.size === 0) this.#ofHost.delete(mapping.inner.address);
  }
}

const same = (one: Endpoint, other: Endpoint) => one.address === other.address && one.port === other.port;
