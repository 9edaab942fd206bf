import { type Disk, SECTOR } from "../disk/disk.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import type { DiskSpec, MachineSpec } from "../spec.ts";

export type MachineDisks = ReadonlyMap<string, MemoryDisk>;

/** The disks of a host's machines. As hardware keeps its disk, they last over a restart of their machine. */
export class HostDisks {
  readonly #disks = new Map<string, MachineDisks>();

  /** The machine's disks, with what it wrote before; one whose size is another now starts empty. */
  of({ name, disks }: MachineSpec): MachineDisks {
    const before = this.#disks.get(name);
    const made = new Map(
      disks.map((disk) => {
        const kept = before?.get(disk.name);
        return [disk.name, kept?.sectors === sectors(disk) ? kept : empty(disk)] as const;
      }),
    );
    this.keep(name, made);
    return made;
  }

  /** Empty disks for a machine of this spec, which are not its yet: {@link keep} them. */
  fresh({ disks }: MachineSpec): MachineDisks {
    return new Map(disks.map((disk) => [disk.name, empty(disk)] as const));
  }

  keep(machine: string, disks: MachineDisks): void {
    this.#disks.set(machine, disks);
  }

  /** Gives up what a machine wrote: its disks are empty when it starts. */
  empty(machine: string): void {
    this.#disks.delete(machine);
  }

  /** True when nothing was written to any disk of this machine. */
  untouched(machine: string): boolean {
    return [...(this.#disks.get(machine)?.values() ?? [])].every(({ pristine }) => pristine);
  }

  clear(): void {
    this.#disks.clear();
  }
}

const sectors = ({ size }: DiskSpec) => (size << 20) / SECTOR;
const empty = (disk: DiskSpec): MemoryDisk & Disk => new MemoryDisk(sectors(disk));
