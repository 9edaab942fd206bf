/**
 * The hooks by which a platform takes part in v86: names of v86's functions and what is known of them (version
 * {@link V86_VERSION}). `vite build` and test/machine/v86-hooks.test.ts hold them against the installed v86.wasm.
 */
import type { Trap } from "./platform.ts";
import { STORE_HOOKS, STORE_PAGES } from "./v86-store-hooks.ts";
import { type Code, call, get, I32, i32, leave, load8, load32, sequence, store8, when } from "./wasm/code.ts";
import type { FunctionType, Hook, HookContext, HookSet } from "./wasm/hooks.ts";

/**
 * Traps reach JavaScript as 32-bit reads of I/O ports that do not exist: a new import would move every function's
 * index, and these are negative, which the 16 bits of a real port never are. Not 0 back: the platform took it over.
 */
export const TRAP_PORTS: ReadonlyMap<number, Trap> = new Map<number, Trap>([
  [-1, "invalid-opcode"],
  [-2, "cpuid"],
  [-3, "rdmsr"],
  [-4, "wrmsr"],
]);

/** Words in the set's own pages, in bytes from their start, zero when the module starts; {@link STORES} has others. */
export const SCRATCH = {
  /** Address in WebAssembly memory of the guest's upcall flag; 0 for none. */
  flag: 0,
  /** Interrupt vector taken while that byte is not zero. */
  vector: 4,
} as const;

const NOTHING: FunctionType = { parameters: [], results: [] };

/** if (io_port_read32(port)) return; */
function ask(trap: Trap): (context: HookContext) => Code {
  const port = [...TRAP_PORTS].find(([, name]) => name === trap)![0];
  return (context) => when(call(context.imported("env", "io_port_read32"), i32(port)), leave());
}

const instruction = (trap: Trap, target: Hook["target"], purpose: string): Hook => ({
  kind: "prologue",
  target,
  type: NOTHING,
  purpose,
  code: ask(trap),
});

/**
 * `fn pic_acknowledge_irq() -> Option<u8>` returns through its parameter, the address of two bytes: 1 for `Some`, and
 * the vector. Called whenever the processor could take an interrupt, so that this is level-triggered.
 */
const UPCALL: Hook = {
  kind: "prologue",
  target: { name: "pic::pic_acknowledge_irq" },
  type: { parameters: [I32], results: [] },
  purpose: "event channels are not delivered by vector",
  code: ({ scratch }) => {
    const flag = load32(i32(scratch), SCRATCH.flag);
    const vector = load8(i32(scratch), SCRATCH.vector);
    const result = get(0);
    return when(flag, when(load8(flag), sequence(store8(result, i32(1)), store8(result, vector, 1), leave())));
  },
};

/** What a guest on a platform needs of its emulator. */
export const PLATFORM_HOOKS: HookSet = {
  name: "platform",
  pages: STORE_PAGES,
  hooks: [
    instruction("invalid-opcode", { name: "cpu::trigger_ud" }, "hypercalls"),
    instruction("cpuid", { export: "instr_0FA2" }, "the guest does not see its hypervisor's CPUID leaves"),
    instruction("rdmsr", { export: "instr_0F32" }, "the hypervisor's model-specific registers cannot be read"),
    instruction("wrmsr", { export: "instr_0F30" }, "the hypercall page of older kernels cannot be set up"),
    UPCALL,
    ...STORE_HOOKS,
  ],
};

/** Every set of hooks the product puts into v86.wasm. */
export const ALL_HOOKS: readonly HookSet[] = [PLATFORM_HOOKS];
