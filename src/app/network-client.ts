import { transfer } from "comlink";
import type { RunningNetwork } from "../lab/running/cables.ts";
import type { NetworkApi } from "../network/api.ts";
import { startWorker } from "./worker-client.ts";

/** Starts the worker of the links between hosts. Its calls reject when it is lost, and never hang. */
export function startNetwork(lost: () => void): RunningNetwork {
  const client = startWorker<NetworkApi>(
    () =>
      new Worker(new URL("../../workers/network.ts", import.meta.url), { type: "module", name: "ringside network" }),
    (network) => network.probe("", {}), // there is no such probe: the refusal is the sign
  );
  client.onLost(lost);
  return {
    declare: (links) => client.call((network) => network.declare(links)),
    join: (host, end) => client.call((network) => network.join(host, transfer(end, [end as MessagePort]))),
    leave: (host) => client.call((network) => network.leave(host)),
    probe: (name, args) => client.call((network) => network.probe(name, args)),
    control: (name, args) => client.call((network) => network.control(name, args)),
    close: client.close,
  };
}
