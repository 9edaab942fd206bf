import type { LinkPort } from "../../network/link.ts";
import type { Progress } from "../api.ts";
import type { Emulator } from "../emulator.ts";
import { Guest, type HypervisorGuest, type LinuxGuest } from "../guest.ts";
import { createHypervisor } from "../hypervisor/start.ts";
import { PartCache } from "../image/cache.ts";
import type { LinuxImage, MultibootImage } from "../image/manifest.ts";
import type { Platform, PlatformGuest } from "../platform.ts";
import type { MachineSpec } from "../spec.ts";
import { PLATFORM_HOOKS } from "../v86-hooks.ts";
import { loadV86 } from "../v86-library.ts";
import { rewrite } from "../wasm/rewrite.ts";
import { HostDisks, type MachineDisks } from "./disks.ts";
import { HostLinks, portOf } from "./links.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a machine being made asks of its host later. */
export interface MakerHooks {
  /** Puts a layer into a guest when one of its tools is started. */
  readonly install: (guest: LinuxGuest, layer: string) => Promise<void>;
  /** Runs a script in another guest; rejects with a sentence when it fails. */
  readonly run: (machine: string, script: string) => Promise<void>;
}

type Compiled = Omit<Emulator, "rom">;

/** Makes the machines of one host. What several of them need is fetched and compiled once. */
export class Maker {
  readonly parts: PartCache;
  readonly disks = new HostDisks();
  readonly links = new HostLinks();
  readonly #surroundings: Surroundings;
  readonly #hooks: MakerHooks;
  #plain: Promise<Compiled> | undefined;
  #hooked: Promise<Compiled> | undefined;

  constructor(surroundings: Surroundings, hooks: MakerHooks) {
    this.#surroundings = surroundings;
    this.#hooks = hooks;
    this.parts = new PartCache(surroundings.images);
  }

  /** Loads the emulator, for machines of this image if one is given. A failure is met again when one is made. */
  async warm(image?: LinuxImage | MultibootImage): Promise<void> {
    await Promise.all([loadV86(), image && this.platformOf(image) ? this.#compiledHooked() : this.#compiledPlain()]);
  }

  /** The platform a machine of this image is plugged into. */
  platformOf(image: LinuxImage | MultibootImage): Platform | undefined {
    return image.boot === "linux" && image.platform ? this.#surroundings.platform : undefined;
  }

  /**
   * Makes a machine that has not run.
   *
   * @throws ImageError when a part cannot be had; MissingHook; Error when the platform cannot have it
   */
  async linux(spec: MachineSpec, image: LinuxImage, disks: MachineDisks): Promise<LinuxGuest> {
    const platform = this.platformOf(image);
    if (!platform) refuseXenDevices(spec);
    const compiled = platform ? this.#compiledHooked() : this.#compiledPlain();
    const [emulator, rom] = await Promise.all([compiled, this.parts.load("rom", image.parts.rom)]);
    const guest: { made?: LinuxGuest } = {};
    const place = platform && this.#place(platform, spec, disks, guest);
    const cables = this.#cables(spec);
    try {
      const belongings = { disks, cables, ...(place && { platform: place }) };
      guest.made = await Guest.linux(spec, image, { ...emulator, rom }, belongings, this.#hooks.install);
      return guest.made;
    } catch (error) {
      for (const cable of cables.values()) cable.close();
      place?.detach();
      throw error;
    }
  }

  hypervisor(
    spec: MachineSpec,
    image: MultibootImage,
    progress?: (progress: Progress) => void,
  ): Promise<HypervisorGuest> {
    const module = this.#compiledPlain().then((compiled) => compiled.module);
    return createHypervisor(spec, image, this.parts, module, progress);
  }

  close(): void {
    this.disks.clear();
    this.links.clear();
  }

  /** Where the cards are plugged in that are the machine's own, by their number. */
  #cables(spec: MachineSpec): ReadonlyMap<number, LinkPort> {
    const cables = new Map<number, LinkPort>();
    for (const [nic, { model, link }] of spec.nics.entries()) {
      if (model !== "xen" && link !== undefined) cables.set(nic, this.links.port(link, portOf(spec, nic)));
    }
    return cables;
  }

  #place(
    platform: Platform,
    spec: MachineSpec,
    disks: MachineDisks,
    guest: { readonly made?: LinuxGuest },
  ): PlatformGuest {
    const port = (link: string, nic: number): LinkPort => this.links.port(link, portOf(spec, nic));
    return platform.plug(spec, {
      port,
      disks,
      run: (machine, script) => this.#hooks.run(machine, script),
      stopped: (reason, message) => guest.made?.machine.ended(reason, message),
      console: (bytes) => guest.made?.machine.onPlatformConsole(bytes),
    });
  }

  #compiledPlain(): Promise<Compiled> {
    this.#plain ??= this.#surroundings.compile().then(
      (module) => ({ module }),
      (error: unknown) => {
        this.#plain = undefined; // a failed download may be tried again
        throw error;
      },
    );
    return this.#plain;
  }

  #compiledHooked(): Promise<Compiled> {
    this.#hooked ??= this.#putHooks().catch((error: unknown) => {
      this.#hooked = undefined;
      throw error;
    });
    return this.#hooked;
  }

  async #putHooks(): Promise<Compiled> {
    const { bytes, scratch } = rewrite(await this.#surroundings.wasm(), [PLATFORM_HOOKS]);
    return { module: await WebAssembly.compile(bytes), scratch: scratch.get(PLATFORM_HOOKS.name)! };
  }
}

/** @throws Error naming the first device that only a platform has */
function refuseXenDevices({ name, nics, disks }: MachineSpec): void {
  if (![...nics, ...disks].some(({ model }) => model === "xen")) return;
  throw new Error(`Machine \`${name}\` has Xen devices, but its image does not boot on Xen here.`);
}
