import type { GuestAccess, PlatformPciFunction } from "../../machine/platform.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import { PLATFORM_DEVICE, UNPLUG } from "../abi/platform-device.ts";

/** Bytes at the top of guest-physical memory that are Xen's: the device's region, then pages for xenstore and console. */
export const RESERVED_TOP = 1 << 20;

/** Frames in the reserved memory, by the size of the guest's whole memory. */
export function reservedFrames(memoryBytes: number) {
  const bottom = memoryBytes - RESERVED_TOP;
  const store = (bottom + PLATFORM_DEVICE.memoryBytes) / PAGE_SIZE;
  return { region: bottom, store, console: store + 1 };
}

/**
 * Where the device sits: nothing else of v86's or ours is there, and its interrupt line (IRQ 10 by our ROM's router)
 * is not that of the console's card. v86 does not add up the levels of cards that share a line.
 */
const SLOT = 13;
const IO_BASE = 0xc000;

/** PCI configuration space, type 0 header (PCI Local Bus 3.0, 6.1). */
const CONFIG = {
  vendor: 0,
  command: 4,
  revision: 8,
  subClass: 10,
  class: 11,
  bar0: 16,
  bar1: 20,
  subsystem: 44,
  pin: 61,
};

/** Plugs the platform device in. @returns its interrupt line */
export function plugPlatformDevice(access: GuestAccess): { interrupt(): void } {
  const line = access.plugPci(platformFunction(access.memoryBytes));
  access.onPortRead(UNPLUG.port, (bytes) => (bytes === 1 ? UNPLUG.magic & 0xff : UNPLUG.magic));
  access.onPortRead(UNPLUG.versionPort, () => UNPLUG.version);
  // The emulated devices of these machines have no paravirtual twins: there is nothing to unplug, and which drivers
  // the guest has makes no difference.
  access.onPortWrite(UNPLUG.port, () => {});
  access.onPortWrite(UNPLUG.versionPort, () => {});
  return line;
}

function platformFunction(memoryBytes: number): PlatformPciFunction {
  const space = new Uint8Array(256);
  const view = new DataView(space.buffer);
  const identity = PLATFORM_DEVICE.vendor | (PLATFORM_DEVICE.device << 16);
  view.setUint32(CONFIG.vendor, identity, true);
  view.setUint16(CONFIG.command, 3, true);
  space[CONFIG.revision] = PLATFORM_DEVICE.revision;
  space[CONFIG.subClass] = PLATFORM_DEVICE.class & 0xff;
  space[CONFIG.class] = PLATFORM_DEVICE.class >> 8;
  view.setUint32(CONFIG.bar0, IO_BASE | 1, true);
  view.setUint32(CONFIG.bar1, reservedFrames(memoryBytes).region, true);
  view.setUint32(CONFIG.subsystem, identity, true);
  space[CONFIG.pin] = 1;
  return {
    name: "xen-platform",
    slot: SLOT,
    space,
    bars: [PLATFORM_DEVICE.ioBytes, PLATFORM_DEVICE.memoryBytes],
  };
}
