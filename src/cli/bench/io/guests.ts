import { type Host, type MachineSpec, machineSpec } from "../../../machine/index.ts";
import { stableMac } from "../../../network/mac.ts";
import type { RingList, RingState } from "../../../probe/io/types.ts";
import { createNodeHost } from "../../node-host.ts";
import { type Figure, figure } from "../figure.ts";

type Given = Partial<Omit<MachineSpec, "nics" | "disks">> & {
  readonly name: string;
  readonly image: string;
  readonly nics?: readonly Omit<MachineSpec["nics"][number], "mac">[];
  readonly disks?: readonly Omit<MachineSpec["disks"][number], "size">[];
};

/** Size of every disk here, MiB. */
const DISK = 16;

/** Guests of one host, for as long as they are measured. */
export class Guests {
  readonly host: Host;

  private constructor(host: Host) {
    this.host = host;
  }

  /** Guests whose host is to be closed. */
  static async open(): Promise<Guests> {
    return new Guests(await createNodeHost());
  }

  /** Gives `work` a host of its own, as a worker of a page has one, and closes it afterwards. */
  static async with<T>(work: (guests: Guests) => Promise<T>): Promise<T> {
    const guests = await Guests.open();
    try {
      return await work(guests);
    } finally {
      await guests.host.close();
    }
  }

  /** Boots a machine to its prompt. @returns milliseconds until there */
  async start({ nics = [], disks = [], ...given }: Given): Promise<number> {
    const spec = machineSpec({
      ...given,
      nics: nics.map((nic, card) => ({ ...nic, mac: stableMac(1, given.name, card) })),
      disks: disks.map((disk) => ({ ...disk, size: DISK })),
    });
    const { milliseconds } = await this.host.start(spec, { start: "boot" }, (event) => {
      if (event.type === "console") void this.host.acknowledge(spec.name, event.bytes.length);
    });
    return milliseconds;
  }

  /** @returns what the script printed. @throws Error with what it complained about when it failed */
  async run(machine: string, script: string): Promise<string> {
    const { exit, stdout, stderr } = await this.host.run(machine, script, { limit: 0 });
    const text = new TextDecoder();
    if (exit === 0) return text.decode(stdout);
    throw new Error(`In \`${machine}\`, \`${script}\` ended with ${exit}: ${text.decode(stderr).trim()}`);
  }

  /** @returns the numbers a tool printed as `name=value` */
  async numbers(machine: string, script: string): Promise<Readonly<Record<string, number>>> {
    const pairs = [...(await this.run(machine, script)).matchAll(/([a-z]+)=(\d+)/g)];
    return Object.fromEntries(pairs.map(([, name, value]) => [name!, Number(value)]));
  }

  /**
   * Lets machines do work until the emulator compiles what they execute: it does once they have been busy for a while,
   * and how long that is depends on what else this computer does.
   *
   * @param most times the work is done at the most
   */
  async warm(machines: readonly string[], most: number, work: () => Promise<unknown>): Promise<void> {
    const compiled = async () =>
      (await Promise.all(machines.map((one) => this.host.meters(one)))).every(({ jit }) => jit);
    for (let times = 0; times < most && !(await compiled()); times++) await work();
    await work(); // what is compiled only now is not measured
  }

  /** The one ring of a machine's disk. */
  async diskRing(machine: string): Promise<string> {
    const { rings } = (await this.host.probe(machine, "ring.list", {})) as RingList;
    const ring = rings.find(({ device, connected }) => device === "block" && connected);
    if (!ring) throw new Error(`\`${machine}\` has no disk's ring among ${rings.map((one) => one.ring).join(", ")}.`);
    return ring.ring;
  }

  async ring(machine: string, ring: string): Promise<RingState> {
    return (await this.host.probe(machine, "ring.state", { ring })) as RingState;
  }
}

/** How much of something a second: of the clock on the wall, and of processor time that this process took for it. */
export interface Rate {
  readonly wall: number;
  readonly processor: number;
}

/**
 * How fast work was. On a computer that does nothing else both rates are nearly the same; on a busy one, processor time
 * is what can be compared.
 *
 * @param work what is done; it returns how much it was, and how many seconds it took by a clock of its own
 */
export async function rateOf(
  work: () => Promise<{ readonly amount: number; readonly seconds: number }>,
): Promise<Rate> {
  const before = process.cpuUsage();
  const { amount, seconds } = await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: amount / seconds, processor: amount / ((user + system) / 1e6) };
}

const SLOWEST: Rate = { wall: 0, processor: 0 };

/** The best of several measurements: what the rest of the computer disturbed least. */
export async function best(times: number, measure: () => Promise<Rate>): Promise<Rate> {
  let found = SLOWEST;
  for (let time = 0; time < times; time++) found = better(found, await measure());
  return found;
}

/**
 * Measures several things in turn, again and again: each meets the same hours of a computer that does other things, too.
 *
 * @returns the best of each
 */
export async function bestInTurn<T>(
  rounds: number,
  things: readonly T[],
  measure: (thing: T) => Promise<Rate>,
): Promise<Rate[]> {
  const found = things.map(() => SLOWEST);
  for (let round = 0; round < rounds; round++) {
    for (const [index, thing] of things.entries()) found[index] = better(found[index]!, await measure(thing));
  }
  return found;
}

const better = (one: Rate, other: Rate): Rate => ({
  wall: Math.max(one.wall, other.wall),
  processor: Math.max(one.processor, other.processor),
});

/** One beside the other, by processor time. */
export function against(what: string, unit: string, ours: Rate, peer: Rate, name: string): Figure {
  return figure(`${what}, of processor time`, unit, ours.processor, peer.processor, name);
}
