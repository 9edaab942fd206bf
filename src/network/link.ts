/** A frame on its way, and the end of a link it goes through. */

/** Unfinished work a sender left to its card, as netif and virtio-net describe it. */
export interface Segmentation {
  readonly kind: "tcp4" | "tcp6";
  /** Bytes of TCP payload in each segment (MSS). */
  readonly size: number;
}

/** An Ethernet frame without its FCS. The bytes belong to the frame: nobody writes them after it was sent. */
export interface Frame {
  readonly bytes: Uint8Array;
  /**
   * `partial`: the transport checksum holds the pseudo-header's sum only, at `checksumAt` bytes from the frame's start,
   * and covers everything from `checksumFrom` on. `whole`: every checksum is as on a wire.
   */
  readonly checksum: "whole" | "partial";
  readonly checksumFrom?: number;
  readonly checksumAt?: number;
  /** Present: one large segment, to be cut before it meets a wire, a capture or a guest without the offload. */
  readonly segmentation?: Segmentation;
}

/** One end of a link. */
export interface LinkPort {
  /** Sends a frame into the link. */
  send(frame: Frame): void;
  /** Whoever owns this end sets it; called once for each arriving frame. Set `offloads` to get large segments whole. */
  receive: ((frame: Frame) => void) | undefined;
  /** True when `receive` takes partial checksums and segmentation; else frames are made good before they arrive. */
  offloads: boolean;
  /** True while the cable is in and the link is not cut; frames sent without it are lost. */
  readonly carrier: boolean;
  /** Whoever owns this end may set it; called when {@link carrier} changes. */
  onCarrier: ((carrier: boolean) => void) | undefined;
  /** Bytes of the largest IP packet the link carries: what a card tells its driver. */
  readonly mtu: number;
  /** The owner lost frames that had arrived, or that it was to send, for want of room: they are counted here. */
  dropped(frames: number): void;
  /** Unplugs this end. */
  close(): void;
}
