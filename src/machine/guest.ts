import type { MachineEvent } from "./api.ts";
import type { Image } from "./image/manifest.ts";
import { type Emulator, Machine } from "./machine.ts";
import type { MachineSpec } from "./spec.ts";

/** Bytes of randomness a clone is given: what Linux's generator is seeded from (256 bits) with as much to spare. */
const ENTROPY = 64;

/** A machine and whoever listens to it. What it says before anybody does is kept for the first who does. */
export class Guest {
  readonly image: Image;
  readonly machine: Machine;
  #listener: ((event: MachineEvent) => void) | undefined;
  #early: MachineEvent[] = [];

  /** @param install puts a layer into the guest when one of its tools is started */
  static async create(
    spec: MachineSpec,
    image: Image,
    emulator: Emulator,
    install: (guest: Guest, layer: string) => Promise<void>,
  ): Promise<Guest> {
    const machine: Machine = await Machine.create(spec, emulator, {
      onConsole: (bytes) => guest.tell({ type: "console", bytes }),
      onStopped: (reason, message) => guest.tell({ type: "stopped", reason, message }),
      onNotice: (code, message) => guest.tell({ type: "notice", code, message }),
      onWant: (layer) => install(guest, layer),
    });
    const guest = new Guest(machine, image);
    return guest;
  }

  private constructor(machine: Machine, image: Image) {
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
    const macs = nics.map(({ mac }, index) => ({ card: `eth${index}`, mac }));
    const entropy = crypto.getRandomValues(new Uint8Array(ENTROPY));
    await this.machine.agent.identify({ hostname: name, time: Date.now(), macs, entropy }, patience);
  }
}
