import { type Lab, type LabSource, memoryStore } from "../lab/index.ts";
import { Machines } from "../lab/running/machines.ts";
import { createNodeHost } from "./node-host.ts";

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
  const host = await createNodeHost();
  const machines: Machines = new Machines(
    {
      lab,
      source,
      hostOf: () => host,
      store: memoryStore(),
      language: "en",
      startOptions: () => ({ start: "boot" }),
      // nobody reads the console here: all of it is dealt with at once
      onMachineEvent: (machine, event) => {
        if (event.type === "console") void host.acknowledge(machine, event.bytes.length);
      },
    },
    GRACE,
    () => undefined,
  );
  const close = async () => {
    await machines.close();
    await host.close();
  };
  await Promise.all(machines.names.map((name) => machines.start(name, "en")));
  const failed = Object.entries(machines.states()).find(([, state]) => state.status !== "running");
  if (!failed) return { machines, close };
  await close();
  const [name, state] = failed;
  throw new Error(`Machine \`${name}\` did not start: ${state.status === "stopped" ? state.message : state.status}`);
}
