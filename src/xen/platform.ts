import type { GuestAccess, Platform, PlatformGuest, PlatformSurroundings, Trap } from "../machine/platform.ts";
import { DOM0_IMAGE } from "../machine/platforms.ts";
import type { MachineSpec } from "../machine/spec.ts";
import type { PrivatePlaces } from "../probe/rings/index.ts";
import type { Backend } from "./backends/front-domain.ts";
import { HostClock } from "./host-clock.ts";
import type { Guest } from "./hypervisor/guest.ts";
import { plugPlatformDevice, RESERVED_TOP } from "./hypervisor/platform-device.ts";
import { trap } from "./hypervisor/traps.ts";
import { HOST_AS_DOMAIN_0, HOST_BESIDE_DOMAIN_0, Xen } from "./hypervisor/xen.ts";
import { control } from "./probes/controls.ts";
import { GuestServedRings } from "./probes/guest-rings.ts";
import { probe } from "./probes/probes.ts";
import { ringNames, ringOfUse } from "./probes/ring-names.ts";
import { Store } from "./store/index.ts";
import type { Device } from "./toolstack/device.ts";
import type { ManagedGuest } from "./toolstack/managed-guest.ts";
import { checkDriver, DRIVER_DOMAIN, Toolstack } from "./toolstack/toolstack.ts";

/** Who answers for a device's rings. */
type RingSource = Pick<Backend, "rings" | "state" | "costs" | "reset">;

/** What is saved of a host's Xen. */
interface SavedPlatform {
  readonly host: number;
  readonly next: number;
  readonly domains: readonly {
    readonly machine: string;
    readonly id: number;
    readonly guest: unknown;
    readonly managed: unknown;
  }[];
  readonly sharing: unknown;
  readonly store: unknown;
  /** Milliseconds of the host's clock. */
  readonly clock: number;
}

/** The Xen of one host: hypervisor, xenstored, toolstack and this program's backends, for the host's guests. */
export class XenPlatform implements Platform {
  readonly xen: Xen;
  readonly store: Store;
  readonly toolstack: Toolstack;
  readonly #places = new Map<string, Place>();
  readonly #served = new Map<Device, GuestServedRings>();
  /** Where Linux's own halves of rings were found, by ring. */
  readonly #found = new Map<string, PrivatePlaces>();
  /** Id of the next guest that is no driver domain. */
  #next = 1;
  #clock = new HostClock();

  constructor() {
    this.xen = new Xen({
      emergencyConsole: (guest, bytes) => this.#places.get(guest.name)?.surroundings.console(bytes),
      ringOf: (guest, use) => ringOfUse(this.toolstack, guest.name, use),
      sending: (guest, port) => {
        for (const rings of this.#served.values()) rings.sending(guest, port);
      },
    });
    this.store = new Store(() => this.#now());
    this.toolstack = new Toolstack(this.xen, this.store);
  }

  plug(spec: MachineSpec, surroundings: PlatformSurroundings): PlatformGuest {
    const driver = spec.image === DOM0_IMAGE;
    if (this.#places.has(spec.name)) throw new Error(`Machine \`${spec.name}\` is on this Xen host already.`);
    if (driver) this.#makeRoomForDriver(spec);
    // Where a driver domain was before, it may be about to be put back: whether it is there is seen when it is needed.
    checkDriver(spec, this.xen.host.id !== HOST_AS_DOMAIN_0 || driver);
    const place = new Place(this, spec, surroundings, driver ? DRIVER_DOMAIN : this.#next++);
    this.#places.set(spec.name, place);
    return place;
  }

  probe(machine: string, name: string, args: Readonly<Record<string, unknown>>): unknown {
    return probe(this, machine, name, args);
  }

  control(machine: string, name: string, args: Readonly<Record<string, unknown>>): unknown {
    return control(this, machine, name, args);
  }

  /** Every attached device, with who answers for its rings: its backend here, or a reader of two guests' memories. */
  get devices(): readonly { readonly managed: ManagedGuest; readonly device: Device; readonly rings: RingSource }[] {
    return this.toolstack.guests.flatMap((managed) =>
      managed.devices
        .filter(({ attached }) => attached)
        .map((device) => ({ managed, device, rings: device.backend ?? this.#servedByGuest(managed, device) })),
    );
  }

  placesOf(ring: string, make: () => PrivatePlaces): PrivatePlaces {
    const places = this.#found.get(ring) ?? make();
    this.#found.set(ring, places);
    return places;
  }

  save(): SavedPlatform {
    this.xen.drain();
    const pages = [...this.xen.sharing.pages];
    const frames = new Map([...this.xen.guests.values()].map((guest) => [guest.frames, guest.id]));
    return {
      host: this.xen.host.id,
      next: this.#next,
      domains: this.toolstack.guests.map((managed) => ({
        machine: managed.spec.name,
        id: managed.guest.id,
        guest: managed.guest.save((page) => pages.indexOf(page), this.xen.host.id),
        managed: managed.save(),
      })),
      sharing: this.xen.sharing.save((one) => frames.get(one)!),
      store: this.store.save(),
      clock: this.#now(),
    };
  }

  /** All guests are plugged in and attached anew, and their memories are as they were. */
  restore(state: unknown): void {
    const saved = state as SavedPlatform;
    const places = saved.domains.map(({ machine, id }) => {
      const place = this.#places.get(machine);
      if (!place) throw new Error(`The save point has a machine \`${machine}\`, which is not on this Xen host.`);
      place.id = id;
      return place;
    });
    this.#next = saved.next;
    this.xen.moveHost(saved.host);
    this.store.moveHost(saved.host);
    this.#clock = new HostClock(saved.clock);
    this.store.restore(saved.store);
    const managed = places.map((place) => place.admit());
    for (const [index, { guest }] of saved.domains.entries()) managed[index]!.guest.restore(guest);
    const pages = this.xen.sharing.restore(saved.sharing, (id) => this.#guest(id).frames);
    for (const [index, { guest }] of saved.domains.entries()) {
      const others = (id: number) => this.xen.guest(id)?.ports;
      managed[index]!.guest.connect(guest, (id) => this.#guest(id), others, pages);
    }
    for (const [index, domain] of saved.domains.entries()) managed[index]!.restore(domain.managed);
  }

  /** A place is free again. */
  leave(place: Place): void {
    if (this.#places.get(place.spec.name) === place) this.#places.delete(place.spec.name);
  }

  #servedByGuest(managed: ManagedGuest, device: Device): GuestServedRings {
    const served = this.#served.get(device) ?? new GuestServedRings(this, managed.spec.name, device);
    this.#served.set(device, served);
    return served;
  }

  /** A guest's devices are forgotten. */
  forget(managed: ManagedGuest): void {
    for (const device of managed.devices) this.#served.delete(device);
    for (const ring of [...this.#found.keys()]) {
      if (managed.devices.some((device) => ringNames(managed.spec.name, device).includes(ring)))
        this.#found.delete(ring);
    }
  }

  get #driver(): Place | undefined {
    return [...this.#places.values()].find(({ id }) => id === DRIVER_DOMAIN);
  }

  #guest(id: number): Guest {
    const guest = this.xen.guest(id);
    if (!guest) throw new Error(`The save point names domain ${id}, which it does not have.`);
    return guest;
  }

  /** Domain 0 is a guest from now on; this program's own domain moves out of its way before anybody was served by it. */
  #makeRoomForDriver(spec: MachineSpec): void {
    if (this.#driver)
      throw new Error(`Machine \`${spec.name}\` would be a second domain 0: \`${this.#driver.spec.name}\` is it.`);
    if (this.xen.host.id !== HOST_AS_DOMAIN_0) return;
    if (this.#places.size > 0) {
      throw new Error(
        `Machine \`${spec.name}\` is to be domain 0: it has to be started before the other machines of its host.`,
      );
    }
    this.xen.moveHost(HOST_BESIDE_DOMAIN_0);
    this.store.moveHost(HOST_BESIDE_DOMAIN_0);
  }

  #now(): number {
    return this.#clock.now([...this.xen.guests.values()].map(({ access }) => access));
  }
}

/** One machine's place. The domain is built when the machine first runs: till then a save point may take its place. */
class Place implements PlatformGuest {
  readonly reservedTop = RESERVED_TOP;
  readonly spec: MachineSpec;
  readonly surroundings: PlatformSurroundings;
  id: number;
  readonly #platform: XenPlatform;
  #access: GuestAccess | undefined;
  #line: { interrupt(): void } | undefined;
  #managed: ManagedGuest | undefined;
  #gone = false;

  constructor(platform: XenPlatform, spec: MachineSpec, surroundings: PlatformSurroundings, id: number) {
    this.#platform = platform;
    this.spec = spec;
    this.surroundings = surroundings;
    this.id = id;
  }

  attach(access: GuestAccess): void {
    this.#access = access;
    this.#line = plugPlatformDevice(access);
  }

  /** Makes the domain, with nothing built in it yet. */
  admit(): ManagedGuest {
    const { xen, toolstack } = this.#platform;
    if (!this.#access || !this.#line) throw new Error(`Machine \`${this.spec.name}\` has no processor yet.`);
    const guest = xen.create(this.id, this.spec.name, this.#access, {
      line: this.#line,
      crashed: (message) => this.surroundings.stopped("fault", message),
    });
    this.#managed = toolstack.admit(guest, this.spec, this.surroundings);
    return this.#managed;
  }

  trap(kind: Trap): boolean {
    const { guest } = this.#built();
    try {
      return trap(this.#platform.xen, guest, kind);
    } catch (error) {
      guest.crash(`Xen failed on its behalf: ${error instanceof Error ? error.message : String(error)}`);
      return true;
    }
  }

  beforeTurn(): void {
    if (!this.#gone) this.#platform.xen.enter(this.#built().guest);
  }

  afterTurn(): void {
    if (!this.#gone) this.#platform.xen.leave(this.#built().guest);
  }

  async ready(): Promise<void> {
    await this.#platform.toolstack.connect(this.#built());
  }

  save(): { readonly id: number } {
    return { id: this.id };
  }

  restore(state: unknown): void {
    if (!this.#managed || (state as { id?: unknown } | undefined)?.id !== this.id) {
      throw new Error(`The save point of machine \`${this.spec.name}\` does not belong to its Xen host's.`);
    }
  }

  detach(): void {
    if (this.#gone) return;
    this.#gone = true;
    if (this.#managed) {
      this.#platform.toolstack.dismiss(this.#managed);
      this.#platform.forget(this.#managed);
    }
    this.#platform.leave(this);
  }

  #built(): ManagedGuest {
    if (this.#managed) return this.#managed;
    const managed = this.admit();
    this.#platform.toolstack.build(managed);
    return managed;
  }
}

/** A Xen for one host. */
export const createXenPlatform = (): Platform => new XenPlatform();
