import type { MachineEvent, NoticeCode, StopReason } from "./api.ts";
import type { Emulator } from "./emulator.ts";
import type { GuestMachine } from "./guest-machine.ts";
import { HypervisorMachine, type HypervisorParts } from "./hypervisor/machine.ts";
import type { Image, LinuxImage, MultibootImage } from "./image/manifest.ts";
import { type Belongings, Machine } from "./machine.ts";
import type { MachineSpec } from "./spec.ts";

/** Bytes of randomness a clone is given: what Linux's generator is seeded from (256 bits) with as much to spare. */
const ENTROPY = 64;

/** What every machine tells. */
interface Told {
  readonly onConsole: (bytes: Uint8Array) => void;
  readonly onStopped: (reason: StopReason, message: string) => void;
  readonly onNotice: (code: NoticeCode, message: string) => void;
}

/** A machine and whoever listens to it. What it says before anybody does is kept for the first who does. */
export class Guest<M extends GuestMachine = GuestMachine, I extends Image = Image> {
  readonly image: I;
  readonly machine: M;
  #listener: ((event: MachineEvent) => void) | undefined;
  #early: MachineEvent[] = [];

  /** @param install puts a layer into the guest when one of its tools is started */
  static async linux(
    spec: MachineSpec,
    image: LinuxImage,
    emulator: Emulator,
    belongings: Belongings,
    install: (guest: LinuxGuest, layer: string) => Promise<void>,
  ): Promise<LinuxGuest> {
    const guest: LinuxGuest = await Guest.#around(image, (told) =>
      Machine.create(spec, emulator, belongings, { ...told, onWant: (layer) => install(guest, layer) }),
    );
    return guest;
  }

  static hypervisor(spec: MachineSpec, image: MultibootImage, parts: HypervisorParts): Promise<HypervisorGuest> {
    return Guest.#around(image, (told) => HypervisorMachine.create(spec, parts, told));
  }

  static async #around<M extends GuestMachine, I extends Image>(image: I, create: (told: Told) => Promise<M>) {
    const machine = await create({
      onConsole: (bytes) => guest.tell({ type: "console", bytes }),
      onStopped: (reason, message) => guest.tell({ type: "stopped", reason, message }),
      onNotice: (code, message) => guest.tell({ type: "notice", code, message }),
    });
    const guest = new Guest(machine, image);
    return guest;
  }

  private constructor(machine: M, image: I) {
    this.machine = machine;
    this.image = image;
  }

  /** True when it has said something that nobody heard yet. */
  get hasSpoken(): boolean {
    return this.#early.length > 0;
  }

  tell(event: MachineEvent): void {
    if (this.#listener) this.#listener(event);
    else this.#early.push(event);
  }

  /** Whoever listens, for the machine that takes this one's place. */
  get listener(): (event: MachineEvent) => void {
    return this.#listener ?? (() => {});
  }

  /** From now on `listener` hears everything, first what was kept. */
  listen(listener: (event: MachineEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#early.splice(0)) listener(event);
  }

  /**
   * Makes a clone itself: several may have been started from one state.
   *
   * @param patience seconds of running it has to answer
   */
  async identify(patience?: number): Promise<void> {
    const { name, nics } = this.machine.spec;
    // a virtio card's driver has its address from the snapshot; every other's was made for this machine alone
    const macs = nics.flatMap(({ mac, model }, index) => (model === "virtio" ? [{ card: `eth${index}`, mac }] : []));
    const entropy = crypto.getRandomValues(new Uint8Array(ENTROPY));
    await this.machine.identify({ hostname: name, time: Date.now(), macs, entropy }, patience);
  }
}

export type LinuxGuest = Guest<Machine, LinuxImage>;
export type HypervisorGuest = Guest<HypervisorMachine, MultibootImage>;
