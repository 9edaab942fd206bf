import { readFile } from "node:fs/promises";
import { V86_WASM } from "../../src/cli/node-host.ts";
import type { GuestAccess, Trap } from "../../src/machine/platform.ts";
import { PLATFORM_HOOKS } from "../../src/machine/v86-hooks.ts";
import { type Internals, openInternals } from "../../src/machine/v86-internals.ts";
import { instantiate, loadV86 } from "../../src/machine/v86-library.ts";
import { rewrite } from "../../src/machine/wasm/rewrite.ts";
import { assemble } from "../../src/probe/hypervisor/assembly/assemble.ts";

/** Where a bare guest's program is loaded, behind 32 bytes of multiboot header, and its stack ends. */
export const PROGRAM = 0x100020;
export const STACK = 0x90000;

const HEADER = 32;
const MAGIC = 0x1badb002;
/** The header says itself where to load to. */
const ADDRESSES = 1 << 16;

/** Flat segments of the program's own, for what a loader leaves in the segment registers is not in any table. */
const START = `
      mov $${STACK}, %esp
      movw $0x17, 0x7f000
      movl $0x7f008, 0x7f002
      movl $0xffff, 0x7f010
      movl $0x00cf9a00, 0x7f014
      movl $0xffff, 0x7f018
      movl $0x00cf9200, 0x7f01c
      lgdt 0x7f000
      .byte 0xea # far jump
      .long started
      .word 8
    started:
      mov $16, %eax
      mov %eax, %ds
      mov %eax, %es
      mov %eax, %ss`;

/** A processor with a program of a test's and nothing else, in 32-bit protected mode, interrupts off. */
export interface BareGuest {
  readonly access: GuestAccess;
  readonly internals: Internals;
  /** Addresses of the program's labels. */
  readonly labels: ReadonlyMap<string, number>;
  /** Takes turns until the condition holds. @throws when it does not within so many turns */
  run(until: () => boolean, turns?: number): void;
  take(turns: number): void;
  /** Milliseconds the emulator would rest before its next turn. */
  rest(): number;
}

/** The emulator with the platform's hooks, once for all guests of a test. */
const hooked = (async () => {
  const { bytes, scratch } = rewrite(await readFile(V86_WASM), [PLATFORM_HOOKS]);
  return { module: await WebAssembly.compile(bytes), scratch: scratch.get(PLATFORM_HOOKS.name)! };
})();

/**
 * @param source for our own assembler; starts at {@link PROGRAM} with a stack
 * @param trap what the platform answers; it is handed the guest, too
 */
export async function bareGuest(
  source: string,
  trap: (trap: Trap, access: GuestAccess) => boolean,
  { jit = false, megabytes = 4 } = {},
): Promise<BareGuest> {
  const program = assemble(`${START}\n${source}`, { origin: PROGRAM });
  if (!program.ok) throw new Error(JSON.stringify(program.faults));
  const image = new Uint8Array(Math.max(8192, HEADER + program.bytes.length));
  const header = [MAGIC, ADDRESSES, -(MAGIC + ADDRESSES), PROGRAM - HEADER, PROGRAM - HEADER, 0, 0, PROGRAM];
  new Int32Array(image.buffer, 0, 8).set(header);
  image.set(program.bytes, HEADER);

  const { module, scratch } = await hooked;
  const V86 = await loadV86();
  const answered = (asked: Trap) => trap(asked, access);
  const emulator = new V86({
    wasm_fn: instantiate(module, answered),
    memory_size: megabytes << 20,
    vga_memory_size: 1 << 18,
    multiboot: { buffer: image.buffer },
    net_device: { type: "none" },
    disable_jit: !jit,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    autostart: false,
  } as unknown as ConstructorParameters<typeof V86>[0]);
  await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
  const internals = openInternals(emulator);
  const access = internals.guestAccess({ scratch, now: () => performance.now() });
  let next: (() => void) | undefined;
  let rest = 0;
  internals.schedule((delay, turn) => {
    next = turn;
    rest = delay;
  });
  await emulator.run();
  return {
    access,
    internals,
    labels: new Map(program.symbols.map(({ name, value }) => [name, value])),
    run(until, turns = 2000) {
      for (let count = 0; !until(); count++) {
        if (count === turns) throw new Error("The guest did not get there.");
        next!();
      }
    },
    take(turns) {
      for (let count = 0; count < turns; count++) next!();
    },
    rest: () => rest,
  };
}

/** Assembly that makes an IDT at 0x80000 and loads it: gates of the code segment in use, by vector. */
export function interruptTable(gates: Readonly<Record<number, string>>): string {
  const table = 0x80000;
  const entries = Object.entries(gates).map(
    ([vector, handler]) => `
      mov $${handler}, %eax
      mov %ax, ${table + 8 * Number(vector)}
      mov %cs, %ebx
      mov %bx, ${table + 8 * Number(vector) + 2}
      movw $0x8e00, ${table + 8 * Number(vector) + 4}
      shr $16, %eax
      mov %ax, ${table + 8 * Number(vector) + 6}`,
  );
  return `${entries.join("\n")}
      movw $0x7ff, ${table - 8}
      movl $${table}, ${table - 6}
      lidt ${table - 8}`;
}
