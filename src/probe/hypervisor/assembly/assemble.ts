import type { Code } from "./encode.ts";
import { evaluate, inRange, known, littleEndian, range } from "./expression.ts";
import { type Fault, Refusal, type Span } from "./fault.ts";
import { readStatement, type Statement } from "./statement.ts";

/** What a line of the source became. */
export interface AssembledLine {
  /** From 1. */
  readonly line: number;
  readonly address: number;
  readonly bytes: readonly number[];
}

/** A name and its value: an address, or what `=` gave it. */
export interface ProgramSymbol {
  readonly name: string;
  readonly value: number;
  readonly kind: "label" | "constant";
}

/** A program, or everything that is wrong with it. */
export type Assembly =
  | {
      readonly ok: true;
      readonly bytes: Uint8Array;
      /** Lines that have bytes or a name. */
      readonly lines: readonly AssembledLine[];
      readonly symbols: readonly ProgramSymbol[];
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The most bytes a program may have: a thousand ten-line programs, and no `.skip` fills the page's memory. */
const ROOM = 64 * 1024;

/** A statement and whether its jump has to be a long one. */
interface Item extends Statement {
  near: boolean;
}

/** Where everything is, under one choice of short and long jumps. */
interface Plan {
  readonly addresses: readonly number[];
  readonly symbols: ReadonlyMap<string, ProgramSymbol>;
}

/** Does the work on each thing, and keeps what was refused. */
class Faults {
  readonly found: Fault[] = [];

  /** @returns undefined when it was refused */
  during<Result>(line: number, work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.found.push(error.fault(line));
      return undefined;
    }
  }
}

/** Names may be given once, and `.` is always the address of its own line. */
class Names {
  private readonly lines = new Map<string, number>();

  /** @throws {Refusal} */
  add(name: Span, line: number): void {
    if (name.text === ".") throw new Refusal(name, { kind: "instruction" });
    const before = this.lines.get(name.text);
    if (before !== undefined) throw new Refusal(name, { kind: "once", line: before });
    this.lines.set(name.text, line);
  }
}

function readAll(source: string, faults: Faults): Item[] {
  const constants = new Map<string, number>();
  const names = new Names();
  return source.split(/\r\n|[\n\r]/).flatMap((text, index) => {
    const line = index + 1;
    const statement = faults.during(line, () => {
      const read = readStatement(text, line, constants, ROOM);
      const { body } = read;
      for (const label of read.labels) names.add(label, line);
      if (body?.kind !== "definition") return read;
      names.add(body.name, line);
      const value = known(body.value);
      if (value !== undefined) constants.set(body.name.text, value);
      return read;
    });
    return statement ? [{ ...statement, near: false }] : [];
  });
}

/** Bytes of a jump; those that have one length only have it from the start. */
function branchOpcode({ body, near }: Item): { readonly opcode: readonly number[]; readonly width: 1 | 4 } | undefined {
  if (body?.kind !== "branch") return undefined;
  if (body.short && !near) return { opcode: body.short, width: 1 };
  return body.near ? { opcode: body.near, width: 4 } : { opcode: body.short!, width: 1 };
}

function lengthOf(item: Item): number {
  const branch = branchOpcode(item);
  if (branch) return branch.opcode.length + branch.width;
  return item.body?.kind === "code" ? item.body.bytes.length : 0;
}

/** @throws {Refusal} with the line, at a definition that needs what comes below it */
function place(items: readonly Item[], origin: number, faults: Faults): Plan {
  const symbols = new Map<string, ProgramSymbol>();
  let address = origin;
  const addresses = items.map((item) => {
    const here = address;
    for (const { text: name } of item.labels) symbols.set(name, { name, value: here, kind: "label" });
    const { body } = item;
    if (body?.kind === "definition") {
      const value = faults.during(item.line, () => evaluate(body.value, valuesAt(here, symbols), "defined-above"));
      symbols.set(body.name.text, { name: body.name.text, value: value ?? 0, kind: "constant" });
    }
    address += lengthOf(item);
    return here;
  });
  return { addresses, symbols };
}

const valuesAt = (here: number, symbols: Plan["symbols"]) => (name: string) =>
  name === "." ? here : symbols.get(name)?.value;

/** Bytes from a jump's end to its target, the shorter way round the four gigabytes. */
function distance(item: Item, at: number, symbols: Plan["symbols"]): number {
  if (item.body?.kind !== "branch") return 0;
  return (evaluate(item.body.target, valuesAt(at, symbols), "defined") - at - lengthOf(item)) | 0;
}

/** Makes jumps long that cannot be short. @returns whether there were any */
function widen(items: readonly Item[], { addresses, symbols }: Plan, faults: Faults): boolean {
  const before = items.filter(({ near }) => near).length;
  items.forEach((item, index) => {
    if (item.body?.kind !== "branch" || item.near || !item.body.near || !item.body.short) return;
    const far = faults.during(item.line, () => !inByte(distance(item, addresses[index]!, symbols)));
    if (far) item.near = true;
  });
  return items.filter(({ near }) => near).length > before;
}

const inByte = (value: number) => value >= -128 && value <= 127;

/**
 * Starts with every jump short and makes long what does not reach, until all reach. A jump never becomes short
 * again, so this ends, and always in the same way.
 */
function layOut(items: readonly Item[], origin: number, faults: Faults): Plan {
  for (;;) {
    const plan = place(items, origin, faults);
    if (faults.found.length > 0 || !widen(items, plan, faults)) return plan;
  }
}

function fill({ bytes, holes }: Code, at: number, symbols: Plan["symbols"]): number[] {
  const filled = [...bytes];
  for (const { at: offset, width, value } of holes) {
    const number = evaluate(value, valuesAt(at, symbols), "defined");
    if (!inRange(number, width)) throw new Refusal(value, { kind: "range", ...range(width) });
    filled.splice(offset, width, ...littleEndian(number, width));
  }
  return filled;
}

/** @throws {Refusal} */
function bytesOf(item: Item, at: number, symbols: Plan["symbols"]): readonly number[] {
  const branch = branchOpcode(item);
  if (!branch || item.body?.kind !== "branch") return item.body?.kind === "code" ? fill(item.body, at, symbols) : [];
  const offset = distance(item, at, symbols);
  if (branch.width === 1 && !inByte(offset)) throw new Refusal(item.body.target, { kind: "near", distance: offset });
  return [...branch.opcode, ...littleEndian(offset, branch.width)];
}

function checkRoom(items: readonly Item[], faults: Faults): void {
  let total = 0;
  const first = items.find((item) => {
    total += lengthOf(item);
    return total > ROOM;
  });
  if (first) faults.found.push(new Refusal({ text: "", column: 1 }, { kind: "room", bytes: ROOM }).fault(first.line));
}

/**
 * Assembles a flat program: AT&T syntax, one statement a line, no sections, no macros. It knows the instructions of the
 * disassembler's table, labels, `name = sum`, comments after # or //, and .byte .word .long .ascii .asciz .skip.
 * Left out: string instructions, far pointers, the prefixes lock and rep. Bytes are those of the GNU assembler, but
 * that a jump to a plain number is short where that reaches.
 *
 * @param origin address of the first byte, 32 bits
 * @returns the program, or its faults in the order of their lines
 */
export function assemble(source: string, { origin }: { readonly origin: number }): Assembly {
  const faults = new Faults();
  const items = readAll(source, faults);
  checkRoom(items, faults);
  if (faults.found.length > 0) return { ok: false, faults: inOrder(faults.found) };
  const { addresses, symbols } = layOut(items, origin, faults);
  const lines = items.flatMap((item, index): AssembledLine[] => {
    const address = addresses[index]!;
    const bytes = faults.during(item.line, () => bytesOf(item, address, symbols)) ?? [];
    return bytes.length > 0 || item.labels.length > 0 ? [{ line: item.line, address, bytes }] : [];
  });
  if (faults.found.length > 0) return { ok: false, faults: inOrder(faults.found) };
  return {
    ok: true,
    bytes: Uint8Array.from(lines.flatMap(({ bytes }) => bytes)),
    lines,
    symbols: [...symbols.values()],
  };
}

/** One fault a line: the first that was found. */
function inOrder(faults: readonly Fault[]): Fault[] {
  const byLine = new Map<number, Fault>();
  for (const fault of faults) if (!byLine.has(fault.line)) byLine.set(fault.line, fault);
  return [...byLine.values()].sort((a, b) => a.line - b.line);
}
