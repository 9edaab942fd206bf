import type { Guest, LinuxGuest } from "../guest.ts";
import type { Platform } from "../platform.ts";
import { pack, unpack } from "../snapshot/bundle.ts";
import { type SnapshotKey, snapshotKey, unwrapState, wrapState } from "../snapshot/format.ts";
import type { MachineDisks } from "./disks.ts";
import type { Maker } from "./maker.ts";
import { FIRST_ANSWER } from "./stored.ts";

/** What a save point of several guests says of its pieces: one machine's state each. */
interface SavedGroup {
  /** In the order they were plugged in. */
  readonly machines: readonly string[];
  readonly platform: unknown;
}

interface Revived {
  readonly guest: LinuxGuest;
  readonly disks: MachineDisks;
}

/**
 * Save points of a host's machines. A machine of its own is saved and put back alone; guests of one platform are together,
 * for pages, channels and devices between them are only true at one moment.
 */
export class SavePoints {
  readonly #maker: Maker;
  readonly #guests: ReadonlyMap<string, Guest>;
  readonly #replace: (old: Guest, fresh: Guest) => void;

  /** @param replace puts a machine in another's place, which has ended */
  constructor(maker: Maker, guests: ReadonlyMap<string, Guest>, replace: (old: Guest, fresh: Guest) => void) {
    this.#maker = maker;
    this.#guests = guests;
    this.#replace = replace;
  }

  async save(guest: Guest): Promise<Uint8Array> {
    const platform = this.#maker.platformOf(guest.image);
    if (platform) return this.#saveGroup(platform);
    const { machine } = guest;
    const rescued = machine.alive ? undefined : await machine.rescue();
    if (!rescued) machine.assertAlive();
    return wrapState(rescued ?? (await machine.save()), snapshotKey(machine.spec, guest.image));
  }

  /** @throws Error with a sentence when the snapshot is not one of this machine; nothing is lost then */
  async restore(guest: Guest, snapshot: Uint8Array): Promise<void> {
    const platform = this.#maker.platformOf(guest.image);
    if (platform) await this.#restoreGroup(platform, snapshot);
    else await this.#restoreAlone(guest, snapshot);
  }

  async #restoreAlone(old: Guest, snapshot: Uint8Array): Promise<void> {
    const { machine, image } = old;
    const state = await unwrapState(snapshot, snapshotKey(machine.spec, image));
    const disks = this.#maker.disks.fresh(machine.spec);
    const fresh: Guest =
      image.boot === "linux"
        ? await this.#maker.linux(machine.spec, image, disks)
        : await this.#maker.hypervisor(machine.spec, image);
    try {
      await fresh.machine.restore(state);
      fresh.machine.release();
      await fresh.identify(FIRST_ANSWER);
    } catch (error) {
      fresh.machine.destroy();
      throw error;
    }
    this.#maker.disks.keep(machine.spec.name, disks);
    machine.destroy();
    this.#replace(old, fresh);
  }

  /** The guests of a platform, in the order they were plugged in. */
  #members(platform: Platform): LinuxGuest[] {
    const guests = [...this.#guests.values()].filter(({ image }) => this.#maker.platformOf(image) === platform);
    return guests as LinuxGuest[];
  }

  async #saveGroup(platform: Platform): Promise<Uint8Array> {
    const members = this.#members(platform);
    for (const { machine } of members) machine.assertAlive();
    while (members.some(({ machine }) => machine.busy)) await new Promise((resolve) => setTimeout(resolve, 5));
    return wrapState(await capture(platform, members), groupKey(members));
  }

  /**
   * All of them end before others take their places, for there is one platform; if the others cannot be what the snapshot
   * says, these come back as they were.
   */
  async #restoreGroup(platform: Platform, snapshot: Uint8Array): Promise<void> {
    const members = this.#members(platform);
    const state = await unwrapState(snapshot, groupKey(members));
    const alive = members.every(({ machine }) => machine.alive);
    const before = alive ? await capture(platform, members) : undefined;
    for (const { machine } of members) machine.destroy();
    try {
      this.#take(members, await this.#revive(platform, members, state));
    } catch (error) {
      if (before) this.#take(members, await this.#revive(platform, members, before));
      throw error;
    }
  }

  #take(members: readonly LinuxGuest[], revived: readonly Revived[]): void {
    for (const { guest, disks } of revived) {
      const { name } = guest.machine.spec;
      this.#maker.disks.keep(name, disks);
      this.#replace(members.find(({ machine }) => machine.spec.name === name)!, guest);
    }
  }

  /** @returns running guests in the saved state. @throws when the state cannot be theirs, with none of them left */
  async #revive(platform: Platform, members: readonly LinuxGuest[], state: ArrayBuffer): Promise<Revived[]> {
    const { header, pieces } = unpack(state);
    const saved = header as SavedGroup;
    const revived: Revived[] = [];
    try {
      for (const [index, name] of saved.machines.entries()) {
        const old = members.find(({ machine }) => machine.spec.name === name)!;
        const disks = this.#maker.disks.fresh(old.machine.spec);
        const guest = await this.#maker.linux(old.machine.spec, old.image, disks);
        revived.push({ guest, disks });
        await guest.machine.restore(pieces[index]!.slice().buffer);
      }
      platform.restore(saved.platform);
      for (const { guest } of revived) guest.machine.restorePlace();
      for (const { guest } of revived) guest.machine.release();
      await Promise.all(revived.map(({ guest }) => guest.identify(FIRST_ANSWER)));
      return revived;
    } catch (error) {
      for (const { guest } of revived) guest.machine.destroy();
      throw error;
    }
  }
}

/** All of them at one moment: everything is read before anything else can run. */
async function capture(platform: Platform, members: readonly LinuxGuest[]): Promise<ArrayBuffer> {
  const header: SavedGroup = {
    machines: members.map(({ machine }) => machine.spec.name),
    platform: platform.save(),
  };
  const states = await Promise.all(members.map(({ machine }) => machine.capture()));
  return pack({ header, pieces: states.map((state) => new Uint8Array(state)) });
}

/** The same machines, whatever order they were started in. */
function groupKey(members: readonly LinuxGuest[]): SnapshotKey {
  const keys = members
    .map(({ machine, image }) => ({ name: machine.spec.name, ...snapshotKey(machine.spec, image) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return {
    build: keys.map(({ build }) => build).join("+"),
    options: keys.map(({ name, options }) => `${name}_${options}`).join("+"),
  };
}
