import type { Lab } from "../lab/lab.ts";
import { Cables, type StartNetwork } from "../lab/running/cables.ts";
import { type Language, LOCALES } from "../lab/text.ts";
import type { HostApi } from "../machine/api.ts";
import { platformOf } from "../machine/platforms.ts";
import { specFromAddress } from "../machine/spec.ts";
import type { FabricApi } from "../network/api.ts";
import { type HostClient, startHost } from "./host-client.ts";
import type { WorkerLost } from "./worker-client.ts";

/** One worker made before a lab is opened, with the images already on their way. */
let spare: HostClient | undefined;
const prepared = new Set<string>();

/** Browsers without idle callbacks wait this long, in milliseconds. */
const IDLE_MS = 300;

/** Calls back when the page has nothing better to do, and never where the reader asked to save data. */
export function whenIdle(work: () => void): void {
  const { connection } = navigator as Navigator & { readonly connection?: { readonly saveData?: boolean } };
  if (connection?.saveData) return;
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 2000 });
  else setTimeout(work, IDLE_MS);
}

function spareHost(): HostClient {
  if (!spare || spare.lost) spare = startHost();
  return spare;
}

/** Makes a host while it is not yet known for which machines: it loads the emulator meanwhile. */
export function anticipate(): void {
  spareHost();
}

/** Fetches what these machines (addresses of specs) need, so that a click meets a warm host. Repeating it is free. */
export function warmUp(machines: readonly string[]): void {
  const host = spareHost();
  for (const { image, layers } of machines.map(specFromAddress)) {
    const wanted = [image, ...layers].join(" ");
    if (prepared.has(wanted)) continue;
    prepared.add(wanted);
    // its panels are a part of the page of their own; what goes wrong is met again where they are shown
    if (image === "hypervisor") void import("../views/hypervisor/index.ts").catch(() => undefined);
    if (platformOf(image)) void import("./io/index.ts").catch(() => undefined);
    host.prepare(image, layers).catch(() => prepared.delete(wanted));
  }
}

/** Whether a machine is worth fetching for whoever looks at the catalogue: those on Xen are needed by a few labs alone. */
export function isCommon(machine: string): boolean {
  return platformOf(specFromAddress(machine).image) === undefined;
}

/**
 * Starts a machine that is likely to be wanted, if its state is stored; it takes its memory from now on. A guest of a
 * Xen host is not stored: its state is its host's.
 */
export function makeReady(machine: string, language: Language): void {
  if (platformOf(specFromAddress(machine).image)) return;
  // what goes wrong here goes wrong again, and is told, when the machine is started
  spareHost()
    .ready(specFromAddress(machine), { environment: { LANG: LOCALES[language] } })
    .catch(() => undefined);
}

function takeHost(): HostClient {
  const host = spare && !spare.lost ? spare : startHost();
  spare = undefined;
  prepared.clear();
  return host;
}

export interface HostsOptions {
  readonly lab: Lab;
  /** Told for each machine of a host whose worker is gone. */
  readonly lost: (machine: string, error: WorkerLost) => void;
  /** Told when the worker of the links between hosts was gone and has been replaced. */
  readonly networkReplaced: () => void;
}

interface Joined {
  readonly client: HostClient;
  /** The host, once it has its cable to the network. */
  readonly api: Promise<HostApi>;
}

/** The workers of one open lab, made when a machine first needs one and again after one is lost. */
export class Hosts {
  private readonly hosts = new Map<string, Joined>();
  private readonly hostOfMachine: ReadonlyMap<string, string>;
  private readonly cables: Cables;
  private readonly options: HostsOptions;

  constructor(options: HostsOptions) {
    this.options = options;
    this.hostOfMachine = new Map(options.lab.machines.map(({ spec, host }) => [spec.name, host]));
    // few labs have links between hosts, and a page has none of it before
    const start: StartNetwork = async (lost) => (await import("./network-client.ts")).startNetwork(lost);
    this.cables = new Cables(options.lab, start, options.networkReplaced);
  }

  /** The host that runs a machine; a lost one is replaced. Rejects when it cannot be joined to the others. */
  of(machine: string): Promise<HostApi> {
    const name = this.hostOf(machine);
    const known = this.hosts.get(name);
    if (known && !known.client.lost) return known.api;
    const client = takeHost();
    return this.join(name, client);
  }

  private join(name: string, client: HostClient): Promise<HostApi> {
    const api = this.cables.join(name, client.api).then(() => client.api);
    this.hosts.set(name, { client, api });
    const isCurrent = () => this.hosts.get(name)?.client === client;
    client.onLost((error) => {
      if (!isCurrent()) return;
      this.cables.leave(name);
      for (const [guest, host] of this.hostOfMachine) if (host === name) this.options.lost(guest, error);
    });
    // the next start tries another worker: this one has no machine yet
    api.catch(() => isCurrent() && this.drop(name));
    return api;
  }

  private drop(name: string): void {
    this.hosts.get(name)?.client.close();
    this.hosts.delete(name);
    this.cables.leave(name);
  }

  /** The host that runs a machine now; undefined before its first start and while a lost one is not replaced. */
  running(machine: string): HostApi | undefined {
    const client = this.hosts.get(this.hostOf(machine))?.client;
    return client && !client.lost ? client.api : undefined;
  }

  /** The links between hosts. */
  network(): Promise<FabricApi> {
    return this.cables.network();
  }

  close(): void {
    for (const { client } of this.hosts.values()) client.close();
    this.hosts.clear();
    this.cables.close();
  }

  private hostOf(machine: string): string {
    return this.hostOfMachine.get(machine) ?? machine;
  }
}
