import type { V86 } from "v86";
import { IdeDisk } from "./devices/ide-disk.ts";
import type { Disk } from "./disk/disk.ts";
import type { Trap } from "./platform.ts";
import type { MachineSpec } from "./spec.ts";
import { instantiate, loadV86 } from "./v86-library.ts";

/** v86 keeps this much video memory in every snapshot; our guests have no screen. The least its VGA works with. */
const VGA_MEMORY = 1 << 18;

/** What the emulator itself is made of, shared by all machines of a host. */
export interface Emulator {
  /** v86.wasm, compiled once. */
  readonly module: WebAssembly.Module;
  /** Address of the platform's scratch page, in a module that has its hooks. */
  readonly scratch?: number;
  /** The image's ROM: what the CPU starts with. */
  readonly rom: Uint8Array<ArrayBuffer>;
}

/**
 * Makes a v86 for a Linux machine, with the devices v86 has itself: an IDE disk, an NE2000.
 *
 * @param trap asked at the instructions a platform may take over, if the module has its hooks
 */
export async function makeEmulator(
  spec: MachineSpec,
  { module, rom }: Emulator,
  disks: ReadonlyMap<string, Disk>,
  trap?: (trap: Trap) => boolean,
): Promise<V86> {
  const V86 = await loadV86();
  const ide = spec.disks.find(({ model }) => model === "ide");
  const ne2k = spec.nics.some(({ model }) => model === "ne2k");
  const emulator = new V86({
    wasm_fn: instantiate(module, trap),
    memory_size: spec.memory << 20,
    vga_memory_size: VGA_MEMORY,
    bios: { buffer: rom.slice().buffer },
    ...(ide && { hda: new IdeDisk(disks.get(ide.name)!) }),
    net_device: { type: ne2k ? "ne2k" : "none" },
    // it keeps frames in memory of its own, which v86 restores only together with its address
    preserve_mac_from_state_image: ne2k,
    virtio_console: true,
    disable_jit: true,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    autostart: false,
    fastboot: true,
  } as unknown as ConstructorParameters<typeof V86>[0]);
  await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
  return emulator;
}
