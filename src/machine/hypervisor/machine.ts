import type { V86 } from "v86";
import type { Meters, NoticeCode, RunOptions, RunResult, StopReason, TravelReport, TravelTarget } from "../api.ts";
import { ConsoleStream } from "../console.ts";
import type { GuestMachine } from "../guest-machine.ts";
import type { MachineSpec } from "../spec.ts";
import { type Internals, openInternals } from "../v86-internals.ts";
import { loadV86 } from "../v86-library.ts";
import { InstructionClock } from "./clock.ts";
import { ControlShell } from "./control-shell.ts";
import { Inspector } from "./inspector.ts";
import { type BootChoice, bootChoice } from "./options.ts";
import { Pace } from "./pace.ts";
import { Timeline } from "./timeline.ts";

/** The hypervisor's ports to its watcher (images/hypervisor/abi/trace.h). */
const PORT_DOORBELL = 0xe8;
const PORT_INFO = 0xe9;
const PORT_END = 0xf4;
/** And the guest's (abi/guest.h). */
const PORT_MARK = 0xe7;
const BELL_EXIT = 1;
const BELL_PANIC = 4;
const BELL_CLOCK_STOP = 5;
const BELL_CLOCK_GO = 6;

/** The least v86's VGA works with; the machine has no screen. */
const VGA_MEMORY = 1 << 18;

/** What the guest's shell prints when it waits for a command. */
const PROMPT = "$ ";

/** Characters of the console kept for a reader who was not there. */
const CONSOLE_KEPT = 64 << 10;

export interface HypervisorParts {
  /** v86.wasm, compiled once. */
  readonly module: WebAssembly.Module;
  readonly elf: Uint8Array<ArrayBuffer>;
  /** layout.json of the same build. */
  readonly layout: unknown;
  /** MiB. */
  readonly memory: number;
}

export interface HypervisorHooks {
  readonly onConsole: (bytes: Uint8Array) => void;
  readonly onStopped: (reason: StopReason, message: string) => void;
  readonly onNotice: (code: NoticeCode, message: string) => void;
}

/** A machine that boots the teaching hypervisor, or its guest alone, and can be stepped from exit to exit and back. */
export class HypervisorMachine implements GuestMachine {
  readonly spec: MachineSpec;
  readonly #emulator: V86;
  readonly #internals: Internals;
  readonly #clock: InstructionClock;
  readonly #pace: Pace;
  readonly #console: ConsoleStream;
  readonly #shell: ControlShell;
  readonly #timeline: Timeline;
  readonly #inspector: Inspector;
  readonly #hooks: HypervisorHooks;
  #kept = "";
  #stopped: string | undefined;
  #whenPrompt: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /**
   * Makes a machine that has not run: {@link boot} it or {@link restore} a state into it.
   *
   * @param choice how it boots; from the spec's options unless a test says otherwise
   */
  static async create(
    spec: MachineSpec,
    parts: HypervisorParts,
    hooks: HypervisorHooks,
    choice: BootChoice = bootChoice(spec),
  ): Promise<HypervisorMachine> {
    const V86 = await loadV86();
    const emulator = new V86({
      wasm_fn: async (imports: WebAssembly.Imports) => (await WebAssembly.instantiate(parts.module, imports)).exports,
      memory_size: parts.memory << 20,
      vga_memory_size: VGA_MEMORY,
      multiboot: { buffer: parts.elf.slice().buffer },
      cmdline: choice.commandLine,
      net_device: { type: "none" },
      uart1: true,
      disable_jit: !choice.jit,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      autostart: false,
    } as unknown as ConstructorParameters<typeof V86>[0]);
    await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
    return new HypervisorMachine(spec, emulator, parts, hooks, choice);
  }

  private constructor(
    spec: MachineSpec,
    emulator: V86,
    parts: HypervisorParts,
    hooks: HypervisorHooks,
    choice: BootChoice,
  ) {
    this.spec = spec;
    this.#emulator = emulator;
    this.#hooks = hooks;
    this.#internals = openInternals(emulator);
    this.#internals.packMemoryRaw();
    this.#internals.clearAbsentBars();
    this.#clock = new InstructionClock(this.#internals);
    this.#inspector = new Inspector(this.#internals, parts.layout);
    this.#pace = new Pace(this.#internals, this.#clock, {
      onBell: (bell) => this.#onBell(bell),
      onFault: (error) =>
        this.#stop(
          "fault",
          `executing it failed (v86 cannot go on: ${error instanceof Error ? error.message : String(error)})`,
        ),
    });
    this.#console = new ConsoleStream({
      deliver: hooks.onConsole,
      pause: () => this.#pace.pause("console"),
      resume: () => this.#pace.resume("console"),
    });
    this.#timeline = new Timeline({
      pace: this.#pace,
      clock: this.#clock,
      exact: choice.exact,
      save: () => this.#emulator.save_state(),
      restore: (state) => this.#internals.restoring(() => this.#emulator.restore_state(state)),
      input: (terminal, bytes) => {
        for (const byte of bytes) this.#internals.receive(terminal, byte);
      },
      info: () => this.#inspector.info,
      found: (info) => this.#inspector.found(info),
      kindOfExit: () => this.#inspector.lastExit(),
      show: (byte) => this.#show(byte),
      answer: (byte) => this.#shell.receive(byte),
    });
    this.#shell = new ControlShell((bytes) => this.#timeline.type(1, bytes));
    this.#listen();
  }

  /** Starts it. @returns when the guest's shell waits for a command, or the machine stands at an exit it was told to */
  async boot(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#whenPrompt = { resolve, reject };
    });
    this.#timeline.keepStart();
    await this.#emulator.run();
    await ready;
  }

  async save(): Promise<ArrayBuffer> {
    return this.#timeline.pack();
  }

  rescue(): Promise<ArrayBuffer | undefined> {
    return this.#timeline.rescue();
  }

  async restore(state: ArrayBuffer): Promise<void> {
    this.#pace.pause("held");
    await this.#timeline.unpack(state, () => this.#emulator.run());
  }

  /** A console is there from the start. */
  async openConsole(): Promise<void> {}

  /** The guest has neither a name nor a clock of its own. */
  async identify(): Promise<void> {}

  hold(): void {
    this.#pace.pause("held");
    this.#console.flush();
  }

  release(): void {
    this.#pace.resume("held");
  }

  get resting(): boolean {
    return this.#internals.halted();
  }

  type(bytes: Uint8Array): void {
    this.#timeline.type(0, bytes);
  }

  acknowledge(bytes: number): void {
    this.#console.acknowledge(bytes);
  }

  /** The guest's terminal is a line printer with a keyboard: it has no size. */
  resize(): void {}

  run(script: string, options?: RunOptions): Promise<RunResult> {
    return this.#shell.run(script, options);
  }

  /** @throws Error when the guest has no room, or the path is none of its file system's */
  async put(path: string, bytes: Uint8Array): Promise<void> {
    const { exit, stdout } = await this.run(writeCommand(path, bytes));
    if (exit !== 0) throw new Error(`\`${path}\` could not be written: ${new TextDecoder().decode(stdout).trim()}`);
  }

  async get(path: string): Promise<Uint8Array> {
    const { exit, stdout } = await this.run(`cat ${path}`);
    if (exit === 0) return stdout;
    throw new Error(`\`${path}\` could not be read: ${new TextDecoder().decode(stdout).trim()}`);
  }

  pause(): void {
    this.#timeline.stop();
    this.#pace.pause("user");
    this.#console.flush();
  }

  resume(): void {
    this.#timeline.stop();
    this.#pace.resume("user");
  }

  setSpeed(speed: number): void {
    this.#pace.setSpeed(speed);
  }

  meters(): Meters {
    return {
      running: this.#pace.running,
      instructions: this.#internals.instructions(),
      busy: this.#pace.takeBusy(),
      jit: false,
      exits: this.#timeline.exits,
    };
  }

  async probe(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#inspector.read(name, args);
  }

  /** It has no devices to turn anything of. */
  async control(control: string): Promise<never> {
    throw new Error(`Machine \`${this.spec.name}\` has no setting \`${control}\`.`);
  }

  async travel(target: TravelTarget): Promise<TravelReport> {
    this.#pace.pause("user");
    this.#console.flush();
    const report = await this.#timeline.travel(target);
    this.#console.flush();
    return report;
  }

  /** What the machine wrote to the student's console. */
  get serial(): string {
    return this.#kept;
  }

  get alive(): boolean {
    return this.#stopped === undefined;
  }

  assertAlive(): void {
    if (this.#stopped) throw new Error(this.#stopped);
  }

  destroy(): void {
    this.#pace.pause("stopped");
    this.#console.close();
    this.#stopped ??= `Machine \`${this.spec.name}\` was switched off.`;
    this.#failWaiting(this.#stopped);
    this.#internals.end();
  }

  #listen(): void {
    const terminals = ["serial0-output-byte", "serial1-output-byte"] as const;
    terminals.forEach((event, index) => {
      this.#emulator.add_listener(event, (byte: number) => this.#timeline.output(index as 0 | 1, byte));
    });
    this.#internals.onPortRead(PORT_DOORBELL, () => this.#internals.instructions());
    this.#internals.onPortWrite(PORT_DOORBELL, (bell) => this.#ring(bell));
    this.#internals.onPortWrite(PORT_INFO, (address) => this.#inspector.found(address));
    this.#internals.onPortWrite(PORT_MARK, (mark) => this.#inspector.mark(mark, this.#clock.instructions()));
    this.#internals.onPortWrite(PORT_END, (code) => this.#onEnd(code));
    this.#internals.onReset(() => this.#stop("reboot", "it asked for a reset"));
  }

  #ring(bell: number): void {
    if (bell === BELL_CLOCK_STOP) this.#clock.stop();
    else if (bell === BELL_CLOCK_GO) this.#clock.go();
    else this.#pace.ring(bell);
  }

  #onBell(bell: number): void {
    if (bell === BELL_PANIC) {
      this.#stop("panic", `the hypervisor found itself wrong (${this.#inspector.panic()})`);
      return;
    }
    this.#timeline.onBell(bell === BELL_EXIT);
  }

  /** A byte nobody has seen yet, going forward. */
  #show(byte: number): void {
    this.#kept = (this.#kept + String.fromCharCode(byte)).slice(-CONSOLE_KEPT);
    this.#console.push(Uint8Array.of(byte));
    if (this.#kept.endsWith(PROMPT)) this.#ready();
  }

  #ready(): void {
    this.#whenPrompt?.resolve();
    this.#whenPrompt = undefined;
  }

  #onEnd(code: number): void {
    this.#stop("poweroff", code === 0 ? "it was switched off from inside" : `it ended with ${code}`);
  }

  #stop(reason: StopReason, what: string): void {
    if (this.#stopped) return;
    this.#stopped = `Machine \`${this.spec.name}\` stopped: ${what}. Restart it, or go back to a save point.`;
    this.#pace.pause("stopped");
    this.#timeline.stop();
    this.#console.flush();
    this.#failWaiting(this.#stopped);
    this.#hooks.onStopped(reason, this.#stopped);
  }

  #failWaiting(message: string): void {
    this.#shell.abandon(message);
    this.#whenPrompt?.reject(new Error(message));
    this.#whenPrompt = undefined;
  }
}

/** Bytes of a file: as many as a line of the guest's shell has room for, two digits each, behind `write` and a path. */
const MOST_BYTES = 220;

/**
 * @returns the guest's command that makes a file of these bytes
 * @throws Error when its shell cannot take it
 */
function writeCommand(path: string, bytes: Uint8Array): string {
  if (!/^[\w./-]{1,48}$/.test(path)) throw new Error(`\`${path}\` is no name the guest's file system knows.`);
  if (bytes.length > MOST_BYTES) {
    throw new Error(`\`${path}\` has ${bytes.length} bytes; the guest takes programs of at most ${MOST_BYTES}.`);
  }
  return `write ${path} ${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
