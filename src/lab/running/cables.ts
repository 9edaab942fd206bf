import type { HostApi } from "../../machine/api.ts";
import type { NetworkApi } from "../../network/api.ts";
import type { LinkSpec } from "../../network/link-spec.ts";
import { type Lab, NETWORK } from "../lab.ts";

/** The network's thread, or what stands for it. */
export interface RunningNetwork extends NetworkApi {
  close(): void;
}

/** @param lost to be called once if the network ends by itself */
export type StartNetwork = (lost: () => void) => RunningNetwork | Promise<RunningNetwork>;

/**
 * The cables between a lab's hosts and the network that has the links between them. The network is started when the first
 * host needs it, never where no link does; one that is lost is replaced, and every host joined to the new one.
 */
export class Cables {
  readonly #links: Readonly<Record<string, LinkSpec>>;
  /** Hosts with a machine on a link between hosts. */
  readonly #needing: ReadonlySet<string>;
  readonly #start: StartNetwork;
  readonly #replaced: () => void;
  readonly #hosts = new Map<string, HostApi>();
  #network: Promise<RunningNetwork> | undefined;
  #closed = false;

  /** @param replaced called when a network that was lost has been replaced */
  constructor(lab: Lab, start: StartNetwork, replaced: () => void = () => {}) {
    const between = lab.links.filter(({ place }) => place === NETWORK);
    this.#links = Object.fromEntries(between.map(({ name, spec }) => [name, spec]));
    const isBetween = (link: string | undefined) => link !== undefined && Object.hasOwn(this.#links, link);
    const needs = lab.machines.filter(({ spec }) =>
      spec.nics.some(({ link, backend }) => backend === undefined && isBetween(link)),
    );
    this.#needing = new Set(needs.map(({ host }) => host));
    this.#start = start;
    this.#replaced = replaced;
  }

  /** Plugs a host in before its machines start, if it needs it. Rejects with a sentence when there can be no network. */
  async join(name: string, host: HostApi): Promise<void> {
    if (!this.#needing.has(name)) return;
    this.#hosts.set(name, host);
    const network = await this.network();
    const { port1, port2 } = new MessageChannel();
    await Promise.all([network.join(name, port1), host.join(port2)]);
  }

  /** A host is gone: its ends of links close. */
  leave(name: string): void {
    if (!this.#hosts.delete(name)) return;
    // a network that is lost too has nothing left to close
    void this.#network?.then((network) => network.leave(name)).catch(() => undefined);
  }

  /** The links between hosts, started if they are not yet. */
  network(): Promise<RunningNetwork> {
    this.#network ??= this.#started().catch((error: unknown) => {
      this.#network = undefined; // another start may succeed
      throw error;
    });
    return this.#network;
  }

  close(): void {
    this.#closed = true;
    void this.#network?.then((network) => network.close()).catch(() => undefined);
  }

  async #started(): Promise<RunningNetwork> {
    let up = false;
    const network = await this.#start(() => {
      if (up && !this.#closed) void this.#replace();
    });
    await network.declare(this.#links);
    up = true;
    return network;
  }

  /** What went under with the old one is lost as on any network that fails; machines only see that. */
  async #replace(): Promise<void> {
    this.#network = undefined;
    const joined = [...this.#hosts].map(([name, host]) => this.join(name, host));
    await Promise.allSettled(joined);
    this.#replaced();
  }
}
