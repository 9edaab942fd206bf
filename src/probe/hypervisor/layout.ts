import { Place, ReadingError } from "../json.ts";

/**
 * Where the hypervisor's structures have their fields. The compiler that built the image made it from the C
 * headers (images/hypervisor/layout); no offset is known here.
 */

export interface FieldLayout {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Bytes of one element. */
  readonly size: number;
  readonly count: number;
  /** The structure an element is, if it is one. */
  readonly struct?: string;
  readonly signed?: boolean;
}

export interface StructLayout {
  readonly size: number;
  readonly fields: Readonly<Record<string, FieldLayout>>;
}

export interface Enumerator {
  readonly value: number;
  readonly name: string;
  /** What a person calls it, in English, where the headers say. */
  readonly words?: string;
}

export interface Layout {
  readonly structs: Readonly<Record<string, StructLayout>>;
  readonly enums: Readonly<Record<string, readonly Enumerator[]>>;
  readonly constants: Readonly<Record<string, number>>;
}

/** The layout lacks something a probe needs: page and image are of different versions. */
export class LayoutError extends Error {
  override name = "LayoutError";

  constructor(missing: string) {
    super(`The hypervisor's layout has no ${missing}. The page and the image are of different versions: reload.`);
  }
}

const NAMES = 512;

/** Every member of an object by its name; at most {@link NAMES}. */
function members<T>(place: Place, read: (member: Place) => T): Readonly<Record<string, T>> {
  const { value } = place;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw place.wrong("an object");
  const names = Object.keys(value);
  if (names.length > NAMES) throw place.wrong(`an object of at most ${NAMES} members`);
  return Object.fromEntries(names.map((name) => [name, read(place.at(name))]));
}

function readField(place: Place): FieldLayout {
  const struct = place.at("struct").optional((name) => name.text(64));
  const signed = place.at("signed").optional((flag) => flag.yes());
  return {
    offset: place.at("offset").whole(),
    size: place.at("size").whole(1),
    count: place.at("count").whole(1),
    ...(struct === undefined ? {} : { struct }),
    ...(signed === undefined ? {} : { signed }),
  };
}

function readStruct(place: Place): StructLayout {
  const struct = { size: place.at("size").whole(1), fields: members(place.at("fields"), readField) };
  for (const [name, { offset, size, count }] of Object.entries(struct.fields)) {
    if (offset + size * count > struct.size) throw place.at("fields").at(name).wrong("a field inside its structure");
  }
  return struct;
}

function readEnumerator(place: Place): Enumerator {
  const words = place.at("words").optional((text) => text.text(128));
  return { value: place.at("value").whole(), name: place.at("name").text(64), ...(words ? { words } : {}) };
}

/**
 * Takes a parsed layout.json.
 *
 * @throws ReadingError when it is no such document; the message names the place
 */
export function readLayout(value: unknown): Layout {
  const place = new Place(value, "");
  if (place.at("version").value !== 1) throw new ReadingError("The hypervisor's layout is not of version 1.");
  return {
    structs: members(place.at("structs"), readStruct),
    enums: members(place.at("enums"), (list) => list.list(NAMES, readEnumerator)),
    constants: members(place.at("constants"), (constant) => constant.whole()),
  };
}

const own = <T>(record: Readonly<Record<string, T>>, name: string) =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** @throws LayoutError, as the three below, when the layout lacks it */
export function structOf(layout: Layout, name: string): StructLayout {
  const struct = own(layout.structs, name);
  if (!struct) throw new LayoutError(`struct \`${name}\``);
  return struct;
}

export function fieldOf(layout: Layout, struct: string, name: string): FieldLayout {
  const field = own(structOf(layout, struct).fields, name);
  if (!field) throw new LayoutError(`field \`${name}\` of \`struct ${struct}\``);
  return field;
}

export function enumOf(layout: Layout, name: string): readonly Enumerator[] {
  const list = own(layout.enums, name);
  if (!list) throw new LayoutError(`enum \`${name}\``);
  return list;
}

export function constantOf(layout: Layout, name: string): number {
  const value = own(layout.constants, name);
  if (value === undefined) throw new LayoutError(`constant \`${name}\``);
  return value;
}

/** The enumerator with this value; one the layout does not know is named by its number. */
export function enumerator(layout: Layout, name: string, value: number): Enumerator {
  return enumOf(layout, name).find((entry) => entry.value === value) ?? { value, name: `${name} ${value}` };
}
