import type { Traffic } from "./device-watch.ts";
import type { QueueMeter } from "./queue-meter.ts";
import type { Server } from "./queue-watch.ts";

/** A virtio device of ours: it serves its queues itself, and counts what goes through them. */
export interface ServedDevice {
  /** As the guest calls it: `vda`, `eth0`. */
  readonly name: string;
  readonly slot: number;
  /** One for each queue, in their order. */
  readonly meters: readonly QueueMeter[];
  readonly servers: readonly Server[];
  /** What it carried, in its own units. */
  carried(): Pick<Traffic, "requests" | "packets" | "sectors">;
  /** Counts that anew. */
  countAnew(): void;
}
