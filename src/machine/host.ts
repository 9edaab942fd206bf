import type {
  HostApi,
  MachineEvent,
  Meters,
  Progress,
  RunOptions,
  RunResult,
  StartOptions,
  StartReport,
  TravelReport,
  TravelTarget,
} from "./api.ts";
import { Guest, type LinuxGuest } from "./guest.ts";
import type { GuestMachine } from "./guest-machine.ts";
import { createHypervisor } from "./hypervisor/start.ts";
import { PartCache } from "./image/cache.ts";
import type { ImageSource } from "./image/load.ts";
import { findImage, type Image, type LinuxImage, type Manifest, type MultibootImage } from "./image/manifest.ts";
import { installLayer } from "./layers.ts";
import { TERMINAL } from "./machine.ts";
import { buildKey, snapshotKey, unwrapState, wrapState } from "./snapshot/format.ts";
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

/** Seconds of running a restored guest has to answer its first call; a sound one takes milliseconds. */
const FIRST_ANSWER = 10;

/** Milliseconds within which a guest made ready should show its prompt; later it is taken as it is. */
const PROMPT_WITHIN = 1000;

/**
 * One or more guests on one thread. The same class runs in a worker and in Node; what differs is handed in as
 * {@link Surroundings}.
 */
export class Host implements HostApi {
  readonly #surroundings: Surroundings;
  readonly #guests = new Map<string, Guest>();
  readonly #parts: PartCache;
  #module: Promise<WebAssembly.Module> | undefined;
  /** A machine started ahead and standing still at its prompt, and what it was made for. */
  #ready: { readonly made: string; readonly guest: Promise<LinuxGuest | undefined> } | undefined;

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
    const all = image.boot === "linux" ? ["rom", "kernel", "initramfs"] : ["traced", "layout"];
    const parts = stored ? ["rom"] : all;
    await Promise.all([this.warm(), ...parts.map((part) => this.#parts.load(part, image.parts[part]!))]);
  }

  /** Loads the emulator, which every machine needs. Failing costs nothing: the start of a machine loads it again. */
  async warm(): Promise<void> {
    await Promise.all([loadV86(), this.#compiled()]);
  }

  /**
   * Restores a machine's stored state ahead of its start and holds it at its prompt; its start then only lets it go.
   * Costs the machine's memory. A machine with no stored state, or a bad one, is left to its start.
   */
  async ready(given: MachineSpec, options: StartOptions): Promise<void> {
    const spec = machineSpec(given);
    const made = readyKey(spec, options);
    if (this.#ready?.made === made || this.#guests.has(spec.name)) return;
    const image = findImage(this.#surroundings.manifest, spec.image);
    if (image.boot !== "linux") return; // it starts as fast as it could be restored
    this.#dropReady();
    const guest = this.#atPrompt(spec, image, options).catch(() => undefined);
    this.#ready = { made, guest };
    await guest;
  }

  async start(given: MachineSpec, options: StartOptions, events: (event: MachineEvent) => void): Promise<StartReport> {
    const began = performance.now();
    const spec = machineSpec(given);
    await this.stop(spec.name);
    const image = findImage(this.#surroundings.manifest, spec.image);
    for (const layer of spec.layers) findLayer(image, layer);
    const report = (how: StartReport["how"], agentMilliseconds: number, instructions: number): StartReport => {
      events({ type: "progress", progress: { stage: "ready" } });
      return { how, milliseconds: performance.now() - began, agentMilliseconds, instructions };
    };

    if (image.boot === "multiboot") {
      const guest = await this.#bootHypervisor(spec, image, events);
      return report("boot", performance.now() - began, guest.machine.meters().instructions);
    }
    const restored = options.start === "boot" ? undefined : await this.#restoreStored(spec, image, options, events);
    if (restored) return report("restore", performance.now() - began, 0);

    const guest = await this.#boot(spec, image, events);
    const agentMilliseconds = performance.now() - began;
    const { instructions } = guest.machine.meters();
    for (const layer of spec.layers) await this.#install(guest, layer);
    const state = options.start === "boot" ? undefined : await guest.machine.save();
    await guest.identify();
    await guest.machine.openConsole(options);
    if (state) void this.#store(guest, state); // the student is at the prompt while the disk works
    return report("boot", agentMilliseconds, instructions);
  }

  async stop(machine: string): Promise<void> {
    const guest = this.#guests.get(machine);
    this.#guests.delete(machine);
    guest?.machine.destroy();
  }

  /** Ends every machine. */
  async close(): Promise<void> {
    this.#dropReady();
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
    return this.#alive(machine).run(script, options);
  }

  async put(machine: string, path: string, bytes: Uint8Array, mode?: number): Promise<void> {
    await this.#alive(machine).put(path, bytes, mode);
  }

  async get(machine: string, path: string): Promise<Uint8Array> {
    return this.#alive(machine).get(path);
  }

  async pause(machine: string): Promise<void> {
    this.#guest(machine).machine.pause();
  }

  async resume(machine: string): Promise<void> {
    this.#alive(machine).resume();
  }

  async speed(machine: string, speed: number): Promise<void> {
    if (!(speed > 0 && speed <= 1)) throw new Error(`A speed is a share of full speed, above 0 to 1, not ${speed}.`);
    this.#guest(machine).machine.setSpeed(speed);
  }

  async meters(machine: string): Promise<Meters> {
    return this.#guest(machine).machine.meters();
  }

  async travel(machine: string, target: TravelTarget): Promise<TravelReport> {
    return this.#alive(machine).travel(target);
  }

  async probe(machine: string, probe: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#guest(machine).machine.probe(probe, args);
  }

  async control(machine: string, control: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#guest(machine).machine.control(control, args);
  }

  async snapshot(machine: string): Promise<Uint8Array> {
    const guest = this.#guest(machine);
    const state =
      (guest.machine.alive ? undefined : await guest.machine.rescue()) ?? (await this.#alive(machine).save());
    return wrapState(state, snapshotKey(guest.machine.spec, guest.image));
  }

  async restore(machine: string, snapshot: Uint8Array): Promise<void> {
    const { machine: old, image, listener } = this.#guest(machine);
    const state = await unwrapState(snapshot, snapshotKey(old.spec, image));
    const fresh: Guest =
      image.boot === "linux"
        ? await this.#create(old.spec, image)
        : await createHypervisor(old.spec, image, this.#parts, this.#compiled());
    try {
      await fresh.machine.restore(state);
      fresh.machine.release();
      await fresh.identify(FIRST_ANSWER);
    } catch (error) {
      fresh.machine.destroy();
      throw error;
    }
    old.destroy();
    this.#add(fresh, listener);
  }

  /** What the machine wrote to its serial port. */
  async serial(machine: string): Promise<string> {
    return this.#guest(machine).machine.serial;
  }

  /**
   * @returns a guest out of the stored state, with its console open, or undefined: what is stored, if anything is,
   * could not be trusted, and is gone
   */
  async #restoreStored(
    spec: MachineSpec,
    image: LinuxImage,
    options: StartOptions,
    events: (event: MachineEvent) => void,
  ): Promise<LinuxGuest | undefined> {
    const ready = await this.#takeReady(spec, options);
    if (ready) {
      ready.machine.release();
      ready.machine.resize(options.columns ?? TERMINAL.columns, options.rows ?? TERMINAL.rows);
      this.#add(ready, events);
      await ready.machine.identify({ time: Date.now() }, FIRST_ANSWER); // its clock stood still
      return ready;
    }
    try {
      const restored = await this.#restored(spec, image, options, events);
      return restored && this.#add(restored, events);
    } catch (error) {
      const snapshots = await this.#surroundings.snapshots;
      await snapshots.remove(snapshotKey(spec, image)).catch(() => {});
      const message = `The stored state of \`${spec.name}\` was dropped (${why(error)}); the machine boots instead.`;
      events({ type: "notice", code: "snapshot-damaged", message });
      return undefined;
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
    events: (event: MachineEvent) => void = () => {},
  ): Promise<LinuxGuest | undefined> {
    const key = snapshotKey(spec, image);
    // beside the reading of what is stored; a failure is met again, and told, where the machine is made
    void Promise.all([this.warm(), this.#parts.load("rom", image.parts.rom)]).catch(() => {});
    const snapshots = await this.#surroundings.snapshots;
    const stored = await snapshots.load(key);
    if (!stored) return undefined;
    events({ type: "progress", progress: { stage: "restore" } });
    const [state, guest] = await Promise.all([unwrapState(stored, key), this.#create(spec, image)]);
    try {
      await guest.machine.restore(state);
      guest.machine.release();
      await Promise.all([guest.identify(FIRST_ANSWER), guest.machine.openConsole(options)]);
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
      this.#dropReady();
      return undefined;
    }
    this.#ready = undefined;
    return ready.guest;
  }

  #dropReady(): void {
    void this.#ready?.guest.then((guest) => guest?.machine.destroy());
    this.#ready = undefined;
  }

  async #bootHypervisor(spec: MachineSpec, image: MultibootImage, events: (event: MachineEvent) => void) {
    const progress = (progress: Progress) => events({ type: "progress", progress });
    const guest = await createHypervisor(spec, image, this.#parts, this.#compiled(), progress);
    progress({ stage: "boot" });
    this.#add(guest, events);
    await guest.machine.boot();
    return guest;
  }

  async #boot(spec: MachineSpec, image: LinuxImage, events: (event: MachineEvent) => void): Promise<LinuxGuest> {
    const progress = (progress: Progress) => events({ type: "progress", progress });
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
    this.#add(guest, events);
    await guest.machine.boot({ kernel, initramfs, commandLine: image.commandLine });
    return guest;
  }

  async #create(spec: MachineSpec, image: LinuxImage): Promise<LinuxGuest> {
    const [module, rom] = await Promise.all([this.#compiled(), this.#parts.load("rom", image.parts.rom)]);
    return Guest.linux(spec, image, { module, rom }, (guest, layer) => this.#install(guest, layer));
  }

  #add<G extends Guest>(guest: G, events: (event: MachineEvent) => void): G {
    this.#guests.set(guest.machine.spec.name, guest);
    guest.listen(events);
    return guest;
  }

  async #install(guest: LinuxGuest, name: string): Promise<void> {
    const layer = findLayer(guest.image, name);
    const archive = await this.#parts.load(name, layer, (loaded) =>
      guest.tell({ type: "progress", progress: { stage: "layer", part: name, loaded, total: layer.bytes } }),
    );
    await installLayer(guest.machine.agent, archive);
  }

  async #store(guest: Guest, state: ArrayBuffer): Promise<void> {
    const { spec } = guest.machine;
    const key = snapshotKey(spec, guest.image);
    const say = (code: "snapshot-stored" | "snapshot-refused", message: string) =>
      guest.tell({ type: "notice", code, message });
    try {
      const snapshots = await this.#surroundings.snapshots;
      await snapshots.save(key, await wrapState(state, key));
      say("snapshot-stored", `The state of \`${spec.name}\` is stored: it will start at once next time.`);
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

  #alive(machine: string): GuestMachine {
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

/** What a machine made ready has to have in common with the start that takes it. */
const readyKey = (spec: MachineSpec, { environment = {} }: StartOptions) =>
  JSON.stringify([specToAddress(spec), environment]);

const why = (error: unknown) => (error instanceof Error ? error.message : String(error));
