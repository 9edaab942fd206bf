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
import { type ImageSource, loadPart } from "./image/load.ts";
import { findImage, type Image, type Manifest, type Part } from "./image/manifest.ts";
import { installLayer } from "./layers.ts";
import { type Emulator, Machine } from "./machine.ts";
import { buildKey, type SnapshotKey, snapshotKey, unwrapState, wrapState } from "./snapshot/format.ts";
import type { SnapshotStore } from "./snapshot/store.ts";
import { type MachineSpec, machineSpec } from "./spec.ts";

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
  readonly events: (event: MachineEvent) => void;
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
  readonly #parts = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  #module: Promise<WebAssembly.Module> | undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
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
    await Promise.all([this.#compiled(), ...parts.map((part) => this.#part(part, image.parts[part]!))]);
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
    if (!restored) {
      for (const layer of spec.layers) await this.#install(guest, layer, progress);
      if (start === "instant") await this.#store(guest, key);
    }
    guest.machine.resize(columns, rows);
    if (!restored) await identify(guest.machine);
    await guest.machine.agent.startConsole(environment);
    progress({ stage: "ready" });
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
    const fresh = await this.#create(old.spec, image, events);
    try {
      await fresh.machine.restore(state);
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

  /** @returns a guest made anew from a stored snapshot, or undefined when there is none that can be trusted */
  async #restoreStored(
    spec: MachineSpec,
    image: Image,
    key: SnapshotKey,
    events: (event: MachineEvent) => void,
    progress: (progress: Progress) => void,
  ): Promise<Guest | undefined> {
    const snapshots = await this.#surroundings.snapshots;
    let machine: Machine | undefined;
    try {
      const [stored, guest] = await Promise.all([snapshots.load(key), this.#create(spec, image, events)]);
      machine = guest.machine;
      if (stored) {
        progress({ stage: "restore" });
        await machine.restore(await unwrapState(stored, key));
        await identify(machine, FIRST_ANSWER);
        return this.#add(guest);
      }
    } catch (error) {
      await snapshots.remove(key).catch(() => {});
      const why = error instanceof Error ? error.message : String(error);
      const message = `The stored state of \`${spec.name}\` was dropped (${why}); the machine boots instead.`;
      events({ type: "notice", code: "snapshot-damaged", message });
    }
    machine?.destroy();
    return undefined;
  }

  async #boot(
    spec: MachineSpec,
    image: Image,
    events: (event: MachineEvent) => void,
    progress: (progress: Progress) => void,
  ): Promise<Guest> {
    const load = (name: string) => {
      const part = image.parts[name]!;
      return this.#part(name, part, (loaded) => progress({ stage: "download", part: name, loaded, total: part.bytes }));
    };
    const [guest, kernel, initramfs] = await Promise.all([
      this.#create(spec, image, events),
      load("kernel"),
      load("initramfs"),
    ]);
    progress({ stage: "boot" });
    this.#add(guest);
    await guest.machine.boot({ kernel, initramfs, commandLine: image.commandLine });
    return guest;
  }

  async #create(spec: MachineSpec, image: Image, events: (event: MachineEvent) => void): Promise<Guest> {
    const [module, rom] = await Promise.all([this.#compiled(), this.#part("rom", image.parts.rom)]);
    const emulator: Emulator = { module, rom };
    const tell = (event: MachineEvent) => guest.trusted && events(event);
    const machine: Machine = await Machine.create(spec, emulator, {
      onConsole: (bytes) => tell({ type: "console", bytes }),
      onStopped: (reason, message) => tell({ type: "stopped", reason, message }),
      onNotice: (code, message) => tell({ type: "notice", code, message }),
      onWant: (layer) => this.#install(guest, layer, (progress) => tell({ type: "progress", progress })),
    });
    const guest: Guest = { machine, events, image, trusted: false };
    return guest;
  }

  #add(guest: Guest): Guest {
    guest.trusted = true;
    this.#guests.set(guest.machine.spec.name, guest);
    return guest;
  }

  async #install(guest: Guest, name: string, progress: (progress: Progress) => void): Promise<void> {
    const layer = findLayer(guest.image, name);
    const archive = await this.#part(name, layer, (loaded) =>
      progress({ stage: "layer", part: name, loaded, total: layer.bytes }),
    );
    await installLayer(guest.machine.agent, archive);
  }

  async #store({ machine, events }: Guest, key: SnapshotKey): Promise<void> {
    const bytes = await wrapState(await machine.save(), key);
    const snapshots = await this.#surroundings.snapshots;
    const say = (code: "snapshot-stored" | "snapshot-refused", message: string) =>
      events({ type: "notice", code, message });
    // not awaited: the student is at the prompt while the disk works
    void snapshots.save(key, bytes).then(
      () => say("snapshot-stored", `The state of \`${machine.spec.name}\` is stored: it will start at once next time.`),
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        say("snapshot-refused", `This browser would not store the machine's state (${why}): it boots each time.`);
      },
    );
  }

  #compiled(): Promise<WebAssembly.Module> {
    this.#module ??= this.#surroundings.compile().catch((error: unknown) => {
      this.#module = undefined; // a failed download may be tried again
      throw error;
    });
    return this.#module;
  }

  /** Loads a part once for all guests; a failed load may be tried again. */
  #part(name: string, part: Part, onBytes?: (loaded: number) => void): Promise<Uint8Array<ArrayBuffer>> {
    let loading = this.#parts.get(part.file);
    if (!loading) {
      loading = loadPart(this.#surroundings.images, name, part, onBytes);
      this.#parts.set(part.file, loading);
      loading.catch(() => this.#parts.delete(part.file));
    }
    return loading;
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

const randomness = () => crypto.getRandomValues(new Uint8Array(ENTROPY));
