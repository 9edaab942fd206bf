/** A network backend of this program: what xen-netback is in a driver domain, on a link of the host. */
import type { Frame } from "../../network/link.ts";
import type { DeviceCost, RingState, RingSummary } from "../../probe/io/types.ts";
import { XENBUS } from "../abi/xenbus.ts";
import type { Backend, FrontDomain, NetworkDescription, PaceSetting } from "./front-domain.ts";
import { ConnectError, type DeviceStore, Handshake } from "./handshake.ts";
import {
  NetworkConnection,
  type NetworkContext,
  type NetworkTerms,
  type SavedConnection,
} from "./network-connection.ts";
import { checkPace, Pacer } from "./pacer.ts";
import { RingAccount, type SavedAccount } from "./ring-account.ts";
import { eventExits, ringState } from "./ring-probe.ts";

/** What the backend offers; a lab or a test may leave some out. */
export interface NetworkFeatures {
  /** Scatter-gather, large segments and partial checksums, both ways. */
  readonly offloads: boolean;
  /** An event channel for each ring. */
  readonly splitChannels: boolean;
}

type Direction = "tx" | "rx";
const DIRECTIONS = ["tx", "rx"] as const;

interface Totals {
  sent: number;
  received: number;
  dropped: number;
}

/** JSON data of {@link NetworkBackend.save}. */
interface SavedNetwork {
  readonly connection?: SavedConnection;
  readonly pace: Readonly<Record<Direction, PaceSetting>>;
  readonly accounts: Readonly<Record<Direction, SavedAccount>>;
  readonly totals: Totals;
}

export class NetworkBackend implements Backend {
  readonly #domain: FrontDomain;
  readonly #description: NetworkDescription;
  readonly #features: NetworkFeatures;
  readonly #handshake: Handshake;
  readonly #pacers: Readonly<Record<Direction, Pacer>>;
  readonly #accounts: Readonly<Record<Direction, RingAccount>>;
  #connection: NetworkConnection | undefined;
  #totals: Totals = { sent: 0, received: 0, dropped: 0 };

  /** Begins the handshake when the backend's directory says Initialising; else {@link restore} is to be called. */
  constructor(
    domain: FrontDomain,
    store: DeviceStore,
    description: NetworkDescription,
    { offloads = true, splitChannels = true }: Partial<NetworkFeatures> = {},
  ) {
    this.#domain = domain;
    this.#description = description;
    this.#features = { offloads, splitChannels };
    this.#pacers = { tx: new Pacer(domain), rx: new Pacer(domain) };
    this.#accounts = { tx: new RingAccount(() => domain.now()), rx: new RingAccount(() => domain.now()) };
    this.#handshake = new Handshake(domain, store, description, {
      ready: [XENBUS.connected],
      features: () => this.#offered(),
      connect: () => this.#connect(),
      disconnect: () => this.#disconnect(),
    });
  }

  #offered(): Record<string, string | number> {
    const { offloads, splitChannels } = this.#features;
    const offered = offloads ? 1 : 0;
    return {
      "feature-sg": offered,
      "feature-gso-tcpv4": offered,
      "feature-gso-tcpv6": offered,
      "feature-ipv6-csum-offload": offered,
      "feature-no-csum-offload": offloads ? 0 : 1,
      "feature-rx-copy": 1,
      "feature-rx-flip": 0,
      "feature-split-event-channels": splitChannels ? 1 : 0,
      "multi-queue-max-queues": 1,
    };
  }

  #connect(): Record<string, string | number> {
    const terms = this.#terms();
    this.#disconnect();
    this.#attach(new NetworkConnection(this.#context(), terms));
    return {};
  }

  #terms(): NetworkTerms {
    const handshake = this.#handshake;
    const has = (feature: string) => handshake.frontFlag(feature);
    if (!has("request-rx-copy"))
      throw new ConnectError("the frontend does not ask for rx-copy, and there is no rx-flip");
    const split = this.#features.splitChannels && handshake.front("event-channel-tx") !== undefined;
    const { offloads } = this.#features;
    const sg = offloads && has("feature-sg");
    return {
      txRing: handshake.frontNumber("tx-ring-ref"),
      rxRing: handshake.frontNumber("rx-ring-ref"),
      txPort: handshake.frontNumber(split ? "event-channel-tx" : "event-channel"),
      rxPort: handshake.frontNumber(split ? "event-channel-rx" : "event-channel"),
      features: {
        tcp4: sg && has("feature-gso-tcpv4"),
        tcp6: sg && has("feature-gso-tcpv6"),
        checksum4: offloads && !has("feature-no-csum-offload"),
        checksum6: offloads && has("feature-ipv6-csum-offload"),
      },
    };
  }

  #context(): NetworkContext {
    const context = (direction: Direction) => ({
      domain: this.#domain,
      account: this.#accounts[direction],
      ringName: this.#ringName(direction),
    });
    return {
      domain: this.#domain,
      use: `vif/${this.#description.handle}`,
      tx: { ...context("tx"), send: (frame) => this.#send(frame) },
      rx: { ...context("rx"), delivered: () => this.#totals.received++, dropped: () => this.#totals.dropped++ },
      notified: (rings) => this.#notified(rings),
    };
  }

  /** Events of a channel that serves both rings are counted with the transmit ring. */
  #notified(rings: Direction | "both"): void {
    this.#accounts[rings === "rx" ? "rx" : "tx"].notified();
    if (rings !== "rx") this.#pacers.tx.kick();
    if (rings !== "tx") this.#pacers.rx.kick();
  }

  #send(frame: Frame): void {
    this.#totals.sent++;
    this.#description.port?.send(frame);
  }

  #received(frame: Frame): void {
    this.#connection?.rx.enqueue(frame);
    this.#pacers.rx.kick();
  }

  #attach(connection: NetworkConnection): void {
    this.#connection = connection;
    for (const direction of DIRECTIONS) this.#pacers[direction].attach(connection[direction]);
    const { port } = this.#description;
    if (!port) return;
    port.offloads = true;
    port.receive = (frame) => this.#received(frame);
  }

  #disconnect(): void {
    for (const direction of DIRECTIONS) this.#pacers[direction].attach(undefined);
    if (this.#description.port) this.#description.port.receive = undefined;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #ringName(direction: Direction): string {
    return `vif:${this.#domain.name}/${this.#description.handle}/${direction}`;
  }

  #summary(direction: Direction): RingSummary {
    return {
      ring: this.#ringName(direction),
      design: "xen",
      device: "network",
      front: this.#domain.name,
      back: "host",
      connected: this.#connection !== undefined,
    };
  }

  #direction(ring: string): Direction | undefined {
    return DIRECTIONS.find((direction) => this.#ringName(direction) === ring);
  }

  rings(): readonly RingSummary[] {
    return DIRECTIONS.map((direction) => this.#summary(direction));
  }

  state(name: string): RingState | undefined {
    const direction = this.#direction(name);
    if (!direction) return undefined;
    const ring = this.#connection?.[direction].ring;
    const { pace } = this.#pacers[direction];
    return ringState(this.#domain, this.#summary(direction), direction, ring, this.#accounts[direction], pace);
  }

  costs(): DeviceCost {
    const { tx, rx } = this.#accounts;
    const { sent, received, dropped } = this.#totals;
    return {
      model: "xen-vif",
      name: this.#description.name,
      requests: sent + received,
      packets: { sent, received, dropped },
      bytes: tx.counters.bytes + rx.counters.bytes,
      copied: tx.counters.copied + rx.counters.copied,
      ...eventExits([tx, rx]),
    };
  }

  reset(): void {
    for (const direction of DIRECTIONS) this.#accounts[direction].reset();
    this.#totals = { sent: 0, received: 0, dropped: 0 };
  }

  pace(ring: string | undefined, setting: PaceSetting): void {
    checkPace(setting);
    for (const direction of DIRECTIONS) {
      if (ring === undefined || ring === this.#ringName(direction)) this.#pacers[direction].set(setting);
    }
  }

  step(ring: string, by: "slot" | "notification"): void {
    const direction = this.#direction(ring);
    if (direction) this.#pacers[direction].step(by);
  }

  close(): void {
    this.#handshake.close();
    this.#disconnect();
  }

  save(): SavedNetwork {
    return {
      ...(this.#connection && { connection: this.#connection.save() }),
      pace: { tx: this.#pacers.tx.setting, rx: this.#pacers.rx.setting },
      accounts: { tx: this.#accounts.tx.save(), rx: this.#accounts.rx.save() },
      totals: { ...this.#totals },
    };
  }

  restore(state: unknown): void {
    const { connection, pace, accounts, totals } = state as SavedNetwork;
    for (const direction of DIRECTIONS) {
      this.#accounts[direction].restore(accounts[direction]);
      this.#pacers[direction].set(pace[direction]);
    }
    this.#totals = { ...totals };
    if (!connection) return;
    this.#handshake.attempt(() => this.#attach(new NetworkConnection(this.#context(), connection, connection)));
  }
}
