import type { MachineSpec } from "../../../machine/index.ts";
import { type Figure, figure } from "../figure.ts";
import { against, best, bestInTurn, Guests, rateOf } from "./guests.ts";

/** A disk of each kind, in a guest that has it alone. */
interface Kind {
  readonly name: string;
  readonly image: string;
  readonly disk: Omit<MachineSpec["disks"][number], "size">;
  readonly layers: readonly string[];
  readonly options?: readonly string[];
}

const XEN: Kind = { name: "Xen", image: "linux-xen", disk: { name: "xvda", model: "xen" }, layers: [] };
const VIRTIO: Kind = { name: "virtio-blk", image: "linux", disk: { name: "vda", model: "virtio" }, layers: ["disk"] };
const IDE: Kind = { name: "IDE", image: "linux", disk: { name: "sda", model: "ide" }, layers: ["disk"] };
const NO_EVENT_IDX: Kind = { ...VIRTIO, name: "virtio-blk without EVENT_IDX", options: ["eventidx=off"] };

/** Bytes of a read, and how many are in flight. */
const READ = 128 << 10;
const FLIGHT = 8;
/** Reads of one pass, several times over the disk: long enough that starting the tool does not count. */
const PASS = 1024;
/** A cold pass is shorter: it ends before the emulator finds what to compile. */
const COLD_PASS = 128;
/** Passes over the disk that may go into warming up. */
const MOST_WARMING = 40;
/** Boots for a cold pass, boots for warm ones, and passes after each; of each the best counts. */
const BOOTS = 3;
const WARM_BOOTS = 2;
const PASSES = 7;

async function start(guests: Guests, { image, disk, layers, options = [] }: Kind): Promise<void> {
  await guests.start({ name: "vm", image, disks: [disk], layers, options });
}

/** MB/s of so many reads. */
const pass = (guests: Guests, { disk }: Kind, count = PASS) =>
  rateOf(async () => {
    const tool = `qd /dev/${disk.name} ${FLIGHT} ${count} ${READ} r`;
    const { bytes, microseconds } = await guests.numbers("vm", tool);
    return { amount: bytes! / 1e6, seconds: microseconds! / 1e6 };
  });

/** The first reads after a boot. */
const coldPass = (kind: Kind) =>
  Guests.with(async (guests) => {
    await start(guests, kind);
    return pass(guests, kind, COLD_PASS);
  });

/** The best of several passes once the emulator has compiled what they execute. */
const warmPass = (kind: Kind) =>
  Guests.with(async (guests) => {
    await start(guests, kind);
    await guests.warm(["vm"], MOST_WARMING, () => pass(guests, kind));
    return best(PASSES, () => pass(guests, kind));
  });

/** 128 KB reads through every kind of disk. */
export async function reads(): Promise<Figure[]> {
  const kinds = [XEN, VIRTIO, IDE];
  const [coldXen, coldVirtio, coldIde] = await bestInTurn(BOOTS, kinds, coldPass);
  const [xen, virtio, ide] = await bestInTurn(WARM_BOOTS, kinds, warmPass);
  return [
    against("128 KB reads, Xen, cold", "MB/s", coldXen!, coldIde!, "v86's IDE, cold"),
    against("128 KB reads, Xen, warm", "MB/s", xen!, ide!, "v86's IDE, warm"),
    against("128 KB reads, virtio-blk, cold", "MB/s", coldVirtio!, coldIde!, "v86's IDE, cold"),
    against("128 KB reads, virtio-blk, warm", "MB/s", virtio!, ide!, "v86's IDE, warm"),
    against("128 KB reads, Xen, warm", "MB/s", xen!, virtio!, "virtio-blk, warm"),
    figure("128 KB reads, Xen, warm", "MB/s", xen!.wall, 500, "the aim, 500 MB/s"),
  ];
}

/** What one depth of the queue costs, per request. */
export interface DepthRow {
  readonly device: string;
  readonly depth: number;
  readonly requests: number;
  /** Front to back, and back to front. */
  readonly notificationsPerRequest: number;
  readonly interruptsPerRequest: number;
}

const DEPTHS = [1, 2, 4, 8, 16, 32];
const REQUESTS = 2048;

/**
 * 4 KB reads at every depth: how many notifications and interrupts one request costs.
 *
 * @param wanted which depths; all of them unless told
 */
export async function depths(wanted: readonly number[] = DEPTHS): Promise<DepthRow[]> {
  const rows: DepthRow[] = [];
  for (const kind of [XEN, VIRTIO, NO_EVENT_IDX]) {
    const of = await Guests.with(async (guests) => {
      await start(guests, kind);
      const ring = await guests.diskRing("vm");
      const found: DepthRow[] = [];
      for (const depth of wanted) found.push(await atDepth(guests, kind, ring, depth));
      return found;
    });
    rows.push(...of);
  }
  return rows;
}

async function atDepth(guests: Guests, { name, disk }: Kind, ring: string, depth: number): Promise<DepthRow> {
  const before = (await guests.ring("vm", ring)).counters;
  await guests.numbers("vm", `qd /dev/${disk.name} ${depth} ${REQUESTS} 4096 r`);
  const after = (await guests.ring("vm", ring)).counters;
  const requests = after.requests - before.requests;
  const per = (count: number) => Number((count / requests).toFixed(3));
  return {
    device: name,
    depth,
    requests,
    notificationsPerRequest: per(after.notifications - before.notifications),
    interruptsPerRequest: per(after.interrupts - before.interrupts),
  };
}

/** Rounds with somebody looking and without. */
const LOOKS = 12;
/** Between two looks, milliseconds: as often as a page looks at a ring that changes. */
const LOOK_EVERY = 100;

/** The same reads with a page's readers at work beside them. */
export async function tracing(): Promise<Figure[]> {
  return Guests.with(async (guests) => {
    await start(guests, XEN);
    const ring = await guests.diskRing("vm");
    const alone = () =>
      rateOf(async () => {
        const { requests, microseconds } = await guests.numbers("vm", `qd /dev/xvda ${FLIGHT} ${REQUESTS * 4} 4096 r`);
        return { amount: requests! / 1000, seconds: microseconds! / 1e6 };
      });
    const watched = async () => {
      const looking = setInterval(() => {
        void guests.ring("vm", ring);
        void guests.host.probe("vm", "io.trace", { count: 256 });
      }, LOOK_EVERY);
      const found = await alone();
      clearInterval(looking);
      return found;
    };
    await guests.warm(["vm"], MOST_WARMING, alone);
    const [seen, unseen] = await bestInTurn(LOOKS, [watched, alone], (run) => run());
    const WHAT = "4 KB reads, ring and trace read ten times a second";
    return [against(WHAT, "thousand/s", seen!, unseen!, "the same, nobody looking")];
  });
}
