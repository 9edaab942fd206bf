import type { PlatformSurroundings } from "../../machine/platform.ts";
import { DOM0_IMAGE } from "../../machine/platforms.ts";
import type { MachineSpec } from "../../machine/spec.ts";
import { checkOffers } from "../backends/offers.ts";
import { Front } from "../hypervisor/front.ts";
import type { Guest } from "../hypervisor/guest.ts";
import type { Xen } from "../hypervisor/xen.ts";
import type { Store } from "../store/index.ts";
import { Device, type DevicePlan } from "./device.ts";
import { ManagedGuest } from "./managed-guest.ts";
import { home } from "./paths.ts";
import { blockPlan, networkPlan, type PlanSite, sourceScript } from "./plans.ts";

/** The driver domain's id: a guest of its image is domain 0. */
export const DRIVER_DOMAIN = 0;

/** Milliseconds of a guest's clock its devices get to connect before its prompt is shown without them. */
const CONNECTING = 15_000;
/** Milliseconds between two looks at whether they have. */
const LOOKING = 20;

interface Tenant {
  readonly managed: ManagedGuest;
  readonly surroundings: PlatformSurroundings;
}

/**
 * The toolstack of one host: builds and destroys domains, gives them their devices, turns what a student turns. Xenstore
 * is how it talks to the drivers, as libxl does.
 */
export class Toolstack {
  readonly #xen: Xen;
  readonly #store: Store;
  readonly #tenants = new Map<string, Tenant>();

  constructor(xen: Xen, store: Store) {
    this.#xen = xen;
    this.#store = store;
  }

  /** Domains in the order they were built. */
  get guests(): readonly ManagedGuest[] {
    return [...this.#tenants.values()].map(({ managed }) => managed);
  }

  find(machine: string): ManagedGuest | undefined {
    return this.#tenants.get(machine)?.managed;
  }

  /** @throws Error with a sentence when no such machine is on this host */
  get(machine: string): ManagedGuest {
    const managed = this.find(machine);
    if (!managed) throw new Error(`Machine \`${machine}\` is not on this Xen host.`);
    return managed;
  }

  /** Takes a guest in, without building anything: {@link build} or a restore does. */
  admit(guest: Guest, spec: MachineSpec, surroundings: PlatformSurroundings): ManagedGuest {
    const managed = new ManagedGuest(this.#xen, this.#store, guest, spec, {
      console: (bytes) => surroundings.console(bytes),
      ended: (reason, what) => surroundings.stopped(reason, what),
    });
    for (const plan of this.#plans(guest, spec, surroundings)) managed.devices.push(new Device(this.#store, plan));
    this.#tenants.set(spec.name, { managed, surroundings });
    return managed;
  }

  /** Builds the domain and attaches the devices this program serves. */
  build(managed: ManagedGuest): void {
    this.writeHost();
    managed.create();
    for (const device of managed.devices) if (device.plan.make) device.attach();
  }

  /** This program's own domain, by name. */
  writeHost(): void {
    const { id } = this.#xen.host;
    if (this.#store.read(`${home(id)}/name`) === undefined) this.#store.write(`${home(id)}/name`, "host");
  }

  /**
   * Attaches the devices that a driver domain serves, and waits until all are connected or have had time to.
   *
   * @throws Error with a sentence when the driver domain cannot have one
   */
  async connect(managed: ManagedGuest): Promise<void> {
    const { surroundings } = this.#tenants.get(managed.spec.name)!;
    checkDriver(managed.spec, this.#xen.guest(DRIVER_DOMAIN) !== undefined);
    for (const disk of managed.spec.disks) {
      if (disk.backend === undefined) continue;
      await surroundings.run(disk.backend, sourceScript(managed.spec.name, disk));
      if (this.find(managed.spec.name) === managed) managed.device.get(disk.name)!.attach();
    }
    for (const device of managed.devices) if (!device.attached) device.attach();
    if (managed.guest.id === DRIVER_DOMAIN) this.#reviveFronts();
    const deadline = managed.guest.access.now() + CONNECTING;
    const waiting = () => managed.devices.some((device) => device.attached && !device.connected && !device.refused);
    while (this.find(managed.spec.name) === managed && waiting() && managed.guest.access.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, LOOKING));
    }
  }

  /** A domain is gone. */
  dismiss(managed: ManagedGuest): void {
    if (this.find(managed.spec.name) !== managed) return;
    this.#tenants.delete(managed.spec.name);
    for (const { devices } of this.guests) {
      for (const device of devices) {
        if (device.plan.back === managed.guest.id && device.attached) device.backendLost();
      }
    }
    managed.destroy();
  }

  /** `xen.attach`, `xen.detach`: a device of the machine's spec, by name. @throws Error with a sentence */
  async plug(machine: string, name: string, attach: boolean): Promise<void> {
    const managed = this.get(machine);
    const device = managed.device.get(name);
    if (!device) throw new Error(`Machine \`${machine}\` has no Xen device \`${name}\`.`);
    if (device.attached === attach) {
      throw new Error(
        `Device \`${name}\` of machine \`${machine}\` is ${attach ? "attached already" : "not attached"}.`,
      );
    }
    if (attach) device.attach();
    else device.detach();
  }

  /** A driver domain is back: fronts it served before find a backend where theirs was. */
  #reviveFronts(): void {
    for (const { devices } of this.guests) {
      for (const device of devices) {
        const lost = device.attached && !device.plan.make && device.backState === 0;
        if (lost) device.writeBack();
      }
    }
  }

  *#plans(guest: Guest, spec: MachineSpec, surroundings: PlatformSurroundings): Generator<DevicePlan> {
    const front = new Front(this.#xen, guest);
    const host = this.#xen.host.id;
    const site: PlanSite = { store: this.#store, front, spec, surroundings, host, driver: DRIVER_DOMAIN };
    for (const disk of spec.disks) if (disk.model === "xen") yield blockPlan(site, disk);
    for (const [index, nic] of spec.nics.entries()) if (nic.model === "xen") yield networkPlan(site, nic, index);
  }
}

/** @throws Error with a sentence when a spec names a driver domain and there is none */
export function checkDriver(spec: MachineSpec, hasDriver: boolean): void {
  checkOffers(spec);
  for (const { backend } of [...spec.disks, ...spec.nics]) {
    if (backend === undefined || hasDriver) continue;
    throw new Error(
      `Machine \`${spec.name}\` has a device of \`${backend}\`, which is not running: start \`${backend}\` first (image \`${DOM0_IMAGE}\`).`,
    );
  }
}
