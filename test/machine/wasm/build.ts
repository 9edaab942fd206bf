import { unsigned } from "../../../src/machine/wasm/code.ts";

/** A small module for tests: functions of i32s, a memory, a table of all of them. */
export interface Given {
  /** Functions imported from `env`. */
  readonly imports?: readonly { readonly name: string; readonly parameters: number; readonly results: number }[];
  readonly functions: readonly {
    /** In the name section. */
    readonly name?: string;
    readonly export?: string;
    readonly parameters: number;
    readonly results: number;
    /** Locals beside the parameters. */
    readonly locals?: number;
    readonly code: readonly number[];
    /** Names of its locals in the name section, by index. */
    readonly localNames?: readonly string[];
  }[];
  /** Pages of a memory exported as `memory`. */
  readonly memory?: number;
  readonly mostMemory?: number;
  /** Custom sections put at the end, by name. */
  readonly custom?: readonly string[];
}

const I32 = 0x7f;
const text = (name: string) => {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
};
const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];
const limits = (least: number, most: number | undefined) =>
  most === undefined ? [0, ...unsigned(least)] : [1, ...unsigned(least), ...unsigned(most)];

/** @returns the module; every function of its own is in table 0, exported as `table`, at its place among them */
export function build({ imports = [], functions, memory, mostMemory, custom = [] }: Given): Uint8Array<ArrayBuffer> {
  const all = [...imports, ...functions];
  const types = all.map(({ parameters, results }) => [
    0x60,
    ...vector(Array.from({ length: parameters }, () => [I32])),
    ...vector(Array.from({ length: results }, () => [I32])),
  ]);
  const first = imports.length;
  const exported = functions.flatMap((each, index) =>
    each.export ? [[...text(each.export), 0, ...unsigned(first + index)]] : [],
  );
  const memories = memory === undefined ? [] : section(5, vector([limits(memory, mostMemory)]));
  const elements = vector(functions.map((_, index) => unsigned(first + index)));
  const bodies = functions.map(({ locals = 0, code }) => {
    const body = [...vector(locals > 0 ? [[...unsigned(locals), I32]] : []), ...code, 0x0b];
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector(imports.map(({ name }, index) => [...text("env"), ...text(name), 0, ...unsigned(index)]))),
    ...section(3, vector(functions.map((_, index) => unsigned(first + index)))),
    ...section(4, vector([[0x70, ...limits(functions.length, undefined)]])),
    ...memories,
    ...section(
      7,
      vector([...exported, [...text("table"), 1, 0], ...(memories.length > 0 ? [[...text("memory"), 2, 0]] : [])]),
    ),
    ...section(9, vector([[0, 0x41, 0, 0x0b, ...elements]])),
    ...section(10, vector(bodies)),
    ...custom.flatMap((name) => section(0, [...text(name), 1, 2, 3])),
    ...section(0, [...text("name"), ...names(functions, first)]),
  ]);
}

function names(functions: Given["functions"], first: number): number[] {
  const ofFunctions = functions.flatMap(({ name }, index) =>
    name ? [[...unsigned(first + index), ...text(name)]] : [],
  );
  const ofLocals = functions.flatMap(({ localNames }, index) =>
    localNames
      ? [[...unsigned(first + index), ...vector(localNames.map((name, local) => [...unsigned(local), ...text(name)]))]]
      : [],
  );
  return [...section(1, vector(ofFunctions)), ...section(2, vector(ofLocals))];
}

/** A module's functions and its memory, running. */
export interface Running {
  readonly call: (name: string, ...operands: number[]) => number;
  /** A function by its place in the table. */
  readonly indirect: (index: number, ...operands: number[]) => number;
  readonly word: (address: number) => number;
  readonly pages: number;
}

/** Validates and instantiates a module. @param env what it imports */
export function run(
  bytes: Uint8Array<ArrayBuffer>,
  env: Record<string, (...operands: number[]) => number> = {},
): Running {
  if (!WebAssembly.validate(bytes)) throw new Error("The module is not valid.");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
  const table = exports.table as WebAssembly.Table;
  const memory = exports.memory as WebAssembly.Memory | undefined;
  return {
    call: (name, ...operands) => (exports[name] as (...operands: number[]) => number)(...operands),
    indirect: (index, ...operands) => table.get(index)(...operands),
    word: (address) => new DataView(memory!.buffer).getInt32(address, true),
    pages: memory ? memory.buffer.byteLength / 65536 : 0,
  };
}
