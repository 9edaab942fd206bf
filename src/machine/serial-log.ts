/** Characters kept for a reader of early boot messages and panics. */
const KEPT = 64 << 10;

/** The newest of what a guest wrote somewhere. */
export class TextLog {
  #text = "";

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text = (this.#text + text).slice(-KEPT);
  }
}

/** What a guest writes to its serial port: lines, of which the kernel's last words are understood. */
export class SerialLog {
  readonly #log = new TextLog();
  readonly #onPanic: (why: string) => void;
  #line = "";
  #panic = "";

  /** @param onPanic called when the kernel has said that it panicked, and all else it had to say */
  constructor(onPanic: (why: string) => void) {
    this.#onPanic = onPanic;
  }

  get text(): string {
    return this.#log.text;
  }

  /** Why the kernel panicked; empty when it has not, or has not finished the line. */
  get panic(): string {
    return this.#panic;
  }

  byte(byte: number): void {
    this.#line += String.fromCharCode(byte);
    if (byte !== 10 && this.#line.length < KEPT) return;
    this.#log.add(this.#line);
    this.#panic ||= /Kernel panic - not syncing: (.*?)\s*$/.exec(this.#line)?.[1] ?? "";
    if (this.#panic && this.#line.includes("end Kernel panic")) this.#onPanic(this.#panic);
    this.#line = "";
  }
}
