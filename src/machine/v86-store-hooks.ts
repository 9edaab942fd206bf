/**
 * Hooks that tell which of some watched pages were stored to. A page is watched by a byte for it in scratch memory; the
 * first store takes the byte away and writes the page's number into a log, so that later ones cost nothing.
 *
 * The processor stores through its TLB. An entry that allows it is made by `do_page_walk` alone, called for a store:
 * whoever starts to watch a page drops all entries (`full_clear_tlb`), and no store gets past the hook. v86's devices
 * store by functions that drop code compiled from the page before or after, which is `jit_dirty_page_ctx`.
 */
import {
  add,
  and,
  type Code,
  callOriginal,
  get,
  I32,
  i32,
  less,
  load8,
  load32,
  ne,
  sequence,
  set,
  shiftLeft,
  shiftRight,
  store8,
  store32,
  sub,
  when,
  xor,
} from "./wasm/code.ts";
import type { Hook } from "./wasm/hooks.ts";

/** Words and tables in the platform's scratch pages, in bytes from their start. */
export const STORES = {
  /** Address in WebAssembly memory of guest-physical address 0, and pages of guest-physical memory: 0 before it is set. */
  base: 8,
  pages: 12,
  /** Numbers in the log. */
  logged: 16,
  log: 64,
  /** Pages that may be watched at a time: each is in the log once at most. */
  most: 8192,
  /** One byte for each page of guest-physical memory, 1 while it is watched. */
  watched: 1 << 16,
} as const;

/** WebAssembly pages of scratch memory for 512 MiB of guest-physical memory. */
export const STORE_PAGES = 3;

const PAGE_MASK = -4096;

/** if (page < pages && watched[page]) { watched[page] = 0; log[logged++] = page; } */
function note(scratch: number, page: Code): Code {
  const watched = add(page, i32(scratch + STORES.watched));
  const logged = load32(i32(scratch), STORES.logged);
  return when(
    less(page, load32(i32(scratch), STORES.pages)),
    when(
      load8(watched),
      sequence(
        store8(watched, i32(0)),
        store32(add(i32(scratch + STORES.log), shiftLeft(logged, i32(2))), page),
        store32(i32(scratch), add(logged, i32(1)), STORES.logged),
      ),
    ),
  );
}

/**
 * `fn do_page_walk(addr, for_writing, user, jit, side_effects) -> Result<NonZeroI32, ()>`: 0, or the TLB entry made,
 * which is `(gpa + base) ^ (page of addr)` with flags in its low 12 bits.
 */
const WALK: Hook = {
  kind: "around",
  target: { name: "cpu::do_page_walk" },
  type: { parameters: [I32, I32, I32, I32, I32], results: [I32] },
  purpose: "stores into pages that guests share are not seen, and every such page is compared at every turn",
  locals: [I32, I32],
  code: (context) => {
    const [entry, page] = [5, 6];
    const high = xor(and(get(entry), i32(PAGE_MASK)), and(get(0), i32(PAGE_MASK)));
    const gpa = sub(high, load32(i32(context.scratch), STORES.base));
    return sequence(
      set(entry, callOriginal(context)),
      when(
        and(ne(get(entry), i32(0)), ne(get(1), i32(0))),
        sequence(set(page, shiftRight(gpa, i32(12))), note(context.scratch, get(page))),
      ),
      get(entry),
    );
  },
};

/** `fn jit_dirty_page_ctx(ctx, page)`. */
const DEVICE: Hook = {
  kind: "prologue",
  target: { name: "jit::jit_dirty_page_ctx" },
  type: { parameters: [I32, I32], results: [] },
  purpose: "what devices store into pages that guests share is not seen",
  code: ({ scratch }) => note(scratch, get(1)),
};

export const STORE_HOOKS: readonly Hook[] = [WALK, DEVICE];
