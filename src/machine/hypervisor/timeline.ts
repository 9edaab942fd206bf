import type { TravelReport, TravelTarget } from "../api.ts";
import { onClock } from "../v86-library.ts";
import { type ClockState, type InstructionClock, timeOf } from "./clock.ts";
import type { Pace, PaceState } from "./pace.ts";
import { Recording } from "./recording.ts";

/**
 * Where in its life a machine is, and how it gets to another place in it. Forwards it runs. Back it is put into the
 * nearest state kept from before and runs from there with what was recorded of its input: it does what it did.
 */

/** Milliseconds of running between two states kept, and how many are kept: closer together near the present. */
const KEEP_EVERY = 1000;
const KEPT = 12;
/** Exits before a destination in the past at which a state is kept on the way: the next steps back are short. */
const NEAR = [512, 64];
/** Characters of a terminal's line that are remembered, and where a line ends. */
const LINE_KEPT = 256;
const LINE_FEED = 10;
/** Milliseconds of the machine's time before its end in which what ended it may have been under way already. */
const ENDING = 1000;

/** A place in the machine's life, without its memory. */
interface Place {
  readonly exits: number;
  readonly bells: number;
  readonly clock: ClockState;
  readonly pace: PaceState;
  /** Where struct hv_info is; 0 while nobody has said. */
  readonly info: number;
  /** Bytes written to each terminal so far. */
  readonly written: readonly [number, number];
  /** What the line says that the student's terminal is in: a prompt, and what is typed there. */
  readonly line: string;
  /** A state for a machine that can run no more: nobody remembers the screen that goes with it. */
  readonly rescued?: true;
}

interface Point {
  readonly place: Place;
  readonly state: Promise<ArrayBuffer>;
}

interface Goal {
  readonly reached: () => boolean;
  readonly finish: (reached: boolean) => void;
  /** Exits at which a state is kept on the way. */
  readonly keepAt: readonly number[];
}

export interface TimelineHooks {
  readonly pace: Pace;
  readonly clock: InstructionClock;
  /** False when the machine does not ring at each exit, or is not the same in every run: it only goes forward. */
  readonly exact: boolean;
  readonly save: () => Promise<ArrayBuffer>;
  readonly restore: (state: ArrayBuffer) => Promise<void>;
  /** Gives bytes to a terminal of the machine. */
  readonly input: (terminal: number, bytes: readonly number[]) => void;
  readonly info: () => number;
  readonly found: (info: number) => void;
  /** Name of the kind of the exit the machine stands at. */
  readonly kindOfExit: () => string;
  /** A byte of the student's terminal, resp. the control shell's, that has not been seen before. */
  readonly show: (byte: number) => void;
  readonly answer: (byte: number) => void;
}

export class Timeline {
  readonly #hooks: TimelineHooks;
  readonly #recording = new Recording();
  #points: Point[] = [];
  #exits = 0;
  #bells = 0;
  #written: [number, number] = [0, 0];
  /** Bytes of each terminal that have been shown: what is written again on the way from the past is not. */
  #shown: [number, number] = [0, 0];
  #line = "";
  #goal: Goal | undefined;
  #keptAt = performance.now();

  constructor(hooks: TimelineHooks) {
    this.#hooks = hooks;
  }

  /** Exits since the machine's start. */
  get exits(): number {
    return this.#exits;
  }

  /** Bytes typed. In the past they begin another future, and what was is forgotten. */
  type(terminal: 0 | 1, bytes: Iterable<number>): void {
    if (!this.#hooks.exact) {
      this.#hooks.input(terminal, [...bytes]);
      return;
    }
    if (!this.#recording.type(terminal, bytes)) return;
    this.#points = this.#points.filter(({ place }) => place.bells <= this.#bells);
    this.#shown = [...this.#written];
  }

  /** The machine wrote a byte to a terminal. */
  output(terminal: 0 | 1, byte: number): void {
    this.#written[terminal] += 1;
    if (terminal === 0)
      this.#line = byte === LINE_FEED ? "" : (this.#line + String.fromCharCode(byte)).slice(-LINE_KEPT);
    if (this.#written[terminal] <= this.#shown[terminal]) return;
    this.#shown[terminal] = this.#written[terminal];
    if (terminal === 0) this.#hooks.show(byte);
    else this.#hooks.answer(byte);
  }

  /** The machine stands at a bell. */
  onBell(exit: boolean): void {
    if (!this.#hooks.exact) return;
    this.#bells += 1;
    if (exit) this.#exits += 1;
    for (const { terminal, bytes } of this.#recording.take(this.#bells)) this.#hooks.input(terminal, bytes);
    if (!exit) return;
    const goal = this.#goal;
    if (goal?.reached()) {
      this.#hooks.pace.pause("travel");
      goal.finish(true);
    } else if (goal?.keepAt.includes(this.#exits) || performance.now() - this.#keptAt >= KEEP_EVERY) this.#keep();
  }

  /**
   * Goes to a place and stands there, for a reason of its own ("user") that the caller has set.
   *
   * @throws Error when this machine's exits cannot be met one by one
   */
  async travel(target: TravelTarget): Promise<TravelReport> {
    const { exact, pace, clock } = this.#hooks;
    if (!exact)
      throw new Error("This build does not stop at its exits. Start the machine with build=traced and a hypervisor.");
    this.stop();
    const began = performance.now();
    const exit = this.#destination(target);
    if (exit !== undefined && exit >= 0 && exit < this.#exits) await this.#goBack(exit);
    const reached = exit === this.#exits || (exit !== -1 && (await this.#run(target, exit)));
    pace.hurry = false;
    return { reached, exit: this.#exits, instructions: clock.instructions(), milliseconds: performance.now() - began };
  }

  /** Gives up a journey under way, where it is. */
  stop(): void {
    this.#goal?.finish(false);
  }

  /** Everything another machine of the same make needs to go on from here. */
  async pack(): Promise<ArrayBuffer> {
    return packed(this.#here(), await onClock(this.#hooks.clock.now, () => this.#hooks.save()));
  }

  /** A state from before its end, for when the machine itself can run no more; undefined when there is none. */
  async rescue(): Promise<ArrayBuffer | undefined> {
    const last = this.#hooks.clock.now() - ENDING;
    const point = this.#points.filter(({ place }) => timeOf(place.clock) <= last).at(-1) ?? this.#points[0];
    return point && packed({ ...point.place, rescued: true }, await point.state);
  }

  /**
   * Puts a packed state into a machine that has not run.
   *
   * @param run asks for the machine's first turn
   * @throws Error when the bytes are no packed state
   */
  async unpack(bytes: ArrayBuffer, run: () => Promise<void>): Promise<void> {
    const { place: found, state } = unpacked(bytes);
    const { rescued, ...place } = found;
    await run();
    await this.#put({ place, state: Promise.resolve(state) });
    this.#shown = [...this.#written];
    this.#points = [{ place, state: Promise.resolve(state) }];
    if (rescued) for (const character of this.#line) this.#hooks.show(character.charCodeAt(0));
  }

  /** Keeps the machine's start, so that it can be gone back to. Before its first turn. */
  keepStart(): void {
    if (this.#hooks.exact) this.#keep();
  }

  #destination(target: TravelTarget): number | undefined {
    if (target.to === "next") return this.#exits + 1;
    if (target.to === "previous") return this.#exits - 1;
    return target.to === "exit" ? target.exit : undefined;
  }

  async #goBack(exit: number): Promise<void> {
    const point = this.#points.filter(({ place }) => place.exits <= exit).at(-1);
    if (!point) throw new Error("Nothing is kept of the machine so far back. Restart it.");
    await this.#put(point);
  }

  /** Runs until the destination is reached, or the journey is given up. */
  #run(target: TravelTarget, exit: number | undefined): Promise<boolean> {
    const { pace, kindOfExit } = this.#hooks;
    const kinds = target.to === "kind" ? new Set(target.kinds) : undefined;
    pace.hurry = exit !== undefined;
    return new Promise((resolve) => {
      this.#goal = {
        reached: () => (kinds ? kinds.has(kindOfExit()) : this.#exits === exit),
        finish: (reached) => {
          this.#goal = undefined;
          pace.pause("user");
          pace.resume("travel");
          resolve(reached);
        },
        keepAt: exit === undefined ? [] : NEAR.map((distance) => exit - distance),
      };
      pace.resume("user");
    });
  }

  #here(): Place {
    const { clock, pace } = this.#hooks;
    return {
      exits: this.#exits,
      bells: this.#bells,
      clock: clock.save(),
      pace: pace.save(),
      info: this.#hooks.info(),
      written: [...this.#written],
      line: this.#line,
    };
  }

  /** v86 takes its state at once and hands it over later. */
  #keep(): void {
    this.#keptAt = performance.now();
    const place = this.#here();
    if (this.#points.some((point) => point.place.bells === place.bells)) return;
    const state = onClock(this.#hooks.clock.now, () => this.#hooks.save());
    this.#points.push({ place, state });
    this.#points.sort((a, b) => a.place.bells - b.place.bells);
    if (this.#points.length > KEPT)
      this.#points.splice(leastMissed(this.#points.map(({ place: { exits } }) => exits)), 1);
  }

  async #put({ place, state }: Point): Promise<void> {
    const { clock, pace } = this.#hooks;
    const bytes = await state;
    await onClock(clock.now, () => this.#hooks.restore(bytes));
    clock.restore(place.clock);
    pace.restore(place.pace);
    this.#hooks.found(place.info);
    this.#exits = place.exits;
    this.#bells = place.bells;
    this.#written = [...place.written];
    this.#line = place.line;
    this.#recording.rewind(place.bells);
  }
}

/**
 * @param exits where states are kept, in order
 * @returns the index of the one whose loss lengthens no way back by much: never the first, never one of the last two
 */
function leastMissed(exits: readonly number[]): number {
  const last = exits.at(-1)!;
  const loss = exits.map((exit, index) =>
    index === 0 || index >= exits.length - 2
      ? Number.POSITIVE_INFINITY
      : (exits[index + 1]! - exits[index - 1]!) / (last - exit + 1),
  );
  return loss.indexOf(Math.min(...loss));
}

/** Length of the place's JSON in four bytes, the JSON, v86's state. */
function packed(place: Place, state: ArrayBuffer): ArrayBuffer {
  const json = new TextEncoder().encode(JSON.stringify(place));
  const bytes = new Uint8Array(4 + json.length + state.byteLength);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  bytes.set(new Uint8Array(state), 4 + json.length);
  return bytes.buffer;
}

function unpacked(bytes: ArrayBuffer): { place: Place; state: ArrayBuffer } {
  const length = bytes.byteLength < 4 ? bytes.byteLength : new DataView(bytes).getUint32(0, true);
  if (length + 4 > bytes.byteLength) throw new Error("the state is cut short");
  const place = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Place;
  return { place, state: bytes.slice(4 + length) };
}
