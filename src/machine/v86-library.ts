/** How v86's library is loaded and its WebAssembly made to run: what it takes from its surroundings. */
import type { V86 } from "v86";
import type { Trap } from "./platform.ts";
import { TRAP_PORTS } from "./v86-hooks.ts";
import { MissingInternal } from "./v86-parts.ts";

/**
 * @param trap asked at the instructions a module with `PLATFORM_HOOKS` gives away; true when it took one over
 * @returns v86's own `wasm_fn` option
 */
export function instantiate(module: WebAssembly.Module, trap?: (trap: Trap) => boolean) {
  return async (imports: WebAssembly.Imports): Promise<WebAssembly.Exports> => {
    if (trap) hearTraps(imports, trap);
    return (await WebAssembly.instantiate(module, imports)).exports;
  };
}

function hearTraps(imports: WebAssembly.Imports, trap: (trap: Trap) => boolean): void {
  const env = imports.env as Record<string, WebAssembly.ImportValue> | undefined;
  const own = env?.io_port_read32 as ((port: number) => number) | undefined;
  if (!env || !own) throw new MissingInternal("env.io_port_read32");
  env.io_port_read32 = (port: number) => {
    const asked = port < 0 ? TRAP_PORTS.get(port) : undefined;
    return asked === undefined ? own(port) : Number(trap(asked));
  };
}

/** What `performance.now` is for v86 at the moment: the host's, or the clock of the machine whose turn it is. */
let clock: (() => number) | undefined;

/** Calls `work` with v86 reading time from `now`, in milliseconds. */
export function onClock<T>(now: () => number, work: () => T): T {
  const before = clock;
  clock = now;
  try {
    return work();
  } finally {
    clock = before;
  }
}

/**
 * Loads the library, which takes two things from its surroundings at import. It decides how it will yield, and where
 * `Worker` exists it makes one from a blob for each machine; we schedule ourselves ({@link Internals.schedule}), so it
 * is kept from seeing `Worker`. And it binds `performance.now`, for good; it is given one that {@link onClock} can turn.
 */
export async function loadV86(): Promise<typeof V86> {
  const scope = globalThis as { Worker?: unknown };
  const worker = scope.Worker;
  const hostNow = performance.now.bind(performance);
  scope.Worker = undefined;
  Object.defineProperty(performance, "now", { value: () => (clock ?? hostNow)(), configurable: true });
  try {
    return (await import("v86")).V86;
  } finally {
    scope.Worker = worker;
    Reflect.deleteProperty(performance, "now"); // the prototype's own is back
  }
}
