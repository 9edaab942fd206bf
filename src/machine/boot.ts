/**
 * Boots Linux without firmware, by the 32-bit boot protocol (Documentation/x86/boot.rst of Linux 6.1,
 * "32-bit Boot Protocol", and zero-page.rst): the kernel at 1 MiB, `boot_params` filled in as a boot loader would, and
 * a mini ROM (images/linux/rom) that enters protected mode and jumps with ESI at them.
 *
 * Firmware would cost a third of the boot and the top 16 MiB of memory.
 */
import type { Internals } from "./v86-internals.ts";

/** Where the ROM expects `boot_params`. A contract with images/linux/rom. */
const BOOT_PARAMS = 0x90000;
const COMMAND_LINE = 0x91000;
/** CONFIG_PHYSICAL_START: the kernel is linked to run here and is not relocatable. */
const KERNEL = 0x100000;

const MIB = 1 << 20;
const PAGE = 4096;

/** Conventional memory below the extended BIOS data area, as PCs have it. */
const LOW_MEMORY = 0x9fc00;

/** Offsets in `boot_params` / the setup header. */
const HEADER = 0x1f1;
const HEADER_END = 0x201; // one byte: length of the rest of the header after 0x202
const TYPE_OF_LOADER = 0x210;
const LOADFLAGS = 0x211;
const RAMDISK = 0x218;
const RAMDISK_SIZE = 0x21c;
const COMMAND_LINE_POINTER = 0x228;
const E820_ENTRIES = 0x1e8;
const E820_TABLE = 0x2d0;
const MAGIC = 0x202; // "HdrS"

const E820_RAM = 1;
const E820_RESERVED = 2;

/** The 8259s' lines PCI's INTA#–INTD# arrive at; the ROM programs the same into the PIIX3's router. */
const PCI_LINES = [10, 10, 11, 11];
/** IDE timing registers of the PIIX3's two channels; bit 15: the channel answers (82371SB, 2.4.13). Firmware sets it. */
const IDE_TIMING = [0x40, 0x42];
const IDE_DECODE = 0x80;
/** PCI command register, bits 0 and 1: answer to I/O and memory addresses (PCI 3.0, 6.2.2). */
const PCI_RESPOND = 0b11;

export interface BootParts {
  /** bzImage setup sectors with an uncompressed `vmlinux` behind them (see images/linux). */
  readonly kernel: Uint8Array;
  readonly initramfs: Uint8Array;
  readonly commandLine: string;
  /** Bytes at the top of memory that are not the guest's: its memory map says reserved. None when left out. */
  readonly reservedTop?: number;
}

/** Thrown when what should boot cannot. */
export class BootError extends Error {
  override name = "BootError";
}

/**
 * Puts a kernel, its initramfs and `boot_params` into a machine that has not run.
 *
 * @throws BootError when the kernel is not one or memory is too small
 */
export function loadLinux(internals: Internals, { kernel, initramfs, commandLine, reservedTop = 0 }: BootParts): void {
  const memory = internals.memory();
  const header = new DataView(kernel.buffer, kernel.byteOffset, kernel.byteLength);
  if (kernel.length < 1024 || header.getUint32(MAGIC, true) !== 0x53726448) {
    throw new BootError("The kernel has no Linux boot header: the image is not a Linux kernel, or is damaged.");
  }
  // zero means four, for history's sake (boot.rst, setup_sects)
  const setup = ((kernel[HEADER] || 4) + 1) * 512;
  const image = kernel.subarray(setup);
  // a MiB is left above the initramfs: the first page allocations come from the top
  const top = memory.length - reservedTop;
  const ramdisk = (top - initramfs.length - MIB) & -PAGE;
  // the kernel clears its BSS and builds its first page tables behind its image, within a few MiB
  if (ramdisk < KERNEL + image.length + 8 * MIB) {
    throw new BootError(`${memory.length / MIB} MiB is too little memory for this kernel and its initramfs.`);
  }
  memory.set(image, KERNEL);
  memory.set(initramfs, ramdisk);
  memory.set(new TextEncoder().encode(`${commandLine}\0`), COMMAND_LINE);
  memory.set(bootParams(kernel, ramdisk, initramfs.length, { top, end: memory.length }), BOOT_PARAMS);
  routeInterrupts(internals);
}

/** @param memory where the guest's own ends and where all of it does */
function bootParams(
  kernel: Uint8Array,
  ramdisk: number,
  ramdiskSize: number,
  memory: { readonly top: number; readonly end: number },
): Uint8Array {
  const params = new Uint8Array(PAGE);
  params.set(kernel.subarray(HEADER, 0x202 + kernel[HEADER_END]!), HEADER);
  const view = new DataView(params.buffer);
  view.setUint8(TYPE_OF_LOADER, 0xff); // a loader without an assigned number
  view.setUint8(LOADFLAGS, view.getUint8(LOADFLAGS) | 1); // LOADED_HIGH
  view.setUint32(COMMAND_LINE_POINTER, COMMAND_LINE, true);
  view.setUint32(RAMDISK, ramdisk, true);
  view.setUint32(RAMDISK_SIZE, ramdiskSize, true);
  const map = [
    [0, LOW_MEMORY, E820_RAM],
    [LOW_MEMORY, MIB - LOW_MEMORY, E820_RESERVED],
    [MIB, memory.top - MIB, E820_RAM],
    ...(memory.top < memory.end ? [[memory.top, memory.end - memory.top, E820_RESERVED] as const] : []),
  ] as const;
  view.setUint8(E820_ENTRIES, map.length);
  map.forEach(([start, length, type], index) => {
    const entry = E820_TABLE + 20 * index;
    view.setUint32(entry, start, true);
    view.setUint32(entry + 8, length, true);
    view.setUint32(entry + 16, type, true);
  });
  return params;
}

/** Tells each PCI function its interrupt line and switches its decoding on, as firmware would have. */
function routeInterrupts(internals: Internals): void {
  internals.eachPciFunction((space, slot) => {
    const pin = space[0x3d]!; // 1 for INTA#
    if (pin > 0) space[0x3c] = PCI_LINES[(pin - 1 + slot - 1) & 3]!;
    space[4]! |= PCI_RESPOND;
    if (isIde(space)) for (const timing of IDE_TIMING) space[timing + 1]! |= IDE_DECODE;
  });
}

/** Vendor and device of the PIIX3's IDE controller, 8086:7010. */
const isIde = (space: Uint8Array) => space[0] === 0x86 && space[1] === 0x80 && space[2] === 0x10 && space[3] === 0x70;
