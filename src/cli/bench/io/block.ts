import type { MachineSpec } from "../../../machine/index.ts";
import { type Figure, figure, median } from "../figure.ts";
import { DISK, Guests } from "./guests.ts";

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
/** Reads of one pass: once over the disk. */
const PASS = (DISK << 20) / READ;
/** Passes in which the compiler of the emulator finds what is worth compiling, and passes that are measured. */
const WARMING = 40;
const MEASURED = 5;

interface Speed {
  /** MB/s of the first pass after the boot, and the median of passes once it is warm. */
  readonly cold: number;
  readonly warm: number;
}

async function speed(kind: Kind): Promise<Speed> {
  return Guests.with(async (guests) => {
    await start(guests, kind);
    const pass = async () => {
      const { bytes, microseconds } = await guests.numbers(
        "vm",
        `qd /dev/${kind.disk.name} ${FLIGHT} ${PASS} ${READ} r`,
      );
      return bytes! / microseconds!;
    };
    const cold = await pass();
    for (let index = 0; index < WARMING; index++) await pass();
    const warm: number[] = [];
    for (let index = 0; index < MEASURED; index++) warm.push(await pass());
    return { cold, warm: median(warm) };
  });
}

async function start(guests: Guests, { image, disk, layers, options = [] }: Kind): Promise<void> {
  await guests.start({ name: "vm", image, disks: [disk], layers, options });
}

/** 128 KB reads through every kind of disk. */
export async function reads(): Promise<Figure[]> {
  const [xen, virtio, ide] = [await speed(XEN), await speed(VIRTIO), await speed(IDE)];
  const AIM = "the aim, 500 MB/s";
  return [
    figure("128 KB reads, Xen, cold", "MB/s", xen.cold, ide.cold, "v86's IDE, cold"),
    figure("128 KB reads, Xen, warm", "MB/s", xen.warm, ide.warm, "v86's IDE, warm"),
    figure("128 KB reads, virtio-blk, cold", "MB/s", virtio.cold, ide.cold, "v86's IDE, cold"),
    figure("128 KB reads, virtio-blk, warm", "MB/s", virtio.warm, ide.warm, "v86's IDE, warm"),
    figure("128 KB reads, Xen, warm", "MB/s", xen.warm, virtio.warm, "virtio-blk, warm"),
    figure("128 KB reads, Xen, warm", "MB/s", xen.warm, 500, AIM),
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

/** 4 KB reads at every depth: how many notifications and interrupts one request costs. */
export async function depths(): Promise<DepthRow[]> {
  const rows: DepthRow[] = [];
  for (const kind of [XEN, VIRTIO, NO_EVENT_IDX]) {
    const of = await Guests.with(async (guests) => {
      await start(guests, kind);
      const ring = await guests.diskRing("vm");
      const found: DepthRow[] = [];
      for (const depth of DEPTHS) found.push(await atDepth(guests, kind, ring, depth));
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

/** Times a disk is read through while somebody looks, and while nobody does. */
const LOOKS = 12;
/** Between two looks, milliseconds: as often as a page looks at a ring that changes. */
const LOOK_EVERY = 100;

/** The same reads with a page's readers at work beside them. */
export async function tracing(): Promise<Figure[]> {
  return Guests.with(async (guests) => {
    await start(guests, XEN);
    const ring = await guests.diskRing("vm");
    const pass = async () => {
      const { requests, microseconds } = await guests.numbers("vm", `qd /dev/xvda ${FLIGHT} ${REQUESTS * 4} 4096 r`);
      return (requests! * 1000) / microseconds!;
    };
    const watched = async () => {
      const looking = setInterval(() => {
        void guests.ring("vm", ring);
        void guests.host.probe("vm", "io.trace", { count: 256 });
      }, LOOK_EVERY);
      const found = await pass();
      clearInterval(looking);
      return found;
    };
    for (let index = 0; index < LOOKS; index++) await pass();
    const seen: number[] = [];
    const alone: number[] = [];
    for (let index = 0; index < LOOKS; index++) {
      alone.push(await pass());
      seen.push(await watched());
    }
    const WHAT = "4 KB reads a millisecond, ring and trace read ten times a second";
    return [figure(WHAT, "requests/ms", median(seen), median(alone), "the same, nobody looking")];
  });
}
