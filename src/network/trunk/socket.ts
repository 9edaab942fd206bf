import type { MessageEnd } from "../api.ts";
import type { LinkPort } from "../link.ts";
import type { PortSpec } from "../link-spec.ts";
import { Cable } from "./cable.ts";
import { type FromHost, type FromNetwork, type KnownLink, readFromHost } from "./messages.ts";

/** Ends one host may have open: far more than its machines have cards. */
const MOST_ENDS = 256;

/** What a cable's other side is plugged into. */
export interface LinksHere {
  /** @throws Error with a sentence when there is no such link, or no room at it */
  port(link: string, spec: PortSpec): LinkPort;
}

/** The network's side of the cable to one host: the host's ends are ends of links here, for as long as the host has them. */
export class Socket {
  readonly #links: LinksHere;
  readonly #ports = new Map<number, LinkPort>();
  readonly #cable: Cable;
  /** The largest number of an end so far: numbers are used once, in order. */
  #newest = 0;

  constructor(end: MessageEnd, links: LinksHere, known: readonly KnownLink[]) {
    this.#links = links;
    this.#cable = new Cable(end, {
      frame: (number, frame) => this.#ports.get(number)?.send(frame),
      full: (number) => this.#ports.get(number)?.dropped(1),
      dropped: (number, frames) => this.#ports.get(number)?.dropped(frames),
      message: (message) => this.#hear(readFromHost(message)),
    });
    this.announce(known);
  }

  /** What came from the host and was not to be understood. */
  get faults(): number {
    return this.#cable.faults;
  }

  announce(links: readonly KnownLink[]): void {
    this.#say({ say: "links", links });
  }

  close(): void {
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
    this.#cable.close();
  }

  #hear(message: FromHost | undefined): boolean {
    if (!message) return false;
    if (message.say === "open") return this.#open(message);
    const port = this.#ports.get(message.end);
    if (!port) return message.end <= this.#newest;
    if (message.say === "offloads") port.offloads = message.on;
    else this.#close(message.end, port);
    return true;
  }

  #open({ end, link, spec, offloads }: Extract<FromHost, { say: "open" }>): boolean {
    if (end <= this.#newest) return false;
    this.#newest = end;
    if (this.#ports.size >= MOST_ENDS) return this.#refuse(end, `A host has at most ${MOST_ENDS} ends of links here.`);
    let port: LinkPort;
    try {
      port = this.#links.port(link, spec);
    } catch (error) {
      return this.#refuse(end, error instanceof Error ? error.message : String(error));
    }
    this.#ports.set(end, port);
    this.#cable.add(end);
    port.offloads = offloads;
    port.receive = (frame) => this.#cable.send(end, frame);
    port.onCarrier = (carrier) => this.#say({ say: "carrier", end, carrier });
    this.#say({ say: "carrier", end, carrier: port.carrier });
    return true;
  }

  #close(end: number, port: LinkPort): void {
    this.#ports.delete(end);
    this.#cable.remove(end);
    port.close();
  }

  #refuse(end: number, why: string): true {
    this.#say({ say: "refused", end, why: why.slice(0, 1000) });
    return true;
  }

  #say(message: FromNetwork): void {
    this.#cable.say(message);
  }
}
