/**
 * What can be done to a WebAssembly module before it is compiled (see rewrite.ts): code put at the start of a
 * function, around it or in its place. Nothing here knows v86; v86's names are in the sets that use it.
 */

/**
 * Finds one function, by the name it is exported under or by its name in the name section. Where those are Rust's
 * (mangling v0) the end of the path does: `pic::acknowledge`, or `acknowledge` where no other function is called so.
 */
export type Target = { readonly name: string } | { readonly export: string };

/** Value types: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64. */
export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

/** What the body of a hook may refer to; indices are of the module being rewritten. */
export interface HookContext extends FunctionType {
  /** Index of an imported function. @throws MissingHook when the module imports none of that name */
  imported(module: string, name: string): number;
  /** Index of a function. @throws MissingHook */
  function(target: Target): number;
  /** `around` only, else −1: the index under which the function itself is called now. */
  readonly original: number;
  /** Address of the set's own pages in the module's memory, zero when it starts; −1 for a set that has none. */
  readonly scratch: number;
}

/**
 * - `prologue`: `code` runs first, in the function's own frame (its parameters are locals 0…); it may `return`.
 * - `around`: calls of the function reach `code` instead, a body of its own that may call `context.original`.
 * - `replace`: `code` is the function's body.
 *
 * `code` gives instructions without the final `end`, made with the small assembler of code.ts; `locals` are value types
 * added (`around`, `replace` only).
 */
export interface Hook {
  readonly kind: "prologue" | "around" | "replace";
  readonly target: Target;
  /** What the function's type has to be for this hook; with another it counts as missing. */
  readonly type?: FunctionType;
  readonly locals?: readonly number[];
  readonly code: (context: HookContext) => readonly number[];
  /** What is lost without this hook, for the message; a hook with `optional` that is missing is left out. */
  readonly purpose: string;
  readonly optional?: boolean;
}

/** Hooks that go together, with a name for messages. Sets can be combined in one module. */
export interface HookSet {
  readonly name: string;
  readonly hooks: readonly Hook[];
  /** Pages (64 KiB) the set adds to the module's least memory, for scratch words of its own. */
  readonly pages?: number;
}

/** Thrown when a module lacks what a hook needs: it was built from another version of its source. */
export class MissingHook extends Error {
  override name = "MissingHook";
  readonly set: string;
  readonly purpose: string;
  /** What is missing: a function, an import. */
  readonly what: string;

  constructor(set: string, hook: Hook, what: string) {
    super(`The hooks \`${set}\` cannot be put in: ${what}. Lost without it: ${hook.purpose}.`);
    this.set = set;
    this.purpose = hook.purpose;
    this.what = what;
  }
}
