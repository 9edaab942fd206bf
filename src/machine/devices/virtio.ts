/** v86's generic virtio-over-PCI device, as far as devices of ours use it (virtio 1.2). Types alone. */

/** One word of a device's configuration space. Offsets follow from the order and the widths. */
export interface VirtioField {
  readonly bytes: 1 | 2 | 4;
  readonly name: string;
  readonly read: () => number;
  readonly write: (value: number) => void;
}

/** v86's generic virtio-over-PCI device (virtio 1.2, 4.1). `pci_id` is slot << 3; ports are I/O ports. */
export interface VirtioOptions {
  readonly name: string;
  readonly pci_id: number;
  readonly device_id: number;
  readonly subsystem_device_id: number;
  readonly common: {
    readonly initial_port: number;
    readonly queues: readonly { readonly size_supported: number; readonly notify_offset: number }[];
    readonly features: readonly number[];
    readonly on_driver_ok: () => void;
  };
  readonly notification: {
    readonly initial_port: number;
    readonly single_handler: boolean;
    readonly handlers: readonly ((queue: number) => void)[];
  };
  readonly isr_status: { readonly initial_port: number };
  readonly device_specific: { readonly initial_port: number; readonly struct: readonly VirtioField[] };
}

/** A chain of descriptors the driver made available. */
export interface BufferChain {
  /** Bytes the driver says it wrote, resp. may be written. The driver's word: check before allocating. */
  readonly length_readable: number;
  readonly length_writable: number;
  get_next_blob(into: Uint8Array): number;
  set_next_blob(from: Uint8Array): number;
}

export interface Virtqueue {
  is_configured(): unknown;
  has_request(): boolean;
  pop_request(): BufferChain;
  push_reply(chain: BufferChain): void;
  flush_replies(): void;
}

export interface VirtioDevice {
  /** PCI slot << 3. */
  readonly pci_id: number;
  /** Not 0 while its interrupt is up. */
  readonly isr_status: number;
  readonly queues: readonly Virtqueue[];
  reset(): void;
  needs_reset(): void;
  /** Interrupts for a change in the device's configuration. From DRIVER_OK on. */
  notify_config_changes(): void;
  /** @param type bit of the ISR status: 1 for a used buffer, 2 for a configuration change (virtio 1.2, 4.1.4.5) */
  raise_irq(type: number): void;
  set_state(state: unknown): void;
}
