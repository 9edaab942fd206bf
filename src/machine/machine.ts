import type { V86 } from "v86";
import { parseMac } from "../network/mac.ts";
import { AgentClient } from "./agent/client.ts";
import type { Identity } from "./agent/protocol.ts";
import type { Meters, NoticeCode, RunOptions, RunResult, StartOptions, StopReason, TravelReport } from "./api.ts";
import { type BootParts, loadLinux } from "./boot.ts";
import { ConsoleStream } from "./console.ts";
import { VirtioConsole } from "./devices/virtio-console.ts";
import type { GuestMachine } from "./guest-machine.ts";
import { Scheduler } from "./scheduler.ts";
import type { MachineSpec } from "./spec.ts";
import { type Internals, loadV86, openInternals } from "./v86-internals.ts";

/** Ports of the console device (images/linux/agent/PROTOCOL.md). */
const CONSOLE = 0;
const AGENT = 1;

/** v86 keeps this much video memory in every snapshot; our guests have no screen. The least its VGA works with. */
const VGA_MEMORY = 1 << 18;

/** Characters of the serial port kept for a reader of early boot messages and panics. */
const SERIAL_KEPT = 64 << 10;

export interface MachineHooks {
  readonly onConsole: (bytes: Uint8Array) => void;
  /** Once: the machine runs no more. */
  readonly onStopped: (reason: StopReason, message: string) => void;
  readonly onNotice: (code: NoticeCode, message: string) => void;
  /** A tool of a layer was started; resolves when the layer is in the guest. */
  readonly onWant: (layer: string) => Promise<void>;
}

/** What the emulator itself is made of, shared by all machines of a host. */
export interface Emulator {
  /** v86.wasm, compiled once. */
  readonly module: WebAssembly.Module;
  /** The image's ROM: what the CPU starts with. */
  readonly rom: Uint8Array<ArrayBuffer>;
}

/** A terminal's size before anybody knows better. */
export const TERMINAL = { columns: 80, rows: 24 } as const;

/** Seconds of running the agent has to set the clock after a pause; a sound one takes milliseconds. */
const FIRST_ANSWER = 10;

/** One Linux guest: v86 held behind one class, with its console, its agent and its time. */
export class Machine implements GuestMachine {
  readonly spec: MachineSpec;
  readonly agent: AgentClient;
  readonly #emulator: V86;
  readonly #internals: Internals;
  readonly #scheduler: Scheduler;
  readonly #console: ConsoleStream;
  readonly #device: VirtioConsole;
  readonly #hooks: MachineHooks;
  readonly #second: ReturnType<typeof setInterval>;
  #serial = "";
  #stopped: string | undefined;
  #greeted = false;
  #restoring = false;
  #whenAgent: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /** Makes a machine that has not run: {@link boot} it or {@link restore} a snapshot into it. */
  static async create(spec: MachineSpec, { module, rom }: Emulator, hooks: MachineHooks): Promise<Machine> {
    const V86 = await loadV86();
    const emulator = new V86({
      wasm_fn: async (imports: WebAssembly.Imports) => (await WebAssembly.instantiate(module, imports)).exports,
      memory_size: spec.memory << 20,
      vga_memory_size: VGA_MEMORY,
      bios: { buffer: rom.slice().buffer },
      net_device: { type: spec.nics.length > 0 ? "virtio" : "none" },
      virtio_console: true,
      disable_jit: true,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      autostart: false,
      fastboot: true,
    } as unknown as ConstructorParameters<typeof V86>[0]);
    await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
    return new Machine(spec, emulator, hooks);
  }

  private constructor(spec: MachineSpec, emulator: V86, hooks: MachineHooks) {
    this.spec = spec;
    this.#emulator = emulator;
    this.#hooks = hooks;
    this.#internals = openInternals(emulator);
    this.#internals.packMemoryRaw();
    this.#scheduler = new Scheduler(this.#internals, (error) => {
      this.#stop("fault", `executing it failed (${error instanceof Error ? error.message : String(error)})`);
    });
    this.agent = new AgentClient(spec.name, {
      send: (bytes) => this.#device.send(AGENT, bytes),
      onHello: () => this.#onHello(),
      onLost: (message) => hooks.onNotice("agent-lost", message),
      onSilent: (message) => hooks.onNotice("agent-silent", message),
      onAnswering: () => this.#sayAgentBack(),
      onWant: hooks.onWant,
    });
    this.#console = new ConsoleStream({
      deliver: hooks.onConsole,
      pause: () => this.#scheduler.pause("console"),
      resume: () => this.#scheduler.resume("console"),
    });
    this.#device = new VirtioConsole(this.#internals, [
      { name: "ringside.console", terminal: true, output: (bytes) => this.#console.push(bytes) },
      {
        name: "ringside.agent",
        terminal: false,
        output: (bytes) => this.agent.receive(bytes),
        opened: (open) => this.agent.opened(open, this.#restoring),
      },
    ]);
    const mac = spec.nics[0] && parseMac(spec.nics[0].mac);
    if (mac) this.#internals.setMac(mac);
    this.#listen();
    this.#second = setInterval(() => this.#scheduler.running && this.agent.tick(), 1000);
  }

  /**
   * Starts Linux.
   *
   * @returns when the guest's agent has said its first word
   * @throws BootError when the image cannot boot here; Error when the machine stops before
   */
  async boot(parts: BootParts): Promise<void> {
    loadLinux(this.#internals, parts);
    const ready = this.#untilAgent();
    await this.#emulator.run();
    await ready;
  }

  /**
   * Puts a machine that has not run into a saved state, its own or that of another with the same image and memory. It
   * stands still until {@link release}.
   *
   * @throws Error when v86 cannot make sense of the state; the machine is of no use then
   */
  async restore(state: ArrayBuffer): Promise<void> {
    this.#scheduler.pause("held");
    this.#restoring = true;
    try {
      await this.#internals.restoring(() => this.#emulator.restore_state(state));
    } finally {
      this.#restoring = false;
    }
    this.#greeted = true;
    this.#scheduler.forgetClock();
    await this.#emulator.run();
  }

  async openConsole({ environment = {}, ...size }: StartOptions): Promise<void> {
    this.resize(size.columns ?? TERMINAL.columns, size.rows ?? TERMINAL.rows);
    await this.agent.startConsole(environment);
  }

  /** @param patience seconds of running it has to answer */
  identify(identity: Identity, patience?: number): Promise<void> {
    return this.agent.identify(identity, patience);
  }

  run(script: string, options?: RunOptions): Promise<RunResult> {
    return this.agent.run(script, options);
  }

  put(path: string, bytes: Uint8Array, mode?: number): Promise<void> {
    return this.agent.put(path, bytes, mode);
  }

  get(path: string): Promise<Uint8Array> {
    return this.agent.get(path);
  }

  /** Nothing is read from this guest's memory: what is seen of it, its own tools say. */
  async probe(name: string): Promise<never> {
    throw new Error(`Machine \`${this.spec.name}\` has no probe \`${name}\` of its memory.`);
  }

  async control(control: string): Promise<never> {
    throw new Error(`Machine \`${this.spec.name}\` has no setting \`${control}\`.`);
  }

  async travel(): Promise<TravelReport> {
    throw new Error(`Machine \`${this.spec.name}\` runs without a hypervisor: it has no exits to go to.`);
  }

  /** Makes it stand still, in its own time too, until {@link release}. */
  hold(): void {
    this.#scheduler.pause("held");
    this.#console.flush();
  }

  /** True while the guest has nothing to do. */
  get resting(): boolean {
    return this.#internals.halted();
  }

  release(): void {
    this.#scheduler.resume("held");
  }

  /** The state between two turns, with no call of the agent under way, so that it can be restored anywhere. */
  async save(): Promise<ArrayBuffer> {
    while (this.agent.busy > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    this.#scheduler.pause("snapshot");
    try {
      this.#console.flush();
      this.#device.settle();
      return await this.#emulator.save_state();
    } finally {
      this.#scheduler.resume("snapshot");
    }
  }

  /** It keeps no states by itself. */
  async rescue(): Promise<undefined> {}

  /** Bytes for the console, as typed. */
  type(bytes: Uint8Array): void {
    this.#device.send(CONSOLE, bytes);
  }

  acknowledge(bytes: number): void {
    this.#console.acknowledge(bytes);
  }

  resize(columns: number, rows: number): void {
    this.#device.resize(columns, rows);
  }

  pause(): void {
    this.#scheduler.pause("user");
  }

  resume(): void {
    this.#scheduler.resume("user");
    // its clocks stood still; the wall clock is set right, if the agent is there to do it, the uptime is not
    void this.agent.identify({ time: Date.now() }, FIRST_ANSWER).catch(() => {});
  }

  /** @param speed share of full speed, above 0 to 1 */
  setSpeed(speed: number): void {
    this.#scheduler.setSpeed(speed);
  }

  meters(): Meters {
    return {
      running: this.#scheduler.running,
      instructions: this.#internals.instructions(),
      busy: this.#scheduler.takeBusy(),
      jit: this.#scheduler.jit,
    };
  }

  /** What the guest wrote to its serial port: early boot messages and panics. */
  get serial(): string {
    return this.#serial;
  }

  get alive(): boolean {
    return this.#stopped === undefined;
  }

  /** @throws Error saying why the machine stopped, if it has */
  assertAlive(): void {
    if (this.#stopped) throw new Error(this.#stopped);
  }

  /** Ends the machine and frees what it holds. */
  destroy(): void {
    this.#scheduler.pause("stopped");
    clearInterval(this.#second);
    this.#console.close();
    this.#stopped ??= `Machine \`${this.spec.name}\` was switched off.`;
    this.#failWaiting(this.#stopped);
    this.#internals.end();
  }

  #untilAgent(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#whenAgent = { resolve, reject };
    });
  }

  #onHello(): void {
    this.#whenAgent?.resolve();
    this.#whenAgent = undefined;
    if (this.#greeted) this.#sayAgentBack();
    this.#greeted = true;
  }

  #sayAgentBack(): void {
    this.#hooks.onNotice("agent-back", `The agent of \`${this.spec.name}\` is back.`);
  }

  #listen(): void {
    let line = "";
    let panic = "";
    this.#emulator.add_listener("serial0-output-byte", (byte: number) => {
      line += String.fromCharCode(byte);
      if (byte !== 10) return;
      this.#serial = (this.#serial + line).slice(-SERIAL_KEPT);
      panic ||= /Kernel panic - not syncing: (.*?)\s*$/.exec(line)?.[1] ?? "";
      if (panic && line.includes("end Kernel panic")) this.#stop("panic", `the kernel panicked (\`${panic}\`)`);
      line = "";
    });
    this.#emulator.add_listener("cpu-event-halt" as "emulator-stopped", () => {
      this.#stop("poweroff", "it was switched off from inside");
    });
    this.#internals.onReset(() => this.#stop("reboot", "it asked for a reset"));
  }

  #stop(reason: StopReason, what: string): void {
    if (this.#stopped) return;
    this.#stopped = `Machine \`${this.spec.name}\` stopped: ${what}. Restart it, or go back to a save point.`;
    this.#scheduler.pause("stopped");
    this.#console.flush();
    this.#failWaiting(this.#stopped);
    this.#hooks.onStopped(reason, this.#stopped);
  }

  #failWaiting(message: string): void {
    this.agent.abandon(message);
    this.#whenAgent?.reject(new Error(message));
    this.#whenAgent = undefined;
  }
}
