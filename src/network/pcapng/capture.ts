/** What a capture file holds. */

export interface CaptureInterface {
  readonly name?: string;
  readonly description?: string;
  readonly mac?: string;
  /** LINKTYPE_*: 1 for Ethernet, which is the default of what is written. */
  readonly linkType?: number;
  /** Bytes kept of a frame at most; 0 or absent for all. */
  readonly snaplen?: number;
  /** Frames it saw, and those that were lost before they could be kept. */
  readonly received?: number;
  readonly dropped?: number;
}

export interface CaptureFrame {
  /** Index among the interfaces. */
  readonly interface: number;
  /** Milliseconds since 1970, with fractions; absent where the file has none. */
  readonly at?: number;
  /** Bytes the frame had; `bytes` may be fewer. */
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly direction?: "in" | "out";
  readonly comment?: string;
}

export interface Capture {
  /** The program that wrote it. */
  readonly application?: string;
  readonly interfaces: readonly CaptureInterface[];
  readonly frames: readonly CaptureFrame[];
}

/** LINKTYPE_ETHERNET. */
export const ETHERNET = 1;

/** Block types (draft-ietf-opsawg-pcapng, 4). */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  /** Obsolete since 2004, and still met. */
  packet: 2,
  simplePacket: 3,
  statistics: 5,
  enhancedPacket: 6,
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Option codes (draft-ietf-opsawg-pcapng, 3.5 and 4.1 to 4.6): those of one block mean another thing in the next. */
export const OPTION = {
  end: 0,
  comment: 1,
  section: { application: 4 },
  interface: { name: 2, description: 3, mac: 6, resolution: 9, offset: 14 },
  packet: { flags: 2 },
  statistics: { received: 4, dropped: 5 },
} as const;

/** Bits 0 and 1 of the flags of a packet (draft-ietf-opsawg-pcapng, 4.3.1). */
export const DIRECTION = { in: 1, out: 2 } as const;
