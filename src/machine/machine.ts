import type { V86 } from "v86";
import type { LinkPort } from "../network/link.ts";
import { parseMac } from "../network/mac.ts";
import { AgentClient } from "./agent/client.ts";
import type { Identity } from "./agent/protocol.ts";
import type { Meters, NoticeCode, RunOptions, RunResult, StartOptions, StopReason, TravelReport } from "./api.ts";
import { type BootParts, loadLinux } from "./boot.ts";
import { ConsoleStream } from "./console.ts";
import { NetworkCard } from "./devices/card.ts";
import { VirtioConsole } from "./devices/virtio-console.ts";
import { virtioDisks } from "./devices/virtio-disks.ts";
import { virtioCards } from "./devices/virtio-net/cards.ts";
import type { VirtioNet } from "./devices/virtio-net.ts";
import type { Disk } from "./disk/disk.ts";
import { type Emulator, makeEmulator } from "./emulator.ts";
import type { GuestMachine } from "./guest-machine.ts";
import { DeviceObserver } from "./observe/observer.ts";
import type { PlatformGuest } from "./platform.ts";
import { Scheduler } from "./scheduler.ts";
import { SerialLog, TextLog } from "./serial-log.ts";
import { packMachine, unpackMachine } from "./snapshot/machine-state.ts";
import type { MachineSpec } from "./spec.ts";
import { type Internals, openInternals } from "./v86-internals.ts";

/** Ports of the console device (images/linux/agent/PROTOCOL.md). */
const CONSOLE = 0;
const AGENT = 1;

export interface MachineHooks {
  readonly onConsole: (bytes: Uint8Array) => void;
  /** Once: the machine runs no more. */
  readonly onStopped: (reason: StopReason, message: string) => void;
  readonly onNotice: (code: NoticeCode, message: string) => void;
  /** A tool of a layer was started; resolves when the layer is in the guest. */
  readonly onWant: (layer: string) => Promise<void>;
}

/** What belongs to the machine and lies outside its emulator. */
export interface Belongings {
  /** By the names of the spec. */
  readonly disks: ReadonlyMap<string, Disk>;
  /** Where its network cards are plugged in, by their number in the spec, but for Xen's; absent for nowhere. */
  readonly cables: ReadonlyMap<number, LinkPort>;
  /** Its place on a platform, for a machine that boots on one. */
  readonly platform?: PlatformGuest;
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
  readonly #observer: DeviceObserver;
  readonly #belongings: Belongings;
  readonly #hooks: MachineHooks;
  readonly #second: ReturnType<typeof setInterval>;
  readonly #serial = new SerialLog((why) => this.#panicked(why));
  readonly #platformConsole = new TextLog();
  #left = false;
  #ne2000: NetworkCard | undefined;
  readonly #cards: readonly VirtioNet[];
  #stopped: string | undefined;
  #greeted = false;
  #restoring = false;
  /** Saved for the platform, until it may be put back. */
  #savedPlace: unknown;
  #whenAgent: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /** Makes a machine that has not run: {@link boot} it or {@link restore} a snapshot into it. */
  static async create(
    spec: MachineSpec,
    parts: Emulator,
    belongings: Belongings,
    hooks: MachineHooks,
  ): Promise<Machine> {
    const { platform } = belongings;
    const trap = platform && ((asked: Parameters<PlatformGuest["trap"]>[0]) => platform.trap(asked));
    const emulator = await makeEmulator(spec, parts, belongings.disks, trap);
    return new Machine(spec, emulator, belongings, parts.scratch, hooks);
  }

  private constructor(
    spec: MachineSpec,
    emulator: V86,
    belongings: Belongings,
    scratch: number | undefined,
    hooks: MachineHooks,
  ) {
    this.spec = spec;
    this.#emulator = emulator;
    this.#belongings = belongings;
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
    this.#plugNe2000();
    this.#takePlace(scratch);
    const now = () => this.#scheduler.now();
    const blocks = virtioDisks(this.#internals, spec, belongings.disks, now);
    this.#cards = virtioCards(this.#internals, spec, belongings.cables, now);
    this.#internals.saveWith([...blocks, ...this.#cards]);
    this.#observer = new DeviceObserver({ spec, internals: this.#internals, blocks, cards: this.#cards, now });
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
    const { platform } = this.#belongings;
    loadLinux(this.#internals, { ...parts, reservedTop: platform?.reservedTop ?? 0 });
    const ready = this.#untilAgent();
    await this.#emulator.run();
    await ready;
    await platform?.ready();
  }

  /**
   * Puts a machine that has not run into a saved state, its own or that of another with the same image and memory. It
   * stands still until {@link release}.
   *
   * @throws Error when v86 cannot make sense of the state; the machine is of no use then
   */
  async restore(state: ArrayBuffer): Promise<void> {
    const { emulator, clock, disks, platform } = unpackMachine(state);
    this.#scheduler.pause("held");
    this.#restoring = true;
    try {
      await this.#internals.restoring(() => this.#emulator.restore_state(emulator.buffer as ArrayBuffer));
    } finally {
      this.#restoring = false;
    }
    for (const [name, disk] of disks) this.#belongings.disks.get(name)!.restore(disk);
    this.#greeted = true;
    this.#scheduler.setClock(clock);
    this.#savedPlace = platform;
    await this.#emulator.run();
  }

  /**
   * Puts its place on the platform back to where it was saved, when all guests' memories and the platform itself are.
   *
   * @throws Error as {@link PlatformGuest.restore} does
   */
  restorePlace(): void {
    this.#belongings.platform?.restore(this.#savedPlace);
    this.#savedPlace = undefined;
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

  /** What its devices show; what is inside the guest, its own tools say. */
  async probe(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = this.#observer.probe(name, args);
    if (answer !== undefined) return answer;
    throw new Error(`Machine \`${this.spec.name}\` has no probe \`${name}\` of its memory.`);
  }

  async control(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = this.#observer.control(name, args);
    if (answer !== undefined) return answer;
    throw new Error(`Machine \`${this.spec.name}\` has no setting \`${name}\`.`);
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
    while (this.busy) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.capture();
  }

  /** True while a call of the agent is under way. */
  get busy(): boolean {
    return this.agent.busy > 0;
  }

  /** The state at this moment: everything is read before this returns, what is left is packing. */
  capture(): Promise<ArrayBuffer> {
    this.#scheduler.pause("snapshot");
    this.#console.flush();
    this.#device.settle();
    const state = this.#emulator.save_state();
    const beside = {
      clock: this.#scheduler.now(),
      disks: new Map([...this.#belongings.disks].map(([name, disk]) => [name, disk.save()])),
      platform: this.#belongings.platform?.save(),
    };
    return state
      .then((bytes) => packMachine({ emulator: new Uint8Array(bytes), ...beside }))
      .finally(() => this.#scheduler.resume("snapshot"));
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
    return this.#serial.text;
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
    this.#leave();
    this.#stopped ??= `Machine \`${this.spec.name}\` was switched off.`;
    this.#failWaiting(this.#stopped);
    this.#internals.end();
  }

  /** The platform ended the guest. It executes nothing more, not even the rest of its turn. */
  ended(reason: StopReason, what: string): void {
    this.#internals.halt();
    this.#stop(reason, what);
  }

  /** What the guest wrote to its platform's console. */
  get platformConsole(): string {
    return this.#platformConsole.text;
  }

  onPlatformConsole(bytes: Uint8Array): void {
    this.#platformConsole.add(new TextDecoder().decode(bytes));
  }

  #plugNe2000(): void {
    const nic = this.spec.nics.findIndex(({ model }) => model === "ne2k");
    if (nic < 0) return;
    this.#internals.setMac(parseMac(this.spec.nics[nic]!.mac)!);
    const cable = this.#belongings.cables.get(nic);
    if (cable) this.#ne2000 = new NetworkCard(this.#internals, cable);
  }

  #takePlace(scratch: number | undefined): void {
    const { platform } = this.#belongings;
    if (!platform) return;
    if (scratch === undefined) throw new Error("A machine on a platform needs the emulator with the platform's hooks.");
    platform.attach(this.#internals.guestAccess({ scratch, now: () => this.#scheduler.now() }));
    this.#internals.aroundTurns(
      () => platform.beforeTurn(),
      () => {
        platform.afterTurn();
        return false;
      },
    );
  }

  /** Off the platform and off its links, once. */
  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#ne2000?.close();
    for (const card of this.#cards) card.close();
    this.#belongings.platform?.detach();
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
    this.#emulator.add_listener("serial0-output-byte", (byte: number) => this.#serial.byte(byte));
    this.#emulator.add_listener("cpu-event-halt" as "emulator-stopped", () => {
      this.#stop("poweroff", "it was switched off from inside");
    });
    this.#internals.onReset(() => {
      // On Xen a kernel that panicked does not wait: it resets the machine, for the toolstack to decide.
      const { panic } = this.#serial;
      if (panic) this.#panicked(panic);
      else this.#stop("reboot", "it asked for a reset");
    });
  }

  #panicked(why: string): void {
    this.#stop("panic", `the kernel panicked (\`${why}\`)`);
  }

  #stop(reason: StopReason, what: string): void {
    if (this.#stopped) return;
    this.#stopped = `Machine \`${this.spec.name}\` stopped: ${what}. Restart it, or go back to a save point.`;
    this.#scheduler.pause("stopped");
    this.#console.flush();
    this.#failWaiting(this.#stopped);
    // not at once: this may be in the middle of a call of the platform's
    queueMicrotask(() => this.#leave());
    this.#hooks.onStopped(reason, this.#stopped);
  }

  #failWaiting(message: string): void {
    this.agent.abandon(message);
    this.#whenAgent?.reject(new Error(message));
    this.#whenAgent = undefined;
  }
}
