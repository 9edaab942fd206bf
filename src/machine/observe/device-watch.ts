import type { DeviceCost } from "../../probe/io/types.ts";
import type { PortRange } from "../v86-observation.ts";
import type { EventTrace } from "./event-trace.ts";
import type { PortCounts } from "./port-counts.ts";

/** What a device has carried, beside the accesses to it. */
export interface Traffic {
  readonly requests: number;
  readonly packets?: DeviceCost["packets"];
  readonly sectors?: { readonly read: number; readonly written: number };
  readonly bytes: number;
  readonly notifications: number;
  readonly copied: number;
}

/** Who a device is. */
export interface DeviceName {
  readonly model: string;
  readonly name: string;
}

/**
 * The price of one device in exits, as a hypervisor that emulates it would pay them: each access to its ports, and each
 * time its interrupt line goes up. The device itself is none of this class's business.
 */
export class DeviceWatch {
  readonly device: DeviceName;
  /** Times the interrupt line went up. */
  #interrupts = 0;
  readonly #counts: PortCounts[] = [];
  readonly #trace: EventTrace;

  constructor(device: DeviceName, trace: EventTrace) {
    this.device = device;
    this.#trace = trace;
  }

  /** Counts the accesses to a range of ports from now on, and traces them while somebody reads the trace. */
  watch(range: PortRange, counts: PortCounts): void {
    this.#counts.push(counts);
    range.watch((offset, bytes, write, value) => {
      counts.count(offset, bytes, write, value);
      // a packet is hundreds of these: nothing is made of them while nobody listens
      if (!this.#trace.listening) return;
      const what = `${this.device.name}: ${counts.describe(offset, write)}, ${8 * bytes} bits`;
      this.#trace.access(write ? "port-write" : "port-read", what, value);
    });
  }

  interrupted(line: string): void {
    this.#interrupts++;
    this.#trace.add("interrupt", undefined, `${this.device.name}: ${line}`);
  }

  reset(): void {
    this.#interrupts = 0;
    for (const counts of this.#counts) counts.reset();
  }

  cost({ requests, packets, sectors, bytes, notifications, copied }: Traffic): DeviceCost {
    const total = (of: "reads" | "writes") => this.#counts.reduce((sum, counts) => sum + counts[of], 0);
    const reasons = { "port read": total("reads"), "port write": total("writes"), interrupt: this.#interrupts };
    const exits = Object.fromEntries(Object.entries(reasons).filter(([, count]) => count > 0));
    const ports = this.#counts.flatMap((counts) => counts.list());
    return {
      ...this.device,
      requests,
      ...(packets && { packets }),
      ...(sectors && { sectors }),
      bytes,
      exits,
      exitsTotal: Object.values(exits).reduce((sum, count) => sum + count, 0),
      notifications,
      interrupts: this.#interrupts,
      copied,
      ports: ports.sort((one, other) => other.reads + other.writes - one.reads - one.writes),
    };
  }
}
