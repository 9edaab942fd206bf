import type { Target } from "./hooks.ts";
import type { WasmModule } from "./parse.ts";

/** How a target is called in messages. */
export const targetName = (target: Target) => ("export" in target ? target.export : target.name);

/** @returns the function's index, or a sentence's end that says why it was not found */
export function findFunction(module: WasmModule, target: Target): number | string {
  if ("export" in target) return module.exports.get(target.export) ?? `no function is exported as \`${target.export}\``;
  const found = byName(module, target.name);
  if (found.length === 1) return found[0]!;
  return found.length === 0
    ? `it has no function called \`${target.name}\``
    : `it has ${found.length} functions called \`${target.name}\`: give more of the path`;
}

/** A symbol of Rust's mangling v0 (RFC 2603) starts like this. */
const RUST = [0x5f, 0x52]; // "_R"

/** Own functions of this name. One called exactly so comes before those whose Rust path ends so. */
function byName({ bytes, names, imports }: WasmModule, name: string): number[] {
  const encoder = new TextEncoder();
  const [exact, path] = [encoder.encode(name), encoder.encode(name.split("::").map(rustIdentifier).join(""))];
  const ends = (start: number, end: number, tail: Uint8Array) =>
    end - start >= tail.length && tail.every((byte, index) => bytes[end - tail.length + index] === byte);
  const own = names.filter(({ index }) => index >= imports.length);
  const same = own.filter(({ start, end }) => end - start === exact.length && ends(start, end, exact));
  const found =
    same.length > 0
      ? same
      : own.filter(
          ({ start, end }) => RUST.every((byte, index) => bytes[start + index] === byte) && ends(start, end, path),
        );
  return found.map(({ index }) => index);
}

/** An identifier as a path of that mangling has it: its length, a `_` where it could be read as part of that, itself. */
const rustIdentifier = (name: string) => `${name.length}${/^[\d_]/.test(name) ? "_" : ""}${name}`;
