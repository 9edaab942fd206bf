/**
 * Hostile neighbours: two guests that may do anything, and work together, beside one that does its work. Whatever they
 * try, nothing is thrown, the good one's memory, disk and events are as they should be, and no call takes more than a
 * bounded number of steps. All of Xen, xenstored and the backends is real; only the processors have no program.
 */
import { Choice, type Scene } from "./fuzz/attack.ts";
import { HYPERCALL_ATTACKS, LAST_ATTACKS } from "./fuzz/hypercalls.ts";
import { type Attacker, Neighbours } from "./fuzz/neighbours.ts";
import { Random } from "./fuzz/random.ts";
import { RING_ATTACKS } from "./fuzz/rings.ts";
import { readProbes, turnSetting } from "./fuzz/student.ts";
import { LAST_TOGETHER_ATTACKS, TOGETHER_ATTACKS } from "./fuzz/together.ts";
import { LAST_STORE_ATTACKS, STORE_ATTACKS } from "./fuzz/xenstored.ts";

const USUAL = new Choice({ ...HYPERCALL_ATTACKS, ...RING_ATTACKS, ...TOGETHER_ATTACKS, ...STORE_ATTACKS });
const LAST = new Choice({ ...LAST_ATTACKS, ...LAST_STORE_ATTACKS, ...LAST_TOGETHER_ATTACKS });

/** One attack in so many may be an attacker's last. */
const ONE_LAST_IN = 5000;
/** Turns between two looks at the victim, and between two looks at all its memory. */
const BEAT = 20;
const INSPECTION = 400;
/** Turns between two looks of a page at everything, two settings turned, and two save points gone back to. */
const READING = 150;
const SETTING = 40;
const SAVING = 1000;
/** Turns after which one of the attackers has its power cut. */
const LIFE = 700;
/** Attacks in one turn, at most. */
const MOST_IN_A_TURN = 24;
/**
 * Looks at memory, registers and page tables that one attack may take, or what is put off to the end of a turn: twice
 * what was the most in ten million. Long lists, which take more, are in test/xen/hostile.
 */
export const MOST_STEPS = 20_000;

export interface FuzzReport {
  readonly seed: number;
  readonly cases: number;
  /** By kind of attack. */
  readonly attacks: Readonly<Record<string, number>>;
  /** Attackers that were stopped, by the reason given. */
  readonly stopped: Readonly<Record<string, number>>;
  /** Times the victim used its devices and found them in order. */
  readonly beats: number;
  /** The most steps one attack took, and which it was. */
  readonly mostSteps: number;
  readonly slowest: string;
  readonly milliseconds: number;
  /** What went wrong; undefined when nothing did. */
  readonly wrong: string | undefined;
}

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /**
   * One of the hostile guests is domain 0. It may do to its neighbours' devices what it likes, as a driver domain may:
   * what must stay as it is are their memory and disks, and Xen.
   */
  readonly driver?: boolean;
  /** Told from time to time how many cases there were. */
  readonly progress?: (cases: number) => void;
}

/** Runs until there were so many cases, or something is wrong. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const run = new Run(options);
  return run.report(await run.all());
}

export function printFuzz({
  seed,
  cases,
  attacks,
  stopped,
  beats,
  mostSteps,
  slowest,
  milliseconds,
  wrong,
}: FuzzReport): void {
  console.log(`fuzz     ${cases} cases from seed ${seed} in ${Math.round(milliseconds / 1000)} s`);
  for (const [name, count] of Object.entries(attacks)) console.log(`  ${String(count).padStart(9)}  ${name}`);
  for (const [reason, count] of Object.entries(stopped))
    console.log(`  ${String(count).padStart(9)}  stopped: ${reason}`);
  console.log(`  the neighbour used its devices ${beats} times; the longest case was ${slowest}, ${mostSteps} steps`);
  console.log(wrong === undefined ? "  nothing went wrong" : `  WRONG: ${wrong}`);
}

class Run {
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #world: Neighbours;
  /** The victim's part of xenstore, as it is to stay. */
  readonly #store: string;
  readonly #attacks = new Map<string, number>();
  readonly #stopped = new Map<string, number>();
  readonly #began = performance.now();
  #cases = 0;
  #most = { steps: 0, attack: "none" };

  constructor(options: FuzzOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#world = new Neighbours(options.driver);
    this.#store = this.#world.storeOfVictim();
  }

  /** @returns what went wrong */
  async all(): Promise<string | undefined> {
    const { cases, progress } = this.#options;
    try {
      // From now on events are traced, which takes looks at memory: the same in every run from this seed.
      readProbes(this.#world, "victim");
      for (let turn = 1; this.#cases < cases; turn++) {
        const wrong = this.#turn(turn) ?? (await this.#meanwhile(turn));
        if (wrong) return `After case ${this.#cases}: ${wrong}.`;
        if (turn % 4096 === 0) progress?.(this.#cases);
      }
      const wrong = this.#look();
      return wrong && `At the end: ${wrong}.`;
    } catch (error) {
      return `In case ${this.#cases}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
  }

  report(wrong: string | undefined): FuzzReport {
    return {
      seed: this.#options.seed,
      cases: this.#cases,
      attacks: byCount(this.#attacks),
      stopped: byCount(this.#stopped),
      beats: this.#world.victim.beats,
      mostSteps: this.#most.steps,
      slowest: this.#most.attack,
      milliseconds: performance.now() - this.#began,
      wrong,
    };
  }

  #turn(turn: number): string | undefined {
    const world = this.#world;
    const attackers = world.attackers();
    const which = turn % attackers.length;
    const self = attackers[which]!;
    const { victimId: victim, host } = world;
    const scene = { random: this.#random, self, partner: attackers[1 - which]!, victim, host };
    let wrong = this.#bounded("the start of a turn", () => self.kernel.place.beforeTurn());
    for (let count = this.#random.below(MOST_IN_A_TURN); count >= 0 && !wrong && !self.stopped; count--) {
      wrong = this.#attack(scene);
    }
    wrong ??= this.#bounded("the end of a turn", () => self.kernel.place.afterTurn());
    self.kernel.processor.onLook = undefined;
    world.pass(this.#random.below(3));
    if (self.stopped) wrong ??= this.#count(self);
    if (turn % LIFE === 0) world.restart(this.#random.below(attackers.length));
    if (turn % BEAT === 0) wrong ??= this.#beat();
    if (turn % INSPECTION === 0) wrong ??= this.#look();
    return wrong;
  }

  /** The page and its student; and now and then everything is saved and put back. */
  async #meanwhile(turn: number): Promise<string | undefined> {
    const world = this.#world;
    if (turn % READING === 0) readProbes(world, this.#random.pick(["victim", "attacker0", "attacker1"]));
    if (turn % SETTING === 0) await turnSetting(world, this.#random.pick(world.attackers()), this.#random);
    if (turn % SAVING === 0) {
      world.saveAndRestore();
      return this.#look();
    }
    return undefined;
  }

  #attack(scene: Scene): string | undefined {
    this.#cases += 1;
    let name = "";
    const choice = this.#random.chance(ONE_LAST_IN) ? LAST : USUAL;
    const attack = () => {
      name = choice.make(scene);
    };
    const wrong = this.#bounded(() => name, attack);
    this.#attacks.set(name, (this.#attacks.get(name) ?? 0) + 1);
    return wrong;
  }

  /** @returns what is wrong with how long it took */
  #bounded(name: string | (() => string), work: () => void): string | undefined {
    const { steps } = this.#world;
    const before = steps.count;
    work();
    const taken = steps.count - before;
    const what = typeof name === "string" ? name : name();
    if (taken > this.#most.steps) this.#most = { steps: taken, attack: what };
    return taken > MOST_STEPS ? `${what} took ${taken} steps` : undefined;
  }

  /** An attacker was stopped. That Xen itself failed on its behalf is nobody's fault but Xen's. */
  #count({ stopped }: Attacker): string | undefined {
    const reason = stopped!.replace(/reason \d{2,}/, "an unknown reason");
    this.#stopped.set(reason, (this.#stopped.get(reason) ?? 0) + 1);
    return reason.includes("Xen failed") ? `an attacker was stopped for a failure of Xen's: ${reason}` : undefined;
  }

  #look(): string | undefined {
    const { victim, driver } = this.#world;
    const touched = !driver && this.#world.storeOfVictim() !== this.#store;
    return touched ? "its part of xenstore was written" : (victim.inspect() ?? this.#beat());
  }

  /** @returns what of the victim's devices is not in order */
  #beat(): string | undefined {
    const { victim, driver } = this.#world;
    const wrong = victim.beat();
    return driver ? undefined : wrong;
  }
}

/** The most frequent first. */
const byCount = (counts: ReadonlyMap<string, number>) =>
  Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
