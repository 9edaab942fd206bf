import type { MessageEnd, NetworkApi } from "./api.ts";
import { Fabric, type FabricOptions } from "./fabric/index.ts";
import type { LinkSpec } from "./link-spec.ts";
import { type KnownLink, USUAL_MTU } from "./trunk/messages.ts";
import { Socket } from "./trunk/socket.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** The links between hosts, in a thread of their own: a fabric, and a cable to each host. */
export class Network implements NetworkApi {
  readonly #fabric: Fabric;
  readonly #sockets = new Map<string, Socket>();
  #links: readonly KnownLink[] = [];

  constructor(options: FabricOptions) {
    this.#fabric = new Fabric(options);
  }

  async declare(links: Readonly<Record<string, LinkSpec>>): Promise<void> {
    const fresh = Object.entries(links).filter(([name]) => !this.#fabric.has(name));
    const ready = this.#fabric.declare(links);
    this.#links = [...this.#links, ...fresh.map(([name, { mtu = USUAL_MTU }]) => ({ name, mtu }))];
    for (const socket of this.#sockets.values()) socket.announce(this.#links);
    await ready;
  }

  async join(host: string, end: MessageEnd): Promise<void> {
    await this.leave(host);
    this.#sockets.set(host, new Socket(end, this.#fabric, this.#links));
  }

  async leave(host: string): Promise<void> {
    this.#sockets.get(host)?.close();
    this.#sockets.delete(host);
  }

  async probe(name: string, args: Arguments): Promise<unknown> {
    return this.#fabric.probe(name, args);
  }

  async control(name: string, args: Arguments): Promise<unknown> {
    return this.#fabric.control(name, args);
  }

  /** Unplugs everything. */
  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#fabric.close();
  }
}
