import type { DeviceCost, IoCosts, IoTrace, RingList, RingState, RingSummary } from "../../probe/io/types.ts";
import type { VirtioBlock } from "../devices/virtio-block.ts";
import type { VirtioNet } from "../devices/virtio-net.ts";
import type { MachineSpec } from "../spec.ts";
import type { Internals } from "../v86-internals.ts";
import { type EmulatedWatch, watchIde, watchNe2000 } from "./emulated-watch.ts";
import { EventTrace } from "./event-trace.ts";
import { VirtioWatch } from "./virtio-watch.ts";

/** Device type of a console (virtio 1.2, 5); others that are not ours no view shows. */
const CONSOLE = 3;

/** Events given in one reading unless said otherwise. */
const EVENTS = 256;

export interface ObserverParts {
  readonly spec: MachineSpec;
  readonly internals: Internals;
  /** The virtio disks of the machine. */
  readonly blocks: readonly VirtioBlock[];
  /** Its virtio network cards. */
  readonly cards: readonly VirtioNet[];
  /** Milliseconds of the machine's clock. */
  readonly now: () => number;
}

/** The devices that are watched, and the trace they tell to. */
interface Watched {
  readonly trace: EventTrace;
  readonly virtio: readonly VirtioWatch[];
  readonly emulated: readonly EmulatedWatch[];
}

/**
 * The devices of one machine: its virtqueues, and what each device costs in exits. A machine nobody asks about pays
 * nothing: it counts from the first time anything here is called, and from then on. (The rings of our own disks and cards
 * count always.) Measured: a disk read by PIO, nothing but port accesses, takes a tenth longer when watched, virtio 3 %.
 *
 * An exit is what a hypervisor would see that emulates the device: each IN and OUT of a port (of a REP INS or OUTS each
 * element), each time the device's interrupt line goes up. There is no MMIO: these devices have none. Not seen, as v86
 * keeps them inside its WebAssembly: the accesses to the 8259s' ports that go with each interrupt (the driver of Linux
 * makes five of them for lines 8 to 15: it reads and writes the mask, ends the interrupt at both, writes the mask).
 */
export class DeviceObserver {
  readonly #parts: ObserverParts;
  #devices: Watched | undefined;

  /** Once, when all devices are plugged in. */
  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  rings(): RingSummary[] {
    return this.#watched.virtio.flatMap(({ queues }) => queues.map((queue) => queue.summary()));
  }

  /** @returns undefined when the machine has no such ring */
  state(ring: string): RingState | undefined {
    return this.#queue(ring)?.state();
  }

  /** Of disks and network cards; the console carries what is typed and the agent's calls, which are no workload. */
  costs(): DeviceCost[] {
    const { virtio, emulated } = this.#watched;
    return [...virtio.filter(({ type }) => type !== CONSOLE), ...emulated].map((device) => device.cost());
  }

  trace(from: number | undefined, count: number): IoTrace {
    return this.#watched.trace.read(from, count);
  }

  /** Counts anew; the trace goes on. */
  reset(): void {
    const { virtio, emulated } = this.#watched;
    for (const device of [...virtio, ...emulated]) device.reset();
  }

  /**
   * `ring.list`, `ring.state {ring}`, `io.costs`, `io.trace {from?, count?}`.
   *
   * @returns undefined when the probe is not one of these
   * @throws Error with a sentence when there is no such ring
   */
  probe(name: string, args: Readonly<Record<string, unknown>>): unknown {
    switch (name) {
      case "ring.list":
        return { rings: this.rings() } satisfies RingList;
      case "ring.state":
        return this.state(String(args.ring)) ?? this.#noRing(args.ring);
      case "io.costs":
        return { devices: this.costs() } satisfies IoCosts;
      case "io.trace":
        return this.trace(
          args.from === undefined ? undefined : wholeNumber(args.from, 0),
          wholeNumber(args.count, EVENTS),
        );
      default:
        return undefined;
    }
  }

  /**
   * `io.pace {ring, latency?, batch?, stepping?}`, `io.step {ring, by}`, `io.reset {}`.
   *
   * @returns undefined when the control is not one of these
   * @throws Error with a sentence when there is no such ring, when it has no such setting, or a value cannot be
   */
  control(name: string, args: Readonly<Record<string, unknown>>): unknown {
    if (name === "io.reset") {
      this.reset();
      return {};
    }
    if (name !== "io.pace" && name !== "io.step") return undefined;
    const block = this.#paced(args.ring);
    if (name === "io.pace") {
      block.setPace(args);
      return block.pace;
    }
    if (args.by !== "slot" && args.by !== "notification") throw new Error("A step is by `slot` or by `notification`.");
    if (!block.pace.stepping) throw new Error(`The ring \`${args.ring}\` is not being stepped: it runs by itself.`);
    return { stepped: block.step(args.by) };
  }

  #queue(ring: unknown) {
    return this.#watched.virtio.flatMap(({ queues }) => queues).find(({ name }) => name.ring === ring);
  }

  #paced(ring: unknown): VirtioBlock {
    const queue = this.#queue(ring) ?? this.#noRing(ring);
    const block = this.#parts.blocks.find(({ meter }) => meter === queue.meter);
    if (!block) throw new Error(`The ring \`${ring}\` has no slow motion: it is served as it comes.`);
    return block;
  }

  #noRing(ring: unknown): never {
    throw new Error(`Machine \`${this.#parts.spec.name}\` has no ring called \`${ring}\`.`);
  }

  get #watched(): Watched {
    this.#devices ??= watch(this.#parts);
    return this.#devices;
  }
}

function watch({ spec, internals, blocks, cards, now }: ObserverParts): Watched {
  const { observation } = internals;
  const trace = new EventTrace(spec.name, now);
  const options = { machine: spec.name, now, memory: () => internals.memory(), trace };
  const virtio = observation.virtio().flatMap((device) => {
    const own = [...blocks, ...cards].find(({ slot }) => slot === device.slot);
    const name = own?.name ?? (device.type === CONSOLE ? "console" : undefined);
    return name === undefined ? [] : [new VirtioWatch(device, name, options, own)];
  });
  const ne2000 = observation.ne2000();
  const ne2k = `eth${spec.nics.findIndex(({ model }) => model === "ne2k")}`;
  const ide = observation.ide();
  const disk = spec.disks.find(({ model }) => model === "ide");
  const emulated = [
    ...(ne2000 ? [watchNe2000(ne2000, ne2k, trace)] : []),
    ...(ide && disk ? [watchIde(ide, disk.name, trace)] : []),
  ];
  const devices: readonly (VirtioWatch | EmulatedWatch)[] = [...virtio, ...emulated];
  observation.watchInterrupts(
    (slot, up) => up && devices.find((device) => device.slot === slot)?.interrupted(),
    (line, up) => up && devices.find((device) => "line" in device && device.line === line)?.interrupted(),
  );
  return { trace, virtio, emulated };
}

const wholeNumber = (given: unknown, otherwise: number) =>
  typeof given === "number" && Number.isInteger(given) && given >= 0 ? given : otherwise;
