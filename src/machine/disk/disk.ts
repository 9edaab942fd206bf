/** Bytes in a sector, of every disk here. */
export const SECTOR = 512;

/** A guest's disk: what its block device, of whatever kind, reads and writes. Synchronous; pacing is the device's. */
export interface Disk {
  readonly sectors: number;
  /** @throws RangeError outside the disk */
  read(sector: number, into: Uint8Array): void;
  /** @throws RangeError outside the disk */
  write(sector: number, from: Uint8Array): void;
  /** Sectors no longer needed: they read as zeros and take no room. */
  discard(sector: number, count: number): void;
  /** JSON-able state for snapshots: what was written since the base. */
  save(): DiskState;
  restore(state: DiskState): void;
}

export interface DiskState {
  readonly sectors: number;
  /** Index of each 4 KiB block that differs from the base, and their content one after the other. */
  readonly blocks: readonly number[];
  readonly content: Uint8Array;
}
