import { type Language, LOCALES } from "../lab/text.ts";
import type { HostApi } from "../machine/api.ts";
import { platformOf } from "../machine/platforms.ts";
import { specFromAddress } from "../machine/spec.ts";
import { type HostClient, type HostLost, startHost } from "./host-client.ts";

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

/** The workers of one open lab, made when a machine first needs one and again after one is lost. */
export class Hosts {
  private readonly clients = new Map<string, HostClient>();
  private readonly hostOfMachine: ReadonlyMap<string, string>;
  private readonly onLost: (machine: string, error: HostLost) => void;

  /**
   * @param hostOfMachine the host's name by the machine's
   * @param onLost        told for each machine of a host whose worker is gone
   */
  constructor(hostOfMachine: ReadonlyMap<string, string>, onLost: (machine: string, error: HostLost) => void) {
    this.hostOfMachine = hostOfMachine;
    this.onLost = onLost;
  }

  /** The host that runs a machine; a lost one is replaced. */
  of(machine: string): HostApi {
    const name = this.hostOfMachine.get(machine) ?? machine;
    const known = this.clients.get(name);
    if (known && !known.lost) return known.api;
    const client = takeHost();
    this.clients.set(name, client);
    client.onLost((error) => {
      if (this.clients.get(name) !== client) return;
      for (const [guest, host] of this.hostOfMachine) if (host === name) this.onLost(guest, error);
    });
    return client.api;
  }

  /** The host that runs a machine now; undefined before its first start and while a lost one is not replaced. */
  running(machine: string): HostApi | undefined {
    const client = this.clients.get(this.hostOfMachine.get(machine) ?? machine);
    return client && !client.lost ? client.api : undefined;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }
}
