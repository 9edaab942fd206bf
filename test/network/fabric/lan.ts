import { VirtualClock } from "../../../src/cli/bench/fuzz-network/virtual-clock.ts";
import { Fabric } from "../../../src/network/fabric/index.ts";
import type { LinkPort } from "../../../src/network/link.ts";
import type { LinkSpec, PortSpec } from "../../../src/network/link-spec.ts";
import type {
  CaptureReport,
  FdbReport,
  LinkReport,
  NetworkCounters,
  PortReport,
} from "../../../src/network/reports.ts";

/** One link of a fabric of its own, and a clock for it. */
export class Lan {
  readonly clock = new VirtualClock();
  readonly fabric: Fabric;

  constructor(spec: LinkSpec | LinkSpec["kind"], { seed = 1, epoch = 0 } = {}) {
    this.fabric = new Fabric({ ...this.clock, seed, epoch });
    void this.fabric.declare({ lan: typeof spec === "string" ? { kind: spec } : spec });
  }

  /** Plugs in a machine's card. */
  port(machine: string, spec: Partial<PortSpec> = {}): LinkPort {
    return this.fabric.port("lan", { machine, nic: 0, mac: "02:00:00:00:00:00", ...spec });
  }

  control(name: string, args: Readonly<Record<string, unknown>> = {}): unknown {
    return this.fabric.control(`network.${name}`, { link: "lan", ...args });
  }

  get report(): LinkReport {
    return (this.fabric.probe("network.counters", {}) as NetworkCounters).lan!;
  }

  /** Of the end with this name, or of a machine's first card. */
  of(end: string): PortReport {
    return this.report.ports.find(({ name }) => name === end || name === `${end}/0`)!;
  }

  get fdb(): FdbReport {
    return this.fabric.probe("network.fdb", { link: "lan" }) as FdbReport;
  }

  capture(args: Readonly<Record<string, unknown>> = {}): CaptureReport {
    return this.fabric.probe("network.capture", args) as CaptureReport;
  }
}
