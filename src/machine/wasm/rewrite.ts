/**
 * Puts hooks into a WebAssembly module before it is compiled.
 *
 * A module built by others cannot be told to call us at the places that matter: the interpreter's handler of an
 * instruction, its walk of a page table. This finds such functions by name and changes their code:
 *
 *     const { bytes, scratch } = rewrite(original, [{
 *       name: "counting",
 *       pages: 1,
 *       hooks: [{
 *         kind: "prologue",
 *         target: { export: "handle" },
 *         purpose: "how often it is called",
 *         code: ({ scratch }) => store32(i32(scratch), add(load32(i32(scratch)), i32(1))),
 *       }],
 *     }]);
 *
 * - **prologue** code runs first and may return early; **around** code runs instead and may call the original and look
 *   at its result; **replace** code is the new body. See hooks.ts; instructions are written with code.ts.
 * - What a hook calls outside is a function the module imports already: a new import would move every index.
 * - A function keeps its index for everybody who calls, exports or tabulates it. The body an `around` hook is around
 *   gets a new index at the end, and nothing else moves.
 * - Hooks are put in in the order given; a second hook on a function is around or before what the first one left.
 * - Scratch pages lie between what the module's linker gave out and what `memory.grow` adds: nobody else's.
 * - The name section is kept right (the moved body is called `<name>.original`). Debug information is dropped: its
 *   offsets hold no more.
 *
 * A function that is missing is told with the set, the function and what is lost ({@link MissingHook}); with
 * {@link checkHooks} a build learns of all at once.
 */
import { concat } from "../bytes.ts";
import { unsigned } from "./code.ts";
import { findFunction, targetName } from "./find.ts";
import { type FunctionType, type Hook, type HookContext, type HookSet, MissingHook } from "./hooks.ts";
import { type Move, renamed } from "./names.ts";
import { parse, SECTION, type Section, type WasmModule } from "./parse.ts";
import { BadModule, Reader } from "./reader.ts";

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Optional hooks that were left out. */
  readonly missing: readonly MissingHook[];
  /** Address of each set's pages in the module's memory. */
  readonly scratch: ReadonlyMap<string, number>;
}

/** Bytes of a WebAssembly page. */
const PAGE = 1 << 16;

/**
 * @throws MissingHook for the first hook that is not optional and cannot be put in; BadModule when `bytes` cannot be read
 */
export function rewrite(bytes: Uint8Array, sets: readonly HookSet[]): Rewritten {
  const work = new Rewriting(parse(bytes));
  const missing = apply(work, sets);
  const lost = missing.find(({ optional }) => !optional);
  if (lost) throw lost.error;
  return { bytes: work.written(), missing: missing.map(({ error }) => error), scratch: work.scratch };
}

/** @returns every hook that is not optional and cannot be put into this module. @throws BadModule */
export function checkHooks(bytes: Uint8Array, sets: readonly HookSet[]): MissingHook[] {
  const missing = apply(new Rewriting(parse(bytes)), sets);
  return missing.filter(({ optional }) => !optional).map(({ error }) => error);
}

function apply(work: Rewriting, sets: readonly HookSet[]): { error: MissingHook; optional: boolean }[] {
  const missing: { error: MissingHook; optional: boolean }[] = [];
  for (const set of sets) {
    work.addPages(set);
    for (const hook of set.hooks) {
      try {
        work.put(set.name, hook);
      } catch (error) {
        if (!(error instanceof MissingHook)) throw error;
        missing.push({ error, optional: hook.optional ?? false });
      }
    }
  }
  return missing;
}

/** A module on its way to another one. */
class Rewriting {
  readonly scratch = new Map<string, number>();
  readonly #module: WasmModule;
  readonly #types: number[];
  readonly #bodies: Uint8Array[];
  readonly #moves: Move[] = [];
  readonly #hooked = new Set<number>();
  #pages: number;

  constructor(module: WasmModule) {
    this.#module = module;
    this.#types = [...module.functions];
    this.#bodies = module.bodies.map(({ code }) => code);
    this.#pages = module.memory?.least ?? 0;
  }

  addPages({ name, pages = 0 }: HookSet): void {
    if (this.scratch.has(name)) throw new Error(`Two sets of hooks are called \`${name}\`.`);
    if (pages === 0) return;
    const { memory } = this.#module;
    if (!memory) throw new BadModule("it has no memory of its own to add pages to");
    this.scratch.set(name, this.#pages * PAGE);
    this.#pages += pages;
    if (this.#pages > (memory.most ?? PAGE)) throw new BadModule("its memory has no room for more pages");
  }

  /** @throws MissingHook, having changed nothing */
  put(set: string, hook: Hook): void {
    const lost = (what: string) => new MissingHook(set, hook, what);
    const { imports, types } = this.#module;
    const index = this.#found(findFunction(this.#module, hook.target), lost);
    const own = index - imports.length;
    if (own < 0) throw lost(`\`${targetName(hook.target)}\` is imported and has no body`);
    const type = types[this.#types[own]!]!;
    if (hook.type && !sameType(hook.type, type)) throw lost(`\`${targetName(hook.target)}\` has another type`);
    if (hook.kind === "replace" && this.#hooked.has(own)) {
      throw new Error(`\`${targetName(hook.target)}\` is replaced by \`${set}\`, but has a hook already.`);
    }

    const moved = imports.length + this.#bodies.length;
    const code = hook.code({
      ...type,
      original: hook.kind === "around" ? moved : -1,
      scratch: this.scratch.get(set) ?? -1,
      imported: (module, name) => this.#imported(module, name, lost),
      function: (target) => this.#found(findFunction(this.#module, target), lost),
    } satisfies HookContext);
    const before = this.#bodies[own]!;
    if (hook.kind === "around") {
      this.#bodies.push(before);
      this.#types.push(this.#types[own]!);
    }
    this.#bodies[own] = hook.kind === "prologue" ? withPrologue(before, code) : body(hook.locals ?? [], code);
    this.#moves.push({ kind: hook.kind, index, moved });
    this.#hooked.add(own);
  }

  #found(found: number | string, lost: (what: string) => MissingHook): number {
    if (typeof found === "string") throw lost(found);
    return found;
  }

  #imported(module: string, name: string, lost: (what: string) => MissingHook): number {
    const index = this.#module.imports.findIndex((each) => each.module === module && each.name === name);
    if (index < 0) throw lost(`it imports no function \`${module}.${name}\``);
    return index;
  }

  written(): Uint8Array<ArrayBuffer> {
    const { bytes, sections } = this.#module;
    const pieces: Uint8Array[] = [bytes.subarray(0, 8)];
    for (const section of sections) {
      const content = this.#content(section);
      if (!content) continue;
      const name = new TextEncoder().encode(section.name);
      const head = section.id === SECTION.custom ? [...unsigned(name.length), ...name] : [];
      const size = content.reduce((sum, piece) => sum + piece.length, head.length);
      pieces.push(Uint8Array.from([section.id, ...unsigned(size), ...head]), ...content);
    }
    return concat(pieces);
  }

  /** A section as it is now; undefined for one that holds no more. */
  #content(section: Section): Uint8Array[] | undefined {
    const { bytes } = this.#module;
    const { id, name, start, end } = section;
    if (id === SECTION.function) {
      return [Uint8Array.from([...unsigned(this.#types.length), ...this.#types.flatMap(unsigned)])];
    }
    if (id === SECTION.memory) return [this.#memory(section)];
    if (id === SECTION.code) return this.#code();
    if (id === SECTION.custom && isDebug(name)) return undefined;
    if (id === SECTION.custom && name === "name") return renamed(this.#module, section, this.#moves);
    return [bytes.subarray(start, end)];
  }

  /** Every body with its length before it. Neighbours that nothing happened to are copied as they stand. */
  #code(): Uint8Array[] {
    const { bytes, bodies } = this.#module;
    const pieces: Uint8Array[] = [Uint8Array.from(unsigned(this.#bodies.length))];
    for (let from = 0; from < this.#bodies.length; from++) {
      let to = from;
      while (to < bodies.length && this.#bodies[to] === bodies[to]!.code) to++;
      if (to > from) pieces.push(bytes.subarray(bodies[from]!.start, bodies[to - 1]!.end));
      const changed = this.#bodies[to];
      if (changed) pieces.push(Uint8Array.from(unsigned(changed.length)), changed);
      from = to;
    }
    return pieces;
  }

  #memory({ start, end }: Section): Uint8Array {
    const { bytes, memory } = this.#module;
    if (!memory) return bytes.subarray(start, end);
    const limits = [
      memory.flags,
      ...unsigned(this.#pages),
      ...(memory.most === undefined ? [] : unsigned(memory.most)),
    ];
    return Uint8Array.from([1, ...limits]);
  }
}

const isDebug = (name: string) => name.startsWith(".debug") || name.startsWith("reloc.") || name === "sourceMappingURL";

const sameType = (one: FunctionType, other: FunctionType) =>
  `${one.parameters};${one.results}` === `${other.parameters};${other.results}`;

/** A function's body: its locals, one group each, its instructions and `end` (5.5.13). */
const body = (locals: readonly number[], code: readonly number[]) =>
  Uint8Array.from([...unsigned(locals.length), ...locals.flatMap((type) => [1, type]), ...code, 0x0b]);

/** The same function with `code` before its first instruction. */
function withPrologue(before: Uint8Array, code: readonly number[]): Uint8Array {
  const reader = new Reader(before);
  reader.vector(() => {
    reader.u32();
    reader.byte();
  });
  return concat([before.subarray(0, reader.at), Uint8Array.from(code), before.subarray(reader.at)]);
}
