import type { MachineSpec } from "../../machine/spec.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import { HVM_PARAM } from "../abi/hvm.ts";
import { SHUTDOWN } from "../abi/sched.ts";
import { ConsoleBackend } from "../backends/console.ts";
import type { ConsolePage } from "../backends/console-rings.ts";
import { Front } from "../hypervisor/front.ts";
import type { Guest } from "../hypervisor/guest.ts";
import type { HostChannel } from "../hypervisor/host-domain.ts";
import { domainHandle } from "../hypervisor/hypercalls/xen-version.ts";
import { reservedFrames } from "../hypervisor/platform-device.ts";
import { StoreRing } from "../hypervisor/store-ring.ts";
import type { Xen } from "../hypervisor/xen.ts";
import type { Store } from "../store/index.ts";
import type { Device } from "./device.ts";
import { removeDomainTree, writeDomainTree } from "./domain-tree.ts";
import { home, uuidText } from "./paths.ts";

/** What the toolstack is told by a guest's domain. */
export interface ManagedEvents {
  console(bytes: Uint8Array): void;
  /** The guest ended itself. */
  ended(reason: "poweroff" | "reboot" | "panic", what: string): void;
}

/** What `control/shutdown` may ask for (Xen docs/misc/xenstore-paths.pandoc). */
export const SHUTDOWN_REQUESTS = ["poweroff", "reboot", "halt", "suspend"] as const;
export type ShutdownRequest = (typeof SHUTDOWN_REQUESTS)[number];

/** KiB a guest is left at least when its target is set: below, Linux kills processes. */
const LEAST_TARGET = 24 << 10;

/** A guest as the toolstack has it: its tree, its rings to xenstored and the console, its devices. */
export class ManagedGuest {
  readonly guest: Guest;
  readonly spec: MachineSpec;
  readonly devices: Device[] = [];
  readonly console: ConsoleBackend;
  readonly #xen: Xen;
  readonly #store: Store;
  readonly #events: ManagedEvents;
  #channels: HostChannel[] = [];
  #storeRing: StoreRing | undefined;
  #toConsole: HostChannel | undefined;
  /** What the guest is to find when it comes back from a suspend: its devices as new, or everything as it was. */
  #resumeAs: "new" | "same" = "same";

  constructor(xen: Xen, store: Store, guest: Guest, spec: MachineSpec, events: ManagedEvents) {
    this.#xen = xen;
    this.#store = store;
    this.guest = guest;
    this.spec = spec;
    this.#events = events;
    this.console = new ConsoleBackend(
      new Front(xen, guest),
      consolePage(guest),
      () => this.#toConsole?.notify(),
      (bytes) => events.console(bytes),
    );
    guest.onShutdown = (reason) => this.#onShutdown(reason);
  }

  get uuid(): string {
    return uuidText(domainHandle(this.guest.id));
  }

  get device(): ReadonlyMap<string, Device> {
    return new Map(this.devices.map((device) => [device.plan.name, device]));
  }

  /** Builds the domain: ports and pages for xenstored and the console, and its tree. */
  create(): void {
    const { guest } = this;
    const frames = reservedFrames(guest.access.memoryBytes);
    const store = { frame: frames.store, port: guest.ports.allocUnbound(this.#xen.host.id) };
    const console = { frame: frames.console, port: guest.ports.allocUnbound(this.#xen.host.id) };
    guest.params.set(HVM_PARAM.STORE_PFN, BigInt(store.frame));
    guest.params.set(HVM_PARAM.STORE_EVTCHN, BigInt(store.port));
    guest.params.set(HVM_PARAM.CONSOLE_PFN, BigInt(console.frame));
    guest.params.set(HVM_PARAM.CONSOLE_EVTCHN, BigInt(console.port));
    const memory = guest.access.memoryBytes >> 10;
    writeDomainTree(this.#store, { id: guest.id, name: guest.name, uuid: this.uuid, memory, store, console });
    this.#connectRings(store.port, console.port);
    this.#storeRing!.clear();
    this.console.clear();
  }

  /** Types at the guest's Xen console. */
  type(bytes: Uint8Array): void {
    this.console.type(bytes);
  }

  /** @throws Error with a sentence when there is no such request */
  requestShutdown(reason: string): void {
    const known = SHUTDOWN_REQUESTS.find((request) => request === reason);
    if (!known) throw new Error(`A guest is asked for one of ${SHUTDOWN_REQUESTS.join(", ")}, not \`${reason}\`.`);
    this.#resumeAs = known === "suspend" && this.devices.every((device) => device.renewable) ? "new" : "same";
    this.#store.write(`${home(this.guest.id)}/control/shutdown`, known);
  }

  /** Sets what the guest's balloon is to leave it. @throws Error with a sentence for an amount that cannot be */
  setMemory(kib: unknown): void {
    const most = this.guest.access.memoryBytes >> 10;
    if (typeof kib !== "number" || !Number.isInteger(kib) || kib < LEAST_TARGET || kib > most) {
      throw new Error(`Machine \`${this.spec.name}\` can have ${LEAST_TARGET} to ${most} KiB, not ${String(kib)}.`);
    }
    this.#store.write(`${home(this.guest.id)}/memory/target`, String(kib));
  }

  get memoryTarget(): number {
    return Number(this.#store.read(`${home(this.guest.id)}/memory/target`) ?? 0);
  }

  /** The domain goes, with its devices, its tree and its connections. */
  destroy(): void {
    for (const device of this.devices) if (device.attached) device.remove();
    this.console.close();
    for (const channel of this.#channels.splice(0)) channel.close();
    this.#storeRing = undefined;
    removeDomainTree(this.#store, this.guest.id, this.uuid);
    this.#store.release(this.guest.id);
    this.#xen.destroy(this.guest);
  }

  save(): unknown {
    return {
      console: this.console.save(),
      resumeAs: this.#resumeAs,
      devices: this.devices.map((device) => device.save()),
    };
  }

  /** The hypervisor's part and xenstore are back. */
  restore(state: unknown): void {
    const saved = state as { console: unknown; resumeAs: "new" | "same"; devices: unknown[] };
    this.#connectRings(this.#port(HVM_PARAM.STORE_EVTCHN), this.#port(HVM_PARAM.CONSOLE_EVTCHN));
    this.console.restore(saved.console);
    this.#resumeAs = saved.resumeAs;
    for (const [index, device] of this.devices.entries()) device.restore(saved.devices[index]);
  }

  #port(param: number): number {
    return Number(this.guest.params.get(param) ?? 0n);
  }

  /** The guest may have closed either port for good; then there is nobody to talk to. */
  #connectRings(storePort: number, consolePort: number): void {
    const { guest } = this;
    const frames = reservedFrames(guest.access.memoryBytes);
    const connection = this.#store.connect(guest.id);
    const toStore = this.#bind(storePort, "xenstore", () => this.#storeRing?.move());
    this.#toConsole = this.#bind(consolePort, "console", () => this.console.notified());
    this.#channels = [toStore, this.#toConsole].filter((channel) => channel !== undefined);
    this.#storeRing = new StoreRing(guest.frames, frames.store, connection, () => toStore?.notify());
  }

  #bind(port: number, use: string, notified: () => void): HostChannel | undefined {
    const binding = this.guest.ports.open.get(port)?.binding;
    if (binding?.state !== "unbound" || binding.domain !== this.#xen.host.id) return undefined;
    return this.#xen.host.bind(this.guest, port, use, () => this.#xen.guarded(this.guest, notified));
  }

  /** SCHEDOP_shutdown. @returns what the hypercall returns: for a suspend 1 when it was cancelled, 0 when resumed anew */
  #onShutdown(reason: number): number {
    if (reason === SHUTDOWN.suspend) return this.#suspended();
    this.#store.shutDown(this.guest.id);
    if (reason === SHUTDOWN.poweroff) this.#events.ended("poweroff", "it shut down");
    else if (reason === SHUTDOWN.reboot) this.#events.ended("reboot", "it asked for a reboot");
    else if (reason === SHUTDOWN.crash) this.#events.ended("panic", "its kernel reported a crash to Xen");
    else if (reason === SHUTDOWN.watchdog) this.#events.ended("reboot", "its watchdog ran out");
    else this.#events.ended("poweroff", `it shut down (reason ${reason})`);
    return 0;
  }

  #suspended(): number {
    const anew = this.#resumeAs === "new";
    this.#resumeAs = "same";
    if (!anew) return 1;
    // As after a restore somewhere else: the ports of xenstored and the console are the same, all others are gone.
    const kept = [this.#port(HVM_PARAM.STORE_EVTCHN), this.#port(HVM_PARAM.CONSOLE_EVTCHN)];
    this.guest.reset(new Set(kept));
    this.#store.connect(this.guest.id).reset();
    for (const channel of this.#channels) channel.close();
    this.#connectRings(kept[0]!, kept[1]!);
    for (const device of this.devices) if (device.attached) device.renew();
    return 0;
  }
}

function consolePage({ frames, access }: Guest): ConsolePage {
  const gfn = reservedFrames(access.memoryBytes).console;
  return {
    address: gfn * PAGE_SIZE,
    view() {
      if (!frames.isMemory(gfn)) return undefined;
      const page = frames.page(gfn);
      return new DataView(page.buffer, page.byteOffset, page.length);
    },
    written: () => frames.written(gfn),
  };
}
