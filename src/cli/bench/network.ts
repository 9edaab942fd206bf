import { type Figure, figure } from "./figure.ts";
import { against, bestInTurn, type Rate } from "./io/guests.ts";
import {
  type Arrangement,
  idleRoundTrip,
  onOneHost,
  type Pair,
  smallFrames,
  warmThroughput,
  withPair,
} from "./network/pair.ts";
import { plainOnOneHost } from "./network/plain-pair.ts";
import { onTwoHosts, plainOnTwoHosts } from "./network/threads.ts";

/** Pairs are made anew so often; of each the best counts. */
const BOOTS = 2;

const OURS = onOneHost("our virtio-net", "linux", "virtio");
const WITHOUT_OFFLOADS = onOneHost("our virtio-net without offloads", "linux", "virtio", ["offloads=off"]);
const NETFRONT = onOneHost("two netfronts", "linux-xen", "xen");
const NE2K = onOneHost("v86's NE2000", "linux", "ne2k");

/** The aims: times v86's own card and hub on one host and between two, times netfront, milliseconds of a round trip. */
const AIMS = { oneHost: 3, twoHosts: 2, netfront: 0.9, roundTrip: 1 } as const;

/** The best of what is measured on each arrangement. */
function measured(arrangements: readonly Arrangement[], measure: (pair: Pair) => Promise<Rate>): Promise<Rate[]> {
  return bestInTurn(BOOTS, arrangements, (arrangement) => withPair(arrangement, measure));
}

/** The shortest median of idle round trips. */
async function roundTrips(arrangements: readonly Arrangement[]): Promise<number[]> {
  const shortest = arrangements.map(() => Number.POSITIVE_INFINITY);
  for (let boot = 0; boot < BOOTS; boot++) {
    for (const [index, arrangement] of arrangements.entries()) {
      shortest[index] = Math.min(shortest[index]!, await withPair(arrangement, idleRoundTrip));
    }
  }
  return shortest;
}

/** Two guests on one link by every card and arrangement, beside v86's own card and hub, in one run. */
export async function network(): Promise<Figure[]> {
  return [...(await throughputs()), ...(await smalls()), ...(await echoes())];
}

async function throughputs(): Promise<Figure[]> {
  const [ours, plain, netfront, ne2k] = await measured([OURS, plainOnOneHost, NETFRONT, NE2K], warmThroughput);
  const [apart, plainApart] = await measured([onTwoHosts, plainOnTwoHosts], warmThroughput);
  const tcp = (peer: Rate, name: string) => bothWays(`TCP, ${OURS.name}`, "Mbit/s", ours!, peer, name);
  return [
    ...tcp(plain!, `${plainOnOneHost.name} (the aim: ${AIMS.oneHost} times that)`),
    ...tcp(netfront!, `${NETFRONT.name} (the aim: ${AIMS.netfront} times that)`),
    ...tcp(ne2k!, NE2K.name),
    ...bothWays(
      `TCP, ${onTwoHosts.name}`,
      ...(["Mbit/s", apart!, plainApart!] as const),
      `${plainOnTwoHosts.name} (the aim: ${AIMS.twoHosts} times that)`,
    ),
  ];
}

async function smalls(): Promise<Figure[]> {
  const [ours, plain] = await measured([WITHOUT_OFFLOADS, plainOnOneHost], smallFrames);
  return bothWays(
    `frames of 142 bytes at most, ${WITHOUT_OFFLOADS.name}`,
    "a second",
    ours!,
    plain!,
    plainOnOneHost.name,
  );
}

async function echoes(): Promise<Figure[]> {
  const [ours, plain, netfront, apart, plainApart] = await roundTrips([
    ...[OURS, plainOnOneHost, NETFRONT, onTwoHosts, plainOnTwoHosts],
  ]);
  const idle = (name: string, mine: number, peer: number, against: string) =>
    figure(`idle round trip, ${name}`, "ms", mine, peer, against);
  return [
    idle(OURS.name, ours!, plain!, plainOnOneHost.name),
    idle(OURS.name, ours!, netfront!, NETFRONT.name),
    idle(OURS.name, ours!, AIMS.roundTrip, `the aim, ${AIMS.roundTrip} ms`),
    idle(onTwoHosts.name, apart!, plainApart!, plainOnTwoHosts.name),
  ];
}

/** By the clock on the wall and by processor time: which of the two disturbs less depends on the computer. */
function bothWays(what: string, unit: string, ours: Rate, peer: Rate, name: string): Figure[] {
  return [figure(what, unit, ours.wall, peer.wall, name), against(what, unit, ours, peer, name)];
}
