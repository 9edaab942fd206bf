import { CHANNELS_2L } from "../abi/event-channel.ts";
import { ChannelError } from "../backends/front-domain.ts";
import { Ports, type Receiver } from "./channels.ts";
import type { Guest } from "./guest.ts";

/** Ports of a 64-bit domain with the 2-level ABI: more than all guests' devices need. */
const MOST_PORTS = 4 * CHANNELS_2L;

/** This program's end of a channel. */
export interface HostChannel {
  /** Port of the host's domain. */
  readonly port: number;
  notify(): void;
  close(): void;
}

/**
 * The domain that this program's own backends, xenstored and console belong to. It runs between the guests' turns and
 * within their hypercalls, so an event to it is a call.
 */
export class HostDomain implements Receiver {
  readonly id: number;
  readonly ports: Ports;
  readonly #ends = new Map<number, { readonly use: string; readonly notified: () => void }>();

  constructor(id: number) {
    this.id = id;
    this.ports = new Ports(this, MOST_PORTS);
  }

  /** What a port of ours is for. */
  useOf(port: number): string | undefined {
    return this.#ends.get(port)?.use;
  }

  raise(port: number): void {
    this.#ends.get(port)?.notified();
  }

  clear(port: number): void {
    this.#ends.delete(port);
  }

  /**
   * Binds to a port a guest allocated for this domain. A backend looks at its ring when it connects, so that the event
   * which a new channel has pending need not be told to it.
   *
   * @throws ChannelError
   */
  bind(guest: Guest, remotePort: number, use: string, notified: () => void): HostChannel {
    const port = this.ports.bindInterdomain(guest.ports, remotePort);
    if (port < 0) {
      throw new ChannelError(`Port ${remotePort} of domain ${guest.id} is not one that waits for domain ${this.id}.`);
    }
    this.#ends.set(port, { use, notified });
    return {
      port,
      notify: () => {
        this.ports.send(port);
      },
      close: () => {
        this.ports.close(port);
      },
    };
  }
}
