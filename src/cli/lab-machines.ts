import { type Lab, type LabSource, memoryStore } from "../lab/index.ts";
import { Cables } from "../lab/running/cables.ts";
import { Machines } from "../lab/running/machines.ts";
import type { Host } from "../machine/index.ts";
import { createNodeHost } from "./node-host.ts";
import { createNodeNetwork } from "./node-network.ts";

/** The machines of a lab, started without a page. */
export interface RunningLab {
  readonly machines: Machines;
  /** Stops everything; the process may end after it. */
  close(): Promise<void>;
}

/** Milliseconds beyond a script's own limit that the host may take: a busy machine of a build farm is slow to answer. */
const GRACE = 30_000;

/**
 * Starts every machine of a lab and waits until each runs.
 *
 * @throws Error naming the first machine that does not
 */
export async function startLab(lab: Lab, source: LabSource): Promise<RunningLab> {
  const cables = new Cables(lab, createNodeNetwork);
  const hosts = await createHosts(lab, cables);
  const hostOf = (machine: string) => hosts.get(machine)!;
  const machines: Machines = new Machines(
    {
      lab,
      source,
      hostOf,
      network: () => cables.network(),
      store: memoryStore(),
      language: "en",
      startOptions: () => ({ start: "boot" }),
      // nobody reads the console here: all of it is dealt with at once
      onMachineEvent: (machine, event) => {
        if (event.type === "console") void hostOf(machine).acknowledge(machine, event.bytes.length);
      },
    },
    GRACE,
    () => undefined,
  );
  const close = async () => {
    await machines.close();
    await Promise.all([...hosts.values()].map((host) => host.close()));
    cables.close();
  };
  await machines.start("en");
  const failed = Object.entries(machines.states()).find(([, state]) => state.status !== "running");
  if (!failed) return { machines, close };
  await close();
  const [name, state] = failed;
  throw new Error(`Machine \`${name}\` did not start: ${state.status === "stopped" ? state.message : state.status}`);
}

/** @returns a host by the machine's name: one for each host of the lab, as a page has a worker for each */
async function createHosts(lab: Lab, cables: Cables): Promise<ReadonlyMap<string, Host>> {
  const names = [...new Set(lab.machines.map(({ host }) => host))];
  const hosts = new Map(await Promise.all(names.map(async (name) => [name, await createNodeHost()] as const)));
  await Promise.all([...hosts].map(([name, host]) => cables.join(name, host)));
  return new Map(lab.machines.map(({ spec, host }) => [spec.name, hosts.get(host)!]));
}
