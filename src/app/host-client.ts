import { proxy, transfer } from "comlink";
import type { HostApi, MachineEvent, RunOptions, StartOptions } from "../machine/api.ts";
import type { MachineSpec } from "../machine/spec.ts";
import { startWorker, type WorkerLost } from "./worker-client.ts";

/** A host in a worker of its own. */
export interface HostClient {
  /** Calls of a host that is lost reject with {@link WorkerLost}; they never hang. */
  readonly api: HostApi;
  /**
   * Fetches what an image and its layers need before anybody asks for a machine. Failing costs nothing: the start fetches
   * again.
   */
  prepare(image: string, layers: readonly string[]): Promise<void>;
  /** Starts a machine whose state is stored ahead of its start, which then takes no time. */
  ready(spec: MachineSpec, options: StartOptions): Promise<void>;
  /** Called once when the worker is gone or never came. Called at once when that is already so. */
  onLost(listener: (error: WorkerLost) => void): void;
  readonly lost: WorkerLost | undefined;
  close(): void;
}

type Remote = HostApi & Pick<HostClient, "prepare" | "ready">;

/** Starts a worker. Never throws: a worker that cannot be made is a lost one. */
export function startHost(): HostClient {
  const client = startWorker<Remote>(
    () => new Worker(new URL("../../workers/host.ts", import.meta.url), { type: "module", name: "ringside host" }),
    (host) => host.meters(""), // no machine has this name: the refusal is the sign
  );
  // the interface is one of promises already, which comlink's own type does not know
  const call: Call = (make) => client.call((remote) => make(remote as unknown as Remote));
  return {
    api: hostApi(call),
    prepare: (image, layers) => call((host) => host.prepare(image, layers)),
    ready: (spec, options) => call((host) => host.ready(spec, options)),
    onLost: client.onLost,
    get lost() {
      return client.lost;
    },
    close: client.close,
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
