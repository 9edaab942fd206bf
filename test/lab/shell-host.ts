import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { HostApi, MachineEvent, RunOptions, RunResult, StartOptions, StartReport } from "../../src/machine/api.ts";
import { HostLinks, portOf } from "../../src/machine/hosting/links.ts";
import { platformOf } from "../../src/machine/platforms.ts";
import type { MachineSpec } from "../../src/machine/spec.ts";
import type { MessageEnd } from "../../src/network/api.ts";

interface ShellMachine {
  readonly folder: string;
  readonly platform: string | undefined;
  readonly events: (event: MachineEvent) => void;
  alive: boolean;
}

const REPORT: StartReport = { how: "boot", milliseconds: 1, agentMilliseconds: 1, instructions: 1 };

/**
 * A host whose machines are folders: scripts are run by this computer's own `/bin/sh` in the machine's folder, files
 * are put into it, a snapshot is a tar of it. Quick, and real where a session can tell the difference.
 */
export class ShellHost implements HostApi {
  /** Every script that was begun, and every one that came to its end. */
  readonly scripts: string[] = [];
  readonly ended: string[] = [];
  readonly started: string[] = [];
  /** The environment each machine was last started with. */
  readonly environments = new Map<string, Readonly<Record<string, string>> | undefined>();
  /** Names of machines that refuse to start. */
  readonly refused = new Set<string>();
  /** What starts of machines wait for, by name. */
  readonly gates = new Map<string, Promise<void>>();
  /** Starts in the order they were asked for. */
  readonly begun: string[] = [];
  /** Whether each machine's disks were left as they were when it was last started. */
  readonly disks = new Map<string, StartOptions["disks"]>();
  /** True: scripts run, and nobody is told how they ended. */
  mute = false;
  /** Real ones, with an end for each card of each machine, from which nobody sends. */
  readonly links = new HostLinks();
  readonly #machines = new Map<string, ShellMachine>();

  async start(
    spec: MachineSpec,
    { environment, disks, links = {} }: StartOptions,
    events: (event: MachineEvent) => void,
  ): Promise<StartReport> {
    if (this.refused.has(spec.name)) throw new Error(`The image of \`${spec.name}\` is damaged.`);
    await this.stop(spec.name);
    this.begun.push(spec.name);
    await this.gates.get(spec.name);
    await this.links.declare(links);
    for (const [nic, { link, backend }] of spec.nics.entries())
      if (link !== undefined && backend === undefined) this.links.port(link, portOf(spec, nic));
    const folder = await mkdtemp(join(tmpdir(), "ringside-"));
    events({ type: "progress", progress: { stage: "boot" } });
    this.#machines.set(spec.name, { folder, platform: platformOf(spec.image), events, alive: true });
    this.started.push(spec.name);
    this.environments.set(spec.name, environment);
    this.disks.set(spec.name, disks);
    return REPORT;
  }

  async stop(name: string): Promise<void> {
    const machine = this.#machines.get(name);
    this.#machines.delete(name);
    if (machine) await rm(machine.folder, { recursive: true, force: true });
  }

  /** Ends a machine the way a kernel panic does. */
  crash(name: string, message: string): void {
    const machine = this.#machine(name);
    machine.alive = false;
    machine.events({ type: "stopped", reason: "panic", message });
  }

  tell(name: string, event: MachineEvent): void {
    this.#machine(name).events(event);
  }

  async run(name: string, script: string, { limit = 10_000 }: RunOptions = {}): Promise<RunResult> {
    const { folder } = this.#machine(name);
    this.scripts.push(script);
    const result = await runShell(script, folder, limit);
    this.ended.push(script);
    return this.mute ? new Promise(() => undefined) : result;
  }

  async put(name: string, path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
    const file = this.fileOf(name, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    await chmod(file, mode);
  }

  async get(name: string, path: string): Promise<Uint8Array> {
    return readFile(this.fileOf(name, path));
  }

  fileOf(name: string, path: string): string {
    return join(this.#machine(name).folder, path);
  }

  /** As a host does: guests of a platform are saved together, others alone. */
  async snapshot(name: string): Promise<Uint8Array> {
    const tars = this.#together(name).map(async (one) => {
      const { stdout } = await runShell("tar -c .", this.#machine(one).folder, 0);
      return [one, Buffer.from(stdout).toString("base64")];
    });
    return new TextEncoder().encode(JSON.stringify(Object.fromEntries(await Promise.all(tars))));
  }

  async restore(name: string, snapshot: Uint8Array): Promise<void> {
    if (!this.#machines.has(name)) throw new Error(`There is no machine \`${name}\`.`);
    const tars = JSON.parse(new TextDecoder().decode(snapshot)) as Record<string, string>;
    for (const [one, tar] of Object.entries(tars)) await this.#unpack(one, Buffer.from(tar, "base64"));
  }

  async #unpack(name: string, bytes: Uint8Array): Promise<void> {
    const machine = this.#machines.get(name)!;
    for (const entry of await readdir(machine.folder)) await rm(join(machine.folder, entry), { recursive: true });
    const tar = spawn("tar", ["-x", "-C", machine.folder], { stdio: ["pipe", "inherit", "inherit"] });
    tar.stdin.end(bytes);
    await new Promise((resolve) => tar.on("close", resolve));
    machine.alive = true;
  }

  #together(name: string): string[] {
    if (this.#machine(name).platform === undefined) return [name];
    return [...this.#machines].filter(([, { platform, alive }]) => alive && platform).map(([other]) => other);
  }

  async type(): Promise<void> {}
  async acknowledge(): Promise<void> {}
  async resize(): Promise<void> {}
  async pause(): Promise<void> {}
  async resume(): Promise<void> {}
  async speed(): Promise<void> {}

  /** A folder has no exits and no memory. */
  async travel(): Promise<never> {
    throw new Error("This machine has no exits.");
  }

  /** A folder has no memory to look into; what a look would find is written in a file of the probe's name. */
  async probe(machine: string, probe: string): Promise<unknown> {
    return JSON.parse(await readFile(this.fileOf(machine, `${probe}.json`), "utf8"));
  }

  /** A folder has no devices; what was turned is written down. */
  async control(machine: string, control: string, args: Readonly<Record<string, unknown>>): Promise<void> {
    await writeFile(this.fileOf(machine, `${control}.json`), JSON.stringify(args));
  }

  join(end: MessageEnd): Promise<void> {
    return this.links.join(end);
  }

  async networkProbe(probe: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.links.probe(probe, args);
  }

  async networkControl(control: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.links.control(control, args);
  }

  async meters() {
    return { running: true, instructions: 0, busy: 0, jit: false };
  }

  async close(): Promise<void> {
    for (const name of [...this.#machines.keys()]) await this.stop(name);
    this.links.clear();
  }

  #machine(name: string): ShellMachine {
    const machine = this.#machines.get(name);
    if (!machine?.alive) throw new Error(`Machine \`${name}\` does not run.`);
    return machine;
  }
}

function runShell(script: string, cwd: string, limit: number): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", script], { cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let late = false;
    const kill = () => {
      late = true;
      if (child.pid) process.kill(-child.pid, "SIGKILL");
    };
    const timer = limit > 0 ? setTimeout(kill, limit) : undefined;
    child.stdout.on("data", (bytes: Buffer) => output.stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => output.stderr.push(bytes));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const [stdout, stderr] = [Buffer.concat(output.stdout), Buffer.concat(output.stderr)];
      const how = late ? "time limit" : signal ? "signal" : "exited";
      resolve({ exit: late ? 124 : (code ?? 137), how, stdout, stderr, truncated: false });
    });
  });
}
