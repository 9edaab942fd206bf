/**
 * What came into a machine from outside, and when: with it the machine can be run again and does the same. "When" is
 * counted in bells (images/hypervisor/abi/trace.h), which the machine rings at every exit and at every idle tick.
 */

export interface Input {
  /** Bells rung before it came in. */
  readonly bell: number;
  /** Terminal: 0 for the student's, 1 for the control shell's. */
  readonly terminal: number;
  readonly bytes: readonly number[];
}

/** Bytes given to one terminal at one bell: what its UART's FIFO holds. */
const AT_ONCE = 16;

export class Recording {
  #inputs: Input[] = [];
  /** The next input to play; as many as there are when nothing is known of the future. */
  #next = 0;
  readonly #waiting: [number[], number[]] = [[], []];

  /** True while what comes next is known from before. */
  get replaying(): boolean {
    return this.#next < this.#inputs.length;
  }

  /**
   * Somebody types. In the past that begins another future.
   *
   * @returns true when what was recorded beyond this point is no longer true
   */
  type(terminal: 0 | 1, bytes: Iterable<number>): boolean {
    const forked = this.replaying;
    if (forked) this.#inputs.length = this.#next;
    this.#waiting[terminal].push(...bytes);
    return forked;
  }

  /** @returns what comes in at this bell */
  take(bell: number): Input[] {
    const taken: Input[] = [];
    for (; this.replaying && this.#inputs[this.#next]!.bell === bell; this.#next++)
      taken.push(this.#inputs[this.#next]!);
    if (this.replaying || taken.length > 0) return taken;
    this.#waiting.forEach((waiting, terminal) => {
      if (waiting.length === 0) return;
      const input = { bell, terminal, bytes: waiting.splice(0, AT_ONCE) };
      this.#inputs.push(input);
      taken.push(input);
    });
    this.#next = this.#inputs.length;
    return taken;
  }

  /** The machine is now where `bell` bells have been rung and what came in at the last of them has. */
  rewind(bell: number): void {
    this.#next = this.#inputs.findIndex((input) => input.bell > bell);
    if (this.#next < 0) this.#next = this.#inputs.length;
  }
}
