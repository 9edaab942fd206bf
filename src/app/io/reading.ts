/** Between two looks at something that changes, and at something that has long not, in milliseconds. */
export const LOOK = { quick: 100, slow: 1000 } as const;

/** By how much the time between two looks grows when one found nothing new. */
const SLOWER = 1.5;

/**
 * Something of a machine that is read again and again: often while it changes, seldom while it does not. What it was
 * before its last change is kept, so that a view can mark what changed.
 */
export class Reading<Value> {
  value: Value | undefined;
  previous: Value | undefined;
  /** Why the last attempt to read failed, in the probe's words. */
  problem: string | undefined;
  #text: string | undefined;
  #due = 0;
  #interval: number = LOOK.quick;
  /** Something changed while it was being read. */
  #hurried = false;
  #life = 0;

  /** @param now milliseconds on a steady clock */
  isDue(now: number): boolean {
    return now >= this.#due;
  }

  /** Something probably changed: it is read with the next look, and often from then on. */
  hurry(): void {
    this.#hurried = true;
    this.#due = 0;
    this.#interval = LOOK.quick;
  }

  /** What was read is not of this subject any more: another ring, another life of the machine. */
  forget(): void {
    this.#life += 1;
    this.value = undefined;
    this.previous = undefined;
    this.problem = undefined;
    this.#text = undefined;
    this.hurry();
  }

  /**
   * Reads.
   *
   * @param early the machine may not be there yet: what cannot be read is no problem
   * @returns whether there is something new to show
   */
  async look(read: () => Promise<Value>, now: number, early: boolean): Promise<boolean> {
    const life = this.#life;
    this.#hurried = false;
    const found = await read().then(
      (value) => ({ value }),
      (error: unknown) => ({ problem: plain(error) }),
    );
    // what was asked before something else was chosen answers another question
    if (life !== this.#life) return false;
    const isNew = "value" in found ? this.#take(found.value) : this.#fail(early ? undefined : found.problem);
    this.#interval = isNew ? LOOK.quick : Math.min(LOOK.slow, this.#interval * SLOWER);
    this.#due = this.#hurried ? 0 : now + this.#interval;
    return isNew;
  }

  #take(value: Value): boolean {
    const text = JSON.stringify(value);
    const isNew = text !== this.#text || this.problem !== undefined;
    if (text !== this.#text) {
      this.previous = this.value;
      this.value = value;
      this.#text = text;
    }
    this.problem = undefined;
    return isNew;
  }

  #fail(problem: string | undefined): boolean {
    const isNew = problem !== this.problem;
    this.problem = problem;
    return isNew;
  }
}

/** @returns an error's words without the marks of code, which a view would show as they are */
const plain = (error: unknown) => (error instanceof Error ? error.message : String(error)).replaceAll("`", "");
