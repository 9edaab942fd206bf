/**
 * As much of a WebAssembly module as rewriting it needs (WebAssembly 2.0, chapter 5, "Binary Format"). Bounded by the
 * bytes given: whatever they are, reading them ends, with {@link BadModule} at the worst.
 */
import type { FunctionType } from "./hooks.ts";
import { BadModule, Reader } from "./reader.ts";

export const SECTION = { custom: 0, type: 1, import: 2, function: 3, memory: 5, export: 7, code: 10 } as const;

export interface Section {
  readonly id: number;
  /** Of a custom section, else empty. */
  readonly name: string;
  /** Its content, without id, size and a custom section's name: offsets in the module. */
  readonly start: number;
  readonly end: number;
}

export interface Memory {
  readonly flags: number;
  /** In pages of 64 KiB. */
  readonly least: number;
  readonly most: number | undefined;
}

/** A function's name: offsets in the module, for most of thousands are never looked at. */
export interface FunctionName {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** A function's locals and instructions, and where they stand in the module, their length included. */
export interface Body {
  readonly code: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface WasmModule {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly types: readonly FunctionType[];
  /** Imported functions, index 0 first. */
  readonly imports: readonly { readonly module: string; readonly name: string; readonly type: number }[];
  /** Type of each function of the module's own; their indices come after the imported ones'. */
  readonly functions: readonly number[];
  /** The first memory of the module's own. */
  readonly memory: Memory | undefined;
  /** Exported functions. */
  readonly exports: ReadonlyMap<string, number>;
  /** Of each function of the module's own. */
  readonly bodies: readonly Body[];
  readonly names: readonly FunctionName[];
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Kinds of things imported and exported (5.5.5). */
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const GLOBAL = 3;
const TAG = 4;

/** @throws BadModule */
export function parse(bytes: Uint8Array): WasmModule {
  if (HEADER.some((byte, index) => bytes[index] !== byte)) throw new BadModule("its first bytes are others");
  const sections = readSections(bytes);
  const of = <T>(id: number, read: (reader: Reader) => T[]): T[] => {
    const section = sections.find((each) => each.id === id);
    return section ? read(new Reader(bytes, section.start, section.end)) : [];
  };
  const module: WasmModule = {
    bytes,
    sections,
    types: of(SECTION.type, (reader) => reader.vector(() => readType(reader))),
    imports: of(SECTION.import, readImports),
    functions: of(SECTION.function, (reader) => reader.vector(() => reader.u32())),
    memory: of(SECTION.memory, (reader) => reader.vector(() => readLimits(reader)))[0],
    exports: new Map(of(SECTION.export, readExports)),
    bodies: of(SECTION.code, (reader) => reader.vector(() => readBody(reader))),
    names: readNames(bytes, sections),
  };
  check(module);
  return module;
}

function check({ types, imports, functions, bodies, exports, names }: WasmModule): void {
  if (functions.length !== bodies.length) throw new BadModule("it has other functions than bodies");
  const unknown = [...imports.map(({ type }) => type), ...functions].some((type) => type >= types.length);
  if (unknown) throw new BadModule("a function has no type");
  const count = imports.length + functions.length;
  const absent = [...exports.values(), ...names.map(({ index }) => index)].some((index) => index >= count);
  if (absent) throw new BadModule("it names a function it has not");
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new Reader(bytes, HEADER.length);
  const sections: Section[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.skip(size);
    const end = start + size;
    const content = new Reader(bytes, start, end);
    const name = id === SECTION.custom ? content.text() : "";
    sections.push({ id, name, start: content.at, end });
  }
  return sections;
}

function readType(reader: Reader): FunctionType {
  if (reader.byte() !== 0x60) throw new BadModule("it has types that are not functions'");
  const values = () => reader.vector(() => reader.byte());
  return { parameters: values(), results: values() };
}

function readImports(reader: Reader): { module: string; name: string; type: number }[] {
  const imports = reader.vector(() => {
    const [module, name, kind] = [reader.text(), reader.text(), reader.byte()];
    if (kind === FUNCTION) return { module, name, type: reader.u32() };
    if (kind === TABLE) reader.skip(1);
    if (kind === TABLE || kind === MEMORY) readLimits(reader);
    else if (kind === GLOBAL) reader.skip(2);
    else if (kind === TAG) {
      reader.skip(1);
      reader.u32();
    } else throw new BadModule("it imports something unknown");
    return undefined;
  });
  return imports.filter((each) => each !== undefined);
}

function readLimits(reader: Reader): Memory {
  const flags = reader.byte();
  if (flags > 3) throw new BadModule("it has a 64-bit memory or table");
  return { flags, least: reader.u32(), most: flags & 1 ? reader.u32() : undefined };
}

function readBody(reader: Reader): Body {
  const start = reader.at;
  const code = reader.take(reader.u32());
  return { code, start, end: reader.at };
}

function readExports(reader: Reader): [string, number][] {
  const exports = reader.vector(() => {
    const [name, kind, index] = [reader.text(), reader.byte(), reader.u32()];
    return kind === FUNCTION ? ([name, index] as [string, number]) : undefined;
  });
  return exports.filter((each) => each !== undefined);
}

/** Subsections of the name section (appendix, "Name Section"). */
export const NAMES = { functions: 1, locals: 2, labels: 3 } as const;

/** @returns each subsection's content */
export function nameSubsections(bytes: Uint8Array, { start, end }: Section): { id: number; content: Reader }[] {
  const reader = new Reader(bytes, start, end);
  const found = [];
  while (!reader.done) {
    const id = reader.byte();
    const size = reader.u32();
    const at = reader.skip(size);
    found.push({ id, content: new Reader(bytes, at, at + size) });
  }
  return found;
}

function readNames(bytes: Uint8Array, sections: readonly Section[]): FunctionName[] {
  const section = sections.find(({ id, name }) => id === SECTION.custom && name === "name");
  if (!section) return [];
  const functions = nameSubsections(bytes, section).filter(({ id }) => id === NAMES.functions);
  return functions.flatMap(({ content }) =>
    content.vector(() => {
      const index = content.u32();
      const size = content.u32();
      const start = content.skip(size);
      return { index, start, end: start + size };
    }),
  );
}
