import type { Disk } from "../disk/disk.ts";
import { type MachineSpec, SpecError } from "../spec.ts";
import type { Internals } from "../v86-internals.ts";
import { VirtioBlock } from "./virtio-block.ts";

/**
 * Makes a machine's virtio disks, in the order of its spec. Three words among the spec's options say how they are, all
 * `on` unless given: `eventidx=` and `indirect=`, whether VIRTIO_F_EVENT_IDX and VIRTIO_F_INDIRECT_DESC are offered to
 * the driver; `quiet=`, whether without event indices the device keeps its driver from notifying while it has work.
 * Their values are `on`, `off`, or the disks of which it is true, joined by `-`: `eventidx=vda`.
 *
 * @param disks content by the names of the spec
 * @param now milliseconds of the machine's clock
 * @throws SpecError when an option names no disk of the machine
 */
export function virtioDisks(
  internals: Internals,
  spec: MachineSpec,
  disks: ReadonlyMap<string, Disk>,
  now: () => number,
): VirtioBlock[] {
  const eventIdx = offering(spec, "eventidx");
  const indirect = offering(spec, "indirect");
  const quiet = offering(spec, "quiet");
  return spec.disks
    .filter(({ model }) => model === "virtio")
    .map(({ name }, index) => {
      const offered = { eventIdx: eventIdx(name), indirect: indirect(name), quiet: quiet(name) };
      return new VirtioBlock(internals, index, { name, disk: disks.get(name)!, now, ...offered });
    });
}

/** Of which disks an option is true. */
function offering({ name: machine, options, disks }: MachineSpec, option: string): (disk: string) => boolean {
  const value = options.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1) ?? "on";
  if (value === "on" || value === "off") return () => value === "on";
  const names = value.split("-");
  const unknown = names.find((name) => !disks.some((disk) => disk.name === name && disk.model === "virtio"));
  if (unknown === undefined) return (disk) => names.includes(disk);
  throw new SpecError(`Machine \`${machine}\`: option \`${option}=${value}\` names no virtio disk of it.`);
}
