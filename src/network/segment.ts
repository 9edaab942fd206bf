/** A link inside one host: a hub or a learning switch with ports, and nothing lost but what is counted. */
import { ETHERNET_BYTES } from "./headers.ts";
import type { Frame, LinkPort } from "./link.ts";
import { formatMac } from "./mac.ts";
import { makeGood } from "./offload.ts";

/** Bytes of a frame on the wire without FCS, with room for two VLAN tags (IEEE 802.3, 3.2.7; 802.1Q, G.2.2). */
const LARGEST_FRAME = 1522;
/** Milliseconds an address is remembered (IEEE 802.1Q, 8.8.3). */
const AGEING = 300_000;
/** Addresses remembered at once; the one unheard of for longest makes room. */
const MOST_ADDRESSES = 1024;
/** Frames that wait at a port while others are delivered. */
const MOST_WAITING = 512;
/** Frames delivered in one go. More are a loop of ends that answer each other at once, and are dropped. */
const MOST_IN_ONE_GO = 65_536;

export interface PortCounters {
  readonly name: string;
  /** Frames and bytes from the port's owner, and to it. */
  readonly sent: number;
  readonly sentBytes: number;
  readonly received: number;
  readonly receivedBytes: number;
  /** Frames the owner sent that are no frames: too short, too long, or not what they say they are. */
  readonly malformed: number;
  /** Frames for the owner that found no room, or nobody who takes frames. */
  readonly dropped: number;
}

/** An address and the port it was last heard at. */
export interface LearnedAddress {
  readonly mac: string;
  readonly port: string;
  /** Milliseconds since it was last heard. */
  readonly age: number;
}

interface Learned {
  readonly port: Port;
  readonly at: number;
}

class Port implements LinkPort {
  receive: ((frame: Frame) => void) | undefined;
  offloads = false;
  readonly carrier = true;
  onCarrier: ((carrier: boolean) => void) | undefined;
  readonly mtu = 1500;
  readonly counters = {
    name: "",
    sent: 0,
    sentBytes: 0,
    received: 0,
    receivedBytes: 0,
    malformed: 0,
    dropped: 0,
  };
  readonly waiting: Frame[] = [];
  #segment: PortOwner | undefined;

  constructor(name: string, segment: PortOwner) {
    this.counters.name = name;
    this.#segment = segment;
  }

  send(frame: Frame): void {
    this.#segment?.forward(this, frame);
  }

  dropped(frames: number): void {
    this.counters.dropped += frames;
  }

  close(): void {
    this.receive = undefined;
    this.waiting.length = 0;
    this.#segment?.unplug(this);
    this.#segment = undefined;
  }
}

interface PortOwner {
  forward(from: Port, frame: Frame): void;
  unplug(port: Port): void;
}

export class Segment {
  readonly kind: "hub" | "switch";
  readonly #now: () => number;
  readonly #ports = new Set<Port>();
  /** By address as a number, in the order they were last heard. */
  readonly #learned = new Map<number, Learned>();
  #delivering = false;

  /** @param now milliseconds of the clock that addresses age by */
  constructor(kind: "hub" | "switch", now: () => number = Date.now) {
    this.kind = kind;
    this.#now = now;
  }

  /** Plugs a new end in. */
  port(name: string): LinkPort {
    const port = new Port(name, {
      forward: (from, frame) => this.#forward(from, frame),
      unplug: (closed) => this.#unplug(closed),
    });
    this.#ports.add(port);
    return port;
  }

  /** Of every end that is plugged in, in the order they were. */
  get counters(): readonly PortCounters[] {
    return [...this.#ports].map(({ counters }) => ({ ...counters }));
  }

  /** What a switch has learned and not forgotten, the newest last; a hub learns nothing. */
  addresses(): readonly LearnedAddress[] {
    this.#forget();
    return [...this.#learned].map(([address, { port, at }]) => ({
      mac: formatMac(Uint8Array.from({ length: 6 }, (_, index) => Math.floor(address / 256 ** (5 - index)) % 256)),
      port: port.counters.name,
      age: this.#now() - at,
    }));
  }

  #unplug(port: Port): void {
    this.#ports.delete(port);
    for (const [address, learned] of this.#learned) if (learned.port === port) this.#learned.delete(address);
  }

  #forward(from: Port, frame: Frame): void {
    const { length } = frame.bytes;
    if (length < ETHERNET_BYTES || (!frame.segmentation && length > LARGEST_FRAME)) {
      from.counters.malformed++;
      return;
    }
    from.counters.sent++;
    from.counters.sentBytes += length;
    const to = this.#destinations(from, frame.bytes);
    let good: readonly Frame[] | undefined;
    for (const port of to) {
      if (port.offloads) {
        enqueue(port, frame);
        continue;
      }
      good ??= pieces(from, frame);
      for (const piece of good) enqueue(port, piece);
    }
    this.#deliver();
  }

  #destinations(from: Port, bytes: Uint8Array): Iterable<Port> {
    if (this.kind === "switch") {
      if ((bytes[6]! & 1) === 0) this.#learn(address(bytes, 6), from);
      const known = (bytes[0]! & 1) === 0 ? this.#learned.get(address(bytes, 0)) : undefined;
      if (known && this.#now() - known.at < AGEING) return known.port === from ? [] : [known.port];
    }
    return [...this.#ports].filter((port) => port !== from);
  }

  #learn(mac: number, port: Port): void {
    this.#learned.delete(mac);
    this.#learned.set(mac, { port, at: this.#now() });
    if (this.#learned.size > MOST_ADDRESSES) this.#learned.delete(this.#learned.keys().next().value!);
  }

  #forget(): void {
    for (const [mac, { at }] of this.#learned) {
      if (this.#now() - at < AGEING) return;
      this.#learned.delete(mac);
    }
  }

  /**
   * Hands out what waits, port by port. Ends that send while they receive only add to the queues, so that a frame
   * answered at once never calls deeper, and the loop is bounded.
   */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      let left = MOST_IN_ONE_GO;
      for (let busy = true; busy; ) {
        busy = false;
        for (const port of this.#ports) {
          const frames = port.waiting.splice(0);
          if (frames.length === 0) continue;
          busy = true;
          left -= frames.length;
          for (const frame of frames) {
            if (left >= 0 && port.receive) handOver(port, frame);
            else port.counters.dropped++;
          }
        }
      }
    } finally {
      this.#delivering = false;
    }
  }
}

/** The frame as a wire would carry it: nothing where it is not what it says it is, or its pieces fit no wire. */
function pieces(from: Port, frame: Frame): readonly Frame[] {
  const good = makeGood(frame, () => from.counters.malformed++);
  if (good.every(({ bytes }) => bytes.length <= LARGEST_FRAME)) return good;
  from.counters.malformed++;
  return [];
}

function enqueue(port: Port, frame: Frame): void {
  if (port.waiting.length < MOST_WAITING) port.waiting.push(frame);
  else port.counters.dropped++;
}

function handOver(port: Port, frame: Frame): void {
  port.counters.received++;
  port.counters.receivedBytes += frame.bytes.length;
  port.receive!(frame);
}

/** Six bytes as one number below 2⁴⁸. */
const address = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 8) | bytes[at + 1]!) * 2 ** 32 +
  (((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0);
