import { proxy, transfer, wrap } from "comlink";
import type { HostApi, MachineEvent, RunOptions, StartOptions } from "../machine/api.ts";
import type { MachineSpec } from "../machine/spec.ts";

/** A host in a worker of its own. */
export interface HostClient {
  /** Calls of a host that is lost reject with {@link HostLost}; they never hang. */
  readonly api: HostApi;
  /**
   * Fetches what an image and its layers need before anybody asks for a machine. Failing costs nothing: the start fetches
   * again.
   */
  prepare(image: string, layers: readonly string[]): Promise<void>;
  /** Starts a machine whose state is stored ahead of its start, which then takes no time. */
  ready(spec: MachineSpec, options: StartOptions): Promise<void>;
  /** Called once when the worker is gone or never came. Called at once when that is already so. */
  onLost(listener: (error: HostLost) => void): void;
  readonly lost: HostLost | undefined;
  close(): void;
}

/** The worker of a host failed to load, died, or stopped answering. */
export class HostLost extends Error {
  override name = "HostLost";
}

type Remote = HostApi & Pick<HostClient, "prepare" | "ready">;

/**
 * A worker that ends itself, or hangs, tells nobody: it is asked for a sign of life this often, in milliseconds, and
 * is lost when it missed this many. Counting, rather than a time limit, forgives a computer that slept.
 */
const SIGN_OF_LIFE = { every: 3000, missed: 5 } as const;

/** Starts a worker. Never throws: a worker that cannot be made is a lost one. */
export function startHost(): HostClient {
  const waiting = new Set<(error: HostLost) => void>();
  const listeners = new Set<(error: HostLost) => void>();
  let lost: HostLost | undefined;
  let worker: Worker | undefined;
  let pulse: ReturnType<typeof setInterval> | undefined;

  const lose = (message: string) => {
    if (lost) return;
    lost = new HostLost(message);
    worker?.terminate();
    clearInterval(pulse);
    for (const tell of [...waiting, ...listeners]) tell(lost);
    waiting.clear();
  };

  try {
    worker = new Worker(new URL("../../workers/host.ts", import.meta.url), { type: "module", name: "ringside host" });
  } catch (error) {
    lose(String(error));
  }
  const remote = worker ? wrap<Remote>(worker) : undefined;

  /** A call that ends with the worker, where comlink's own would wait for ever. */
  const call = <Result>(make: (remote: Remote) => Promise<Result>): Promise<Result> => {
    if (lost || !remote) return Promise.reject(lost);
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      make(remote as unknown as Remote)
        .then(resolve, reject)
        .finally(() => waiting.delete(reject));
    });
  };

  let asked = 0;
  pulse = setInterval(() => {
    if (asked >= SIGN_OF_LIFE.missed) return lose("The worker no longer answers.");
    asked += 1;
    // No machine has this name: the refusal is the sign.
    const alive = () => {
      asked = 0;
    };
    call((host) => host.meters("")).then(alive, alive);
  }, SIGN_OF_LIFE.every);

  let answered = false;
  // Once it has answered, an error nobody caught is not yet the end of it: the signs of life decide.
  worker?.addEventListener("error", (event) => {
    if (!answered) lose(event.message || "The worker could not be loaded.");
  });
  worker?.addEventListener("message", () => {
    answered = true;
  });

  return {
    api: hostApi(call),
    prepare: (image, layers) => call((host) => host.prepare(image, layers)),
    ready: (spec, options) => call((host) => host.ready(spec, options)),
    onLost(listener) {
      if (lost) listener(lost);
      else listeners.add(listener);
    },
    get lost() {
      return lost;
    },
    close() {
      listeners.clear();
      lose("The host was closed.");
    },
  };
}

type Call = <Result>(make: (remote: Remote) => Promise<Result>) => Promise<Result>;

/** The host's methods over a worker: callbacks by proxy, typed bytes moved, everything else copied. */
function hostApi(call: Call): HostApi {
  return {
    start: (spec: MachineSpec, options: StartOptions, events: (event: MachineEvent) => void) =>
      call((host) => host.start(spec, options, proxy(events))),
    stop: (machine) => call((host) => host.stop(machine)),
    type: (machine, bytes) => call((host) => host.type(machine, transfer(bytes, [bytes.buffer as ArrayBuffer]))),
    acknowledge: (machine, bytes) => call((host) => host.acknowledge(machine, bytes)),
    resize: (machine, columns, rows) => call((host) => host.resize(machine, columns, rows)),
    run: (machine, script, options?: RunOptions) => call((host) => host.run(machine, script, options)),
    put: (machine, path, bytes, mode) => call((host) => host.put(machine, path, bytes, mode)),
    get: (machine, path) => call((host) => host.get(machine, path)),
    pause: (machine) => call((host) => host.pause(machine)),
    resume: (machine) => call((host) => host.resume(machine)),
    speed: (machine, speed) => call((host) => host.speed(machine, speed)),
    meters: (machine) => call((host) => host.meters(machine)),
    travel: (machine, target) => call((host) => host.travel(machine, target)),
    probe: (machine, probe, args) => call((host) => host.probe(machine, probe, args)),
    control: (machine, control, args) => call((host) => host.control(machine, control, args)),
    join: (end) => call((host) => host.join(transfer(end, [end as MessagePort]))),
    networkProbe: (probe, args) => call((host) => host.networkProbe(probe, args)),
    networkControl: (control, args) => call((host) => host.networkControl(control, args)),
    snapshot: (machine) => call((host) => host.snapshot(machine)),
    restore: (machine, snapshot) => call((host) => host.restore(machine, snapshot)),
  };
}
