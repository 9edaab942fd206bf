import type { MachineSpec } from "../../../machine/index.ts";
import { type Figure, figure } from "../figure.ts";
import { against, best, bestInTurn, Guests, rateOf } from "./guests.ts";

/** TCP between two guests on one link, by their cards. */

interface Way {
  readonly name: string;
  readonly image: string;
  readonly model: MachineSpec["nics"][number]["model"];
  /** Netback of a driver domain serves both cards, over a bridge in it. */
  readonly dom0?: boolean;
}

const NETFRONTS: Way = { name: "two netfronts", image: "linux-xen", model: "xen" };
const THROUGH_DOM0: Way = { ...NETFRONTS, name: "two netfronts through netback and a bridge in Dom0", dom0: true };
const VIRTIO: Way = { name: "two virtio-net", image: "linux", model: "virtio" };
const NE2K: Way = { name: "v86's NE2000", image: "linux", model: "ne2k" };

/** Seconds of one warming up, and how many there may be. */
const WARMING = 4;
const MOST_WARMING = 20;
/** Seconds of one measurement, and how many there are; the best counts. */
const SECONDS = 3;
const TIMES = 3;
/** Boots for a cold measurement, of one second, and for warm ones. */
const BOOTS = 2;
const WARM_BOOTS = 2;

async function pair(guests: Guests, { image, model, dom0 }: Way): Promise<void> {
  const backend = dom0 ? { backend: "dom0" } : { link: "lan" };
  const layers = model === "ne2k" ? ["disk"] : [];
  if (dom0) {
    await guests.start({ name: "dom0", image: "linux-dom0" });
    await guests.run("dom0", "ip link add xenbr0 type bridge && ip link set xenbr0 up");
  }
  for (const name of ["left", "right"]) await guests.start({ name, image, layers, nics: [{ model, ...backend }] });
  if (dom0) {
    await guests.run("dom0", "for vif in $(ls /sys/class/net | grep vif); do ip link set $vif master xenbr0 up; done");
  }
}

/** Two machines that reach each other. */
async function connect(guests: Guests, way: Way): Promise<void> {
  await pair(guests, way);
  await guests.run("left", "ip addr add 10.0.0.1/24 dev eth0 && ip link set eth0 up");
  await guests.run("right", "ip addr add 10.0.0.2/24 dev eth0 && ip link set eth0 up");
  await guests.run("right", "ping -c 1 -W 10 10.0.0.1");
}

/** Mbit/s over one connection, payload only. */
const rate = (guests: Guests, seconds: number) =>
  rateOf(async () => {
    await guests.run("left", "tput s 5001 >/dev/null 2>&1 </dev/null &");
    const client = `for try in 1 2 3 4 5; do tput c 10.0.0.1 5001 ${seconds} && exit 0; sleep 0.2; done; exit 1`;
    const { bytes, microseconds } = await guests.numbers("right", client);
    await guests.run("left", "killall tput 2>/dev/null; true");
    return { amount: (bytes! * 8) / 1e6, seconds: microseconds! / 1e6 };
  });

const coldRate = (way: Way) =>
  Guests.with(async (guests) => {
    await connect(guests, way);
    return rate(guests, 1);
  });

/** The best of several measurements once the emulator has compiled what both guests execute. */
const warmRate = (way: Way) =>
  Guests.with(async (guests) => {
    await connect(guests, way);
    await guests.warm(["left", "right"], MOST_WARMING, () => rate(guests, WARMING));
    return best(TIMES, () => rate(guests, SECONDS));
  });

/** TCP over one connection, every way. */
export async function throughput(): Promise<Figure[]> {
  const [coldXen, coldVirtio] = await bestInTurn(BOOTS, [NETFRONTS, VIRTIO], coldRate);
  const [xen, dom0, virtio, ne2k] = await bestInTurn(WARM_BOOTS, [NETFRONTS, THROUGH_DOM0, VIRTIO, NE2K], warmRate);
  return [
    against(`TCP, ${NETFRONTS.name}, cold`, "Mbit/s", coldXen!, coldVirtio!, `${VIRTIO.name}, cold`),
    against(`TCP, ${NETFRONTS.name}, warm`, "Mbit/s", xen!, virtio!, `${VIRTIO.name}, warm`),
    against(`TCP, ${NETFRONTS.name}, warm`, "Mbit/s", xen!, ne2k!, `${NE2K.name}, warm`),
    against(`TCP, ${THROUGH_DOM0.name}, warm`, "Mbit/s", dom0!, xen!, `${NETFRONTS.name}, warm`),
    figure(`TCP, ${NETFRONTS.name}, warm`, "Mbit/s", xen!.wall, 900, "the aim, 900 Mbit/s"),
  ];
}
