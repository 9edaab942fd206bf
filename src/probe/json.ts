/**
 * Careful reading of JSON that came out of a machine, where a student may have put anything at all in its place.
 * Every value is taken from a {@link Place}, which knows its own path, so that a complaint can name it.
 */

/** Thrown when a reading is not what its format says. The message is a sentence that names the place. */
export class ReadingError extends Error {
  override name = "ReadingError";
}

/** One value in a document, and where it is: `processes[3].pid`. */
export class Place {
  readonly value: unknown;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.value = value;
    this.path = path;
  }

  /** The error for a value that is not what was expected. */
  wrong(expected: string): ReadingError {
    return new ReadingError(`The reading has something else where ${this.path} should be ${expected}.`);
  }

  /** The member of an object; a missing one is undefined. Only the object's own members count. */
  at(name: string): Place {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.wrong("an object");
    const path = this.path === "" ? name : `${this.path}.${name}`;
    return new Place(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined, path);
  }

  /** A whole number from `least` to `most`. */
  whole(least = 0, most = 0xffffffff): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw this.wrong(`a whole number from ${least} to ${most}`);
    }
    return value;
  }

  text(most: number): string {
    if (typeof this.value !== "string" || this.value.length > most) {
      throw this.wrong(`text of at most ${most} characters`);
    }
    return this.value;
  }

  yes(): boolean {
    if (typeof this.value !== "boolean") throw this.wrong("true or false");
    return this.value;
  }

  /** A list of at most `most` entries, each read by `read`. */
  list<T>(most: number, read: (entry: Place) => T): readonly T[] {
    if (!Array.isArray(this.value)) throw this.wrong("a list");
    if (this.value.length > most) throw this.wrong(`a list of at most ${most} entries`);
    return this.value.map((entry, index) => read(new Place(entry, `${this.path}[${index}]`)));
  }

  /** What `read` finds, or undefined where the document has null or nothing. */
  optional<T>(read: (place: Place) => T): T | undefined {
    return this.value === null || this.value === undefined ? undefined : read(this);
  }
}

/**
 * Parses JSON text.
 *
 * @param most characters accepted
 * @throws ReadingError when it is longer or not JSON
 */
export function parseJson(text: string, most: number): Place {
  if (text.length > most)
    throw new ReadingError(`The reading has ${text.length} characters; at most ${most} are read.`);
  try {
    return new Place(JSON.parse(text), "");
  } catch {
    throw new ReadingError("The reading is not JSON: the tool that made it was cut short or replaced.");
  }
}
