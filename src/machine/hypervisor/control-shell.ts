import type { RunOptions, RunResult } from "../api.ts";

/**
 * The guest's second terminal: a shell without prompt and echo that reads a line, runs it, and prints 0x1E, the exit
 * status in decimal and a newline (images/hypervisor/guest).
 */

const END_OF_ANSWER = 0x1e;
const NEWLINE = 0x0a;
/** The longest line the guest's shell takes, its end included (MAX_LINE in images/hypervisor/guest/user/sh.c). */
const LONGEST_LINE = 512;
const MOST_OUTPUT = 4 << 20;
const DEFAULT_LIMIT = 10_000;

interface Call {
  readonly lines: string[];
  readonly output: number[];
  readonly maxOutput: number;
  readonly resolve: (result: RunResult) => void;
  readonly reject: (error: Error) => void;
  timer: ReturnType<typeof setTimeout> | undefined;
  status: number;
  /** The digits behind the end mark; undefined before it. */
  digits: string | undefined;
}

export class ControlShell {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #queue: Call[] = [];

  /** @param send gives bytes to the second terminal */
  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  /** Calls that have not been answered. */
  get busy(): number {
    return this.#queue.length;
  }

  /**
   * Runs a script, line by line; its exit code is the last line's. The guest has no standard error of its own.
   *
   * @throws Error when a line is too long for the guest, or the machine ends first
   */
  run(script: string, options: RunOptions = {}): Promise<RunResult> {
    const lines = script.split("\n").filter((line) => line.trim() !== "");
    const long = lines.find((line) => new TextEncoder().encode(line).length >= LONGEST_LINE);
    if (long !== undefined) {
      return Promise.reject(
        new Error(`The guest's shell takes lines of at most ${LONGEST_LINE - 1} bytes: \`${long.slice(0, 40)}…\``),
      );
    }
    return new Promise<RunResult>((resolve, reject) => {
      const call: Call = {
        lines,
        output: [],
        maxOutput: options.maxOutput ?? MOST_OUTPUT,
        resolve,
        reject,
        timer: undefined,
        status: 0,
        digits: undefined,
      };
      this.#queue.push(call);
      this.#limit(call, options.limit ?? DEFAULT_LIMIT);
      if (this.#queue.length === 1) this.#next();
    });
  }

  /** A byte of the second terminal. */
  receive(byte: number): void {
    const call = this.#queue[0];
    if (!call) return;
    if (call.digits === undefined) {
      if (byte === END_OF_ANSWER) call.digits = "";
      else if (call.output.length < call.maxOutput) call.output.push(byte);
    } else if (byte !== NEWLINE) call.digits += String.fromCharCode(byte);
    else {
      call.status = Number(call.digits) & 0xff;
      call.digits = undefined;
      this.#next();
    }
  }

  /** The machine is gone, or was put back: nothing that was asked will be answered. */
  abandon(message: string): void {
    for (const { reject, timer } of this.#queue.splice(0)) {
      clearTimeout(timer);
      reject(new Error(message));
    }
  }

  #next(): void {
    const call = this.#queue[0];
    if (!call) return;
    const line = call.lines.shift();
    if (line !== undefined) this.#send(new TextEncoder().encode(`${line}\n`));
    else {
      this.#queue.shift();
      clearTimeout(call.timer);
      call.resolve(result(call, "exited", call.status));
      this.#next();
    }
  }

  /** At the time limit the line is interrupted as by a typed ^C; its answer then comes. */
  #limit(call: Call, milliseconds: number): void {
    if (milliseconds === 0) return;
    call.timer = setTimeout(() => {
      if (!this.#queue.includes(call)) return;
      call.lines.length = 0;
      call.resolve(result(call, "time limit", 124));
      if (this.#queue[0] === call) this.#send(Uint8Array.of(3));
      else this.#queue.splice(this.#queue.indexOf(call), 1);
    }, milliseconds);
  }
}

const result = (call: Call, how: RunResult["how"], exit: number): RunResult => ({
  exit,
  how,
  stdout: Uint8Array.from(call.output),
  stderr: new Uint8Array(0),
  truncated: call.output.length >= call.maxOutput,
});
