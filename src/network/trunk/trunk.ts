import type { MessageEnd } from "../api.ts";
import type { Frame, LinkPort } from "../link.ts";
import type { PortSpec } from "../link-spec.ts";
import { Cable } from "./cable.ts";
import { type FromHost, type FromNetwork, readFromNetwork, USUAL_MTU } from "./messages.ts";

/** A host's side of its cable to the network: the ends of links that live there. */
export class Trunk {
  readonly #ends = new Map<number, TrunkPort>();
  /** MTU of the network's links, by name. */
  #links: ReadonlyMap<string, number> = new Map();
  #cable: Cable | undefined;
  #welcome: (() => void) | undefined;
  #ended = 0;

  /**
   * Plugs a cable in, in the place of the one before: ends that are open are opened again at its other side.
   *
   * @returns when the other side has said which links it has
   */
  join(end: MessageEnd): Promise<void> {
    this.#cable?.close();
    const cable = new Cable(end, {
      frame: (number, frame) => this.#ends.get(number)?.receive?.(frame),
      // what is dropped on either side is counted at the link's own end of it
      full: (number) => cable.tellDropped(number, 1),
      dropped: () => {},
      message: (message) => this.#hear(readFromNetwork(message)),
    });
    this.#cable = cable;
    for (const [number, port] of this.#ends) this.#open(number, port);
    this.#welcome?.(); // whoever waited for the one before need wait no longer
    return new Promise((resolve) => {
      this.#welcome = resolve;
    });
  }

  /** Whether the network has a link of this name. */
  has(link: string): boolean {
    return this.#links.has(link);
  }

  /** @returns undefined when the network has no such link */
  mtu(link: string): number | undefined {
    return this.#links.get(link);
  }

  /** A new end of one of the network's links. */
  port(link: string, spec: PortSpec): LinkPort {
    const number = ++this.#ended;
    const port = new TrunkPort(link, spec, this.#links.get(link) ?? USUAL_MTU, {
      send: (frame) => this.#cable?.send(number, frame),
      dropped: (frames) => this.#cable?.tellDropped(number, frames),
      offloads: (on) => this.#say({ say: "offloads", end: number, on }),
      close: () => this.#close(number),
    });
    this.#ends.set(number, port);
    this.#open(number, port);
    return port;
  }

  close(): void {
    this.#cable?.close();
    this.#cable = undefined;
    this.#ends.clear();
  }

  #open(number: number, { link, spec, offloads }: TrunkPort): void {
    this.#cable?.add(number);
    this.#say({ say: "open", end: number, link, spec, offloads });
  }

  #close(number: number): void {
    if (!this.#ends.delete(number)) return;
    this.#cable?.remove(number);
    this.#say({ say: "close", end: number });
  }

  #say(message: FromHost): void {
    this.#cable?.say(message);
  }

  #hear(message: FromNetwork | undefined): boolean {
    if (!message) return false;
    if (message.say === "links") {
      this.#links = new Map(message.links.map(({ name, mtu }) => [name, mtu]));
      this.#welcome?.();
      this.#welcome = undefined;
      return true;
    }
    this.#ends.get(message.end)?.setCarrier(message.say === "carrier" && message.carrier);
    return true;
  }
}

interface TrunkPortOwner {
  send(frame: Frame): void;
  dropped(frames: number): void;
  offloads(on: boolean): void;
  close(): void;
}

/** An end of a link in the network's thread. It has carrier until the other side says that it has none. */
class TrunkPort implements LinkPort {
  readonly link: string;
  readonly spec: PortSpec;
  readonly mtu: number;
  receive: ((frame: Frame) => void) | undefined;
  onCarrier: ((carrier: boolean) => void) | undefined;
  readonly #owner: TrunkPortOwner;
  #offloads = false;
  #carrier = true;

  constructor(link: string, spec: PortSpec, mtu: number, owner: TrunkPortOwner) {
    this.link = link;
    this.spec = spec;
    this.mtu = mtu;
    this.#owner = owner;
  }

  get offloads(): boolean {
    return this.#offloads;
  }

  set offloads(on: boolean) {
    if (on === this.#offloads) return;
    this.#offloads = on;
    this.#owner.offloads(on);
  }

  get carrier(): boolean {
    return this.#carrier;
  }

  setCarrier(carrier: boolean): void {
    if (carrier === this.#carrier) return;
    this.#carrier = carrier;
    this.onCarrier?.(carrier);
  }

  send(frame: Frame): void {
    this.#owner.send(frame);
  }

  dropped(frames: number): void {
    this.#owner.dropped(frames);
  }

  close(): void {
    this.receive = undefined;
    this.onCarrier = undefined;
    this.#owner.close();
  }
}
