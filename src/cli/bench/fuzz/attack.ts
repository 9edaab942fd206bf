/**
 * Things a bad neighbour does, one at a time: most of them almost right, as nonsense is refused at the first look.
 */

import { PAGE_SIZE } from "../../../xen/abi/domains.ts";
import { FRAME } from "./kernel.ts";
import type { Attacker } from "./neighbours.ts";
import type { Random } from "./random.ts";

/** What an attack has at hand. */
export interface Scene {
  readonly random: Random;
  readonly self: Attacker;
  /** The one it works together with. */
  readonly partner: Attacker;
  readonly victim: number;
  /** The domain that serves its devices. */
  readonly host: number;
}

export type Attack = (scene: Scene) => void;

/** Attacks by name, with how often each is made beside the others. */
export type Attacks = Readonly<Record<string, readonly [weight: number, attack: Attack]>>;

/** Frames of which a guest has four megabytes. */
const FRAMES = 1024;

/** Domain ids: real ones mostly. */
export function domain({ random, self, partner, victim }: Scene): number {
  return random.pick([
    0x7ff0,
    0x7ff0,
    self.id,
    partner.id,
    partner.id,
    victim,
    0,
    0,
    0x7fef,
    0xffff,
    random.word() & 0xffff,
  ]);
}

/**
 * Frame numbers: any of the guest's, the top where Xen's pages are, and some beyond; rarely one that the guest itself
 * cannot do without.
 */
export function frame(scene: Scene): number {
  const drawn = anyFrame(scene.random);
  const vital = drawn < FRAME.buffers || drawn === scene.self.kernel.storePage / PAGE_SIZE;
  return vital && !scene.random.chance(64) ? FRAME.free : drawn;
}

function anyFrame(random: Random): number {
  switch (random.below(16)) {
    case 0:
      return random.below(FRAME.buffers);
    case 1:
      return FRAMES - 1 - random.below(300);
    case 2:
    case 3:
      return random.pick([FRAMES, FRAMES + 1, 0xfffff, 0x100000, 0xffffffff, random.word()]);
    default:
      return FRAME.buffers + random.below(FRAME.free);
  }
}

/** Small numbers, with the odd large one: ports, handles, references, indices. */
export function small({ random }: Scene, usual: number): number {
  return random.chance(16)
    ? random.pick([usual * 2, 0x7fffffff, 0x80000000, 0xffffffff, random.word()])
    : random.below(usual);
}

/** Offsets and lengths about a page. */
export function length({ random }: Scene): number {
  return random.pick([0, 1, 4, 511, 512, 2048, 4095, 4096, 4097, 0xffff, random.below(4200)]);
}

/** One of several, by weight. */
export class Choice {
  readonly names: readonly string[];
  readonly #attacks: Attacks;
  readonly #bag: readonly string[];

  constructor(attacks: Attacks) {
    this.#attacks = attacks;
    this.names = Object.keys(attacks);
    this.#bag = this.names.flatMap((name) => Array.from({ length: attacks[name]![0] }, () => name));
  }

  make(scene: Scene): string {
    const name = scene.random.pick(this.#bag);
    this.#attacks[name]![1](scene);
    return name;
  }
}
