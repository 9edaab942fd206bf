import { MemoryDisk } from "../../../src/machine/disk/memory-disk.ts";
import type { PlatformGuest, PlatformSurroundings } from "../../../src/machine/platform.ts";
import { type MachineSpec, machineSpec } from "../../../src/machine/spec.ts";
import type { XenPlatform } from "../../../src/xen/platform.ts";
import { Lan } from "../../network/fabric/lan.ts";
import { Processor } from "../hypervisor/processor.ts";

/** Pages of a test's machine: above the megabyte that Xen keeps. */
const PAGES = 512;

/** One machine of a test, plugged into a platform, with a processor that executes nothing. */
export class TestMachine {
  readonly cpu = new Processor(PAGES);
  readonly spec: MachineSpec;
  readonly place: PlatformGuest;
  readonly stopped: [reason: string, message: string][] = [];
  /** Scripts run in other machines on its behalf. */
  readonly scripts: [machine: string, script: string][] = [];
  printed = "";

  constructor(platform: XenPlatform, given: Partial<MachineSpec> & { name: string }, lan = new Lan("switch")) {
    this.spec = machineSpec({ image: "linux-xen", ...given });
    const surroundings: PlatformSurroundings = {
      port: (_link, nic) => lan.port(this.spec.name, { nic }),
      disks: new Map(this.spec.disks.map(({ name, size }) => [name, new MemoryDisk(size * 2048)])),
      run: async (machine, script) => {
        this.scripts.push([machine, script]);
      },
      stopped: (reason, message) => this.stopped.push([reason, message]),
      console: (bytes) => {
        this.printed += new TextDecoder().decode(bytes);
      },
    };
    this.place = platform.plug(this.spec, surroundings);
    this.place.attach(this.cpu);
  }

  /** A turn in which nothing, or something, happens. */
  turn(work: () => void = () => {}): void {
    this.place.beforeTurn();
    work();
    this.place.afterTurn();
  }
}

/** A disk or a card that this program serves, or a driver domain. */
export const disk = (name: string, backend?: string): MachineSpec["disks"][number] => ({
  name,
  size: 1,
  model: "xen",
  ...(backend !== undefined && { backend }),
});
export const nic = (last: number, backend?: string): MachineSpec["nics"][number] => ({
  mac: `00:16:3e:00:00:0${last}`,
  model: "xen",
  link: "lan",
  ...(backend !== undefined && { backend }),
});
