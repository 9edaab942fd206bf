/** One Xen host with a good neighbour and two bad ones that work together, everything real but the processors. */
import { MemoryDisk } from "../../../machine/disk/memory-disk.ts";
import type { PlatformSurroundings } from "../../../machine/platform.ts";
import { type DiskSpec, type MachineSpec, machineSpec, type NicSpec } from "../../../machine/spec.ts";
import { Fabric } from "../../../network/fabric/index.ts";
import type { Frame } from "../../../network/link.ts";
import type { PortSpec } from "../../../network/link-spec.ts";
import { GTF } from "../../../xen/abi/grant-table.ts";
import { HOST_AS_DOMAIN_0, HOST_BESIDE_DOMAIN_0 } from "../../../xen/hypervisor/xen.ts";
import { XenPlatform } from "../../../xen/index.ts";
import { FRAME, Kernel } from "./kernel.ts";
import { Processor, Steps } from "./processor.ts";
import { canaryDisk, DISK_SECTORS, Victim } from "./victim.ts";

/** Bytes of each guest's memory: what Xen takes of it, and as much again three times. */
const MEMORY = 4 << 20;
/** The victim's references that name pages the attackers may see: one to read, one to write too. */
export const SHARED = { readable: 400, writable: 401 } as const;

/** A guest that is up to no good. */
export interface Attacker {
  readonly name: string;
  readonly id: number;
  readonly kernel: Kernel;
  readonly home: string;
  /** Why it was stopped; undefined while it runs. */
  stopped: string | undefined;
}

/** What a guest is started with, to be started with again. */
interface Plugged {
  readonly kernel: Kernel;
  readonly disk: MemoryDisk;
  readonly link: string;
  readonly stopped: (reason: string) => void;
}

export class Neighbours {
  platform = new XenPlatform();
  readonly steps = new Steps();
  readonly victim: Victim;
  readonly victimId = 1;
  readonly driver: boolean;
  /** Id of the domain that serves devices: this program's. */
  readonly host: number;
  readonly #fabric = new Fabric({ now: () => this.#clock, epoch: 0, later: () => () => {} });
  /** By name, in the order they were plugged in. */
  readonly #plugged = new Map<string, Plugged>();
  readonly #attackers: (Attacker | undefined)[] = [undefined, undefined];
  #next = 2;
  #clock = 0;

  /** @param driver the first attacker is domain 0, which xenstored trusts */
  constructor(driver = false) {
    this.driver = driver;
    void this.#fabric.declare({ lan: { kind: "hub" }, alley: { kind: "hub" } });
    this.host = driver ? HOST_BESIDE_DOMAIN_0 : HOST_AS_DOMAIN_0;
    if (driver) this.restart(0);
    const outside = this.#fabric.port("lan", card("outside"));
    let arrived: Frame | undefined;
    outside.receive = (frame) => {
      arrived = frame;
    };
    const disk = canaryDisk();
    const kernel = this.#plug("victim", disk, "lan", (reason) => {
      throw new Error(`The victim was stopped: ${reason}.`);
    });
    this.victim = new Victim(kernel, "/local/domain/1", this.host, disk, {
      arrived: () => {
        const frame = arrived;
        arrived = undefined;
        return frame;
      },
      send: (frame) => outside.send(frame),
    });
    this.victim.start();
  }

  /** The bad neighbours, new ones in the place of those that were stopped. */
  attackers(): readonly Attacker[] {
    return this.#attackers.map((attacker, i) => (attacker && !attacker.stopped ? attacker : this.restart(i)));
  }

  /** Cuts one's power and starts another in its place. */
  restart(which: number): Attacker {
    this.#attackers[which]?.kernel.place.detach();
    const name = `attacker${which}`;
    const id = this.driver && which === 0 ? 0 : this.#next++;
    const attacker = { name, id, home: `/local/domain/${id}`, stopped: undefined as string | undefined };
    const kernel = this.#plug(name, new MemoryDisk(DISK_SECTORS), "alley", (reason) => {
      attacker.stopped ??= reason;
    });
    const whole: Attacker = Object.assign(attacker, { kernel });
    this.#attackers[which] = whole;
    kernel.turn(() => kernel.boot());
    this.#share();
    return whole;
  }

  /** What xenstored holds of the victim but for what the victim itself writes. */
  storeOfVictim(): string {
    const { nodes } = this.platform.store.probe(`/local/domain/${this.victimId}`);
    const others = nodes.filter(({ path }) => !path.endsWith("/data/beat"));
    return others.map(({ path, value, permissions }) => `${path} = "${value}" (${permissions})`).join("\n");
  }

  /** Lets time pass for all of them. */
  pass(milliseconds: number): void {
    this.#clock += milliseconds;
    const kernels = [
      this.victim.kernel,
      ...this.#attackers.flatMap((one) => (one && !one.stopped ? [one.kernel] : [])),
    ];
    for (const { processor } of kernels) processor.pass(this.#clock - processor.clock);
  }

  /** The victim lets the attackers see two pages, one at a time. */
  #share(): void {
    const kernel = this.#plugged.get("victim")?.kernel;
    if (!kernel) return;
    const ids = this.#attackers.flatMap((one) => (one ? [one.id] : []));
    for (const [i, id] of ids.entries()) {
      kernel.setGrant(SHARED.readable + 2 * i, GTF.permit_access | GTF.readonly, id, FRAME.free);
      kernel.setGrant(SHARED.writable + 2 * i, GTF.permit_access, id, FRAME.buffers + 8);
    }
  }

  /**
   * Saves everything, and goes on with what was saved on another platform, as after a page was opened again.
   *
   * @throws Error when that cannot be done
   */
  saveAndRestore(): void {
    // A driver domain comes first: the others' host makes room for it.
    const running = [...this.#plugged]
      .filter(([, { kernel }]) => this.#runs(kernel))
      .sort(([one], [other]) => Number(this.#isDriver(other)) - Number(this.#isDriver(one)));
    const guests = running.map(([, { kernel }]) => JSON.stringify(kernel.place.save()));
    const state = JSON.stringify(this.platform.save());
    const memories = running.map(([, { kernel }]) => kernel.processor.bytes.slice());
    for (const [, { kernel }] of this.#plugged) kernel.place.detach();
    this.platform = new XenPlatform();
    for (const [i, [name, plugged]] of running.entries()) {
      const { place, processor } = this.#place(name, plugged);
      processor.bytes.set(memories[i]!);
      plugged.kernel.move(place, processor);
    }
    this.platform.restore(JSON.parse(state));
    for (const [i, [, { kernel }]] of running.entries()) kernel.place.restore(JSON.parse(guests[i]!));
  }

  #isDriver(name: string): boolean {
    return this.driver && name === "attacker0";
  }

  #runs(kernel: Kernel): boolean {
    return !this.#attackers.some((one) => one?.kernel === kernel && one.stopped);
  }

  #plug(name: string, disk: MemoryDisk, link: string, stopped: (reason: string) => void): Kernel {
    const { place, processor } = this.#place(name, { disk, link, stopped });
    const kernel = new Kernel(place, processor);
    this.#plugged.delete(name);
    this.#plugged.set(name, { kernel, disk, link, stopped });
    return kernel;
  }

  #place(name: string, { disk, link, stopped }: Omit<Plugged, "kernel">) {
    const place = this.platform.plug(spec(name, link, this.#isDriver(name)), this.#surroundings(name, disk, stopped));
    const processor = new Processor(MEMORY, this.steps);
    processor.clock = this.#clock;
    place.attach(processor);
    return { place, processor };
  }

  #surroundings(name: string, disk: MemoryDisk, stopped: (reason: string) => void): PlatformSurroundings {
    return {
      port: (link) => this.#fabric.port(link, card(name)),
      disks: new Map([["xvda", disk]]),
      run: () => Promise.reject(new Error("There is no driver domain.")),
      stopped: (reason, message) => stopped(`${reason}: ${message}`),
      console: () => {},
    };
  }
}

const card = (machine: string): PortSpec => ({ machine, nic: 0, mac: "02:00:00:00:00:01" });

function spec(name: string, link: string, driver: boolean): MachineSpec {
  const nic: NicSpec = { mac: "02:00:00:00:00:01", model: "xen", link };
  const disk: DiskSpec = { name: "xvda", size: 1, model: "xen" };
  return machineSpec({ name, image: driver ? "linux-dom0" : "linux-xen", memory: 32, nics: [nic], disks: [disk] });
}
