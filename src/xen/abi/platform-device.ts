/**
 * The Xen platform device, PCI 5853:0001 (Xen docs/misc/hvm-emulated-unplug and public/hvm/pvdrivers.h): how drivers
 * know that they may take over, and a memory region where grant tables can be placed.
 */
export const PLATFORM_DEVICE = {
  vendor: 0x5853,
  device: 0x0001,
  revision: 1,
  /** Base class 0xff, none of the defined ones; sub-class 0x80, other. */
  class: 0xff80,
  /** Bytes of BAR 0 (I/O) and BAR 1 (memory). */
  ioBytes: 256,
  memoryBytes: 512 << 10,
} as const;

/** I/O ports of the unplug protocol, fixed. */
export const UNPLUG = {
  /** Reads the magic; 16-bit writes unplug emulated devices, 32-bit writes tell the drivers' build. */
  port: 0x10,
  magic: 0x49d2,
  /** Reads the protocol's version; 16-bit writes tell the drivers' product. */
  versionPort: 0x12,
  version: 1,
} as const;
