import type { MachineSpec } from "../../../machine/index.ts";
import { best, Guests, type Rate, rateOf } from "../io/guests.ts";

/** Two machines that reach each other: `left` is 10.0.0.1, `right` 10.0.0.2. */
export interface Pair {
  /** @returns what the script printed. @throws Error with what it complained about when it failed */
  run(side: Side, script: string): Promise<string>;
  /** True once the emulator compiles what both execute. */
  compiling(): Promise<boolean>;
  close(): Promise<void>;
}

export type Side = "left" | "right";
export const SIDES: readonly Side[] = ["left", "right"];

/** How a pair is made. */
export interface Arrangement {
  readonly name: string;
  make(): Promise<Pair>;
}

/** Seconds of one warming up, how many there are at least and at most, and by how much a rate that still rises does so. */
const WARMING = 2;
const LEAST_WARMING = 8;
const MOST_WARMING = 20;
const RISING = 1.05;
/** Warmings without a rise that end it: while much is compiled at once the rate falls first. */
const LEVEL = 3;
/** Seconds of one measurement, and how many there are; the best counts. */
const SECONDS = 3;
const TIMES = 3;
/** Milliseconds a pair rests before it is measured idle, echoes, and seconds between two. */
const REST = 3000;
const ECHOES = 100;
const PAUSE = 0.05;
/** MTU under which TCP's segments have 76 bytes, or less with options. */
const SMALL_MTU = 128;

/** The card's address. @param card as the guest calls it */
export const addressOf = (side: Side) => `10.0.0.${SIDES.indexOf(side) + 1}`;
export const configure = (side: Side) => `ip addr add ${addressOf(side)}/24 dev eth0 && ip link set eth0 up`;

/** Two guests of one host of ours. */
export const onOneHost = (
  name: string,
  image: string,
  model: MachineSpec["nics"][number]["model"],
  options: readonly string[] = [],
): Arrangement => ({
  name,
  make: async () => {
    const guests = await Guests.open();
    const layers = model === "ne2k" ? ["disk"] : [];
    for (const side of SIDES) {
      await guests.start({ name: side, image, layers, options, nics: [{ model, link: "lan" }] });
      await guests.run(side, configure(side));
    }
    return {
      run: (side, script) => guests.run(side, script),
      compiling: async () => (await Promise.all(SIDES.map((side) => guests.host.meters(side)))).every(({ jit }) => jit),
      close: () => guests.host.close(),
    };
  },
});

/** Makes a pair that answers, lets `work` have it, and closes it. */
export async function withPair<T>({ make }: Arrangement, work: (pair: Pair) => Promise<T>): Promise<T> {
  const pair = await make();
  try {
    await pair.run("right", `ping -c 1 -W 10 ${addressOf("left")}`);
    return await work(pair);
  } finally {
    await pair.close();
  }
}

/** Median of the round trips of an idle pair, in milliseconds. */
export async function idleRoundTrip(pair: Pair): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, REST));
  const printed = await pair.run("right", `ping -c ${ECHOES} -i ${PAUSE} ${addressOf("left")}`);
  const times = [...printed.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time)).sort((a, b) => a - b);
  if (times.length < ECHOES / 2) throw new Error(`Of ${ECHOES} echoes, ${times.length} were answered.`);
  return times[times.length >> 1]!;
}

/** TCP over one connection, once the emulator has compiled what both execute: Mbit/s, payload only. */
export async function warmThroughput(pair: Pair): Promise<Rate> {
  await warm(pair, (seconds) => throughput(pair, seconds));
  return best(TIMES, () => throughput(pair, SECONDS));
}

/** Frames a second of at most 142 bytes, both ways together, over one connection. */
export async function smallFrames(pair: Pair): Promise<Rate> {
  for (const side of SIDES) await pair.run(side, `ip link set eth0 mtu ${SMALL_MTU}`);
  const measure = (seconds: number) =>
    rateOf(async () => {
      const before = await frames(pair);
      const { seconds: took } = await carry(pair, seconds);
      return { amount: (await frames(pair)) - before, seconds: took };
    });
  await warm(pair, measure);
  return best(TIMES, () => measure(SECONDS));
}

const throughput = (pair: Pair, seconds: number) =>
  rateOf(async () => {
    const { bytes, seconds: took } = await carry(pair, seconds);
    return { amount: (bytes * 8) / 1e6, seconds: took };
  });

async function carry(pair: Pair, seconds: number): Promise<{ readonly bytes: number; readonly seconds: number }> {
  await pair.run("left", "(tput s 5001 >/dev/null 2>&1 </dev/null &)");
  const client = `tput c ${addressOf("left")} 5001 ${seconds}`;
  const printed = await pair.run("right", `for try in 1 2 3 4 5 6 7 8 9; do ${client} && break; sleep 0.2; done`);
  await pair.run("left", "killall tput 2>/dev/null; true");
  const [, bytes, microseconds] = /bytes=(\d+) microseconds=(\d+)/.exec(printed) ?? [];
  if (bytes === undefined) throw new Error(`Nothing was carried: ${printed}`);
  return { bytes: Number(bytes), seconds: Number(microseconds) / 1e6 };
}

/** Frames through the right one's card since it was made. */
async function frames(pair: Pair): Promise<number> {
  const counters = "/sys/class/net/eth0/statistics";
  const printed = await pair.run(
    "right",
    `echo frames=$(( $(cat ${counters}/tx_packets) + $(cat ${counters}/rx_packets) ))`,
  );
  return Number(/frames=(\d+)/.exec(printed)![1]);
}

/** Works until the emulator compiles, and what it has compiled makes the rate rise no more. */
async function warm(pair: Pair, measure: (seconds: number) => Promise<Rate>): Promise<void> {
  let highest = 0;
  let sinceRise = 0;
  for (let times = 0; times < MOST_WARMING && (times < LEAST_WARMING || sinceRise < LEVEL); times++) {
    const compiling = await pair.compiling();
    const { processor } = await measure(WARMING);
    const rose = processor > RISING * highest;
    highest = Math.max(highest, processor);
    sinceRise = rose || !compiling ? 0 : sinceRise + 1;
  }
}
