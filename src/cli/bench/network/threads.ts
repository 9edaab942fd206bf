import { Worker } from "node:worker_threads";
import { type Remote, transfer, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/umd/node-adapter.js";
import { machineSpec } from "../../../machine/index.ts";
import { stableMac } from "../../../network/mac.ts";
import { type Arrangement, configure, type Pair, SIDES, type Side } from "./pair.ts";
import type { Thread } from "./thread.ts";

/** Hosts in threads of their own, as a page's are in workers. */

interface Running {
  readonly api: Remote<Thread>;
  readonly worker: Worker;
}

/** One machine in each of two hosts; a third thread has the link between them. */
export const onTwoHosts: Arrangement = {
  name: "our virtio-net, two hosts",
  make: async () => {
    const network = open();
    await network.api.network({ lan: { kind: "switch" } });
    const sides = new Map(SIDES.map((side) => [side, open()]));
    for (const [side, { api }] of sides) {
      const { port1, port2 } = new MessageChannel();
      await Promise.all([network.api.joinNetwork(side, transfer(port1, [port1])), api.join(transfer(port2, [port2]))]);
      const nics = [{ model: "virtio" as const, link: "lan", mac: stableMac(1, side, 0) }];
      await api.start(machineSpec({ name: side, image: "linux", memory: 64, nics }));
      await api.run(side, configure(side));
    }
    return pairOf(sides, [network]);
  },
};

/** Two plain v86 in threads of their own; its hub is a channel that every instance of the process hears. */
export const plainOnTwoHosts: Arrangement = {
  name: "v86's virtio-net and hub, two threads",
  make: async () => {
    const sides = new Map(SIDES.map((side) => [side, open()]));
    for (const [side, { api }] of sides) {
      await api.startPlain();
      await api.run(side, configure(side));
    }
    return pairOf(sides, []);
  },
};

/** A thread does not inherit what reads TypeScript. */
const BEGIN = `
  const { workerData } = require("node:worker_threads");
  import(workerData.reader).then(({ register }) => { register(); return import(workerData.thread); });`;
const READER = import.meta.resolve("tsx/esm/api");

function open(): Running {
  const thread = new URL("./thread.ts", import.meta.url).href;
  const worker = new Worker(BEGIN, { eval: true, workerData: { reader: READER, thread } });
  return { worker, api: wrap<Thread>(nodeEndpoint(worker)) };
}

function pairOf(sides: ReadonlyMap<Side, Running>, others: readonly Running[]): Pair {
  return {
    run: async (side, script) => sides.get(side)!.api.run(side, script),
    compiling: async () => (await Promise.all([...sides].map(([side, { api }]) => api.compiling(side)))).every(Boolean),
    close: async () => {
      await Promise.all([...sides.values(), ...others].map(({ worker }) => worker.terminate()));
    },
  };
}
