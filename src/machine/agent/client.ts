import type { RunOptions, RunResult } from "../api.ts";
import { concat } from "../bytes.ts";
import {
  AGENT_VERSION,
  encodeFrame,
  environmentPayload,
  type Frame,
  FrameReader,
  type Identity,
  identityPayload,
  Kind,
  MAX_PAYLOAD,
  ProtocolError,
  putPayload,
  runPayload,
  suppliedPayload,
} from "./protocol.ts";

/** Thrown when the agent refuses a call, or is not there to answer it. */
export class AgentError extends Error {
  override name = "AgentError";
}

export interface AgentHooks {
  /** Gives bytes to the guest. */
  readonly send: (bytes: Uint8Array) => void;
  /** The agent's first word, after a start or after it was killed and started again. */
  readonly onHello: () => void;
  /** The agent is gone; calls under way have been rejected with this message. */
  readonly onLost: (message: string) => void;
  /** A call was given up: the agent is there and does not answer; and then, that it does again. */
  readonly onSilent: (message: string) => void;
  readonly onAnswering: () => void;
  /** A tool of a layer that is not loaded was started. Resolves when the layer is there. */
  readonly onWant: (layer: string) => Promise<void>;
}

const DEFAULT_LIMIT = 10_000;
const DEFAULT_MAX_OUTPUT = 4 << 20;
/** Seconds of the guest running past a call's own limit after which the agent counts as silent. */
const SILENCE = 15;
/** A call without a limit of its own (a file, an identity) may take this long, in seconds of the guest running. */
const UNLIMITED = 120;

interface Call {
  readonly output: Record<number, Uint8Array[]>;
  readonly resolve: (ended: Ended) => void;
  readonly reject: (error: AgentError) => void;
  readonly maxOutput: number;
  received: number;
  truncated: boolean;
  /** Whole seconds of the guest running until the call is given up. */
  patience: number;
}

interface Ended {
  readonly how: RunResult["how"];
  readonly value: number;
  readonly output: Record<number, Uint8Array[]>;
  readonly truncated: boolean;
}

const HOW: readonly RunResult["how"][] = ["exited", "signal", "time limit"];

/** The host's end of the agent protocol for one machine. Calls run side by side. */
export class AgentClient {
  readonly #machine: string;
  readonly #hooks: AgentHooks;
  readonly #reader = new FrameReader();
  readonly #calls = new Map<number, Call>();
  #nextCall = 1;
  #ready = false;
  #silent = false;

  /** @param machine its name, for messages */
  constructor(machine: string, hooks: AgentHooks) {
    this.#machine = machine;
    this.#hooks = hooks;
  }

  /** Calls under way. */
  get busy(): number {
    return this.#calls.size;
  }

  /** Bytes from the guest's end of the stream. */
  receive(bytes: Uint8Array): void {
    try {
      for (const frame of this.#reader.push(bytes)) this.#onFrame(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#lose(`The agent of \`${this.#machine}\` sent what is no frame (${error.message}). Restart the machine.`);
    }
  }

  /**
   * The guest opened or closed its end. An agent that went is reported by `DIED`, which names the reason; after a
   * restore the agent is already running and says nothing.
   */
  opened(open: boolean, restored = false): void {
    this.#reader.reset();
    if (open && restored) this.#ready = true;
  }

  /** To be called about once a second while the guest runs: gives up calls nobody answers. */
  tick(): void {
    for (const [number, call] of this.#calls) {
      call.patience -= 1;
      if (call.patience > 0) continue;
      this.#calls.delete(number);
      const message = `The agent of \`${this.#machine}\` does not answer: it is stopped, or the machine is too busy.`;
      call.reject(new AgentError(message));
      if (!this.#silent) this.#hooks.onSilent(message);
      this.#silent = true;
    }
  }

  /** Rejects everything under way: the machine stopped or was put back to a snapshot. */
  abandon(message: string): void {
    this.#reader.reset();
    for (const call of this.#calls.values()) call.reject(new AgentError(message));
    this.#calls.clear();
  }

  /**
   * Runs a script with `/bin/sh`.
   *
   * @throws AgentError when it could not be started or the agent is gone; a script that fails is a result
   */
  async run(
    script: string,
    { limit = DEFAULT_LIMIT, maxOutput = DEFAULT_MAX_OUTPUT }: RunOptions = {},
  ): Promise<RunResult> {
    const seconds = limit === 0 ? Number.POSITIVE_INFINITY : limit / 1000 + SILENCE;
    const { call, ended } = this.#open(seconds, maxOutput);
    this.#send(call, Kind.RUN, runPayload(script, limit));
    const { how, value, output, truncated } = await ended;
    const exit = how === "exited" ? value : how === "signal" ? 128 + value : 124;
    return {
      exit,
      how,
      truncated,
      stdout: concat(output[Kind.STDOUT] ?? []),
      stderr: concat(output[Kind.STDERR] ?? []),
    };
  }

  /**
   * Writes a file, whole or not at all.
   *
   * @param path absolute; missing directories are made
   * @param mode permission bits
   * @throws AgentError saying why not
   */
  async put(path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
    const { call, ended } = this.#open(UNLIMITED);
    this.#send(call, Kind.PUT, putPayload(path, mode));
    for (let at = 0; at < bytes.length; at += MAX_PAYLOAD) {
      this.#send(call, Kind.DATA, bytes.subarray(at, at + MAX_PAYLOAD));
    }
    this.#send(call, Kind.END);
    await ended;
  }

  /** @throws AgentError saying why the file cannot be read, or that it is longer than `maxBytes` */
  async get(path: string, maxBytes = 64 << 20): Promise<Uint8Array> {
    const { call, ended } = this.#open(UNLIMITED, maxBytes);
    this.#send(call, Kind.GET, new TextEncoder().encode(path));
    const { output, truncated } = await ended;
    if (truncated) throw new AgentError(`\`${path}\` on \`${this.#machine}\` is longer than ${maxBytes} bytes.`);
    return concat(output[Kind.CONTENT] ?? []);
  }

  /** Makes a clone itself: name, clock, addresses, randomness. @param patience seconds of the guest running */
  async identify(identity: Identity, patience = UNLIMITED): Promise<void> {
    const { call, ended } = this.#open(patience);
    this.#send(call, Kind.IDENTITY, identityPayload(identity));
    await ended;
  }

  /** Starts the console's shell with this environment, the first time; later sets the next shell's environment. */
  async startConsole(environment: Readonly<Record<string, string>>): Promise<void> {
    const { call, ended } = this.#open(UNLIMITED);
    this.#send(call, Kind.CONSOLE, environmentPayload(environment));
    await ended;
  }

  #open(patience: number, maxOutput = DEFAULT_MAX_OUTPUT): { call: number; ended: Promise<Ended> } {
    if (!this.#ready) throw new AgentError(`The agent of \`${this.#machine}\` is not there yet, or was killed.`);
    const call = this.#nextCall;
    this.#nextCall = (this.#nextCall % 0x7fffffff) + 1;
    const ended = new Promise<Ended>((resolve, reject) => {
      const common = { output: {}, received: 0, truncated: false };
      this.#calls.set(call, { ...common, resolve, reject, maxOutput, patience });
    });
    return { call, ended };
  }

  #send(call: number, kind: number, payload: Uint8Array = new Uint8Array(0)): void {
    this.#hooks.send(encodeFrame({ call, kind, payload }));
  }

  #onFrame(frame: Frame): void {
    if (this.#silent) this.#hooks.onAnswering();
    this.#silent = false;
    if (frame.kind === Kind.HELLO) this.#onHello(frame.payload);
    else if (frame.kind === Kind.DIED) this.#onDied(frame.payload);
    else if (frame.kind === Kind.WANT) void this.#onWant(frame);
    else this.#onAnswer(frame);
  }

  #onHello(payload: Uint8Array): void {
    const version = payload.length >= 4 ? new DataView(payload.buffer, payload.byteOffset).getUint32(0, true) : 0;
    if (version !== AGENT_VERSION) {
      this.#lose(`The agent of \`${this.#machine}\` speaks version ${version}, this site version ${AGENT_VERSION}.`);
      return;
    }
    if (this.#ready) this.#lose(`The agent of \`${this.#machine}\` started anew.`);
    this.#ready = true;
    this.#hooks.onHello();
  }

  #onDied(payload: Uint8Array): void {
    const status = payload.length >= 4 ? new DataView(payload.buffer, payload.byteOffset).getUint32(0, true) : 0;
    const signal = status & 0x7f; // wait(2): the low seven bits hold the signal, 0 for an exit
    const how = signal > 0 ? `was killed by signal ${signal}` : `exited with ${(status >> 8) & 0xff}`;
    this.#lose(`The agent of \`${this.#machine}\` ${how}; it is being started again. What it was running is lost.`);
  }

  async #onWant({ call, payload }: Frame): Promise<void> {
    const layer = new TextDecoder().decode(payload);
    try {
      await this.#hooks.onWant(layer);
      this.#send(call, Kind.SUPPLIED, suppliedPayload(0, ""));
    } catch (error) {
      this.#send(call, Kind.SUPPLIED, suppliedPayload(1, error instanceof Error ? error.message : String(error)));
    }
  }

  #onAnswer({ call: number, kind, payload }: Frame): void {
    const call = this.#calls.get(number);
    if (!call) return; // given up, or from before a restore
    if (kind === Kind.STDOUT || kind === Kind.STDERR || kind === Kind.CONTENT) {
      this.#keep(number, call, kind, payload);
    } else if (kind === Kind.EXIT && payload.length >= 5) {
      const view = new DataView(payload.buffer, payload.byteOffset);
      this.#calls.delete(number);
      const { output, truncated } = call;
      call.resolve({ how: HOW[view.getUint8(0)] ?? "signal", value: view.getInt32(1, true), output, truncated });
    } else if (kind === Kind.ERROR) {
      this.#calls.delete(number);
      call.reject(new AgentError(`\`${this.#machine}\`: ${new TextDecoder().decode(payload)}`));
    }
  }

  #keep(number: number, call: Call, kind: number, payload: Uint8Array): void {
    call.received += payload.length;
    if (call.received <= call.maxOutput) {
      let pieces = call.output[kind];
      if (!pieces) {
        pieces = [];
        call.output[kind] = pieces;
      }
      pieces.push(payload);
    } else if (!call.truncated) {
      call.truncated = true;
      this.#send(number, Kind.KILL);
    }
  }

  #lose(message: string): void {
    const wasReady = this.#ready;
    this.#ready = false;
    this.abandon(message);
    if (wasReady) this.#hooks.onLost(message);
  }
}
