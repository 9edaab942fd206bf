import { onTestFinished } from "vitest";
import {
  type Lab,
  type LabSession,
  memoryStore,
  openSession,
  type SessionOptions,
  type SessionState,
} from "../../src/lab/index.ts";
import { filesSource } from "./fixtures.ts";
import { ShellHost } from "./shell-host.ts";

/** Quick enough for a test; the order of things is what matters. */
const PACE = { check: 20, recheck: 20, hidden: 100_000, hintAfter: 0, hintEvery: 20, limit: 5000, grace: 1000 };

export interface Opened {
  readonly session: LabSession;
  readonly host: ShellHost;
  /** Runs a script in a machine as a student would. */
  do(script: string, machine?: string): Promise<string>;
}

/** Opens and starts a lab on a shell host; both are closed when the test ends. */
export async function open(lab: Lab, options: Partial<SessionOptions> = {}): Promise<Opened> {
  const host = new ShellHost();
  const session = openSession({
    lab,
    source: filesSource({}),
    hostOf: () => host,
    store: memoryStore(),
    language: "en",
    place: "one",
    ...options,
    pace: { ...PACE, ...options.pace },
  });
  onTestFinished(async () => {
    await session.close();
    await host.close();
  });
  await session.start();
  const run = async (script: string, machine = "box") => {
    const { stdout } = await host.run(machine, script);
    session.nudge();
    return new TextDecoder().decode(stdout);
  };
  return { session, host, do: run };
}

/** Waits until the state is so. */
export function until(session: LabSession, isSo: (state: SessionState) => boolean): Promise<SessionState> {
  return new Promise((resolve) => {
    if (isSo(session.state)) return resolve(session.state);
    const end = session.subscribe((state) => {
      if (!isSo(state)) return;
      end();
      resolve(state);
    });
  });
}

export const taskIs = (session: LabSession, task: string, status: SessionState["tasks"][string]["status"]) =>
  until(session, (state) => state.tasks[task]?.status === status);
