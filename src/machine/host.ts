import type { MessageEnd } from "../network/api.ts";
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
import type { Guest, LinuxGuest } from "./guest.ts";
import type { GuestMachine } from "./guest-machine.ts";
import { controlDevices, probeDevices } from "./hosting/devices.ts";
import { Maker } from "./hosting/maker.ts";
import { SavePoints } from "./hosting/save-points.ts";
import { StoredStates } from "./hosting/stored.ts";
import type { Surroundings } from "./hosting/surroundings.ts";
import { findImage, type Image, type LinuxImage, type MultibootImage } from "./image/manifest.ts";
import { installLayer } from "./layers.ts";
import { buildKey } from "./snapshot/format.ts";
import { type MachineSpec, machineSpec } from "./spec.ts";

export type { Surroundings } from "./hosting/surroundings.ts";

/** Milliseconds a script that a platform runs in another guest may take. */
const ERRAND = 60_000;

/**
 * One or more guests on one thread. The same class runs in a worker and in Node; what differs is handed in as
 * {@link Surroundings}.
 */
export class Host implements HostApi {
  readonly #surroundings: Surroundings;
  readonly #guests = new Map<string, Guest>();
  readonly #maker: Maker;
  readonly #stored: StoredStates;
  readonly #savePoints: SavePoints;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#maker = new Maker(surroundings, {
      install: (guest, layer) => this.#install(guest, layer),
      run: (machine, script) => this.#errand(machine, script),
    });
    this.#stored = new StoredStates(this.#maker, surroundings.snapshots);
    this.#savePoints = new SavePoints(this.#maker, this.#guests, (old, fresh) => this.#add(fresh, old.listener));
  }

  /**
   * Fetches what the next start of a machine with this image and these layers will need, so that it is quick.
   *
   * @throws ImageError when something is missing or damaged
   */
  async prepare(name: string, layers: readonly string[] = []): Promise<void> {
    const image = findImage(this.#surroundings.manifest, name);
    const stored = !this.#maker.platformOf(image) && (await this.#stored.has(buildKey(name, image)));
    const all = image.boot === "linux" ? ["rom", "kernel", "initramfs"] : ["traced", "layout"];
    const parts = stored ? ["rom"] : all;
    const wanted = stored ? [] : layers;
    const { parts: cache } = this.#maker;
    await Promise.all([
      this.#maker.warm(image),
      ...parts.map((part) => cache.load(part, image.parts[part]!)),
      ...wanted.map((layer) => cache.load(layer, findLayer(image, layer))),
    ]);
  }

  /** Loads the emulator, which every machine needs. Failing costs nothing: the start of a machine loads it again. */
  warm(): Promise<void> {
    return this.#maker.warm();
  }

  /**
   * Restores a machine's stored state ahead of its start and holds it at its prompt; its start then only lets it go.
   * Costs the machine's memory. A machine with no stored state, or a bad one, is left to its start.
   */
  async ready(given: MachineSpec, options: StartOptions): Promise<void> {
    const spec = machineSpec(given);
    const image = findImage(this.#surroundings.manifest, spec.image);
    if (image.boot !== "linux") return; // it starts as fast as it could be restored
    if (this.#guests.has(spec.name) || !this.#stored.fits(spec, image)) return;
    await this.#maker.links.declare(options.links ?? {});
    await this.#stored.makeReady(spec, image, options);
  }

  async start(given: MachineSpec, options: StartOptions, events: (event: MachineEvent) => void): Promise<StartReport> {
    const began = performance.now();
    const spec = machineSpec(given);
    await this.stop(spec.name);
    if (options.disks === "empty") this.#maker.disks.empty(spec.name);
    const image = findImage(this.#surroundings.manifest, spec.image);
    for (const layer of spec.layers) findLayer(image, layer);
    await this.#maker.links.declare(options.links ?? {});
    const report = (how: StartReport["how"], agentMilliseconds: number, instructions: number): StartReport => {
      events({ type: "progress", progress: { stage: "ready" } });
      return { how, milliseconds: performance.now() - began, agentMilliseconds, instructions };
    };

    if (image.boot === "multiboot") {
      const guest = await this.#bootHypervisor(spec, image, events);
      return report("boot", performance.now() - began, guest.machine.meters().instructions);
    }
    const instant = options.start !== "boot" && this.#stored.fits(spec, image);
    const add = (guest: Guest) => this.#add(guest, events);
    const restored = instant ? await this.#stored.start(spec, image, options, events, add) : undefined;
    if (restored) return report("restore", performance.now() - began, 0);

    const guest = await this.#boot(spec, image, events);
    const agentMilliseconds = performance.now() - began;
    const { instructions } = guest.machine.meters();
    for (const layer of spec.layers) await this.#install(guest, layer);
    const state = instant ? await guest.machine.save() : undefined;
    await guest.identify();
    await guest.machine.openConsole(options);
    if (state) void this.#stored.store(guest, state); // the student is at the prompt while the disk works
    return report("boot", agentMilliseconds, instructions);
  }

  async stop(machine: string): Promise<void> {
    const guest = this.#guests.get(machine);
    this.#guests.delete(machine);
    guest?.machine.destroy();
  }

  /** Ends every machine. */
  async close(): Promise<void> {
    this.#stored.drop();
    for (const machine of [...this.#guests.keys()]) await this.stop(machine);
    this.#maker.close();
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
    const guest = this.#guest(machine);
    const platform = this.#maker.platformOf(guest.image);
    return platform ? probeDevices(platform, guest.machine, probe, args) : guest.machine.probe(probe, args);
  }

  async control(machine: string, control: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const guest = this.#guest(machine);
    const platform = this.#maker.platformOf(guest.image);
    return platform ? controlDevices(platform, guest.machine, control, args) : guest.machine.control(control, args);
  }

  async join(end: MessageEnd): Promise<void> {
    await this.#maker.links.join(end);
  }

  async networkProbe(probe: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#maker.links.probe(probe, args);
  }

  async networkControl(control: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#maker.links.control(control, args);
  }

  async snapshot(machine: string): Promise<Uint8Array> {
    return this.#savePoints.save(this.#guest(machine));
  }

  async restore(machine: string, snapshot: Uint8Array): Promise<void> {
    await this.#savePoints.restore(this.#guest(machine), snapshot);
  }

  /** What the machine wrote to its serial port. */
  async serial(machine: string): Promise<string> {
    return this.#guest(machine).machine.serial;
  }

  /** What a guest wrote to its platform's console, the newest of it; nothing for a machine that has none. */
  async platformConsole(machine: string): Promise<string> {
    const { machine: guest } = this.#guest(machine);
    return "platformConsole" in guest ? String(guest.platformConsole) : "";
  }

  async #bootHypervisor(spec: MachineSpec, image: MultibootImage, events: (event: MachineEvent) => void) {
    const progress = (progress: Progress) => events({ type: "progress", progress });
    const guest = await this.#maker.hypervisor(spec, image, progress);
    progress({ stage: "boot" });
    this.#add(guest, events);
    await guest.machine.boot();
    return guest;
  }

  async #boot(spec: MachineSpec, image: LinuxImage, events: (event: MachineEvent) => void): Promise<LinuxGuest> {
    const progress = (progress: Progress) => events({ type: "progress", progress });
    const load = (name: string) => {
      const part = image.parts[name]!;
      return this.#maker.parts.load(name, part, (loaded) =>
        progress({ stage: "download", part: name, loaded, total: part.bytes }),
      );
    };
    const making = this.#maker.linux(spec, image, this.#maker.disks.of(spec));
    const [guest, kernel, initramfs] = await Promise.all([making, load("kernel"), load("initramfs")]).catch((error) => {
      void making.then(({ machine }) => machine.destroy()).catch(() => {});
      throw error;
    });
    progress({ stage: "boot" });
    this.#add(guest, events);
    await guest.machine.boot({ kernel, initramfs, commandLine: image.commandLine });
    return guest;
  }

  #add<G extends Guest>(guest: G, events: (event: MachineEvent) => void): G {
    this.#guests.set(guest.machine.spec.name, guest);
    guest.listen(events);
    return guest;
  }

  async #install(guest: LinuxGuest, name: string): Promise<void> {
    const layer = findLayer(guest.image, name);
    const archive = await this.#maker.parts.load(name, layer, (loaded) =>
      guest.tell({ type: "progress", progress: { stage: "layer", part: name, loaded, total: layer.bytes } }),
    );
    await installLayer(guest.machine.agent, archive);
  }

  async #errand(machine: string, script: string): Promise<void> {
    const { exit, stderr } = await this.run(machine, script, { limit: ERRAND });
    if (exit === 0) return;
    throw new Error(`A script in \`${machine}\` failed: ${new TextDecoder().decode(stderr).trim() || `exit ${exit}`}.`);
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
