import type { DiskState } from "../disk/disk.ts";
import { pack, unpack } from "./bundle.ts";

/** Everything that makes a Linux machine what it is at one moment. */
export interface MachineState {
  /** v86's. */
  readonly emulator: Uint8Array;
  /** Milliseconds of the machine's clock. */
  readonly clock: number;
  /** By the names of the spec. */
  readonly disks: ReadonlyMap<string, DiskState>;
  /** Of its place on a platform; JSON data. */
  readonly platform?: unknown;
}

/** What the bundle says of its pieces: v86's state, then the content of each disk. */
interface Header {
  readonly clock: number;
  readonly disks: readonly (Omit<DiskState, "content"> & { readonly name: string })[];
  readonly platform?: unknown;
}

export function packMachine({ emulator, clock, disks, platform }: MachineState): ArrayBuffer {
  const listed = [...disks];
  const header: Header = {
    clock,
    disks: listed.map(([name, { sectors, blocks }]) => ({ name, sectors, blocks })),
    platform,
  };
  return pack({ header, pieces: [emulator, ...listed.map(([, { content }]) => content)] });
}

/** @throws SnapshotError when it is cut short */
export function unpackMachine(state: ArrayBuffer): MachineState {
  const { header, pieces } = unpack(state);
  const { clock, disks, platform } = header as Header;
  return {
    emulator: pieces[0]!.slice(),
    clock,
    disks: new Map(disks.map(({ name, ...disk }, index) => [name, { ...disk, content: pieces[index + 1]! }])),
    platform,
  };
}
