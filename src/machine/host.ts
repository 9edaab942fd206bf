import type {
  HostApi,
  MachineEvent,
  Meters,
  Progress,
  RunOptions,
  RunResult,
  StartOptions,
  StartReport,
} from "./api.ts";
import { PartCache } from "./image/cache.ts";
import type { ImageSource } from "./image/load.ts";
import { findImage, type Image, type Manifest } from "./image/manifest.ts";
import { installLayer } from "./layers.ts";
import { type Emulator, Machine } from "./machine.ts";
import { buildKey, type SnapshotKey, snapshotKey, unwrapState, wrapState } from "./snapshot/format.ts";
import type { SnapshotStore } from "./snapshot/store.ts";
import { type MachineSpec, machineSpec, specToAddress } from "./spec.ts";
import { loadV86 } from "./v86-internals.ts";

/** What a host is given by where it runs: a worker in a page, or Node. */
export interface Surroundings {
  readonly manifest: Manifest;
  readonly images: ImageSource;
  /** Compiles v86.wasm; called once. */
  readonly compile: () => Promise<WebAssembly.Module>;
  readonly snapshots: SnapshotStore | Promise<SnapshotStore>;
}

interface Guest {
  readonly machine: Machine;
  /** Whoever started it; nobody yet for one made ready ahead. */
  events: (event: MachineEvent) => void;
  readonly image: Image;
  /** False while a stored state is tried out: should it turn out bad, nobody need hear of it. */
  trusted: boolean;
}

/** Seconds of running a restored guest has to answer its first call; a sound one takes milliseconds. */
const FIRST_ANSWER = 10;

/** Bytes of randomness a clone is given: what Linux's generator is seeded from (256 bits) with as much to spare. */
const ENTROPY = 64;

/**
 * One or more guests on one thread. The same class runs in a worker and in Node; what differs is handed in as
 * {@link Surroundings}.
 */
export class Host implements HostApi {
  readonly #surroundings: Surroundings;
  readonly #guests = new Map<string, Guest>();
  readonly #parts: PartCache;
  #module: Promise<WebAssembly.Module> | undefined;
  /** A machine restored ahead of its start, standing still, and the spec it was made for. */
  #ready: { readonly address: string; readonly guest: Promise<Guest | undefined> } | undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#parts = new PartCache(surroundings.images);
  }

  /**
   * Fetches what the next start of a machine with this image will need, so that it is quick.
   *
   * @throws ImageError when something is missing or damaged
   */
  async prepare(name: string): Promise<void> {
    const image = findImage(this.#surroundings.manifest, name);
    const snapshots = await this.#surroundings.snapshots;
    const stored = await snapshots.has(buildKey(name, image)).catch(() => false);
    const parts = stored ? ["rom"] : ["rom", "kernel", "initramfs"];
    await Promise.all([
      loadV86(),
      this.#compiled(),
      ...parts.map((part) => this.#parts.load(part, image.parts[part]!)),
    ]);
  }

  /**
   * Restores a machine's stored state ahead of its start, which then only has to let it go. Costs the machine's memory;
   * a machine with no stored state, or a bad one, is left to its start.
   */
  async ready(given: MachineSpec): Promise<void> {
    const spec = machineSpec(given);
    const address = specToAddress(spec);
    if (this.#ready?.address === address || this.#guests.has(spec.name)) return;
    this.#dropReady();
    const image = findImage(this.#surroundings.manifest, spec.image);
    const guest = this.#restored(spec, image, snapshotKey(spec, image)).catch(() => undefined);
    this.#ready = { address, guest };
    await guest;
  }

  async start(
    given: MachineSpec,
    { start = "instant", environment = {}, columns = 80, rows = 24 }: StartOptions,
    events: (event: MachineEvent) => void,
  ): Promise<StartReport> {
    const began = performance.now();
    const spec = machineSpec(given);
    await this.stop(spec.name);
    const image = findImage(this.#surroundings.manifest, spec.image);
    for (const layer of spec.layers) findLayer(image, layer);
    const progress = (progress: Progress) => events({ type: "progress", progress });

    const key = snapshotKey(spec, image);
    const restored = start === "instant" ? await this.#restoreStored(spec, image, key, events, progress) : undefined;
    const guest = restored ?? (await this.#boot(spec, image, events, progress));
    const agentMilliseconds = performance.now() - began;
    const { instructions } = guest.machine.meters();
    let state: ArrayBuffer | undefined;
    if (!restored) {
      for (const layer of spec.layers) await this.#install(guest, layer, progress);
      if (start === "instant") state = await guest.machine.save();
      await identify(guest.machine);
    }
    guest.machine.resize(columns, rows);
    await guest.machine.agent.startConsole(environment);
    progress({ stage: "ready" });
    if (state) void this.#store(guest, key, state); // the student is at the prompt while the disk works
    const how = restored ? "restore" : "boot";
    const milliseconds = performance.now() - began;
    return { how, milliseconds, agentMilliseconds, instructions: restored ? 0 : instructions };
  }

  async stop(machine: string): Promise<void> {
    const guest = this.#guests.get(machine);
    this.#guests.delete(machine);
    guest?.machine.destroy();
  }

  /** Ends every machine. */
  async close(): Promise<void> {
    for (const machine of [...this.#guests.keys()]) await this.stop(machine);
  }

  async type(machine: string, bytes: Uint8Array): Promise<void> {
    this.#guest(machine).machine.type(bytes);
  }

  async acknowledge(machine: string, bytes: number): Promise<void> {
    // a late word about a machine that was switched off means nothing
    this.#guests.get(machine)?.machine.acknowledge(bytes);
  }

  async resize(machine: string, columns: number, rows: number): Promise<void> {
    this.#guest(machine).machine.resize(columns, rows);
  }

  async run(machine: string, script: string, options?: RunOptions): Promise<RunResult> {
    return this.#alive(machine).agent.run(script, options);
  }

  async put(machine: string, path: string, bytes: Uint8Array, mode?: number): Promise<void> {
    await this.#alive(machine).agent.put(path, bytes, mode);
  }

  async get(machine: string, path: string): Promise<Uint8Array> {
    return this.#alive(machine).agent.get(path);
  }

  async pause(machine: string): Promise<void> {
    this.#guest(machine).machine.pause();
  }

  async resume(machine: string): Promise<void> {
    const guest = this.#alive(machine);
    guest.resume();
    // the guest's clocks stood still; its wall clock is set right, its uptime is not
    await guest.agent.identify({ time: Date.now() });
  }

  async meters(machine: string): Promise<Meters> {
    return this.#guest(machine).machine.meters();
  }

  async snapshot(machine: string): Promise<Uint8Array> {
    const guest = this.#guest(machine);
    const state = await this.#alive(machine).save();
    return wrapState(state, snapshotKey(guest.machine.spec, guest.image));
  }

  async restore(machine: string, snapshot: Uint8Array): Promise<void> {
    const { machine: old, image, events } = this.#guest(machine);
    const state = await unwrapState(snapshot, snapshotKey(old.spec, image));
    const fresh = await this.#create(old.spec, image);
    fresh.events = events;
    try {
      await fresh.machine.restore(state);
      fresh.machine.release();
      await identify(fresh.machine, FIRST_ANSWER);
    } catch (error) {
      fresh.machine.destroy();
      throw error;
    }
    old.destroy();
    this.#add(fresh);
  }

  /** What the machine wrote to its serial port. */
  async serial(machine: string): Promise<string> {
    return this.#guest(machine).machine.serial;
  }

  /**
   * @returns a guest out of the stored state that has shown it is sound, or undefined: what is stored, if anything is,
   * could not be trusted, and is gone
   */
  async #restoreStored(
    spec: MachineSpec,
    image: Image,
    key: SnapshotKey,
    events: (event: MachineEvent) => void,
    progress: (progress: Progress) => void,
  ): Promise<Guest | undefined> {
    let guest: Guest | undefined;
    try {
      guest = await (this.#takeReady(spec) ?? this.#restored(spec, image, key));
      if (!guest) return undefined;
      progress({ stage: "restore" });
      guest.events = events;
      guest.machine.release();
      await identify(guest.machine, FIRST_ANSWER);
      return this.#add(guest);
    } catch (error) {
      guest?.machine.destroy();
      const snapshots = await this.#surroundings.snapshots;
      await snapshots.remove(key).catch(() => {});
      const message = `The stored state of \`${spec.name}\` was dropped (${why(error)}); the machine boots instead.`;
      events({ type: "notice", code: "snapshot-damaged", message });
      return undefined;
    }
  }

  /** @returns a guest holding the stored state, standing still, or undefined when nothing is stored */
  async #restored(spec: MachineSpec, image: Image, key: SnapshotKey): Promise<Guest | undefined> {
    const snapshots = await this.#surroundings.snapshots;
    const stored = await snapshots.load(key);
    if (!stored) return undefined;
    const [state, guest] = await Promise.all([unwrapState(stored, key), this.#create(spec, image)]);
    try {
      await guest.machine.restore(state);
    } catch (error) {
      guest.machine.destroy();
      throw error;
    }
    return guest;
  }

  /** @returns the machine made ready for this spec, if there is one; any other is let go */
  #takeReady(spec: MachineSpec): Promise<Guest | undefined> | undefined {
    const ready = this.#ready?.address === specToAddress(spec) ? this.#ready.guest : undefined;
    if (!ready) this.#dropReady();
    this.#ready = undefined;
    return ready;
  }

  #dropReady(): void {
    void this.#ready?.guest.then((guest) => guest?.machine.destroy());
    this.#ready = undefined;
  }

  async #boot(
    spec: MachineSpec,
    image: Image,
    events: (event: MachineEvent) => void,
    progress: (progress: Progress) => void,
  ): Promise<Guest> {
    const load = (name: string) => {
      const part = image.parts[name]!;
      return this.#parts.load(name, part, (loaded) =>
        progress({ stage: "download", part: name, loaded, total: part.bytes }),
      );
    };
    const [guest, kernel, initramfs] = await Promise.all([
      this.#create(spec, image),
      load("kernel"),
      load("initramfs"),
    ]);
    progress({ stage: "boot" });
    guest.events = events;
    this.#add(guest);
    await guest.machine.boot({ kernel, initramfs, commandLine: image.commandLine });
    return guest;
  }

  async #create(spec: MachineSpec, image: Image): Promise<Guest> {
    const [module, rom] = await Promise.all([this.#compiled(), this.#parts.load("rom", image.parts.rom)]);
    const emulator: Emulator = { module, rom };
    const tell = (event: MachineEvent) => guest.trusted && guest.events(event);
    const machine: Machine = await Machine.create(spec, emulator, {
      onConsole: (bytes) => tell({ type: "console", bytes }),
      onStopped: (reason, message) => tell({ type: "stopped", reason, message }),
      onNotice: (code, message) => tell({ type: "notice", code, message }),
      onWant: (layer) => this.#install(guest, layer, (progress) => tell({ type: "progress", progress })),
    });
    const guest: Guest = { machine, image, events: () => {}, trusted: false };
    return guest;
  }

  #add(guest: Guest): Guest {
    guest.trusted = true;
    this.#guests.set(guest.machine.spec.name, guest);
    return guest;
  }

  async #install(guest: Guest, name: string, progress: (progress: Progress) => void): Promise<void> {
    const layer = findLayer(guest.image, name);
    const archive = await this.#parts.load(name, layer, (loaded) =>
      progress({ stage: "layer", part: name, loaded, total: layer.bytes }),
    );
    await installLayer(guest.machine.agent, archive);
  }

  async #store({ machine, events }: Guest, key: SnapshotKey, state: ArrayBuffer): Promise<void> {
    const say = (code: "snapshot-stored" | "snapshot-refused", message: string) =>
      events({ type: "notice", code, message });
    try {
      const snapshots = await this.#surroundings.snapshots;
      await snapshots.save(key, await wrapState(state, key));
      say("snapshot-stored", `The state of \`${machine.spec.name}\` is stored: it will start at once next time.`);
    } catch (error) {
      say("snapshot-refused", `This browser would not store the machine's state (${why(error)}): it boots each time.`);
    }
  }

  #compiled(): Promise<WebAssembly.Module> {
    this.#module ??= this.#surroundings.compile().catch((error: unknown) => {
      this.#module = undefined; // a failed download may be tried again
      throw error;
    });
    return this.#module;
  }

  #guest(machine: string): Guest {
    const guest = this.#guests.get(machine);
    if (!guest) throw new Error(`There is no machine called \`${machine}\` here. Start it first.`);
    return guest;
  }

  #alive(machine: string): Machine {
    const guest = this.#guest(machine);
    guest.machine.assertAlive();
    return guest.machine;
  }
}

function findLayer(image: Image, name: string): Image["layers"][string] {
  const layer = Object.hasOwn(image.layers, name) ? image.layers[name] : undefined;
  if (layer) return layer;
  throw new Error(
    `The image has no layer called \`${name}\`; it has: ${Object.keys(image.layers).join(", ") || "none"}.`,
  );
}

/** Makes a clone itself: several may have been started from one state. @param patience seconds of running */
async function identify({ spec, agent }: Machine, patience?: number): Promise<void> {
  const macs = spec.nics.map(({ mac }, index) => ({ card: `eth${index}`, mac }));
  await agent.identify({ hostname: spec.name, time: Date.now(), macs, entropy: randomness() }, patience);
}

const why = (error: unknown) => (error instanceof Error ? error.message : String(error));

const randomness = () => crypto.getRandomValues(new Uint8Array(ENTROPY));
