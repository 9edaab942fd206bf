import { type Host, type MachineSpec, machineSpec } from "../../../machine/index.ts";
import { stableMac } from "../../../network/mac.ts";
import type { RingList, RingState } from "../../../probe/io/types.ts";
import { createNodeHost } from "../../node-host.ts";

type Given = Partial<Omit<MachineSpec, "nics" | "disks">> & {
  readonly name: string;
  readonly image: string;
  readonly nics?: readonly Omit<MachineSpec["nics"][number], "mac">[];
  readonly disks?: readonly Omit<MachineSpec["disks"][number], "size">[];
};

/** Size of every disk here, MiB. */
export const DISK = 16;

/** Guests of one host, for as long as they are measured. */
export class Guests {
  readonly host: Host;

  private constructor(host: Host) {
    this.host = host;
  }

  /** Gives `work` a host of its own and closes it afterwards. */
  static async with<T>(work: (guests: Guests) => Promise<T>): Promise<T> {
    const host = await createNodeHost();
    try {
      return await work(new Guests(host));
    } finally {
      await host.close();
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
