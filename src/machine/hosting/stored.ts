import { USUAL_MTU } from "../../network/trunk/messages.ts";
import type { MachineEvent, StartOptions } from "../api.ts";
import type { LinuxGuest } from "../guest.ts";
import type { LinuxImage } from "../image/manifest.ts";
import { TERMINAL } from "../machine.ts";
import { snapshotKey, unwrapState, wrapState } from "../snapshot/format.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { type MachineSpec, specToAddress } from "../spec.ts";
import type { Maker } from "./maker.ts";

/** Seconds of running a restored guest has to answer its first call; a sound one takes milliseconds. */
export const FIRST_ANSWER = 10;

/** Milliseconds within which a guest made ready should show its prompt; later it is taken as it is. */
const PROMPT_WITHIN = 1000;

type Events = (event: MachineEvent) => void;

/**
 * Machines out of stored states: a state is stored after a machine's first boot, and its next start goes on from there.
 * One machine can be made ready ahead of its start.
 */
export class StoredStates {
  readonly #maker: Maker;
  readonly #snapshots: Promise<SnapshotStore>;
  /** A machine started ahead and standing still at its prompt, and what it was made for. */
  #ready: { readonly made: string; readonly guest: Promise<LinuxGuest | undefined> } | undefined;

  constructor(maker: Maker, snapshots: SnapshotStore | Promise<SnapshotStore>) {
    this.#maker = maker;
    this.#snapshots = Promise.resolve(snapshots);
  }

  /**
   * True for a machine that may start out of a stored state: not one on a platform, which has a part in its state, not
   * one whose disks were written since, of which the state would know older content, and not one on a link of an unusual
   * MTU, which the drivers in the state would not learn.
   */
  fits(spec: MachineSpec, image: LinuxImage): boolean {
    const { links, disks } = this.#maker;
    const usual = spec.nics.every(({ link }) => link === undefined || links.mtu(link) === USUAL_MTU);
    return usual && !this.#maker.platformOf(image) && disks.untouched(spec.name);
  }

  /** Whether anything is stored for this version of an image. */
  async has(build: string): Promise<boolean> {
    const snapshots = await this.#snapshots;
    return snapshots.has(build).catch(() => false);
  }

  /** Restores a machine ahead of its start and holds it at its prompt; without a stored state, or a good one, nothing. */
  async makeReady(spec: MachineSpec, image: LinuxImage, options: StartOptions): Promise<void> {
    const made = readyKey(spec, options);
    if (this.#ready?.made === made) return;
    this.drop();
    const guest = this.#atPrompt(spec, image, options).catch(() => undefined);
    this.#ready = { made, guest };
    await guest;
  }

  /** Lets the machine made ready go. */
  drop(): void {
    void this.#ready?.guest.then((guest) => guest?.machine.destroy());
    this.#ready = undefined;
  }

  /**
   * @param add called with the guest as soon as it is the machine
   * @returns a guest out of the stored state, with its console open, or undefined: what is stored, if anything is, could
   * not be trusted, and is gone
   */
  async start(
    spec: MachineSpec,
    image: LinuxImage,
    options: StartOptions,
    events: Events,
    add: (guest: LinuxGuest) => void,
  ): Promise<LinuxGuest | undefined> {
    const ready = await this.#takeReady(spec, options);
    if (ready) {
      ready.machine.release();
      ready.machine.resize(options.columns ?? TERMINAL.columns, options.rows ?? TERMINAL.rows);
      add(ready);
      await ready.machine.identify({ time: Date.now() }, FIRST_ANSWER); // its clock stood still
      return ready;
    }
    try {
      const restored = await this.#restored(spec, image, options, events);
      if (restored) add(restored);
      return restored;
    } catch (error) {
      const snapshots = await this.#snapshots;
      await snapshots.remove(snapshotKey(spec, image)).catch(() => {});
      const message = `The stored state of \`${spec.name}\` was dropped (${why(error)}); the machine boots instead.`;
      events({ type: "notice", code: "snapshot-damaged", message });
      return undefined;
    }
  }

  /** Stores a state for the next start, and tells how it went. */
  async store(guest: LinuxGuest, state: ArrayBuffer): Promise<void> {
    const { spec } = guest.machine;
    const key = snapshotKey(spec, guest.image);
    const say = (code: "snapshot-stored" | "snapshot-refused", message: string) =>
      guest.tell({ type: "notice", code, message });
    try {
      const snapshots = await this.#snapshots;
      await snapshots.save(key, await wrapState(state, key));
      say("snapshot-stored", `The state of \`${spec.name}\` is stored: it will start at once next time.`);
    } catch (error) {
      say("snapshot-refused", `This browser would not store the machine's state (${why(error)}): it boots each time.`);
    }
  }

  /**
   * @returns a running guest out of the stored state, which has shown that it is sound, or undefined when nothing is
   * stored
   * @throws when what is stored cannot be trusted
   */
  async #restored(
    spec: MachineSpec,
    image: LinuxImage,
    options: StartOptions,
    events: Events = () => {},
  ): Promise<LinuxGuest | undefined> {
    const key = snapshotKey(spec, image);
    // beside the reading of what is stored; a failure is met again, and told, where the machine is made
    void Promise.all([this.#maker.warm(), this.#maker.parts.load("rom", image.parts.rom)]).catch(() => {});
    const snapshots = await this.#snapshots;
    const stored = await snapshots.load(key);
    if (!stored) return undefined;
    events({ type: "progress", progress: { stage: "restore" } });
    const disks = this.#maker.disks.fresh(spec);
    const [state, guest] = await Promise.all([unwrapState(stored, key), this.#maker.linux(spec, image, disks)]);
    try {
      await guest.machine.restore(state);
      guest.machine.release();
      await Promise.all([guest.identify(FIRST_ANSWER), guest.machine.openConsole(options)]);
      this.#maker.disks.keep(spec.name, disks);
      return guest;
    } catch (error) {
      guest.machine.destroy();
      throw error;
    }
  }

  /** @returns a guest that stands still with its prompt shown, or undefined when nothing is stored */
  async #atPrompt(spec: MachineSpec, image: LinuxImage, options: StartOptions): Promise<LinuxGuest | undefined> {
    const guest = await this.#restored(spec, image, options);
    const late = performance.now() + PROMPT_WITHIN;
    while (guest && !(guest.hasSpoken && guest.machine.resting) && performance.now() < late) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    guest?.machine.hold();
    return guest;
  }

  /** @returns the machine made ready for this start, if there is one; any other is let go */
  async #takeReady(spec: MachineSpec, options: StartOptions): Promise<LinuxGuest | undefined> {
    const ready = this.#ready;
    if (ready?.made !== readyKey(spec, options)) {
      this.drop();
      return undefined;
    }
    this.#ready = undefined;
    return ready.guest;
  }
}

/** What a machine made ready has to have in common with the start that takes it. */
const readyKey = (spec: MachineSpec, { environment = {} }: StartOptions) =>
  JSON.stringify([specToAddress(spec), environment]);

const why = (error: unknown) => (error instanceof Error ? error.message : String(error));
